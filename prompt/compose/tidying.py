"""Everything that makes a prompt tidy, in one go: join, remove repeats, sort, format."""

from __future__ import annotations

from collections.abc import Callable

from ..families.profiles import Family
from ..lists import LAYOUTS
from .changes import Changed, too_much
from .formatting import format_prompt
from .merging import merge
from .repeats import remove_repeats
from .sorting import sort_tags


def tidy(
    text: str,
    second: str = "",
    *,
    dialect: str = "a1111",
    sort: bool = True,
    repeats: bool = True,
    layout: str = LAYOUTS[0],
    family: Family | str | None = None,
    tag_aware: bool = True,
) -> Changed:
    """Return a prompt joined with a second one, without repeats, in order, and with one comma between its tags.

    Effective weights stay, but for repeats: the strongest weight counts.

    Args:
        text: any prompt.
        second: a prompt to put behind it; joining takes repeats out in any case.
        dialect: one of `DIALECTS`.
        sort: whether to put the tags in order, see `sort_tags`.
        repeats: whether to take repeated tags out, see `remove_repeats`.
        layout: see `format_prompt`.
        family: the model family or its id, whose order and spelling count.
        tag_aware: whether tags like `;)` are kept whole.

    Raises:
        PromptError: for a layout that does not exist.
        UnknownDialect: for a dialect that does not exist.
    """
    refused = too_much(text, second)
    if refused:
        return Changed(text, remarks=(f"left as it is: {refused}",))
    steps: list[Callable[[str], Changed]] = []
    if second.strip():
        steps.append(lambda prompt: merge(prompt, second, dialect=dialect, tag_aware=tag_aware))
    if repeats:
        steps.append(lambda prompt: remove_repeats(prompt, dialect=dialect, tag_aware=tag_aware))
    if sort:
        steps.append(lambda prompt: sort_tags(prompt, family, dialect=dialect, tag_aware=tag_aware))
    steps.append(
        lambda prompt: format_prompt(prompt, dialect=dialect, layout=layout, family=family, tag_aware=tag_aware)
    )
    done = Changed(text)
    for step in steps:
        result = step(done.text)
        remarks = dict.fromkeys((*done.remarks, *result.remarks))
        done = Changed(result.text, (*done.changes, *result.changes), tuple(remarks))
    return done
