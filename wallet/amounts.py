"""What may stand in a ledger: whole numbers of image tokens, names of users, keys."""

from __future__ import annotations

import unicodedata
from typing import Any

from .errors import BadAmount
from .records import MOST_TOKENS

LONGEST_NAME, LONGEST_KEY = 100, 200


def whole(tokens: Any, least: int = 0) -> int:
    """Return a number of image tokens.

    Raises:
        BadAmount: if it is no whole number from `least` to `MOST_TOKENS`.
    """
    if isinstance(tokens, bool) or not isinstance(tokens, int):
        raise BadAmount(f"{tokens!r} is no number of image tokens; write a whole number")
    if not least <= tokens <= MOST_TOKENS:
        raise BadAmount(f"{tokens} image tokens can't be; write a whole number from {least} to {MOST_TOKENS:,}")
    return tokens


def checked_name(name: Any) -> str:
    """Return a user's name.

    Raises:
        BadAmount: if it is empty, longer than 100 characters, begins with - or blanks, or holds unprintable ones.
    """
    if not isinstance(name, str) or not 1 <= len(name) <= LONGEST_NAME or name != name.strip() or name[0] == "-":
        raise BadAmount(
            f"{name!r:.120} is no name of a user; write 1 to {LONGEST_NAME} characters, no blank at its ends"
        )
    if not all(map(_is_fit, name)):
        raise BadAmount(f"the name {name!r} holds a character that can't be shown; leave it out")
    return name


def checked_key(key: Any, least: int = 1) -> str:
    """Return a key or a job's id.

    Raises:
        BadAmount: if it is longer than 200 characters, or holds ones that can't be stored.
    """
    if not isinstance(key, str) or not least <= len(key) <= LONGEST_KEY or not all(map(_is_fit, key)):
        raise BadAmount(f"{key!r:.250} is no key; write {least} to {LONGEST_KEY} characters that can be shown")
    return key


def _is_fit(character: str) -> bool:
    return character == " " or unicodedata.category(character)[0] not in "CZ"
