"""How much of a base image changes: named strengths, as shares of the denoising."""

from __future__ import annotations

from .errors import PromptError, nearest_names

STRENGTHS = {"touch up": 0.3, "similar": 0.5, "same layout": 0.65, "loosely": 0.8, "new picture": 1.0}
"""From the smallest change to the greatest.

`touch up` mends details; `similar` keeps subject, pose and colours; `same layout` keeps where things are; `loosely`
keeps hardly more than the large areas; `new picture` keeps nothing but the size (and what lies outside a mask).
"""
CUSTOM = "custom"


def denoise_of(strength: str, custom: float = 1.0) -> float:
    """Return the denoise of a named strength, or `custom` for the one of that name.

    Raises:
        PromptError: if there is no such strength, or `custom` is no share above 0.
    """
    if strength == CUSTOM:
        if not 0 < custom <= 1:
            raise PromptError(f"denoise {custom:g} is out of range; it must lie above 0 and be at most 1")
        return custom
    if strength not in STRENGTHS:
        hint = nearest_names(strength, STRENGTHS) or f"there are {', '.join(STRENGTHS)} and {CUSTOM}"
        raise PromptError(f"unknown strength {strength!r}; {hint}")
    return STRENGTHS[strength]
