"""How a tag is written and how it is known: case, spaces, underscores, escapes."""

from __future__ import annotations

import re

EYE = r"[^\w\s()]{0,2}[a-z0-9]{0,2}[^\w\s()]{0,2}"
KEPT_UNDERSCORE = re.compile(rf"(?:score|rating|source)_\w+|\W*_+\W*|{EYE}_{EYE}")


def spoken(text: str) -> str:
    """Return a name in lower case, with single spaces for white space and underscores, its backslashes kept.

    `score_9`-like tags and emoticons (`^_^`) keep their underscore.
    """
    name = text.casefold().strip()
    if not name.isprintable() or "  " in name:
        name = " ".join(name.split())
    if "_" in name and not KEPT_UNDERSCORE.fullmatch(name):
        name = " ".join(name.replace("_", " ").split())
    return name


def canonical(text: str) -> str:
    r"""Return the name under which a tag is known: as `spoken`, and `\(`, `\)` without their backslash."""
    if "\\" in text:
        text = text.replace(r"\(", "(").replace(r"\)", ")")
    return spoken(text)
