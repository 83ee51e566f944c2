"""Takes out of a text what a terminal would obey: escape sequences, control characters, and marks of direction."""

from __future__ import annotations

import re

SEQUENCE = re.compile(
    r"\x1b(?:"
    r"[\]PX^_][^\x07\x1b]*(?:\x07|\x1b\\)"  # a string that a terminal takes for itself: titles, pictures, the clipboard
    r"|\[[0-?]*[ -/]*[@-~]"  # colours, the cursor
    r"|[ -/]+[0-~]"
    r"|[0-Z\\^-~])"
)
"""An escape sequence (ECMA-48, section 5; xterm's control sequences)."""
BREAK = re.compile(r"\r\n?|[\x85\u2028\u2029]")
UNSEEN = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]")
"""Control characters but tab and line feed, and what turns the direction of a text around."""
LONE = re.compile(r"[\ud800-\udfff]")
"""Half a character, which no output can write."""


def cleaned(text: str) -> str:
    """Return a text that a terminal only shows; lines and tabs stay."""
    if text.isprintable():
        return text
    return LONE.sub("\ufffd", UNSEEN.sub("", BREAK.sub("\n", SEQUENCE.sub("", text))))


def one_line(text: str, most: int = 500) -> str:
    """Return a text cleaned, in one line of at most `most` characters."""
    line = " ".join(cleaned(text[: 4 * most]).split())
    return line if len(line) <= most else f"{line[: most - 1]}…"
