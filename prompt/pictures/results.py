"""What is read from a picture."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any

from ..sizes import Size

SOURCES = ("a1111", "comfyui", "novelai", "civitai", "unknown")
SHOWN = {"a1111": "A1111 or a program like it", "comfyui": "ComfyUI", "novelai": "NovelAI", "civitai": "Civitai"}
LABELS = {
    "steps": "Steps",
    "sampler": "Sampler",
    "scheduler": "Scheduler",
    "cfg": "CFG scale",
    "seed": "Seed",
    "size": "Size",
    "model": "Model",
    "model_hash": "Model hash",
    "clip_skip": "Clip skip",
    "denoise": "Denoising strength",
}
LONGEST_SHOWN = 200
"""Characters of one further setting that the report shows; `others` has all."""


@dataclass(frozen=True)
class Lora:
    """A LoRA that was applied.

    Attributes:
        name: as it is written: a file's name, or an address at Civitai.
        weight: on the model itself (its U-Net or transformer); None if it is not written.
        text_weight: on the text encoder, where that is written too.
        hash: of its file, as it is written; empty if it is not.
    """

    name: str
    weight: float | None = None
    text_weight: float | None = None
    hash: str = ""

    def line(self) -> str:
        """Return it in words."""
        weights = [f"{weight:g}" for weight in (self.weight, self.text_weight) if weight is not None]
        return " ".join([self.name, *weights, *([f"[{self.hash}]"] if self.hash else [])])


@dataclass(frozen=True)
class Settings:
    """The settings of a picture, as its program wrote them; what is not written is None or empty.

    Attributes:
        steps: sampling steps.
        sampler: the sampler's name; `resolve_sampler` gives ComfyUI's.
        scheduler: the scheduler's name.
        cfg: the guidance scale.
        seed: the seed.
        size: in pixels.
        model: the checkpoint's name.
        model_hash: the checkpoint's hash.
        clip_skip: as A1111 counts: 1 skips nothing.
        denoise: how much of a base image was changed, 0 to 1.
        loras: the LoRAs, in their order.
        others: everything else, by its name in the file.
    """

    steps: int | None = None
    sampler: str = ""
    scheduler: str = ""
    cfg: float | None = None
    seed: int | None = None
    size: Size | None = None
    model: str = ""
    model_hash: str = ""
    clip_skip: int | None = None
    denoise: float | None = None
    loras: tuple[Lora, ...] = ()
    others: Mapping[str, str] = field(default_factory=dict)

    def over(self, below: Settings) -> Settings:
        """Return these settings, and those of `below` for what these leave open."""
        ours = {entry.name: getattr(self, entry.name) for entry in fields(self)}
        merged = {name: getattr(below, name) if value in (None, "", ()) else value for name, value in ours.items()}
        return Settings(**{**merged, "others": {**below.others, **self.others}})

    def lines(self) -> Iterator[str]:
        """Go through what is known in words."""
        for name, label in LABELS.items():
            value = getattr(self, name)
            if value not in (None, ""):
                yield f"{label}: {f'{value:.12g}' if isinstance(value, float) else value}"
        if self.loras:
            yield f"LoRAs: {', '.join(lora.line() for lora in self.loras)}"
        for label, value in self.others.items():
            short = value if len(value) <= LONGEST_SHOWN else f"{value[:LONGEST_SHOWN]}…"
            yield f"{label}: {short}"


@dataclass(frozen=True)
class PictureReading:
    """What is written in a picture file.

    Attributes:
        source: the program that made it, one of `SOURCES`.
        dialect: the dialect of the prompts, one of `DIALECTS`.
        prompt: the prompt, as it is written.
        negative: the negative prompt.
        settings: all else that is understood.
        texts: the raw texts, by their names in the file.
        remarks: what could not be read, or not surely.
    """

    source: str
    dialect: str
    prompt: str
    negative: str
    settings: Settings
    texts: Mapping[str, str]
    remarks: tuple[str, ...]

    def as_dict(self) -> dict[str, Any]:
        """Return it as plain data."""
        settings = asdict(self.settings)
        size = self.settings.size
        settings["size"] = size and size._asdict()
        names = ("source", "dialect", "prompt", "negative")
        plain = {name: getattr(self, name) for name in names}
        return {**plain, "settings": settings, "texts": dict(self.texts), "remarks": list(self.remarks)}

    def report(self) -> str:
        """Return it in words: the program, the prompts, a setting a line."""
        made = f"made by {SHOWN[self.source]}" if self.source in SHOWN else "made by an unknown program"
        prompts = [f"Prompt ({self.dialect}):\n{self.prompt}"] if self.prompt else []
        prompts += [f"Negative prompt:\n{self.negative}"] if self.negative else []
        settings = "\n".join(self.settings.lines())
        return "\n\n".join([made, *prompts, *([settings] if settings else [])])
