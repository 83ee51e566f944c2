"""Counts the people of a description: `two girls and a boy` is `2girls`, `1boy`."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

from ..tags.words import lexicon
from .nouns import OF_PEOPLE, Reading, alone, does, is_noun, is_verb, of_the_body
from .wording import REMEMBERED, is_transitive, tags_of, wording

ALL = 100
"""Stands for an unknown number above one."""
BEINGS = frozenset({"species", "people", "animals"})
NAMED = 5
"""The highest number that Danbooru's tags name; more are `6+girls`."""
SEXES = ("girl", "boy")


class People:
    """How many girls and boys a description has."""

    def __init__(self) -> None:
        self._counts = dict.fromkeys(SEXES, 0)
        self._pronouns: set[str] = set()

    def meet(self, sex: str, number: int | None, plural: bool) -> None:
        """Count people; `number` is None where the same ones are named again or nobody says how many."""
        if number is None:
            number = ALL if plural else 1
            if self._counts[sex]:
                return
        self._counts[sex] += number

    def hear(self, word: str) -> str:
        """Take note of a pronoun; return its sex, or an empty text for another word."""
        lists = wording().lists
        sex = next((sex for sex, pronouns in (("girl", "she"), ("boy", "he")) if word in lists[pronouns]), "")
        self._pronouns |= {sex} if sex else set()
        return sex

    @property
    def named(self) -> bool:
        """Whether anybody was counted."""
        return any(self._counts.values())

    def count_pronoun(self) -> str:
        """Count the one of whom only pronouns tell, and return the sex; an empty text where there is no such one."""
        if self.named or len(self._pronouns) != 1:
            return ""
        (sex,) = self._pronouns
        self._counts[sex] = 1
        return sex

    def tags(self) -> Iterator[str]:
        """Go through the count tags."""
        for sex, count in self._counts.items():
            if count >= ALL:
                yield f"multiple {sex}s"
            elif count > NAMED:
                yield f"6+{sex}s"
            elif count:
                yield f"{count}{sex}{'s' if count > 1 else ''}"


@lru_cache(REMEMBERED)
def sex_of(word: str) -> str | None:
    """Return `girl` or `boy` for a noun that says it, in the singular or plural."""
    lists = wording().lists
    for form in (word, *lexicon().singulars(word)):
        for sex in SEXES:
            if form in lists[f"{sex}s"]:
                return sex
    return None


def is_being(word: str) -> bool:
    """Return whether a word names somebody, whatever the sex: `warrior`."""
    sense = lexicon().heads.get(lexicon().singular(word))
    return sex_of(word) is not None or (sense is not None and sense.subgroup in BEINGS)


def goes_on(noun: str, after: str) -> bool:
    """Return whether a noun phrase goes on behind a noun: in `cat girl maid`, but not in `girl hands up`."""
    if is_verb(after) or wording().joins(after) or not (is_noun(after) or sex_of(after)):
        return False
    acts = does(after) or (after.endswith("ing") and is_transitive(after))
    return sex_of(noun) is None or not (acts or lexicon().singular(after) in lexicon().sets["limbs"])


def read_person(modifiers: list[str], noun: str, sex: str) -> Reading:
    """Return the tags of a person besides the count: `old man`, `elf`, `muscular`; the rest as a phrase."""
    plain = _is_plain(noun)
    tags: list[str] = [tag for tag in tags_of([noun]) if tag != f"{noun}s"] if not plain else []
    phrases: list[str] = []
    left: list[str] = []
    rest = [word for word in modifiers if not _is_plain(word)]
    strong: list[str] = []
    weak: list[str] = []
    while rest:
        taken, found, phrase = _first_tag(rest, noun, sex)
        degrees = 0 if found or phrase else _degrees(rest)
        if degrees:
            more, found, phrase = _first_tag(rest[degrees:], noun, sex)
            taken = degrees + more
            if found:
                strong.append(" ".join([*rest[:taken], noun]))
                weak += rest[:degrees]
        tags += found
        phrases += [phrase] if phrase else []
        left += [] if found or phrase else rest[:taken]
        rest = rest[taken:]
    unknown = [*left, *([] if plain or tags else [noun])]
    if unknown:
        phrases.append(" ".join([*left, noun]))
    before = [word for phrase in phrases[:-1] for word in phrase.split()]
    return Reading(tuple(tags), (*strong, *phrases), (*weak, *before, *unknown))


def _degrees(words: list[str]) -> int:
    """Return how many words of degree stand before another word: `very` of `very tall`."""
    degrees = wording().lists["degrees"]
    return next((place for place, word in enumerate(words) if word not in degrees), 0)


def _first_tag(rest: list[str], noun: str, sex: str) -> tuple[int, tuple[str, ...], str]:
    """Return how many of the first modifiers belong together, the tags that they make, and a phrase for the rest."""
    kind = "female" if sex == "girl" else "male"
    for length in range(len(rest), 0, -1):
        words = rest[:length]
        body = of_the_body(words)
        if body and all(word in wording().lists["degrees"] for word in words[:-1]):
            return length, tags_of(body) or tags_of(body[length - 1 :]), "" if tags_of(body) else " ".join(body)
        for last in (noun, sex, kind):
            tags = tags_of([*words, last])
            if tags:
                return length, tags, ""
        tags = alone(words, OF_PEOPLE | {"quality"})
        if tags:
            return length, tags, ""
    return 1, (), ""


def _is_plain(noun: str) -> bool:
    plain = wording().lists["plain"]
    return noun in plain or any(form in plain for form in lexicon().singulars(noun))
