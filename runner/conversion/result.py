"""What a conversion gives, and what is planned before anything is written."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from .writing import Written


class Conversion(NamedTuple):
    """A converted model.

    Attributes:
        architecture: `sd15`, `sdxl` or `tagloom-tiny`.
        source: what was converted.
        destination: where it went.
        tensors: how many were written.
        left_out: what the destination has no place for, each with the reason.
        metadata: that of the single file, on whichever side it is.
    """

    architecture: str
    source: Path
    destination: Path
    tensors: int
    left_out: tuple[str, ...]
    metadata: Mapping[str, str]

    def as_data(self) -> dict[str, Any]:
        """Return it for an event."""
        paths = {"source": str(self.source), "destination": str(self.destination)}
        return {**self._asdict(), **paths, "left_out": list(self.left_out), "metadata": dict(self.metadata)}


class Planned(NamedTuple):
    """A conversion, and what has to be written for it."""

    conversion: Conversion
    written: Written
