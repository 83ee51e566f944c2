"""The line of settings that A1111 writes: `Name: value, Name: "value, quoted", Name: {json}`."""

from __future__ import annotations

import json
import re

KEY = re.compile(r"\s*([^\W\d_][\w \-/().+#]{0,60}?)\s*:(?=\s|$)")
"""A name, its colon, and a space behind that: `16:9` is none."""
QUOTED = re.compile(r'"((?:[^"\\]|\\.)*)"')
SPACES = re.compile(r"\s*")
MOST_FAILURES = 100
"""Values in brackets that turn out to be no JSON, after which no further one is tried: each may cost the whole line."""
DECODER = json.JSONDecoder()


def pairs(line: str) -> list[tuple[str, str]]:
    """Return the names and values of a line of settings, in their order; none if it starts with no name.

    A value in quotes is JSON, as A1111 writes what holds commas or colons; brackets are kept as their text. Behind
    a comma without a name the value goes on, for programs that quote nothing.
    """
    return _Line(line).pairs()


class _Line:
    """A line while it is read."""

    def __init__(self, line: str) -> None:
        self._line = line
        self._place = 0
        self._failures = 0

    def pairs(self) -> list[tuple[str, str]]:
        found: list[tuple[str, list[str]]] = []
        while self._place < len(self._line):
            key = KEY.match(self._line, self._place)
            if key:
                self._place = key.end()
                found.append((key[1], [self._value()]))
            elif found:
                found[-1][1].append(self._plain())
            else:
                return []
        return [(name, ",".join(parts).strip()) for name, parts in found]

    def _value(self) -> str:
        start = self._skip(self._place)
        if self._line[start : start + 1] in ('"', "[", "{"):
            whole = self._whole(start)
            if whole is not None:
                return whole
        return self._plain().strip()

    def _plain(self) -> str:
        """Take what stands before the next comma, and the comma."""
        comma = self._line.find(",", self._place)
        end = len(self._line) if comma < 0 else comma
        text = self._line[self._place : end]
        self._place = end + 1
        return text

    def _whole(self, start: int) -> str | None:
        """Take a value in quotes or brackets and the comma behind it, or nothing if it is none."""
        if self._failures >= MOST_FAILURES:
            return None
        decoded = self._decoded(start)
        end = self._skip(decoded[1]) if decoded else 0
        if decoded is None or self._line[end : end + 1] not in ("", ","):
            self._failures += 1
            return None
        self._place = end + 1
        return decoded[0]

    def _decoded(self, start: int) -> tuple[str, int] | None:
        try:
            value, end = DECODER.raw_decode(self._line, start)
            return (value if isinstance(value, str) else self._line[start:end]), end
        except (ValueError, RecursionError):
            quoted = QUOTED.match(self._line, start)  # a folder's name with single backslashes is no JSON
            return (quoted[1], quoted.end()) if quoted else None

    def _skip(self, place: int) -> int:
        spaces = SPACES.match(self._line, place)
        return spaces.end() if spaces else place
