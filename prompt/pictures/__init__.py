"""The settings in pictures: reads those of A1111 and its kin, ComfyUI, NovelAI and Civitai, and writes them.

The names below are imported at first use: a node that only writes needs none of the readers.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from .. import at_first_use

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
HOMES = {
    "reading": "LARGEST_FILE parse_picture read_picture reading_of",
    "results": "SOURCES Lora PictureReading Settings",
    "texts": "MOST_TEXT",
}
"""Where each public name lives."""
__getattr__ = at_first_use(__name__, globals(), HOMES)
