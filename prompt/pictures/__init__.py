"""Reads the settings that programs write into pictures: A1111 and its kin, ComfyUI, NovelAI, Civitai."""

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
