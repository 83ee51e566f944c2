"""Text tokens are counted as ComfyUI's own tokenizer makes them: by `transformers`, with its vocabulary."""

from functools import cache

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tagloom.prompt import vocabulary
from tagloom.prompt.counting import count_text_tokens
from tagloom.runner import installations


@cache
def reference():
    """Return ComfyUI's own tokenizer: transformers', with the vocabulary that lies in ComfyUI's tree."""
    from transformers import CLIPTokenizer

    return CLIPTokenizer.from_pretrained(installations.embedded().tree / "comfy" / "sd1_tokenizer")


def reference_count(text: str) -> int:
    return len(reference()(text, add_special_tokens=False)["input_ids"])


def escaped(text: str) -> str:
    return text.replace("(", r"\(").replace(")", r"\)")


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
