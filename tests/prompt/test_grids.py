"""Grids of pictures: where each lies, where its label, and how that is written."""

import pytest

from tagloom.prompt.errors import PromptError, SizeError
from tagloom.prompt.fitting import Box
from tagloom.prompt.grids import UNKNOWN, Lettering, Line, arrange, label_each, label_size, wrapped, written
from tagloom.prompt.sizes import Size

SQUARE, PORTRAIT, LANDSCAPE = Size(100, 100), Size(60, 90), Size(90, 60)
MONOSPACED = Lettering(lambda text: 10.0 * len(text), 20)


@pytest.mark.parametrize(
    ("size", "count", "columns"),
    [
        (SQUARE, 1, 1),
        (SQUARE, 2, 2),
        (SQUARE, 3, 2),
        (SQUARE, 4, 2),
        (SQUARE, 5, 3),
        (SQUARE, 7, 3),
        (SQUARE, 10, 4),
        (PORTRAIT, 6, 3),
        (LANDSCAPE, 6, 2),
        (Size(10, 1000), 50, 50),
        (Size(1000, 10), 50, 1),
    ],
)
def test_as_square_as_can_be(size, count, columns):
    """Rather wide than high."""
    assert arrange([size] * count, [""] * count).columns == columns


@pytest.mark.parametrize(
    ("columns", "expected"),
    [(1, (1, 5)), (2, (2, 3)), (3, (3, 2)), (4, (4, 2)), (5, (5, 1)), (200, (5, 1))],
)
def test_columns_that_are_asked_for(columns, expected):
    grid = arrange([SQUARE] * 5, [""] * 5, columns, gap=4)
    assert (grid.columns, grid.rows) == expected
    assert grid.size == (expected[0] * 104 - 4, expected[1] * 104 - 4)


def test_pictures_lie_in_their_order_and_in_the_middle_of_their_cells():
    grid = arrange([PORTRAIT, LANDSCAPE, SQUARE, Size(1, 1)], [""] * 4, columns=3, gap=10)
    assert grid.boxes == (Box(20, 5, 60, 90), Box(115, 20, 90, 60), Box(220, 0, 100, 100), Box(49, 159, 1, 1))
    assert grid.size == (320, 210)


def test_labels_lie_above_their_pictures():
    """A label of two lines makes room for all in its row; the next row has its own, or none."""
    labels = ["red", "blue · city", "green", "", ""]
    grid = arrange([Size(70, 70)] * 5, labels, columns=3, gap=10, lettering=MONOSPACED)
    assert grid.lines == (
        Line(20, 25, "red"),
        Line(85, 5, "blue ·"),
        Line(95, 25, "city"),
        Line(170, 25, "green"),
    )
    assert [box.top for box in grid.boxes] == [50, 50, 50, 130, 130]
    assert grid.size == (230, 200)


def test_no_label_needs_no_room():
    assert arrange([SQUARE], [""], lettering=MONOSPACED).size == SQUARE


@pytest.mark.parametrize("count", [1, 2, 3, 7, 12])
@pytest.mark.parametrize("columns", [0, 1, 3, 5])
def test_nothing_overlaps_or_leaves_the_grid(count, columns):
    sizes = [Size(20 + 7 * number % 50, 15 + 11 * number % 60) for number in range(count)]
    labels = ["word " * (number % 4) + "x" * (3 * number) for number in range(count)]
    grid = arrange(sizes, labels, columns, gap=3, lettering=MONOSPACED)
    cell = max(size.width for size in sizes)
    taken = [*grid.boxes, *(Box(line.left, line.top, 10 * len(line.text), 20) for line in grid.lines)]
    assert len(grid.boxes) == count
    assert max(len(line.text) * 10 for line in grid.lines) <= max(cell, 10) if grid.lines else count == 1
    for number, box in enumerate(taken):
        assert 0 <= box.left <= box.left + box.width <= grid.size.width
        assert 0 <= box.top <= box.top + box.height <= grid.size.height
        assert not any(overlap(box, other) for other in taken[:number])


def overlap(one: Box, other: Box) -> bool:
    beside = one.left + one.width <= other.left or other.left + other.width <= one.left
    return not beside and one.top < other.top + other.height and other.top < one.top + one.height


def test_a_grid_that_no_one_could_hold_is_refused():
    with pytest.raises(SizeError, match="16384x16384 pixels, more than 134,217,728 in all; lay fewer pictures"):
        arrange([Size(1024, 1024)] * 256, [""] * 256)


@pytest.mark.parametrize(
    ("text", "width", "lines"),
    [
        ("red · forest", 120, ["red · forest"]),
        ("red · forest", 119, ["red ·", "forest"]),
        ("red · forest", 60, ["red ·", "forest"]),
        ("red · forest", 50, ["red ·", "fores", "t"]),
        ("a long_long_tag b", 60, ["a", "long_l", "ong_ta", "g b"]),
        ("ab c", 5, ["a", "b", "c"]),
        ("  spaces \n are one ", 200, ["spaces are one"]),
        ("", 50, []),
    ],
)
def test_labels_are_wrapped(text, width, lines):
    assert wrapped(text, width, MONOSPACED.length) == lines


@pytest.mark.parametrize(
    ("text", "shown", "lacking"),
    [
        ("red · forest", "red · forest", ""),
        ("café, cafe\u0301, Ａ１", "cafe, cafe, A1", ""),
        ("赤い髪 red 赤", f"{UNKNOWN * 3} red {UNKNOWN}", "赤い髪"),
        ("♥\ufe0f", UNKNOWN, "♥"),
        ("two\nlines", "two lines", ""),
        ("\0\ud800", UNKNOWN * 2, "\0\ud800"),
    ],
)
def test_letters_that_the_font_lacks(text, shown, lacking):
    ascii_and_dot = frozenset(map(chr, (*range(0x20, 0x7F), 0xB7)))
    assert written(text, ascii_and_dot.__contains__) == (shown, lacking)


@pytest.mark.parametrize(
    ("labels", "batches", "expected"),
    [
        ([], [1, 2], ["", "", ""]),
        (["a", "b"], [1, 2], ["a", "b", "b"]),
        (["a", "b", "c"], [1, 2], ["a", "b", "c"]),
        (["a"], [3], ["a", "a", "a"]),
    ],
)
def test_labels_of_batches(labels, batches, expected):
    assert label_each(labels, batches) == expected


def test_labels_that_do_not_fit_are_refused():
    with pytest.raises(PromptError, match="there are 4 labels for 3 pictures"):
        label_each(["a"] * 4, [1, 2])


@pytest.mark.parametrize(
    ("sizes", "size"), [([Size(64, 64)], 10), ([Size(832, 1216)], 42), ([Size(1024, 200), Size(200, 1024)], 51)]
)
def test_letters_suit_the_pictures(sizes, size):
    assert label_size(sizes) == size
