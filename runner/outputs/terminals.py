"""Which way a terminal has to show pictures, by what it tells of itself in the environment."""

from __future__ import annotations

import re
from collections.abc import Mapping
from enum import Enum

from ..errors import UsageError

VARIABLE = "TAGLOOM_PREVIEW"
"""Chooses the way by hand, where a terminal does not tell what it can do."""
KITTY_TERMS = ("xterm-kitty", "xterm-ghostty")
SIXEL_TERMS = re.compile(r"foot|mlterm|yaft|contour|.*-sixel")
KONSOLE_WITH_KITTY = 220_400


class Terminal(str, Enum):
    """How a terminal shows pictures."""

    KITTY = "kitty"
    """The kitty graphics protocol: kitty, Ghostty, Konsole."""
    ITERM2 = "iterm2"
    """iTerm2's inline images: iTerm2, WezTerm, mintty."""
    SIXEL = "sixel"
    """DEC's sixels: foot, mlterm, contour."""
    BLOCKS = "blocks"
    """Half blocks in 24-bit colours: two pixels a character."""
    NONE = "none"


def terminal_of(environment: Mapping[str, str], is_terminal: bool) -> Terminal:
    """Return how pictures are shown.

    Args:
        environment: such as `os.environ`.
        is_terminal: whether output goes to one; else nothing is shown, whatever the environment says.

    Raises:
        UsageError: if `TAGLOOM_PREVIEW` is none of the ways.
    """
    chosen = environment.get(VARIABLE, "").lower()
    if chosen and chosen not in [way.value for way in Terminal]:
        ways = ", ".join(way.value for way in Terminal)
        raise UsageError(f"{VARIABLE} can't be {chosen!r}; set it to one of {ways}, or leave it out")
    if not is_terminal:
        return Terminal.NONE
    return Terminal(chosen) if chosen else _told(environment)


def _told(environment: Mapping[str, str]) -> Terminal:
    term, program = environment.get("TERM", ""), environment.get("TERM_PROGRAM", "")
    colours = environment.get("COLORTERM", "").lower() in ("truecolor", "24bit") or "WT_SESSION" in environment
    if term == "dumb":
        return Terminal.NONE
    blocks = Terminal.BLOCKS if colours or term.endswith("-direct") else Terminal.NONE
    if "TMUX" in environment or term.startswith(("screen", "tmux")):
        return blocks  # a multiplexer lets no pictures through
    if term in KITTY_TERMS or "KITTY_WINDOW_ID" in environment or program == "ghostty":
        return Terminal.KITTY
    konsole = environment.get("KONSOLE_VERSION", "")
    if konsole.isascii() and konsole.isdigit() and int(konsole[:9]) >= KONSOLE_WITH_KITTY:
        return Terminal.KITTY
    if program in ("iTerm.app", "WezTerm", "mintty") or environment.get("LC_TERMINAL") == "iTerm2":
        return Terminal.ITERM2
    return Terminal.SIXEL if SIXEL_TERMS.fullmatch(term.partition("-")[0]) or SIXEL_TERMS.fullmatch(term) else blocks
