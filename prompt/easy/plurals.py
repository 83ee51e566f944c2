"""Says of several people what is said of one: `a red dress` is `red dresses`, `her head` is `their heads`."""

from __future__ import annotations

import re

from ..tags.words import lexicon
from .nouns import is_noun
from .phrasing import head_end, is_plural, sayings

OWNED = re.compile(r"~ ([a-z]+)")
ARTICLES = ("a ", "an ")
ES = ("s", "x", "z", "ch", "sh")


def plural(word: str) -> str:
    """Return the plural of a noun."""
    known = next((many for many, one in lexicon().irregular.items() if one == word), "")
    if known or is_plural(word):
        return known or word
    if word.endswith("man") and not word.endswith(("human", "shaman")):
        return f"{word[:-2]}en"
    if word.endswith("y") and word[-2:-1] not in "aeiou":
        return f"{word[:-1]}ies"
    return f"{word}es" if word.endswith(ES) else f"{word}s"


def of_several(text: str) -> str:
    """Return noun phrases in the plural, where their article says that they are in the singular: `a hat and a tie`."""
    return " and ".join(_phrase(part) for part in text.split(" and "))


def owned(text: str, pronoun: str, single: bool) -> str:
    """Return a text with a pronoun for `~`; where several people own it, each has one: `their heads`."""
    if not single:
        text = OWNED.sub(lambda match: f"~ {_owned_by_several(match[1])}", text)
    return text.replace("~", pronoun)


def _owned_by_several(word: str) -> str:
    return plural(word) if is_noun(word) and word not in sayings()["mass"] else word


def _phrase(text: str) -> str:
    if not text.startswith(ARTICLES) or "~" in text:
        return text
    words = text.split(" ")[1:]
    end = head_end(words)
    noun = words[end - 1]
    return " ".join([*words[: end - 1], plural(noun), *words[end:]]) if is_noun(noun) or noun == words[-1] else text
