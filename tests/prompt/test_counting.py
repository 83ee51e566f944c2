from __future__ import annotations

import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tagloom.prompt import CountingUnavailable
from tagloom.prompt.counting import _clip, count_text_tokens


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("", 0),
        ("  \n", 0),
        (",", 1),
        ("1girl", 2),
        ("1girl, 1girl", 5),
        ("long hair", 2),
        ("long_hair", 3),
        ("LONG   HAIR", 2),
        ("looking at viewer", 3),
        ("score_9", 3),
        ("score_9, score_8_up, score_7_up", 15),
        ("absurdres", 2),
        (r"hatsune miku \(vocaloid\)", 7),
        ("(long hair:1.2)", 2),
        ("((long hair)), (1girl:1.3)", 5),
        (":3", 2),
        (":)", 1),
        ("^_^", 1),
        ("year 2024", 5),
        ("初音ミク", 9),
        ("it's", 2),
    ],
)
def test_known_counts(text, count):
    assert count_text_tokens(text) == count


@settings(deadline=None)
@given(st.text(st.characters()))
def test_any_text_can_be_counted(text):
    """Lone surrogates and control characters included."""
    assert count_text_tokens(text) >= 0


def test_without_a_tokenizer_nothing_is_guessed(monkeypatch):
    _clip.cache_clear()
    monkeypatch.setitem(sys.modules, "tokenizers", None)
    with pytest.raises(CountingUnavailable, match="pip install tokenizers"):
        count_text_tokens("1girl")
