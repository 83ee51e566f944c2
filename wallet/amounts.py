"""What may stand in a ledger: whole numbers of image tokens, names of users, keys."""

from __future__ import annotations

import unicodedata
from datetime import timedelta
from typing import Any

from .errors import BadAmount
from .records import MOST_TOKENS

LONGEST_NAME, LONGEST_KEY, LONGEST_NOTE = 100, 200, 1000
TEN_YEARS = 10 * 365 * 86_400


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


def is_name(name: Any) -> bool:
    """Return whether a user could have this name."""
    try:
        return bool(checked_name(name))
    except BadAmount:
        return False


def checked_note(note: Any) -> str:
    """Return somebody's words.

    Raises:
        BadAmount: if they are longer than 1,000 characters, or hold ones that can't be shown.
    """
    if not isinstance(note, str) or len(note) > LONGEST_NOTE or not all(map(_is_fit, note)):
        raise BadAmount(
            f"{note!r:.100} is no note; write up to {LONGEST_NOTE} characters that can be shown, on one line"
        )
    return note


def lifetime(seconds: Any) -> timedelta:
    """Return for how long a reservation lives.

    Raises:
        BadAmount: if that is no number of seconds from 0 to ten years.
    """
    if isinstance(seconds, bool) or not isinstance(seconds, int | float) or not 0 <= seconds <= TEN_YEARS:
        raise BadAmount(f"a reservation can't live for {seconds!r} seconds; write a number from 0 to {TEN_YEARS}")
    return timedelta(seconds=seconds)


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
