"""All that a prompt can become, in order and counted."""

from itertools import islice

import pytest

from tagloom.prompt.errors import CyclicWildcard, UnknownWildcard
from tagloom.prompt.wildcards import MOST_COUNTED, combinations, expand


@pytest.fixture
def folder(tmp_path):
    for name, text in {"size.txt": "small\nlarge", "a.txt": "x\ny __size__", "b.txt": "{__b__|x}"}.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    return tmp_path


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a", ["a"]),
        ("{a|b} {c|d}", ["a c", "a d", "b c", "b d"]),
        ("{a {b|c}|d}", ["a b", "a c", "d"]),
        ("{0::a|b}", ["b"]),
        ("{1-2$$a|b}", ["a", "b", "a, b", "b, a"]),
        ("{0-1$$a}", ["", "a"]),
        ("{2$$a|{b|c}}", ["a, b", "a, c", "b, a", "c, a"]),
        ("__a__ {p|q}", ["x p", "x q", "y small p", "y small q", "y large p", "y large q"]),
        ("{2$$__size__}", ["small, large", "large, small"]),
        ("{2$$__a__}", ["x, y small", "x, y large", "y small, x", "y large, x"]),
    ],
)
def test_combinations(text, expected, folder):
    found = combinations(text, folder)
    assert [expanded.text for expanded in found] == expected
    assert found.count == len(expected)
    assert {expand(text, seed, folder).text for seed in range(200)} == set(expected)


def test_each_says_what_was_chosen():
    last = list(combinations("{a|b} {c|d}"))[-1]
    assert [choice.picked[0].text for choice in last.choices] == ["b", "d"]
    assert last.seed is None


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("{a|b|c|d}" * 20, 4**20),
        ("{a|b}" * 5000, MOST_COUNTED),
        ("{3$$" + "|".join("abcdefghij") + "}", 10 * 9 * 8),
        ("{1-$$" + "a|" * 5000 + "}", MOST_COUNTED),
        ("{2$${a|b}|{c|d|e}|f}", 2 * (2 * 3 + 2 * 1 + 3 * 1)),
        ("{" * 2000 + "a" + "|b}" * 2000, 2001),
    ],
)
def test_many_are_counted_without_being_made(text, count):
    found = combinations(text)
    assert found.count == min(count, MOST_COUNTED)
    assert len(list(islice(found, 3))) == 3


def test_what_may_be_met_is_looked_up_at_once(folder):
    """Not only when the last of ten thousand pictures meets it."""
    with pytest.raises(UnknownWildcard):
        combinations("{a|{b|{c|__gone__}}}", folder)
    with pytest.raises(CyclicWildcard, match="b -> b"):
        combinations("{a|__b__}", folder)
