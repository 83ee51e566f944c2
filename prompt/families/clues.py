"""What speaks for which family: each source of evidence on its own, in the order in which they are believed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import PureWindowsPath
from typing import NamedTuple

from .architecture import architecture_name, named_architecture, plain
from .names import families_named
from .profiles import Family
from .sidecars import Sidecar

AUTO_V2 = 10
"""Characters of a short hash: the first of the SHA-256."""
V_NAMES = {"v", "vprediction", "vpred"}


class Clue(NamedTuple):
    """What one source says.

    Attributes:
        text: the source and its words, as the evidence shows it.
        families: ids of the families that it speaks for.
        kind: `hash`; `base`, CivitAI's base model; `name`; `class`, which tells SDXL from Flux but no fine-tune, from a
            sidecar; `metadata`, the same from the file's own metadata, which merges keep from their first model.
        opposes: it speaks against all other families, so that a different answer must mention it.
    """

    text: str
    families: tuple[str, ...]
    kind: str = "name"
    opposes: bool = True


def clues(
    filename: str, metadata: Mapping[str, str], sidecars: Iterable[Sidecar], families: Iterable[Family]
) -> list[Clue]:
    """Return everything that speaks for some of `families`, what is believed first in front."""
    families, sidecars = tuple(families), tuple(sidecars)
    title = metadata.get("modelspec.title", "")
    return [
        *_of_hashes(sidecars, families),
        *_of_bases(sidecars, families),
        *_of_text("file name", PureWindowsPath(filename).name, families),
        *(clue for sidecar in sidecars for clue in _of_text(f"name in {sidecar.file}", sidecar.name, families)),
        *_of_text("title in the metadata", title, families),
        *(clue._replace(opposes=False) for clue in _of_training(metadata, families)),
        *(clue for sidecar in sidecars for clue in _of_words(sidecar, families)),
        *_of_metadata(metadata, families),
    ]


def tells_v(metadata: Mapping[str, str]) -> bool:
    """Return whether the metadata says that the model predicts v."""
    keys = ("modelspec.prediction_type", "modelspec.predict_key")
    return any(plain(metadata.get(key, "")) in V_NAMES for key in keys)


def plainest(families: Iterable[Family]) -> dict[str, str]:
    """Return the ids of each architecture's plain family: the one that is tried last, and stands for all the others."""
    by_rank = sorted(families, key=lambda family: (-family.priority, family.id))
    return {family.architecture: family.id for family in by_rank}


def _of_hashes(sidecars: Iterable[Sidecar], families: Iterable[Family]) -> Iterator[Clue]:
    for sidecar in sidecars:
        for family in families:
            for known in family.hashes:
                if any(given[:AUTO_V2] == known[:AUTO_V2] for given in sidecar.hashes):
                    yield Clue(f"hash {known[:10]} in {sidecar.file}", (family.id,), "hash")


def _of_bases(sidecars: Iterable[Sidecar], families: tuple[Family, ...]) -> Iterator[Clue]:
    for sidecar in sidecars:
        wanted = plain(sidecar.base)
        fitting = [family.id for family in families if wanted in map(plain, family.civitai)]
        if wanted and fitting:
            yield Clue(f"base model in {sidecar.file}: {sidecar.base}", tuple(fitting), "base")
        elif wanted:
            text = f"base model in {sidecar.file}: {sidecar.base}"
            yield from _of_class(text, named_architecture("base", sidecar.base), families)


def _of_text(source: str, text: str, families: tuple[Family, ...]) -> Iterator[Clue]:
    """Yield what a name says first, then what other words in it say."""
    matches = families_named(text, families)
    ordinary = set(plainest(families).values())
    for match in matches[:1] + [
        other for other in matches[1:] if not other.overlaps(matches[0]) and other.family.id not in ordinary
    ]:
        yield Clue(f"{source}: {match.word}", (match.family.id,))


def _of_training(metadata: Mapping[str, str], families: tuple[Family, ...]) -> Iterator[Clue]:
    base = PureWindowsPath(metadata.get("ss_sd_model_name", "")).name
    yield from _of_text("trained on", base, families)


def _of_words(sidecar: Sidecar, families: tuple[Family, ...]) -> Iterator[Clue]:
    """Yield the families that alone know one of the trained words."""
    for word in dict.fromkeys(sidecar.words):
        knowing = [family.id for family in families if word in family.quality.known]
        if len(knowing) == 1:
            yield Clue(f"trained word in {sidecar.file}: {word}", tuple(knowing), opposes=False)
            return


def _of_metadata(metadata: Mapping[str, str], families: tuple[Family, ...]) -> Iterator[Clue]:
    for kind, key in (("modelspec", "modelspec.architecture"), ("kohya", "ss_base_model_version")):
        name = metadata.get(key, "")
        if name:
            architecture = named_architecture(kind, name.partition("/")[0])
            yield from _of_class(f"{key}: {name}", architecture, families, "metadata")


def _of_class(text: str, architecture: str, families: Iterable[Family], kind: str = "class") -> Iterator[Clue]:
    ids = tuple(family.id for family in families if family.architecture == architecture)
    if ids:
        shown = architecture_name(architecture)
        yield Clue(text if shown in text else f"{text} ({shown})", ids, kind)
