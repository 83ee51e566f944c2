"""Which brackets of a prompt weight what they hold, as each dialect's own parser reads them.

Each function takes a text whose escaped characters are blanked out, and a range of it. All run in linear time.
"""

from __future__ import annotations

import heapq
import re
from collections.abc import Callable, Container
from operator import itemgetter
from typing import NamedTuple

COMFYUI_BARE = 1.1
A1111_UP, A1111_DOWN = 1.1, 1 / 1.1
NAI_UP, NAI_DOWN = 1.05, 1 / 1.05
COMPEL_UP, COMPEL_DOWN = 1.1, 0.9
new = tuple.__new__  # makes a NamedTuple without its own detour: a prompt may have thousands of brackets
MOST_SIGNS = 400
"""How many `+` or `-` count: more would leave the range of floating point numbers."""


class Bracket(NamedTuple):
    """A pair of brackets: `text[start:inner]` opens it, `text[close:end]` closes it and holds its number, if any.

    An unclosed bracket that counts to the text's end has `close == end`. `sets` says that the number replaces the
    weight around it; else it multiplies that. Brackets of one `stack` are nested; those of two may cross.
    """

    start: int
    inner: int
    close: int
    end: int
    factor: float
    number: float | None = None
    sets: bool = False
    stack: int = 0


class Reading(NamedTuple):
    """A text's brackets, and the places besides their edges where the dialect's parser begins a new segment."""

    brackets: list[Bracket]
    cuts: tuple[int, ...] = ()


def number(text: str) -> float | None:
    """Return what Python's `float` makes of a text, as ComfyUI asks it, or None; may be infinite or NaN."""
    try:
        return float(text)
    except ValueError:
        return None


COMFYUI_TOKEN = re.compile(r"\(|\)|:[^():]*\)")


def comfyui(text: str, start: int, end: int) -> Reading:
    """Read round brackets as ComfyUI does (`comfy/sd1_clip.py`, `token_weights`).

    A number replaces the weight around it, bare brackets multiply by 1.1. A stray `)` turns the next `(` into plain
    text. Nothing counts behind a `(` that is never closed, except where the rest ends in `)`: then ComfyUI takes that
    one for its partner and reads what lies between anew.
    """
    pairs, unclosed = _round_pairs(text, start, end)
    if not unclosed:
        return Reading([_comfyui_bracket(text, *pair) for pair in pairs])
    partner = {closing: (opening, colon) for opening, closing, colon in pairs}
    forced: list[Bracket] = []
    heapq.heapify(unclosed)
    while text[end - 1] == ")" and unclosed[0] < end - 1:
        opening, colon = partner.pop(end - 1)
        bracket = _comfyui_bracket(text, heapq.heapreplace(unclosed, opening), end - 1, colon)
        forced.append(bracket)
        end = bracket.close
    first = unclosed[0]
    kept = [_comfyui_bracket(text, *pair) for pair in pairs if pair[1] in partner and pair[0] < first]
    return Reading([*kept, *forced], (first,))


def _round_pairs(text: str, start: int, end: int) -> tuple[list[tuple[int, int, int]], list[int]]:
    """Return the pairs, each with the colon that may begin its number or -1, and the brackets left open."""
    pairs: list[tuple[int, int, int]] = []
    opened: list[int] = []
    stray = 0
    for match in COMFYUI_TOKEN.finditer(text, start, end):
        place, after = match.span()
        if text[place] == "(":
            if stray and not opened:
                stray -= 1
            else:
                opened.append(place)
        elif opened:
            pairs.append((opened.pop(), after - 1, place if after > place + 1 else -1))
        else:
            stray += 1
    return pairs, opened


def _comfyui_bracket(text: str, opening: int, closing: int, colon: int) -> Bracket:
    value = number(text[colon + 1 : closing]) if colon > opening + 1 else None
    close = closing if value is None else colon
    return new(Bracket, (opening, opening + 1, close, closing + 1, COMFYUI_BARE, value, True, 0))


A1111_NUMBER = r"\s*([+-]?[.\d]+)\s*\)"
# Each alternative begins with a letter of its own: so the search skips quickly to them.
A1111_TOKEN = re.compile(rf"\([^()\[\]:]*:{A1111_NUMBER}|:{A1111_NUMBER}|\(|\)|\[|\]")


def a1111(text: str, start: int, end: int, others: Container[int] = ()) -> Reading:
    """Read round and square brackets as A1111 does: all multiply, an unclosed one counts to the end.

    The two kinds know nothing of each other and may cross. A number that is none (`1..2`, an error there) is text.
    The square brackets at `others` are none: they belong to schedules.
    """
    found: list[Bracket] = []
    rounds: list[int] = []
    squares: list[int] = []
    for match in A1111_TOKEN.finditer(text, start, end):
        token, place = match[0], match.start()
        if token[-1] == ")":
            if token[0] == "(":
                rounds.append(place)
            if rounds:
                value = number(match[1] or match[2]) if len(token) > 1 else None
                after = match.end()
                close = after - 1 if value is None else text.find(":", place, after)
                place = rounds.pop()
                found.append(new(Bracket, (place, place + 1, close, after, A1111_UP, value, False, 0)))
        elif token == "(":
            rounds.append(place)
        elif place in others:
            continue
        elif token == "[":
            squares.append(place)
        elif squares:
            found.append(_square(squares.pop(), place, place + 1))
    found += [new(Bracket, (place, place + 1, end, end, A1111_UP, None, False, 0)) for place in rounds]
    found += [_square(place, end, end) for place in squares]
    return Reading(found)


def _square(opening: int, close: int, end: int) -> Bracket:
    return new(Bracket, (opening, opening + 1, close, end, A1111_DOWN, None, False, 1))


def _novelai(pattern: re.Pattern[str]) -> Callable[[str, int, int], Reading]:
    """Make a reader of `{x}` and `[x]`, and of `1.5::x::` where the pattern finds that; all multiply."""

    def read(text: str, start: int, end: int) -> Reading:
        found: list[Bracket] = []
        opened: tuple[list[Bracket], ...] = ([], [], [])
        for match in pattern.finditer(text, start, end):
            token = match[0]
            stack = 0 if token in "{}" else 1 if token in "[]" else 2
            if token in "{[" or (stack == 2 and token != "::"):
                opened[stack].append(_novelai_opening(match, stack, end))
            elif opened[stack]:
                found.append(opened[stack].pop()._replace(close=match.start(), end=match.end()))
        return Reading([*found, *(bracket for stack in opened for bracket in stack)])

    return read


def _novelai_opening(match: re.Match[str], stack: int, end: int) -> Bracket:
    factor = (NAI_UP, NAI_DOWN, 1.0)[stack]
    value = number(match[0][:-2]) if stack == 2 else None
    return Bracket(match.start(), match.end(), end, end, factor, value, stack=stack)


novelai3 = _novelai(re.compile(r"[{}\[\]]"))
novelai4 = _novelai(re.compile(r"[{}\[\]]|(?<![\w.])-?(?:\d+(?:\.\d*)?|\.\d+)::|::"))

COMPEL_TOKEN = re.compile(r"\(|\)(?:([+]+|-+)|(\d+\.?\d*|\.\d+))?|(?<=[^+\-\s,()])([+]+|-+)(?=[\s,)]|$)")


def compel(text: str, start: int, end: int) -> Reading:
    """Read `(a b)1.2`, `(a b)++` and `a--` as compel and InvokeAI do: `+` is 1.1, `-` is 0.9, all multiply.

    Round brackets without a sign weight nothing, but are no text either. Unbalanced ones are text.
    """
    found: list[Bracket] = []
    opened: list[int] = []
    for match in COMPEL_TOKEN.finditer(text, start, end):
        if match[3]:
            word = _word_start(text, start, match.start())
            if word < match.start():  # else the signs stand behind a bracket's number
                found.append(Bracket(word, word, match.start(), match.end(), _signs(match[3]), stack=1))
        elif match[0] == "(":
            opened.append(match.start())
        elif opened:
            place = opened.pop()
            value = number(match[2]) if match[2] else None
            factor = _signs(match[1] or "")
            found.append(Bracket(place, place + 1, match.start(), match.end(), factor, value))
            start = match.end()  # no word begins before this
    return Reading(found)


def _signs(signs: str) -> float:
    base = COMPEL_DOWN if signs.startswith("-") else COMPEL_UP
    return float(base ** min(len(signs), MOST_SIGNS))


def _word_start(text: str, start: int, end: int) -> int:
    place = end
    while place > start and text[place - 1] not in ",()" and not text[place - 1].isspace():
        place -= 1
    return place


class Edge(NamedTuple):
    """A place where a bracket opens or closes: `text[start:end]` is its syntax. A cut is no bracket's."""

    start: int
    end: int
    bracket: Bracket | None
    opens: bool


def edges(reading: Reading) -> list[Edge]:
    """Return where the brackets open and close and where a segment is cut, in their order."""
    found = [Edge(cut, cut, None, True) for cut in reading.cuts]
    found += [Edge(bracket.start, bracket.inner, bracket, True) for bracket in reading.brackets]
    found += [Edge(bracket.close, bracket.end, bracket, False) for bracket in reading.brackets]
    found.sort(key=itemgetter(0, 1))
    return found


class RunningWeight:
    """The effective weight along a text, changed at each edge of a bracket."""

    def __init__(self) -> None:
        """Start outside all brackets."""
        self._stacks = self._first, self._second, self._third = [1.0], [1.0], [1.0]

    def enter(self, bracket: Bracket) -> float:
        """Go into a bracket; return the weight there."""
        stack, number = self._stacks[bracket[7]], bracket[5]
        if number is None:
            stack.append(stack[-1] * bracket[4])
        else:
            stack.append(number if bracket[6] else stack[-1] * number)
        return self._first[-1] * self._second[-1] * self._third[-1]

    def leave(self, bracket: Bracket) -> float:
        """Go out of the innermost bracket of its stack; return the weight behind it."""
        self._stacks[bracket[7]].pop()
        return self._first[-1] * self._second[-1] * self._third[-1]
