"""Makes any text a part of a file's name that Windows, macOS and Linux all take, and that leads nowhere."""

from __future__ import annotations

import re
import unicodedata

FORBIDDEN = '<>:"/\\|?*'
"""What Windows takes in no name."""
RESERVED = re.compile(
    r"(?:con|prn|aux|nul|clock\$|conin\$|conout\$|(?:com|lpt)[0-9¹²³])(?=\.|\s*$|\s*\.)", re.IGNORECASE
)
"""Devices of Windows, which no file can be called, whatever its ending."""
LONGEST_VALUE = 100
"""Bytes of one value in a name."""
LONGEST_PART = 200
"""Bytes of a name between two `/`; file systems take 255, and an ending and a number come behind."""
INSTEAD = "_"
EDGES = " .-"
"""Cut off in front, where they hide a file or make it an option; dots and spaces behind, where Windows loses them."""


def safe_value(text: str, longest: int = LONGEST_VALUE) -> str:
    """Return a text without what no name may hold: separators, control characters, marks of direction."""
    letters = "".join(map(_safe_letter, unicodedata.normalize("NFC", text[: 4 * longest])))
    return cut(" ".join(letters.split()), longest)


def safe_part(text: str) -> str:
    """Return a text as a whole name between two `/`, never empty; `safe_value` has been over its values."""
    name = cut(text.lstrip(EDGES), LONGEST_PART).rstrip(EDGES)
    if RESERVED.match(name):
        name = INSTEAD + name
    return name or INSTEAD


def cut(text: str, most: int) -> str:
    """Return the beginning of a text that has at most so many bytes in UTF-8."""
    return text.encode("utf-8", "replace")[:most].decode("utf-8", "ignore")


def _safe_letter(letter: str) -> str:
    kind = unicodedata.category(letter)
    if letter in "\t\n\r" or kind == "Zs":
        return " "
    if kind in ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"):
        return ""
    alike = unicodedata.normalize("NFKC", letter)  # a full-width slash, which some programs take for a slash
    if any(sign in FORBIDDEN for sign in alike):
        return INSTEAD
    return "." * len(alike) if not alike.strip(".") else letter
