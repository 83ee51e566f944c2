"""Finds a model's family: from its tensors first, then from sidecars, its file name and its metadata."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path, PureWindowsPath
from typing import NamedTuple

from ..errors import HeaderError, UnknownFamily
from .architecture import Facts, facts_of, facts_of_file
from .catalog import all_families, family_ids, get_family
from .clues import Clue, clues, plainest, tells_v
from .headers import Header
from .names import variant_named
from .profiles import Family
from .sidecars import Sidecar, read_sidecars

HEADED = (".safetensors", ".sft")
"""Endings of files with a safetensors header."""
NEVER_OPENED = (".ckpt", ".pt", ".pt2", ".pth", ".bin", ".pkl")
"""Pickles: opening one can run code."""
CLASSES = ("class", "metadata")
"""Kinds of clues that tell nothing which the tensors don't tell better."""
TITLE = "modelspec.title"


class Detection(NamedTuple):
    """A model's family, and how it was found.

    Attributes:
        family: its id.
        confidence: `certain`, `likely` or `guess`.
        evidence: what it rests on, what counts most in front.
        remarks: what speaks against it, and what else should be known.
        variant: the kind of the family (`lightning`), or empty.
    """

    family: str
    confidence: str
    evidence: tuple[str, ...]
    remarks: tuple[str, ...] = ()
    variant: str = ""

    def profile(self) -> Family:
        """Return the family, with its variant's settings."""
        return get_family(self.family).as_variant(self.variant)

    def text(self) -> str:
        """Return it in words."""
        kind = f", {self.variant}" if self.variant else ""
        found = f"{get_family(self.family).name}{kind} ({self.confidence}: {'; '.join(self.evidence)})"
        return "; ".join([found, *self.remarks])


def chosen(family_id: str) -> Detection:
    """Return a user's choice, which needs no proof."""
    return Detection(family_id, "certain", ("chosen by hand",))


def detect_file(path: Path, filename: str = "") -> Detection:
    """Return the family of a model file that can be read here: kilobytes of it, and of what lies beside it.

    Args:
        path: the file. Of one that has no safetensors header nothing is read.
        filename: its name, where that is not the path's.

    Raises:
        UnknownFamily: as `detect`.
    """
    try:
        facts = facts_of_file(path) if path.suffix.lower() in HEADED else None
        trouble = "" if facts else _unread(path)
    except HeaderError as error:
        facts, trouble = None, str(error)
    return _detect(filename or path.name, facts, {}, read_sidecars(path), trouble)


def detect(
    filename: str,
    header: Header | None = None,
    metadata: Mapping[str, str] | None = None,
    sidecars: Sequence[Sidecar] = (),
) -> Detection:
    """Return the family of a model.

    Args:
        filename: its file name; folders in front of it don't count.
        header: its header, where the file can be read. Tensors come before anything else.
        metadata: its metadata alone, as a remote server gives it.
        sidecars: what lies beside it.

    Raises:
        UnknownFamily: if nothing speaks for any family; it says what was looked at.
    """
    return _detect(filename, facts_of(header) if header else None, metadata or {}, sidecars, "")


def _unread(path: Path) -> str:
    if path.suffix.lower() in NEVER_OPENED:
        return f"a {path.suffix} file is never opened, since that could run code: only its name and sidecars count"
    return f"nothing of a {path.suffix or 'nameless'} file is read: only its name and sidecars count"


def _detect(
    filename: str, facts: Facts | None, metadata: Mapping[str, str], sidecars: Sequence[Sidecar], trouble: str
) -> Detection:
    known = facts if facts and facts.architecture else None
    metadata = facts.metadata if facts else metadata
    families = all_families()
    possible = _possible(filename, families, facts, tells_v(metadata))
    speaking = clues(filename, metadata, sidecars, possible)
    used, left = _narrowed([clue for clue in speaking if not known or clue.kind not in CLASSES], possible)
    if not used and not known:
        raise UnknownFamily(_nothing_found(filename, facts, trouble))
    family = get_family(left[-1])
    against = _against(clues(filename, metadata, sidecars, families), family, known)
    names = (PureWindowsPath(filename).stem, *(sidecar.name for sidecar in sidecars), metadata.get(TITLE, ""))
    return Detection(
        family.id,
        _confidence(used, against, known, family, len(possible)),
        _evidence(used, known, len(left)),
        (*(f"but {text}" for text in against), *_remarks(facts, family, sidecars, trouble)),
        next(filter(None, (variant_named(name, family) for name in names)), ""),
    )


def _possible(filename: str, families: Sequence[Family], facts: Facts | None, says_v: bool) -> list[Family]:
    """Return the families that the tensors leave."""
    if facts is None or not facts.architecture:
        if facts and facts.is_lora:
            raise UnknownFamily(f"{filename} holds a LoRA, no model; put it into the folder loras")
        return list(families)
    fitting = [family for family in families if family.architecture == facts.architecture]
    if not fitting:
        raise UnknownFamily(
            f"the model family of {filename} is unknown: its tensors are those of {facts.name}, for which there is no "
            f"profile; {_choose()}"
        )
    # The mark `v_pred` proves v-prediction; its absence proves nothing, since many merges lost it.
    predicting_v = [family for family in fitting if family.prediction == "v"]
    return predicting_v if predicting_v and (facts.prediction == "v" or says_v) else fitting


def _narrowed(speaking: Iterable[Clue], possible: Iterable[Family]) -> tuple[list[Clue], list[str]]:
    """Return the clues that agree with those before them, and the ids of the families that they leave."""
    used = []
    left = [family.id for family in possible]
    for clue in speaking:
        common = [family for family in left if family in clue.families]
        if common:
            used.append(clue)
            left = common
    return used, left


def _against(speaking: Iterable[Clue], family: Family, known: Facts | None) -> list[str]:
    """Return what speaks for other families.

    That a Pony calls itself SDXL too is no contradiction, nor that a NoobAI v-pred calls itself NoobAI.
    """
    harmless = {other.id for other in all_families() if set(other.civitai) & set(family.civitai)}
    harmless.add(plainest(all_families())[family.architecture])
    against = [
        clue.text
        for clue in speaking
        if clue.opposes
        and family.id not in clue.families
        and not harmless.issuperset(clue.families)
        and not (known and clue.kind == "metadata")
    ]
    return list(dict.fromkeys(against))


def _confidence(used: Sequence[Clue], against: Sequence[str], known: Facts | None, family: Family, count: int) -> str:
    kinds = {clue.kind for clue in used}
    alone = sum(other.architecture == family.architecture for other in all_families()) == 1
    if "hash" in kinds or (known and alone and not known.shared):
        return "certain"
    proof = {"base", "name"} if known else {"base"}
    return "likely" if (kinds & proof or (known and count == 1)) and not against else "guess"


def _evidence(used: Sequence[Clue], known: Facts | None, left: int) -> tuple[str, ...]:
    shapes = [f"tensor shapes: {known.name}, {known.prediction}-prediction"] if known else []
    nothing = ["no name that tells its fine-tune"] if left > 1 else []
    return (*shapes, *(clue.text for clue in used), *nothing)


def _remarks(facts: Facts | None, family: Family, sidecars: Iterable[Sidecar], trouble: str) -> list[str]:
    remarks = [trouble] if trouble else []
    remarks += ["its tensors match no known architecture"] if facts and not facts.architecture else []
    remarks += [f"{sidecar.file} {sidecar.trouble}" for sidecar in sidecars if sidecar.trouble]
    if facts and facts.architecture and family.prediction == "v" and facts.prediction != "v":
        remarks.append(
            "the file lacks the mark v_pred, so ComfyUI takes it for an eps model: put Model Sampling Discrete "
            "(v_prediction, zsnr) behind its loader"
        )
    if facts and facts.prediction != "eps" and facts.prediction != family.prediction:
        remarks.append(f"it predicts {facts.prediction}, for which this family's settings are not made")
    return remarks


def _nothing_found(filename: str, facts: Facts | None, trouble: str) -> str:
    looked = "its tensors match no known family, and its name tells none" if facts else "its name tells nothing"
    return f"the model family of {filename} is unknown: {looked}{f' ({trouble})' if trouble else ''}; {_choose()}"


def _choose() -> str:
    return f"choose it yourself (--family, or in the node Model Family), one of {', '.join(family_ids())}"
