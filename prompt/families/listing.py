"""The list of a server's models: each with its family, how that was found, and how it wants to be used."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, NamedTuple

from ..errors import PromptError
from .detection import Detection, detect, detect_file

FOLDERS = ("checkpoints", "diffusion_models")
"""ComfyUI's names of the folders that hold models."""


class ModelFile(NamedTuple):
    """A model to be listed: its name, ComfyUI's name of its folder, and its path or, far away, its metadata."""

    name: str
    folder: str = FOLDERS[0]
    path: Path | None = None
    metadata: Mapping[str, str] | None = None


@dataclass(frozen=True)
class ListedModel:
    """A model in the list.

    Attributes:
        name: as ComfyUI's loaders have it.
        folder: one of `FOLDERS`.
        family: the family's id, or None where it is unknown; `error` then says why.
        family_name: the family's name, for people.
        confidence: `certain`, `likely` or `guess`.
        evidence: what the family rests on.
        remarks: what speaks against it, and what else should be known.
        use: `easy` where a plain description is what it wants, `advanced` where tags are.
        style: `tags`, `sentences` or `mixed`.
        variant: the kind of the family (`lightning`), or empty.
        error: why the family is unknown, or empty.
    """

    name: str
    folder: str
    family: str | None = None
    family_name: str = ""
    confidence: str = ""
    evidence: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()
    use: str = ""
    style: str = ""
    variant: str = ""
    error: str = ""

    def as_json(self) -> dict[str, Any]:
        """Return it as JSON's values."""
        return {**asdict(self), "evidence": list(self.evidence), "remarks": list(self.remarks)}

    def line(self) -> str:
        """Return it in one line."""
        if self.family is None:
            return f"{self.name}: {self.error}"
        kind = f", {self.variant}" if self.variant else ""
        reasons = "; ".join((*self.evidence, *self.remarks))
        return f"{self.name}: {self.family_name}{kind}, {self.use} ({self.confidence}: {reasons})"


def list_models(files: Iterable[ModelFile]) -> list[ListedModel]:
    """Return the list of some models, by folder and name; one whose family is unknown says why."""
    listed = [_listed(file) for file in files]
    return sorted(listed, key=lambda model: (model.folder, model.name.casefold(), model.name))


def listed_from_json(values: Any) -> ListedModel:
    """Return a model of a list that another Tagloom made.

    Raises:
        ValueError: if it is none.
    """
    if not isinstance(values, dict) or not isinstance(values.get("name"), str):
        raise ValueError("an entry without a name")
    fields: dict[str, Any] = {"folder": FOLDERS[0]}
    fields |= {key: values[key] for key in TEXTS if isinstance(values.get(key), str)}
    fields |= {key: tuple(map(str, values[key])) for key in LISTS if isinstance(values.get(key), list)}
    return ListedModel(**fields)


TEXTS = ("name", "folder", "family", "family_name", "confidence", "use", "style", "variant", "error")
LISTS = ("evidence", "remarks")


def _listed(file: ModelFile) -> ListedModel:
    try:
        found = _detection(file)
        family = found.profile()
    except PromptError as error:
        return ListedModel(file.name, file.folder, error=str(error))
    return ListedModel(
        file.name,
        file.folder,
        family.id,
        family.name,
        found.confidence,
        found.evidence,
        found.remarks,
        family.use,
        family.style,
        found.variant,
    )


def _detection(file: ModelFile) -> Detection:
    if file.path is not None:
        return detect_file(file.path, file.name)
    return detect(file.name, metadata=file.metadata)
