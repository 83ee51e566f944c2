"""Reads a verb with what it is done to: `holding a red cup` is `holding cup` and `red cup`."""

from __future__ import annotations

from ..tags.words import lexicon
from .nouns import Reading, read_noun
from .people import sex_of
from .wording import POSSESSIVES, is_transitive, ongoing, tags_of, wording

LIGHT_VERBS = frozenset({"making", "doing", "giving", "showing", "taking", "makes", "does", "gives", "shows", "takes"})
"""Verbs that their object says enough of: `making a peace sign`."""
DOING_ALONE = frozenset({"holding", "playing"})
"""Verbs that are tags beside an object, though not by themselves."""
SHUNNING = frozenset({"avoiding", "avoids"})
"""Verbs whose object is not there: `avoiding eye contact`."""


def read_object(verb: str, words: list[str]) -> Reading:
    """Return what becomes of a verb with its object: `holding`, `red cup` is `holding cup`, `red cup`."""
    reading = read_noun(words)
    done = [verb, *ongoing(verb)]
    for start in range(len(words)):
        tags = next((tags for form in done if (tags := tags_of([form, *words[start:]]))), ())
        if tags:
            return (
                reading._replace(tags=tuple(dict.fromkeys((*tags, *reading.tags))))
                if start
                else Reading(with_object([verb, *words], tags))
            )
    if verb in LIGHT_VERBS and reading.tags:
        return reading
    alone = tags_of([verb]) or tuple(form for form in done if form in DOING_ALONE)
    if alone:
        return reading._replace(tags=(*alone[:1], *reading.tags))
    return Reading(reading.tags, (" ".join([verb, *words]),), (verb, *reading.left))


def with_object(words: list[str], tags: tuple[str, ...]) -> tuple[str, ...]:
    """Return a verb's tags and those of its object that they do not name: `reading` and `book` for `reading a book`."""
    known, (verb, *rest) = wording(), words
    articles = known.lists["articles"]
    thing = [word for word in rest if word not in articles and word not in POSSESSIVES]
    if not thing or verb in SHUNNING or not is_transitive(verb) or " ".join(words) in known.means:
        return tags
    if any(known.joins(word) for word in thing) or sex_of(thing[-1]):
        return tags
    named = {word for tag in tags for word in _singulars(tag.split(" "))}
    missing = [word for word, one in zip(thing, _singulars(thing), strict=True) if one not in named]
    own = tags_of(thing) if missing else ()
    if not own and thing[-1] in missing:
        own = tags_of(thing[-1:])
    return tuple(dict.fromkeys((*tags, *own)))


def _singulars(words: list[str]) -> list[str]:
    return [next(iter(lexicon().singulars(word)), word) for word in words]
