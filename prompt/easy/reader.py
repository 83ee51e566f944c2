"""Reads the clauses of a description, word by word, and collects the tags that they mean."""

from __future__ import annotations

from itertools import pairwise

from .collected import Collected
from .denial import denied_words, goes_on_denied, read_denied
from .nouns import Reading, is_noun, is_verb, read_noun
from .numbers import EYE, UNSAID, numbered
from .objects import read_object, with_object
from .people import People, read_person, sex_of
from .spans import noun_end, object_follows, says_how, tags_of_all
from .wording import LONGEST_JOINT, POSSESSIVES, is_transitive, joint, ongoing, tags_of, wording
from .words import Word

LEFT_OUT = 1
"""So many words of a description a tag may leave out: `looking at the viewer`."""
MANY = 1000
"""The number of people whom nobody counted: `her daughters`, `many girls`."""


class Reader:
    """Goes through clauses; what they mean stands in `collected`, who is there in `people`."""

    def __init__(self) -> None:
        """Begin with nothing read."""
        self.collected = Collected()
        self.people = People()
        self._words: list[Word] = []
        self._denying = ""
        self._denied_something = False
        self._denies_next = self._behind_or = False
        self._eyes = 0
        self._number: int | None = None
        self._counting: list[Word] = []
        self._waiting: list[Word] = []
        self._gaps: set[int] = set()
        self._verb: Word | None = None
        self._topic: list[str] = []
        self._says_of_topic = False
        self._pronouns: dict[str, tuple[str, int]] = {}

    def read(self, clause: list[Word]) -> None:
        """Read one clause; adjectives at its end wait for the next one: `long, silver hair`."""
        self._words, self._denying, self._denied_something, self._says_of_topic = clause, "", False, False
        self._eyes = sum(word.name == EYE for word in clause)
        place = 0
        while place < len(clause):
            place += self._step(place)
        self._end_verb()
        if any(word.name not in wording().starts or not word.text.islower() for word in self._waiting):
            self._flush()
        if not self._waiting:
            self._end_number()

    def read_all(self, clauses: list[list[Word]]) -> None:
        """Read clauses; what still waits for a noun at their end is kept as it is."""
        for clause in clauses:
            self.read(clause)
        self._end_verb()
        self._flush()
        self._end_number()

    def count(self, pronouns: bool = True) -> Collected:
        """Count the people, by a pronoun where nobody is named and `pronouns` permits it; return all that was found."""
        sex = self.people.count_pronoun() if pronouns else ""
        if sex:
            text, place = self._pronouns[sex]
            self.collected.hear(text, sex, place)
        self.collected.count(self.people.tags())
        self.collected.without_generic()
        return self.collected

    def _step(self, place: int) -> int:
        """Read what stands at a place; return how many words that were."""
        word = self._words[place]
        if word.quoted:
            self._flush()
            self._say([word], Reading((), (word.text,), (word.text,)))
            return 1
        if not word.name:
            self.collected.joining.append(word.text)
            return 1
        return (
            self._fixed(place)
            or self._phrase(place)
            or self._small(word)
            or self._noun_phrase(place)
            or self._single(place)
        )

    def _fixed(self, place: int) -> int:
        """Read words that are one tag together: `looking at the viewer`, `hand on her hip`, `no humans`."""
        name = self._words[place].name
        starts = wording().starts
        longest = max(starts.get(form, 0) for form in (name, *ongoing(name)))
        most = min(longest + LEFT_OUT, len(self._words) - place) if longest else 0
        for length in range(most, 1, -1):
            words = self._words[place : place + length]
            tags = self._together(words, place + length)
            if tags:
                self._flush()
                self._end_verb()
                self._known(words, tags)
                return length
        return 0

    def _known(self, words: list[Word], tags: tuple[str, ...]) -> None:
        """Take note of words that are one tag together, and of a number before them."""
        names = [word.name for word in words]
        reading = Reading(with_object(names, tags))
        if self._counting and is_noun(names[-1]) and not (is_verb(names[0]) or wording().joins(names[0])):
            number, self._counting = self._counting, []
            self._say([*number, *words], numbered(reading, number, names, self._eyes))
        else:
            self._say(words, reading)
        self._topic = names[-1:]

    def _together(self, words: list[Word], end: int) -> tuple[str, ...]:
        """Return the tags that words mean together, where they are no part of a longer noun phrase."""
        names = [word.name for word in words]
        if any(word.quoted for word in words):
            return ()
        noun_waits = bool(self._waiting or self._verb) and not wording().joins(names[0])
        if " ".join(names) in wording().means:
            alone = self._verb is not None and not self._waiting and tags_of([self._verb.name])
            return () if noun_waits and is_noun(names[-1]) and not alone else wording().means[" ".join(names)]
        return () if noun_waits else tags_of_all(self._words, end - len(words), end)

    def _phrase(self, place: int) -> int:
        """Read words that only join others together: `on top of`, `couple of`."""
        length = joint([word.name for word in self._words[place : place + LONGEST_JOINT]])
        for word in self._words[place : place + length]:
            self._join(word)
        if length and self._words[place].name == "couple":
            self._number = 2
            self._counting += self._words[place : place + length]
        else:
            self.collected.joining += [word.text for word in self._words[place : place + length]]
        return length

    def _small(self, word: Word) -> int:
        """Read a word that is no content: an article, a number, a pronoun, a negation, a joining word."""
        known, name = wording(), word.name
        if name in known.lists["negations"]:
            self._flush()
            self._denying, self._denied_something, self._denies_next = name, False, True
        elif name in known.numbers or name.isdecimal():
            self._number = known.numbers.get(name) or min(int(name), MANY)
            self._flush()
            self._denies_next = False
            if name not in UNSAID:
                return self._count_by(word)
        elif known.joins(name) or name in known.lists["many"]:
            self._join(word)
            if name in known.lists["many"] and name not in UNSAID:
                return self._count_by(word)
        else:
            return 0
        self.collected.joining.append(word.text)
        return 1

    def _count_by(self, word: Word) -> int:
        """Let a number wait for what it counts."""
        self._end_number()
        self._counting = [word]
        return 1

    def _end_number(self) -> None:
        """Keep a number that nothing came for; `one` may be somebody."""
        words, self._counting = self._counting, []
        if [word.name for word in words] == ["one"]:
            self.collected.joining.append(words[0].text)
        elif words:
            phrase = " ".join(word.name for word in words)
            self.collected.add(words, Reading((), (phrase,), tuple(phrase.split(" "))), bool(self._denying))

    def _join(self, word: Word) -> None:
        lists, name = wording().lists, word.name
        sex = self.people.hear(name)
        if name not in ("and", "or", "&"):
            self._flush()
            self._denies_next = False
        elif self._waiting:
            self._gaps.add(len(self._waiting))
        if sex:
            self._pronouns.setdefault(sex, (word.text, len(self.collected.explained)))
        if name in lists["many"]:
            self._number = MANY
        elif name in POSSESSIVES and self._number is None:
            self._number = 1
        if name in lists["predicates"]:
            self._says_of_topic = True
        elif name in lists["she"] | lists["he"] and not name.startswith(("her", "his")):
            self._topic, self._says_of_topic = [], False
        elif name not in lists["articles"]:
            self._says_of_topic = self._says_of_topic and name in ("and", "or", "so", "such")
        self._end_denial(name)

    def _end_denial(self, name: str) -> None:
        """End what is denied at a joining word behind it, unless that goes on with it."""
        if self._denied_something and not goes_on_denied(name, self._denying, self._behind_or):
            self._denying = ""
        self._behind_or = name == "or"

    def _noun_phrase(self, place: int) -> int:
        """Read adjectives and a noun."""
        end = noun_end(self._words, place)
        if not end:
            return 0
        before, self._waiting, self._gaps = self._waiting, [], set()
        number, self._counting = self._counting, []
        words = self._undenied([*before, *self._words[place:end]], len(before))
        names = [word.name for word in words]
        sex = sex_of(names[-1])
        if sex is not None:
            self._end_verb()
            self.collected.joining += [word.text for word in number]
            self._person(words, sex)
        elif self._verb is not None:
            self._object(words, number)
        else:
            self._say([*number, *words], numbered(read_noun(names), number, names, self._eyes))
        self._topic = [] if sex or self._denying else names[-1:]
        self._number, self._says_of_topic = None, False
        return end - place

    def _undenied(self, words: list[Word], before: int) -> list[Word]:
        """Keep out what is denied of somebody or something that is there; return the rest of the noun phrase."""
        names = [word.name for word in words]
        negation = self._denying if self._denies_next else ""
        count = denied_words(negation, names, before) if self._denying and self._verb is None else 0
        if count:
            self._say(words[:count], read_denied(names[:count], names[-1]))
            self._denying = ""
        return words[count:]

    def _person(self, words: list[Word], sex: str) -> None:
        noun = words[-1].name
        plural = noun not in wording().lists[f"{sex}s"]
        reading = read_person([word.name for word in words[:-1]], noun, sex)
        if self._denying:
            reading = reading._replace(tags=(f"1{sex}", *reading.tags))
        else:
            self.people.meet(sex, MANY if plural and self._number == 1 else self._number, plural)
        self._say(words, reading, count=sex)

    def _object(self, words: list[Word], number: list[Word]) -> None:
        """Read what a verb is done to: `holding a red umbrella` is `holding umbrella`, `red umbrella`."""
        verb, self._verb = self._verb, None
        if verb is not None:
            names = [word.name for word in words]
            self._say([verb, *number, *words], numbered(read_object(verb.name, names), number, names, self._eyes))

    def _end_verb(self) -> None:
        """Read a verb that no object came for."""
        if self._verb is not None:
            verb, self._verb = self._verb, None
            tags = tags_of([verb.name])
            self._say([verb], Reading(tags) if tags else Reading((), (verb.name,), (verb.name,)))

    def _single(self, place: int) -> int:
        """Read a verb, an adjective or an unknown word."""
        word = self._words[place]
        if is_transitive(word.name) and object_follows(self._words, place + 1):
            self._flush()
            self._end_verb()
            self._verb = word
            return 1
        follows_noun = bool(self._topic) and (self._says_of_topic or (is_verb(word.name) and place > 0))
        tags = (tags_of([word.name, *self._topic]) if follows_noun else ()) or tags_of([word.name])
        if tags:
            self._flush()
            self._say([word], Reading(tags))
        elif follows_noun and self._says_of_topic:
            phrase = " ".join([word.name, *self._topic])
            self._say([word], Reading((), (phrase,), (word.name,)))
        else:
            if word.name.endswith("ing") and is_transitive(word.name):
                self._flush()
            self._waiting.append(word)
            if self._verb is None and says_how(self._words[max(0, place - 3) : place + 1]):
                self._flush()
        return 1

    def _flush(self) -> None:
        """Keep words that waited for a noun in vain; an `and` parts them: `goku and vegeta`."""
        number = self._counting if self._waiting else []
        waiting, gaps = [*number, *self._waiting], {gap + len(number) for gap in self._gaps}
        self._waiting, self._gaps, self._counting = [], set(), self._counting[len(number) :]
        for start, end in pairwise(sorted({0, *gaps, len(waiting)})):
            words = waiting[start:end]
            phrase = " ".join(word.name for word in words)
            self._say(words, Reading((), (phrase,), tuple(word.name for word in words)))

    def _say(self, words: list[Word], reading: Reading, count: str = "") -> None:
        self._end_number()
        self.collected.add(words, reading, bool(self._denying), count)
        self._denied_something, self._denies_next, self._behind_or = True, False, False
