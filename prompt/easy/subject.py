"""Names who is there: `a tall fox girl`, `two girls and a boy`, and the pronoun for them."""

from __future__ import annotations

import re
from collections.abc import Callable

from ..tags.classify import classify
from .phrasing import article, capital, listed
from .plurals import plural
from .slots import Piece

COUNT = re.compile(r"(\d)(\+?)(girl|boy|other)s?")
NUMBERS = ("no", "a", "two", "three", "four", "five", "six", "seven", "eight", "nine")
VERBS = {"wear": "wears", "have": "has", "look": "looks"}
SEXES = {"girl": "girl", "boy": "boy", "woman": "girl", "man": "boy", "female": "girl", "male": "boy"}
PRONOUNS = {
    "girl": ("She", "her", "her"),
    "boy": ("He", "his", "him"),
    "animal": ("It", "its", "it"),
    "other": ("They", "their", "them"),
}
BEASTS = ("animals", "mechanical parts")


class Subject:
    """Who is there, from the count and species tags and the adjectives before them.

    Attributes:
        there: whether anybody is.
        single: whether it is one.
        name: with a capital: `A tall fox girl`.
        pronoun: `She`, `He` or `They`.
        own: `her`, `his` or `their`.
        whom: `her`, `him`, `it` or `them`.
        be: `is` or `are`, behind the pronoun.
        name_be: the same behind the name.
    """

    def __init__(
        self, pieces: list[Piece], adjectives: list[Piece], implied: bool, weigh: Callable[[Piece, str], str]
    ) -> None:
        """Take the pieces; `implied` says that something is told of somebody whom no tag names."""
        counts = [COUNT.fullmatch(piece.tag) for piece in pieces]
        species = [_species(piece.tag) for piece in pieces if piece.slot == "species"]
        people = [(int(match[1]), match[2], match[3]) for match in counts if match]
        several = [piece.tag for piece in pieces if piece.tag.startswith("multiple ")]
        self.there = bool(people or species or several or implied)
        self.single = not several and sum(number for number, _, _ in people) <= 1
        self.name = capital(_name(people, species, [piece.text for piece in adjectives], several))
        sexes = {sex for _, _, sex in people} or {SEXES.get(name.split(" ")[-1], "other") for name in species}
        animal = self.single and not people and any(classify(piece.tag).subgroup in BEASTS for piece in pieces)
        known = {sex for sex in sexes if sex != "other"} or {
            SEXES[piece.tag] for piece in adjectives if piece.tag in SEXES
        }
        self._speak(next(iter(known)) if self.single and len(known) == 1 else "animal" if animal else "other")
        heavy = next((piece for piece in pieces if piece.weight != 1), None)
        if heavy is not None:
            self.name = weigh(heavy, self.name)

    def _speak(self, sex: str) -> None:
        self.pronoun, self.own, self.whom = PRONOUNS[sex]
        self.be = "are" if self.pronoun == "They" else "is"
        self.name_be = "is" if self.single else "are"

    def name_verb(self, verb: str) -> str:
        """Return a verb as it stands behind the name."""
        return VERBS[verb] if self.single else verb

    def verb(self, verb: str) -> str:
        """Return a verb as it stands behind the pronoun."""
        return verb if self.pronoun == "They" else VERBS[verb]


def _name(people: list[tuple[int, str, str]], species: list[str], adjectives: list[str], several: list[str]) -> str:
    sexes = {sex for _, _, sex in people} | {tag.split(" ")[-1].removesuffix("s") for tag in several}
    if several or len(people) > 1 or (people and people[0][0] > 1):
        alike = len(sexes) == 1
        groups = [(NUMBERS[number], number, " or more" if more else "", sex) for number, more, sex in people]
        groups += [("several", 2, "", tag.split(" ")[-1].removesuffix("s")) for tag in several]
        named = listed(_counted(*group, adjectives, species if alike else []) for group in groups)
        return named + (f" ({listed(species)})" if species and not alike else "")
    noun = _noun(people[0][2] if people else "", species)
    text = " ".join([", ".join(adjectives), noun]).strip()
    return f"{article(text)} {text}"


def _counted(word: str, number: int, more: str, sex: str, adjectives: list[str], species: list[str]) -> str:
    noun = " ".join([*([", ".join(adjectives)] if adjectives else []), _noun(sex, species)])
    if number == 1:
        return f"{article(noun)} {noun}"
    many = (
        f"{noun.removesuffix('person')}people"
        if noun.endswith("person")
        else " ".join([*noun.split(" ")[:-1], plural(noun.split(" ")[-1])])
    )
    return f"{word}{more} {many}"


def _species(tag: str) -> str:
    return tag.partition(" (")[0]


def _noun(sex: str, species: list[str]) -> str:
    """Return the noun for one person: `fox girl`, `elf girl`, `girl`, `elf`."""
    person = {"other": "person", "": ""}.get(sex, sex)
    kinds = [name for name in species if not any(other != name and other.endswith(f" {name}") for other in species)]
    named = [name for name in kinds if name.split(" ")[-1] in (*SEXES, "person")]
    before = [name for name in kinds if name not in named]
    if named:
        return " ".join([*before, *named])
    if before and person == "person":
        person = ""
    return " ".join([*before, person]).strip() or "character"
