"""Rules on A1111's prompt editing and alternation: `[a:b:0.5]`, `[a|b]`."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ..syntax import Kind
from ..syntax.schedules import find_schedules
from ..tags.vocabulary import vocabulary
from .brackets import parts_of, schedules
from .finding import Spot, quoted
from .prompt import Prompt

WOULD_BE = re.compile(r"\[[^\[\]]*:[^\[\]:|]*\d\s*\]|\[[^\[\]:]*\|[^\[\]:]*\]")
SQUARE_WEIGHT = re.compile(r"\[[^\[\]():|,\a]*:\s*[0-9]*\.[0-9]+\s*\]")
LONGEST = 2_000
BAR = re.compile(r"\|")


def out_of_range(prompt: Prompt) -> Iterator[Spot]:
    """Find prompt editing that never or always has happened: its number is a share above 1 or below 0, or step 0."""
    for node in prompt.of_kind(Kind.SCHEDULE):
        when = str(node.value)
        value = float(when)
        if SQUARE_WEIGHT.fullmatch(prompt.tree.source(node)[:LONGEST]) and value > 1:
            continue  # meant as a weight: another finding
        if "." in when and value >= 1:
            effect = f"{when} of the steps is the end or behind it: the change never comes"
        elif value <= 0:
            effect = f"{when} lies before the first step: what stands before the change is never encoded"
        else:
            continue
        message = f"{effect}; write a share between 0 and 1, or a step's number without a point"
        yield Spot(node.start, node.end, message)


def ambiguous(prompt: Prompt) -> Iterator[Spot]:
    """Find prompt editing that may be one name with a colon, such as `[nier:automata:0.5]`."""
    for node in prompt.of_kind(Kind.SCHEDULE):
        source = prompt.tree.source(node)
        name = source[1 : source.rfind(":")].strip().casefold().replace("_", " ")
        if ":" in name and name in vocabulary().special:
            left, right = name.split(":", 1)
            message = (
                f"{quoted(source)} changes {quoted(left)} to {quoted(right)}, though {quoted(name)} is one name; "
                f"if that is meant, escape its colon: '{left}\\:{right}'"
            )
            yield Spot(node.start, node.end, message)


def not_read(prompt: Prompt) -> Iterator[Spot]:
    """Find prompt editing in a dialect that has none."""
    for start, end, when in schedules(prompt):
        source = prompt.text[start:end]
        if when and float(when) > 1 and SQUARE_WEIGHT.fullmatch(prompt.masked[start:end][:LONGEST]):
            continue  # meant as a weight: another finding
        what = "alternation" if when is None else "prompt editing"
        message = f"{quoted(source)} is A1111's {what}; {prompt.dialect.name} reads it as these very characters"
        yield Spot(start, end, message)


def broken(prompt: Prompt) -> Iterator[Spot]:
    """Find square brackets that look like prompt editing and are none, such as `[a:b:c:0.5]` and `[a|b:0.5]`."""
    if not prompt.dialect.a1111:
        return
    parts = iter(parts_of(prompt))
    told_until = 0
    for _, node in prompt.groups:
        looks_so = prompt.text[node.start] == "[" and WOULD_BE.fullmatch(prompt.masked[node.start : node.end][:LONGEST])
        if looks_so and not find_schedules(prompt.masked, node.start, node.end):
            message = (
                f"{quoted(prompt.tree.source(node))} is no prompt editing, so A1111 encodes it as text: that is "
                "'[before:behind:0.5]', with two texts at most, or '[a|b]' without a number"
            )
            if node.start >= told_until and "|" in prompt.masked[node.start : node.end]:
                start, told_until = next(part for part in parts if part[1] > node.start)
                message += _undone(prompt, start, told_until)
            yield Spot(node.start, node.end, message)


def _undone(prompt: Prompt, start: int, end: int) -> str:
    """Return what to say of the prompt editing that a bar in a range undoes: A1111's grammar fails there as a whole."""
    for match in WOULD_BE.finditer(prompt.masked, start, end):
        if find_schedules(prompt.masked, *match.span()):
            return f". Because of its bar all prompt editing is encoded as text, {quoted(match[0])} too"
    return ""


def lone_bar(prompt: Prompt) -> Iterator[Spot]:
    """Find a bar outside of brackets, for which A1111 gives up all prompt editing."""
    if not prompt.dialect.a1111 or "|" not in prompt.masked or "[" not in prompt.masked:
        return
    if prompt.of_kind(Kind.SCHEDULE, Kind.ALTERNATION):
        return
    wanted = WOULD_BE.search(prompt.masked)
    spans = [match.span() for match in re.finditer(r"\[[^\[\]]*\]", prompt.masked)]
    bar = next((match for match in BAR.finditer(prompt.masked) if not _inside(match.start(), spans)), None)
    if wanted and bar:
        message = (
            f"because of this '|', which stands in no '[a|b]', A1111 reads {quoted(wanted[0])} as plain text; "
            "take the bar out, or escape it as '\\|'"
        )
        yield Spot(bar.start(), bar.end(), message)


def _inside(place: int, spans: list[tuple[int, int]]) -> bool:
    return any(start < place < end for start, end in spans[:500])
