"""Reads A1111's prompt editing `[a:b:0.5]` and alternation `[a|b]`, and says what is encoded at which step.

As its grammar does (`modules/prompt_parser.py`), by one walk over the brackets: linear, and no depth is too much.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from .tree import Kind

TOKEN = re.compile(r"\([^()\[\]:|]*(?::[^()\[\]:|]*)?\)|\[[^()\[\]]*\]|\(|\)|\[|\]|:|\|")
"""First what needs no look at the brackets around it: `(a:1.2)`, which may stand anywhere, and `[a:b:0.5]`."""
WHEN = re.compile(r"\s*([+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?)\s*")
LONGEST_NUMBER = 400
PARTNER = {")": "(", "]": "["}
new = tuple.__new__  # makes a NamedTuple without its own detour: a prompt may have thousands of schedules


class Schedule(NamedTuple):
    """One `[...]`: `marks` are the spans of its own syntax, between which its options stand.

    Attributes:
        start: where its `[` stands.
        end: behind its `]`.
        marks: the spans of its brackets, colons (the last with the number and the closing bracket) or bars.
        when: the text of the number; None is an alternation.
    """

    start: int
    end: int
    marks: tuple[tuple[int, int], ...]
    when: str | None

    @property
    def kind(self) -> Kind:
        """What it is in the tree."""
        return Kind.ALTERNATION if self.when is None else Kind.SCHEDULE

    @property
    def value(self) -> str | None:
        """The node's value in the tree: the number as written."""
        return self.when

    def options(self) -> list[tuple[int, int]]:
        """Return the options' spans: before and after for a schedule (`[b:3]` has no before), else all options."""
        return [(left[1], right[0]) for left, right in zip(self.marks, self.marks[1:], strict=False)]

    def choice_at(self, step: int, steps: int, base_steps: int) -> int | None:
        """Return which of the options is encoded at a step, counted from 1, or None."""
        count = len(self.marks) - 1
        if self.when is None:
            return (step - 1) % count
        before = step <= self.last_step_before(steps, base_steps)
        if count == 2:
            return 0 if before else 1
        return None if before else 0

    def last_step_before(self, steps: int, base_steps: int) -> int:
        """Return the last step at which the first option counts.

        A number with a point is a share of the steps, another one a step. In a hires pass (`base_steps` above 0) the
        shares from 1 to 2 and the steps behind the first pass's count.
        """
        when = self.when or "0"
        value = float(when)
        place = (value - bool(base_steps)) * steps if "." in when else value - base_steps
        return int(max(min(place, steps), -1))


class _Frame:
    """An open bracket, and what stands directly in it."""

    __slots__ = ("bars", "char", "colons", "place", "sound")

    def __init__(self, char: str, place: int) -> None:
        self.char, self.place = char, place
        self.colons: list[int] = []
        self.bars: list[int] = []
        self.sound = True


def find_schedules(text: str, start: int, end: int) -> list[Schedule]:
    """Return the schedules and alternations of a text whose escaped characters are blanked out.

    A bar that belongs to no alternation makes the whole text literal, as A1111's grammar does.
    """
    found: list[Schedule] = []
    stack = [_Frame("", start)]
    opened = {"(": 0, "[": 0}
    for match in TOKEN.finditer(text, start, end):
        token, place = match[0], match.start()
        if len(token) > 1:  # a pair with no bracket in it
            if token[0] == "[":
                bars = _places(token, "|", place)
                sound = _add_schedule(text, place, match.end() - 1, _places(token, ":", place), bars, found)
                stack[-1].sound &= sound
                if bars and not sound:
                    return []
        elif token in "([":
            stack.append(_Frame(token, place))
            opened[token] += 1
        elif token == ":":
            stack[-1].colons.append(place)
        elif token == "|":
            stack[-1].bars.append(place)
        else:
            frame = _pop(stack, opened, PARTNER[token])
            sound = frame is not None and _close(text, frame, place, found)
            stack[-1].sound &= sound
            if frame is not None and frame.bars and not sound:
                return []
    return [] if any(frame.bars for frame in stack) else found


def _places(token: str, char: str, start: int) -> list[int]:
    """Return where a character stands in a token that begins at some place of the text."""
    places: list[int] = []
    at = token.find(char)
    while at >= 0:
        places.append(start + at)
        at = token.find(char, at + 1)
    return places


def _pop(stack: list[_Frame], opened: dict[str, int], char: str) -> _Frame | None:
    """Take the frame that a closing bracket closes; what is left open in it makes it unsound, its bars fall to it."""
    if not opened[char]:
        return None
    bars: list[int] = []
    frame = stack.pop()
    opened[frame.char] -= 1
    while frame.char != char:
        bars += frame.bars
        frame = stack.pop()
        opened[frame.char] -= 1
        frame.sound = False
    frame.bars += bars
    return frame


def _close(text: str, frame: _Frame, place: int, found: list[Schedule]) -> bool:
    """Close a frame, keep it if it is a schedule; return whether its text is one that may stand in another."""
    if frame.char == "(" or not frame.sound:
        return frame.sound and not frame.bars and len(frame.colons) <= (frame.char == "(")
    return _add_schedule(text, frame.place, place, frame.colons, frame.bars, found)


def _add_schedule(text: str, start: int, close: int, colons: list[int], bars: list[int], found: list[Schedule]) -> bool:
    """Keep a square pair if it is a schedule; return whether its text is one that may stand in another."""
    if not colons and not bars:
        return True
    if not colons:
        marks = [(bar, bar + 1) for bar in (start, *bars, close)]
        found.append(new(Schedule, (start, close + 1, tuple(marks), None)))
        return True
    last = colons[-1]
    number = WHEN.fullmatch(text, last + 1, min(close, last + LONGEST_NUMBER))
    if bars or len(colons) > 2 or number is None or number.end() != close:
        return False
    between = [(colon, colon + 1) for colon in colons[:-1]]
    found.append(new(Schedule, (start, close + 1, ((start, start + 1), *between, (last, close + 1)), number[1])))
    return True


def texts_at(text: str, schedules: list[Schedule], at: Iterable[int], steps: int, base_steps: int = 0) -> Iterator[str]:
    """Yield the texts that are encoded at some steps, with the schedules resolved."""
    made: dict[tuple[int | None, ...], str] = {}
    for step in at:
        choices = tuple([schedule.choice_at(step, steps, base_steps) for schedule in schedules])
        if choices not in made:
            made[choices] = _chosen(text, schedules, choices)
        yield made[choices]


def _chosen(text: str, schedules: list[Schedule], choices: tuple[int | None, ...]) -> str:
    """Return the text with one option of each schedule."""
    dropped: list[tuple[int, int]] = []
    for schedule, choice in zip(schedules, choices, strict=True):
        dropped += schedule.marks
        dropped += [option for index, option in enumerate(schedule.options()) if index != choice]
    pieces, place = [], 0
    for start, end in sorted(dropped):
        if start > place:
            pieces.append(text[place:start])
        place = max(place, end)
    return "".join([*pieces, text[place:]])


def change_steps(schedules: list[Schedule], steps: int, base_steps: int = 0) -> list[int]:
    """Return the steps at whose end the text may change, the last one included."""
    if any(schedule.when is None for schedule in schedules):
        return list(range(1, steps + 1))
    ends = {schedule.last_step_before(steps, base_steps) for schedule in schedules}
    return sorted({end for end in ends if 1 <= end <= steps} | {steps})
