from __future__ import annotations

import pytest

from tagloom.prompt.lint import lint, report
from tagloom.prompt.lint.text import columns, excerpt, place_of


def test_a_report_gives_place_code_message_fix_and_carets():
    text = "masterpiece, Long Hair, (blush 1.2)"
    assert report(text, lint(text)).splitlines() == [
        "col 14-22 TL101 warning: 'Long Hair' has capital letters and the tag has none; write 'long hair' "
        "(fix: write 'long hair')",
        "    masterpiece, Long Hair, (blush 1.2)",
        "                 ^^^^^^^^^",
        "col 32-35 TL211 error: 1.2 is encoded as text, no weight: a colon is missing before it "
        "(fix: write ':1.2)', changes weights)",
        "    masterpiece, Long Hair, (blush 1.2)",
        "                                   ^^^^",
    ]


def test_a_text_of_several_lines_gives_the_line():
    text = "blush,\r\ngrin,\nSmile"
    assert report(text, lint(text)).splitlines()[0].startswith("line 3 col 1-5 TL101")


def test_nothing_to_say_is_an_empty_report():
    assert report("smile", lint("smile")) == ""


PLACES = [
    ("abc", 1, (1, 2, "abc")),
    ("a\nbc\nd", 3, (2, 2, "bc")),
    ("a\r\nbc\r\nd", 4, (2, 2, "bc")),
    ("a\rbc", 2, (2, 1, "bc")),
    ("a\n", 2, (2, 1, "")),
]


@pytest.mark.parametrize(("text", "place", "expected"), PLACES)
def test_places(text, place, expected):
    assert place_of(text, place)[:3] == expected


def test_carets_stand_below_wide_characters():
    line, carets = excerpt("初音ミク, Smile", 6, 5)
    assert (line, carets) == ("初音ミク, Smile", " " * 10 + "^^^^^")
    line, carets = excerpt("a, （b）", 3, 1)
    assert carets == "   ^^"


@pytest.mark.parametrize(("char", "width"), [("a", 1), ("初", 2), ("（", 2), ("\u0301", 0), ("\u200d", 0)])
def test_columns(char, width):
    assert columns(char) == width


def test_a_long_line_is_shortened_around_the_place():
    line, carets = excerpt("a, " * 100 + "Smile" + ", b" * 100, 300, 5)
    assert line[carets.index("^") :].startswith("Smile")
    assert line.startswith("…") and line.endswith("…")
    assert len(line) <= 102


def test_what_can_not_be_printed_has_a_sign():
    line, carets = excerpt("a\0\ud800Smile", 3, 5)
    assert (line, carets) == ("a␀\ufffdSmile", "   ^^^^^")
