"""The settings in pictures: reads those of A1111 and its kin, ComfyUI, NovelAI and Civitai, and writes them.

The names below are imported at first use: a node that only writes needs none of the readers.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:  # for type checkers and editors
    from .reading import LARGEST_FILE, parse_picture, read_picture, reading_of
    from .results import SOURCES, Lora, PictureReading, Settings
    from .texts import MOST_TEXT

__all__ = [
    "LARGEST_FILE",
    "MOST_TEXT",
    "SOURCES",
    "Lora",
    "PictureReading",
    "Settings",
    "parse_picture",
    "read_picture",
    "reading_of",
]
_HOMES = {"results": "SOURCES Lora PictureReading Settings", "texts": "MOST_TEXT"}
_HOME = {name: home for home, names in _HOMES.items() for name in names.split()}


def __getattr__(name: str) -> Any:
    """Import a public name from its home, once."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(importlib.import_module(f".{_HOME.get(name, 'reading')}", __name__), name)
    globals()[name] = value
    return value
