"""What was found in a description: tags, what is to be kept out, and the words that no tag was found for."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

from ..tags.classify import classify
from ..tags.vocabulary import GROUPS, OTHER
from .nouns import Reading
from .people import SEXES
from .wording import wording
from .words import Word


class Explained(NamedTuple):
    """Some words of a description and the tags that they became; `negative` where those are to be kept out."""

    words: tuple[str, ...]
    tags: tuple[str, ...]
    negative: bool = False


@dataclass
class Collected:
    """What has been found so far, in the text's order.

    Attributes:
        positive: tags and free phrases, each once.
        negative: those that are to be kept out.
        remainder: the words without a tag; each stands in a free phrase.
        explained: which words became what.
        joining: words that only join others.
    """

    positive: dict[str, None] = field(default_factory=dict)
    negative: dict[str, None] = field(default_factory=dict)
    remainder: list[str] = field(default_factory=list)
    explained: list[Explained] = field(default_factory=list)
    joining: list[str] = field(default_factory=list)

    def add(self, words: list[Word], reading: Reading, denied: bool, count: str = "") -> None:
        """Add what some words became; a `count` of girl or boy is explained when all are counted."""
        found = (*reading.tags, *reading.phrases)
        (self.negative if denied else self.positive).update(dict.fromkeys(found))
        self.remainder += reading.left
        shown = (f"+{count}", *found) if count and not denied else found
        self.explained.append(Explained(tuple(word.text for word in words), shown, denied))

    def count(self, tags: Iterable[str]) -> None:
        """Put the count tags, such as `2girls`, first, and into the explanations of the words that were counted."""
        by_sex = {f"+{sex}": tag for tag in tags for sex in SEXES if tag.rstrip("s").endswith(sex)}
        self.positive = {**dict.fromkeys(by_sex.values()), **self.positive}
        self.explained = [
            entry._replace(tags=tuple(by_sex.get(tag, tag) for tag in entry.tags)) for entry in self.explained
        ]

    def hear(self, text: str, sex: str, place: int) -> None:
        """Explain a count tag by a pronoun that stood before the explanation at a place; see `count`."""
        self.joining.remove(text)
        self.explained.insert(place, Explained((text,), (f"+{sex}",)))

    def without_generic(self) -> None:
        """Take out `hair` where `long hair` says it."""
        said = {tag.rpartition(" ")[2] for tag in self.positive if " " in tag}
        for tag in [tag for tag in self.positive if tag in said and classify(tag).group == "body"]:
            del self.positive[tag]

    def without_filler(self) -> None:
        """Take out `hair` where it says nothing beside other tags."""
        filler = {tag for tag in self.positive if tag in wording().lists["filler"]}
        if len(filler) < len(self.positive):
            self._leave_out(filler)

    def _leave_out(self, filler: set[str]) -> None:
        """Take out tags that say nothing; their words only join others."""
        for tag in filler:
            del self.positive[tag]
        silent = [entry for entry in self.explained if _is_filler(entry, filler)]
        self.explained = [_without(entry, filler) for entry in self.explained if not _is_filler(entry, filler)]
        self.joining += [word for entry in silent for word in entry.words]
        gone = Counter(tag for entry in silent for tag in entry.tags)
        kept: list[str] = []
        for word in self.remainder:
            if gone[word]:
                gone[word] -= 1
            else:
                kept.append(word)
        self.remainder = kept

    def groups(self) -> dict[str, tuple[str, ...]]:
        """Return the tags and free phrases by tag group, in the specification's order."""
        groups: dict[str, list[str]] = {group: [] for group in (*GROUPS, OTHER)}
        for tag in self.positive:
            groups["background" if tag[:1] in '"“' else classify(tag).group].append(tag)
        return {group: tuple(tags) for group, tags in groups.items() if tags}


def _is_filler(entry: Explained, filler: set[str]) -> bool:
    return bool(entry.tags) and not entry.negative and filler.issuperset(entry.tags)


def _without(entry: Explained, filler: set[str]) -> Explained:
    return entry if entry.negative else entry._replace(tags=tuple(tag for tag in entry.tags if tag not in filler))


def listed(groups: dict[str, tuple[str, ...]]) -> str:
    r"""Return tags as a prompt holds them: `sky, star \(sky\)`."""
    return ", ".join(re.sub(r"(?<!\\)([()\[\]])", r"\\\1", tag) for tags in groups.values() for tag in tags)
