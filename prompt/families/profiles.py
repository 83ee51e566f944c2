"""What is known of a model family, as frozen values; the fields are those of its YAML file."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import NamedTuple

from ..sizes import Size

LEVELS = ("none", "light", "standard", "full")
PRESETS = ("quality", "anatomy", "text", "background", "male", "female", "nsfw")
EVERYTHING = ("quality", "anatomy", "text", "background")
"""The presets of `everything`: those that fit any picture. `male` and `female` rule one another out."""
STYLES = ("tags", "sentences", "mixed")
USES = ("easy", "advanced")
PLACES = ("start", "end", "none")
PREDICTIONS = ("eps", "v", "flow")
WEIGHTS = ("works", "weak", "ignored", "unknown")


class Range(NamedTuple):
    """A setting's default and the range that the family's makers or users recommend."""

    default: float
    low: float
    high: float


class ClipSkip(NamedTuple):
    """CLIP layers in A1111's counting (1 = the last one) and the smallest count that differs from the next.

    On SDXL shapes 1 and 2 both mean the penultimate layer, so `least` is 2 there.
    """

    default: int
    least: int


class Encoder(NamedTuple):
    """A text encoder under ComfyUI's name for it, and how many text tokens it takes.

    Attributes:
        id: such as `clip_l`; `builtin` where the model file holds its own.
        chunk: usable text tokens of a chunk; longer prompts become several chunks. None: it reads all at once.
        least: ComfyUI pads shorter prompts to so many.
        most: ComfyUI cuts longer prompts here. None: it cuts nothing.
        trained: the longest prompt that it was trained or is usually run with, where that is known.
        pooled: only its summary of the prompt is used, not its single text tokens.
    """

    id: str
    chunk: int | None = None
    least: int | None = None
    most: int | None = None
    trained: int | None = None
    pooled: bool = False


class Shift(NamedTuple):
    """The node that sets a flow model's shift, where ComfyUI needs one, and the family's value."""

    node: str
    value: float


@dataclass(frozen=True)
class Quality:
    """The family's quality tags by level, where in the prompt they belong, and all quality words it was taught.

    A known word that ends in `*` stands for all that begin so (`year *`).
    """

    place: str
    levels: dict[str, tuple[str, ...]]
    known: tuple[str, ...]

    def knows(self, word: str) -> bool:
        """Return whether the family was taught a quality word, be it one of good or of poor pictures."""
        return _stands_in(word, self.known)


@dataclass(frozen=True)
class Negative:
    """The family's negative tags by preset, which of them it wants when nothing is chosen, and what goes in front.

    `used` is False where a negative prompt has no effect. `male` and `female` name the character to be reinforced:
    `male` keeps girls out.
    """

    used: bool
    presets: dict[str, tuple[str, ...]]
    default: tuple[str, ...]
    system: str

    def tags(self, preset: str) -> tuple[str, ...]:
        """Return the tags of `recommended`, `everything`, `none` or one preset; another name is a KeyError."""
        several = {"none": (), "recommended": self.default, "everything": EVERYTHING}
        return tuple(dict.fromkeys(tag for name in several.get(preset, (preset,)) for tag in self.presets[name]))


@dataclass(frozen=True)
class Variant:
    """A kind of the family with settings of its own (turbo, lightning), told by `names`; None leaves the family's."""

    name: str
    names: tuple[str, ...]
    sampler: str | None
    scheduler: str | None
    steps: Range | None
    cfg: Range | None
    negative: bool | None


@dataclass(frozen=True)
class Family:
    """What is known of a model family.

    Attributes:
        id: the profile's file name without ending.
        name: for people.
        use: `easy` where a plain description is what the model wants, `advanced` where tags are.
        style: what its prompts are: `tags`, `sentences`, or `mixed`.
        architecture: an id of `data/architectures.yaml`.
        prediction: `eps`, `v` or `flow`.
        names: patterns (regular expressions) of file names and titles.
        priority: of several families whose patterns match, the one with the highest counts.
        civitai: CivitAI's names of the base model that mean this family.
        hashes: SHA-256 or AutoV2 hashes of its files, in lower case.
        quality: its quality tags.
        negative: its negative tags.
        foreign: quality words that it was not taught, each with whose they are.
        remarks: words that are accepted, each with what should be said about them.
        order: which words its makers want first, see `data/families/README.md`.
        underscores: words that keep their underscores; `score_*` means all that begin so.
        system: text that ComfyUI does not add and that must stand in front of the prompt, or nothing.
        sampler: ComfyUI's name; so is `scheduler`.
        avoid_schedulers: schedulers that spoil its pictures.
        steps: generation steps.
        cfg: CFG scale.
        guidance: the separate value of guidance-distilled models (the node FluxGuidance).
        rescale_cfg: the multiplier of the node RescaleCFG.
        shift: the shift that its templates set.
        clip_skip: None where the encoder has none.
        sizes: the usual size first.
        multiple_of: pixels that each side must be a multiple of.
        encoders: its text encoders.
        weight_effect: what `(tag:1.2)` does: `works`, `weak`, `ignored` or `unknown`.
        variants: kinds with settings of their own.
        unverified: what no first-hand source confirms.
        sources: where the facts come from.
    """

    id: str
    name: str
    use: str
    style: str
    architecture: str
    prediction: str
    names: tuple[str, ...]
    priority: int
    civitai: tuple[str, ...]
    hashes: tuple[str, ...]
    quality: Quality
    negative: Negative
    foreign: dict[str, str]
    remarks: dict[str, str]
    order: tuple[str, ...]
    underscores: tuple[str, ...]
    system: str
    sampler: str
    scheduler: str
    avoid_schedulers: tuple[str, ...]
    steps: Range
    cfg: Range
    guidance: Range | None
    rescale_cfg: Range | None
    shift: Shift | None
    clip_skip: ClipSkip | None
    sizes: tuple[Size, ...]
    multiple_of: int
    encoders: tuple[Encoder, ...]
    weight_effect: str
    variants: dict[str, Variant]
    unverified: tuple[str, ...]
    sources: tuple[str, ...]

    @property
    def takes_tags(self) -> bool:
        """Whether it understands tags: it does unless sentences are all it reads."""
        return self.style != "sentences"

    @property
    def weights(self) -> bool:
        """Whether attention weights have any effect; False where ComfyUI sends `(tag:1.2)` as plain text."""
        return self.weight_effect != "ignored"

    def keeps_underscores(self, tag: str) -> bool:
        """Return whether a tag is written with its underscores, as `score_9` is."""
        return _stands_in(tag, self.underscores)

    def settings(self) -> tuple[str, str, int, float, int]:
        """Return the recommended sampler, scheduler, steps, CFG scale and `stop_at_clip_layer`."""
        return self.sampler, self.scheduler, int(self.steps.default), float(self.cfg.default), self.stop_layer()

    def stop_layer(self, clip_skip: int | None = None) -> int:
        """Return ComfyUI's `stop_at_clip_layer` for a clip skip in A1111's counting, or the family's own."""
        if self.clip_skip is None:
            return -1
        return -max(clip_skip or self.clip_skip.default, self.clip_skip.least)

    def as_variant(self, name: str) -> Family:
        """Return the family with the settings of one of its variants; an empty name leaves it as it is."""
        if not name:
            return self
        variant = self.variants[name]
        return replace(
            self,
            sampler=variant.sampler or self.sampler,
            scheduler=variant.scheduler or self.scheduler,
            steps=variant.steps or self.steps,
            cfg=variant.cfg or self.cfg,
            negative=self.negative if variant.negative is None else replace(self.negative, used=variant.negative),
        )


def _stands_in(tag: str, words: tuple[str, ...]) -> bool:
    return any(tag.startswith(word[:-1]) if word.endswith("*") else tag == word for word in words)
