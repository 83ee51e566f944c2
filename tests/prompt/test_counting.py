"""Text tokens of CLIP, and where the vocabularies come from."""

from __future__ import annotations

import sys
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tagloom.prompt import CountingUnavailable
from tagloom.prompt.counting import clip, count_text_tokens, vocabularies
from tagloom.prompt.counting.cleaning import composed, without_controls
from tagloom.prompt.counting.encoders import ENCODERS, text_encoder
from tagloom.prompt.counting.passages import Passage, align, locate
from tagloom.prompt.counting.vocabularies import vocabulary


@pytest.fixture
def nothing_loaded(monkeypatch):
    """No vocabulary is loaded yet, and no ComfyUI is installed."""
    monkeypatch.setattr(vocabularies, "_loaded", {})
    monkeypatch.setattr(vocabularies, "comfy_folders", list)


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
        ("6+girls", 3),
        ("year 2024", 5),
        ("初音ミク", 9),
        ("it's", 2),
    ],
)
def test_known_counts(text, count):
    assert count_text_tokens(text) == count


@given(st.text(st.characters()))
def test_any_text_can_be_counted(text):
    """Lone surrogates and control characters included."""
    assert count_text_tokens(text) >= 0


def test_without_a_tokenizer_nothing_is_guessed(nothing_loaded, monkeypatch):
    monkeypatch.setitem(sys.modules, "tokenizers", None)
    with pytest.raises(CountingUnavailable, match="pip install tokenizers"):
        count_text_tokens("1girl")


@pytest.mark.parametrize(
    "encoder", [encoder.id for encoder in ENCODERS.values() if encoder.vocabulary not in ("", "clip")]
)
def test_without_comfyui_only_clip_can_be_counted(nothing_loaded, encoder):
    with pytest.raises(CountingUnavailable, match="no ComfyUI is at hand"):
        vocabulary(text_encoder(encoder).vocabulary)


@pytest.mark.parametrize("encoder", ["gemma2_2b", "gemma3_4b", "mistral3_24b", "jina_clip_2"])
def test_a_vocabulary_in_the_weights_is_out_of_reach(encoder):
    with pytest.raises(CountingUnavailable, match="own weights"):
        text_encoder(encoder)


def test_an_encoder_that_is_not_known_is_an_error_that_names_the_known_ones():
    with pytest.raises(CountingUnavailable, match=r"how builtin reads .* clip_l"):
        text_encoder("builtin")


def test_a_folder_without_the_vocabulary_is_named(tmp_path):
    with pytest.raises(CountingUnavailable, match=tmp_path.name):
        vocabulary("t5", tmp_path)


@pytest.mark.parametrize(("name", "file"), [("t5", "tokenizer.json"), ("qwen", "merges.txt"), ("llama", "")])
def test_a_broken_vocabulary_is_an_error_of_our_own(tmp_path, name, file):
    folder = tmp_path / "text_encoders" / vocabularies.FOLDERS[name]
    folder.mkdir(parents=True)
    if file:
        (folder / file).write_text("nonsense")
    with pytest.raises(CountingUnavailable, match="can be read"):
        vocabulary(name, tmp_path)


def test_threads_share_one_vocabulary(nothing_loaded, monkeypatch):
    built = []
    build = clip.build
    monkeypatch.setattr(clip, "build", lambda: built.append(1) or build())
    with ThreadPoolExecutor(8) as pool:
        counts = list(pool.map(lambda _: count_text_tokens("1girl, long hair"), range(32)))
    assert counts == [5] * 32
    assert built == [1]


@given(st.text(st.characters()))
def test_each_cleaned_character_has_a_place(text):
    for cleaned, places in (composed(text), without_controls(text)):
        assert len(cleaned) == len(places)
        assert all(0 <= place < len(text) for place in places)
        assert sorted(places) == list(places)


@given(st.lists(st.sampled_from(["人", "é", "e\u0301", "a", ", ", "\x00", "Σ", "\U0001f98a", "İ", "１"]), max_size=20))
def test_text_tokens_know_where_they_come_from(pieces):
    text = "".join(pieces)
    (passage,) = locate([(text, 1.0)], text)
    tokens = passage.tokens(vocabulary("clip"))
    assert [token.start for token in tokens] == sorted(token.start for token in tokens)
    assert all(0 <= token.start < token.end <= len(text) for token in tokens)
    covered = {place for token in tokens for place in range(token.start, token.end)}
    assert {place for place, char in enumerate(text) if char.isalnum()} <= covered


@pytest.mark.parametrize(
    ("text", "source", "places"),
    [
        ("a (b)", r"a \(b\)", [0, 1, 3, 4, 6]),
        ("ab", "(a:1.2)(b:1.2)", [1, 8]),
        ("abc", "abc", [0, 1, 2]),
        ("", "abc", []),
        ("axb", "ab", [0, 0, 1]),
        ("xyz", "", [0, 0, 0]),
    ],
)
def test_a_segment_is_found_in_its_prompt(text, source, places):
    assert list(align(text, source)) == places


def test_a_frame_s_text_tokens_are_not_the_prompt_s():
    passage = Passage("b", range(7, 8), 1.0).framed("a ", " c")
    assert [(token.start, token.end) for token in passage.tokens(vocabulary("clip"))] == [(7, 8)]
