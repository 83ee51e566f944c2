"""Joins prompts: a style's or a character's block is added to one without repeating what that has."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import reduce

from ..errors import PromptError
from ..syntax import Tree, parse
from ..tags.vocabulary import vocabulary
from .changes import Change, Changed, too_much
from .meaning import sequence
from .repeats import remove_repeats
from .wishes import wishes

NOT_JOINED = "not joined: brackets that are never closed would change the weights"


def merge(*texts: str, dialect: str = "a1111", implied: bool = False, tag_aware: bool = True) -> Changed:
    """Return prompts joined to one, in their order, without repeats; weights stay, and a repeat has the strongest one.

    A prompt goes behind the ones before it, into the last part where they have AND or BREAK. Where a bracket that is
    never closed forbids that, it goes in front of them, and that is told; so are tags of different prompts that
    contradict one another.

    Args:
        texts: the prompts; empty ones count for nothing.
        dialect: one of `DIALECTS`, for all of them.
        implied: remove also tags that a more special one implies, see `remove_repeats`.
        tag_aware: whether tags like `;)` are kept whole.

    Raises:
        UnknownDialect: if there is no such dialect.
        PromptError: if they hold too many brackets and commas, far more than any encoder reads.
    """
    refused = too_much(*texts)
    if refused:
        raise PromptError(f"these prompts can't be joined: {refused}")
    trees = [parse(text, dialect, tag_aware) for text in texts if text.strip()]
    result = reduce(lambda done, tree: _joined(done, tree, tag_aware), trees, Changed(""))
    tidied = remove_repeats(result.text, dialect=dialect, implied=implied, tag_aware=tag_aware)
    remarks = (*result.remarks, *_contradictions(trees), *tidied.remarks)
    return Changed(tidied.text, (*result.changes, *tidied.changes), tuple(dict.fromkeys(remarks)))


def _joined(done: Changed, tree: Tree, tag_aware: bool) -> Changed:
    if not done.text:
        return Changed(tree.text)
    first, second = done.text, tree.text
    said = {first: sequence(parse(first, tree.dialect, tag_aware)), second: sequence(tree)}
    for left, right, where in ((first, second, "behind the rest"), (second, first, "in front of the rest")):
        text = left.rstrip() + (" " if left.rstrip().endswith(",") else ", ") + right.lstrip()
        if sequence(parse(text, tree.dialect, tag_aware)) == [*said[left], *said[right]]:
            return Changed(text, (*done.changes, Change("added", second, where)), done.remarks)
    return Changed(first, done.changes, (*done.remarks, f"{second}: {NOT_JOINED}"))


def _contradictions(trees: Sequence[Tree]) -> Iterator[str]:
    """Yield what tags of different prompts contradict one another."""
    named = [wishes(tree).wanted for tree in trees]
    own = [set(names) for names in named]
    for first, second, subject in vocabulary().contradictions([name for names in named for name in names]):
        if not any(first in names and second in names for names in own):
            yield f"{first} and {second} contradict one another ({subject})"
