"""Finds the system prompt in front of a prompt: a sentence that Lumina 2 and its descendants were trained with."""

from __future__ import annotations

import re

SYSTEM_END = re.compile(r"<Prompt Start>\s*", re.IGNORECASE)
"""The end of a system prompt as Lumina 2 and its descendants were trained with."""


def split_system(text: str, system: str) -> tuple[str, str]:
    """Return a prompt's own system prompt with the white space behind it, or an empty text, and the rest.

    Args:
        text: the prompt.
        system: the family's system prompt; a family without one has no system prompts at all.
    """
    if not system:
        return "", text
    marked = split_marked(text)
    if marked[0]:
        return marked
    return (system, text[len(system) :]) if text.startswith(system) else ("", text)


def split_marked(text: str) -> tuple[str, str]:
    """Return the same where the family is not known: what ends in `<Prompt Start>` is a system prompt."""
    end = SYSTEM_END.search(text)
    return (text[: end.end()], text[end.end() :]) if end else ("", text)
