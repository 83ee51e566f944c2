"""What servers and workflows say is printed without anything that a terminal obeys."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tagloom.runner.outputs.clean import cleaned, one_line


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("plain ünïcode 日本", "plain ünïcode 日本"),
        ("a\tb\nc", "a\tb\nc"),
        ("\x1b[31mred\x1b[0m", "red"),
        ("\x1b[2J\x1b[1;1Hgone", "gone"),
        ("\x1b]0;title\x07x\x1b]52;c;ZXZpbA==\x1b\\y", "xy"),
        ("\x1bPq#0;2;0;0;0#0~\x1b\\x", "x"),
        ("\x1b_Ga=T;AAAA\x1b\\x", "x"),
        ("\x1b(0lqk\x1bc", "lqk"),
        ("\x1b]unended", "]unended"),
        ("\x9b31mx\x9d0;t\x9c", "31mx0;t"),
        ("over\rwritten", "over\nwritten"),
        ("a\r\nb\u2028c", "a\nb\nc"),
        ("a\x08\x08\x7fb\x00", "ab"),
        ("\u202egnp.exe\u2066x", "gnp.exex"),
        ("\ud800", "\ufffd"),
    ],
)
def test_texts_are_cleaned(text, expected):
    assert cleaned(text) == expected


@given(st.text() | st.text("\x1b[]0;mP\\\x07\x9b\r\n a"))
def test_nothing_that_a_terminal_obeys_is_left(text):
    left = cleaned(text)
    assert cleaned(left) == left
    assert all(letter.isprintable() or letter in "\n\t" or ord(letter) > 0x9F for letter in left)
    left.encode()


def test_a_line_is_short_and_one():
    assert one_line("a\n\x1b[1mb\t c") == "a b c"
    assert one_line("x" * 50, 10) == "x" * 9 + "…"
