"""Which cell of a contact sheet holds which job: a grid with labels where axes are known, else all in their order."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from .results import Result, in_words, short, varying
from .saving import Saved

MOST_COLUMNS = 30
"""Of a grid with labels; wider ones have their values in the captions."""
MOST_TILES = 240
"""On a page."""


class Tile(NamedTuple):
    """What a cell shows: a job's file, or the job where it has none, and the lines below it."""

    result: Result
    file: Saved | None
    caption: tuple[str, ...]


class Page(NamedTuple):
    """A page: the labels of its columns and rows, or none, and the tiles row by row; None leaves a cell free."""

    columns: tuple[str, ...]
    rows: tuple[str, ...]
    tiles: tuple[tuple[Tile | None, ...], ...]


def arranged(results: Sequence[Result], axes: Sequence[str] = ()) -> list[Page]:
    """Return the pages for some jobs.

    Args:
        results: in their order, at least one.
        axes: the names of a grid's axes; the first that varies runs from left to right, whatever else varies from top
            to bottom.
    """
    return _grid(results, axes) or _in_order(results)


def _grid(results: Sequence[Result], axes: Sequence[str]) -> list[Page]:
    """Return the pages of a grid, or none where the jobs make no grid."""
    names = varying(results)
    across = next((axis for axis in axes if axis in names), None)
    if across is None or not all(across in result.asked for result in results):
        return []
    down = [name for name in names if name != across]
    columns = list(dict.fromkeys(in_words(result.asked[across]) for result in results))
    rows = list(dict.fromkeys(_key(result, down) for result in results))
    cells = {(_key(result, down), in_words(result.asked[across])): result for result in results}
    if len(cells) < len(results) or not 1 < len(columns) <= MOST_COLUMNS:
        return []
    labels = tuple(f"{across}: {short(across, column)}" for column in columns)
    tiles = [tuple(_tile(cells.get((row, column))) for column in columns) for row in rows]
    named = [_label(down, row) for row in rows]
    most = max(1, MOST_TILES // len(columns))
    return [
        Page(labels, tuple(named[start : start + most]) if down else (), tuple(tiles[start : start + most]))
        for start in range(0, len(rows), most)
    ]


def _key(result: Result, names: Sequence[str]) -> tuple[str, ...]:
    return tuple(in_words(result.asked.get(name)) for name in names)


def _label(names: Sequence[str], values: Sequence[str]) -> str:
    return ", ".join(f"{name}: {short(name, value)}" for name, value in zip(names, values, strict=True))


def _tile(result: Result | None) -> Tile | None:
    """Return the tile of a grid's cell: its first file, and how many more there are."""
    if result is None:
        return None
    more = f", {len(result.files) - 1} more" if len(result.files) > 1 else ""
    seed = result.values.get("seed")
    caption = f"#{result.number}{more}" if seed is None else f"#{result.number}{more}, seed {in_words(seed)}"
    return Tile(result, result.files[0] if result.files else None, (caption,))


def _in_order(results: Sequence[Result]) -> list[Page]:
    names = varying(results)
    tiles = [tile for result in results for tile in _tiles(result, names)]
    return [
        Page((), (), tuple(_squares(tiles[place : place + MOST_TILES]))) for place in range(0, len(tiles), MOST_TILES)
    ]


def _tiles(result: Result, names: Sequence[str]) -> Iterator[Tile]:
    """Yield a tile for each file of a job, or one for a job without files."""
    shown = result.shown()
    first = f"#{result.number}" + (f", seed {shown['seed']}" if "seed" in shown else "")
    told = [f"{name}: {short(name, shown[name])}" for name in names if name in shown and name != "seed"]
    for position, file in enumerate(result.files or (None,), 1):
        place = f" ({position} of {len(result.files)})" if len(result.files) > 1 else ""
        yield Tile(result, file, (first + place, *told))


def _squares(tiles: Sequence[Tile]) -> Iterator[tuple[Tile | None, ...]]:
    """Yield rows that make a page about as wide as high, or somewhat wider."""
    columns = next(count for count in range(1, len(tiles) + 1) if count * count >= len(tiles))
    columns = min(len(tiles), columns + (len(tiles) > 4))
    for start in range(0, len(tiles), columns):
        row = tiles[start : start + columns]
        yield (*row, *[None] * (columns - len(row)))
