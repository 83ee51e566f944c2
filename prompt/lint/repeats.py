"""Rules on tags that say nothing new: repeated ones, and those that another one implies."""

from __future__ import annotations

from collections.abc import Iterator

from ..tags.vocabulary import vocabulary
from .finding import Spot, quoted
from .phrases import Phrase
from .prompt import Prompt, is_prose, known_name
from .removal import removal


def repeated(prompt: Prompt) -> Iterator[Spot]:
    """Find tags that stand in the prompt twice, also by another spelling or with another weight."""
    first: dict[tuple[int, str], Phrase] = {}
    for phrase in prompt.whole:
        key = phrase.scope, known_name(phrase.name)
        earlier = first.setdefault(key, phrase)
        if earlier is phrase or is_prose(prompt.source(phrase)) or not phrase.name:
            continue
        yield _repeat(prompt, phrase, earlier)


def _repeat(prompt: Prompt, phrase: Phrase, earlier: Phrase) -> Spot:
    message = f"{quoted(prompt.source(phrase))} repeats {_place(prompt, earlier)}; take one out"
    differs = round(phrase.weight, 6) != round(earlier.weight, 6)
    if differs:
        message += f" (their weights differ: {earlier.weight:.4g} there, {phrase.weight:.4g} here)"
    edits = removal(prompt, phrase.node)
    return Spot(phrase.start, phrase.end, message, edits, changes_weights=differs)


def _place(prompt: Prompt, phrase: Phrase) -> str:
    return f"{quoted(prompt.source(phrase))} at character {prompt.place(phrase.start)}"


def implied(prompt: Prompt) -> Iterator[Spot]:
    """Find tags that another tag says already: `animal ears` beside `cat ears`."""
    if prompt.negative:
        return
    present: dict[tuple[int, str], Phrase] = {}
    for phrase in prompt.whole:
        present.setdefault((phrase.scope, known_name(phrase.name)), phrase)
    told: set[int] = set()
    for (scope, name), phrase in present.items():
        for other in vocabulary().implied(name):
            said = present.get((scope, other))
            if said is not None and said.node not in told and said.node != phrase.node:
                told.add(said.node)
                yield Spot(
                    said.start,
                    said.end,
                    f"{quoted(prompt.source(phrase))} implies {quoted(prompt.source(said))}; it can go, though "
                    "the pictures that models learn from usually have both",
                )
