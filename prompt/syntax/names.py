"""How a tag is written and how it is known: case, spaces, underscores, escapes."""

from __future__ import annotations

import re

KEPT_UNDERSCORE = re.compile(r"(?:score|rating|source)_\w+|\W*_\W*|[a-z0-9]{1,2}_[a-z0-9]{1,2}")


def spoken(text: str) -> str:
    """Return a name in lower case, with single spaces for white space and underscores, its backslashes kept.

    `score_9`-like tags and emoticons (`^_^`) keep their underscore.
    """
    name = text.casefold()
    if not name.isalnum():
        name = " ".join(name.split())
        if "_" in name and not KEPT_UNDERSCORE.fullmatch(name):
            name = " ".join(name.replace("_", " ").split())
    return name


def canonical(text: str) -> str:
    r"""Return the name under which a tag is known: as `spoken`, and `\(`, `\)` without their backslash."""
    if "\\" in text:
        text = text.replace(r"\(", "(").replace(r"\)", ")")
    return spoken(text)
