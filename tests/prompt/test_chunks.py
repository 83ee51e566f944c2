"""A1111's and ComfyUI's chunkers, on segments as their attention parsers give them."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tagloom.prompt.counting import a1111, comfyui
from tagloom.prompt.counting.chunks import Chunks
from tagloom.prompt.counting.encoders import CHUNK, text_encoder
from tagloom.prompt.counting.passages import EMBEDDING, locate
from tagloom.prompt.counting.vocabularies import vocabulary

BREAK = ("BREAK", -1.0)
COMMA = 267
WORDS = st.sampled_from(["a", "1girl", "long hair", "score_9", ",", ", ", ",,", " ", "\n", "absurdres", "人", "x" * 40])
SEGMENTS = st.lists(st.tuples(st.lists(WORDS, max_size=60).map("".join), st.sampled_from([1.0, 1.1, 0.5])), max_size=12)
EMBEDDINGS = {"easy negative": 8, "easy": 3, "wide": 40, "none": 0, "huge": 76}


def by_a1111(segments, **options) -> Chunks:
    source = "".join(segment[0] for segment in segments)
    return a1111.chunks(locate(segments, source), vocabulary("clip"), **options)


def by_comfyui(segments, encoder="clip_l", **options) -> Chunks:
    source = "".join(segment[0] for segment in segments)
    return comfyui.chunks(locate(segments, source), text_encoder(encoder), vocabulary("clip"), **options)


def sizes(chunks: Chunks) -> list[int]:
    return [len(chunk) for chunk in chunks.chunks]


def plain(*texts) -> list[tuple[str, float]]:
    return [(text, 1.0) if isinstance(text, str) else text for text in texts]


A1111_TABLE = [
    (plain(""), 0, [0]),
    (plain("a " * 75), 75, [75]),
    (plain("a " * 76), 76, [75, 1]),
    (plain("a", BREAK, "b"), 76, [1, 1]),
    (plain("a", BREAK, BREAK, "b"), 151, [1, 0, 1]),
    (plain(BREAK, "a"), 76, [0, 1]),
    (plain("a", BREAK), 75, [1]),
    (plain("a " * 74 + ", b"), 76, [75, 1]),
    (plain("a " * 55 + ", " + "b " * 30), 105, [56, 30]),
    (plain("a " * 54 + ", " + "b " * 30), 85, [75, 10]),
    (plain("a " * 55 + ",, " + "b " * 30), 86, [75, 11]),  # `,,` is no comma
    (plain("a " * 75 + ", b"), 77, [75, 2]),  # a comma that overflows moves nothing
    (plain("a " * 75 + ", " + "b " * 75), 151, [75, 75, 1]),  # and is forgotten
    (plain("a " * 60 + ", b, " + "c " * 30), 105, [63, 30]),  # the last comma counts
    (plain("a " * 70 + ",", ("b " * 4, 1.2), "c"), 80, [71, 5]),  # weights don't matter
    (plain(("a BREAK b", 1.2)), 3, [3]),  # no mark, but a word
    (plain("a " * 10, ("BREAK", -1.2), "b"), 12, [12]),  # in weighted brackets it is a word
    (plain("a " * 55 + ",", BREAK, "b " * 80), 155, [56, 75, 5]),
]


@pytest.mark.parametrize(("segments", "length", "expected"), A1111_TABLE)
def test_a1111_s_chunks(segments, length, expected):
    chunks = by_a1111(segments)
    assert (chunks.length, sizes(chunks)) == (length, expected)


@pytest.mark.parametrize(("backtrack", "expected"), [(0, [75, 11]), (19, [75, 11]), (20, [56, 30]), (75, [56, 30])])
def test_how_near_a_comma_must_be_is_a_setting(backtrack, expected):
    assert sizes(by_a1111(plain("a " * 55 + ", " + "b " * 30), backtrack=backtrack)) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("easy, b", [5]),
        ("easy negative, b", [10]),  # the longest name wins
        ("easy hair", [4]),
        ("uneasy", [2]),
        ("EASY", [3]),
        ("a " * 70 + "easy negative", [70, 8]),  # never split
        ("a " * 60 + ", " + "b " * 10 + "easy negative", [71, 8]),  # the chunk is not full: no comma counts
        ("a " * 60 + ", " + "b " * 14 + "easy negative", [61, 22]),
        ("wide wide", [40, 40]),
        ("none", [1]),
        ("huge", [1]),  # more than a chunk holds: A1111 itself fails there
    ],
)
def test_a1111_s_embeddings_stay_whole(text, expected):
    assert sizes(by_a1111(plain(text), embeddings=EMBEDDINGS)) == expected


COMFYUI_TABLE = [
    (plain(""), 0, [0]),
    (plain("a " * 75), 75, [75]),
    (plain("a " * 76), 76, [75, 1]),
    (plain("a BREAK b"), 3, [3]),
    (plain("a " * 74 + ", b"), 76, [75, 1]),
    (plain("a " * 55 + ", " + "b " * 30), 86, [75, 11]),
    (plain("a " * 54 + ", " + "b " * 30), 85, [75, 10]),
    (plain("a " * 70, "b " * 7), 82, [70, 7]),  # under 8 text tokens: moved whole
    (plain("a " * 70, "b " * 8), 78, [75, 3]),
    (plain("a " * 68, "b " * 7), 75, [75]),
    (plain("a " * 75, "b " * 8, "c"), 84, [75, 9]),
    (plain("a " * 74, ("b b", 1.2), "c"), 78, [74, 3]),
    (plain("a " * 300), 300, [75, 75, 75, 75]),
]


@pytest.mark.parametrize(("segments", "length", "expected"), COMFYUI_TABLE)
def test_comfyui_s_chunks(segments, length, expected):
    chunks = by_comfyui(segments)
    assert (chunks.length, sizes(chunks)) == (length, expected)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("embedding:easy", [3]),
        ("embedding:easy, b", [5]),
        ("a embedding:easy b", [5]),
        ("a\nembedding:easy.safetensors b", [5]),
        ("embedding:none, b", [2]),  # not found: left out
        ("a " * 74 + "embedding:easy", [74, 3]),
        ("a " * 70 + "embedding:wide", [75, 35]),  # 8 and more are cut
    ],
)
def test_comfyui_s_embeddings_are_their_vectors(text, expected):
    chunks = by_comfyui(plain(text), embeddings=EMBEDDINGS)
    assert (sizes(chunks), chunks.unknown) == (expected, ())


@pytest.mark.parametrize("text", ["x,embedding:easy", "embedding:", "a embedding: ", "embedding:\n"])
def test_what_is_no_reference_is_text(text):
    chunks = by_comfyui(plain(text), embeddings=EMBEDDINGS)
    assert chunks.unknown == ()
    assert EMBEDDING not in [token.id for chunk in chunks.chunks for token in chunk]


@pytest.mark.parametrize("text", ["embedding:other", "a embedding:other, b", "embedding:other.pt"])
def test_an_embedding_of_unknown_length_is_named(text):
    assert by_comfyui(plain(text), embeddings=EMBEDDINGS).unknown[0].startswith("other")
    assert by_comfyui(plain(text)).unknown


def test_all_other_embeddings_can_be_missing():
    chunks = by_comfyui(plain("embedding:other, b"), embeddings={"easy": 3, "*": 0})
    assert (sizes(chunks), chunks.unknown) == ([2], ())


def test_an_encoder_without_chunks_reads_all_at_once():
    assert sizes(by_comfyui(plain("a " * 300, "b"), encoder="t5xxl")) == [301]


@given(SEGMENTS, st.integers(0, 80))
def test_a1111_s_chunks_hold_all_text_tokens_and_none_too_many(segments, backtrack):
    chunks = by_a1111(segments, backtrack=backtrack)
    expected = [token for passage in locate(segments, "".join(s[0] for s in segments)) for token in _tokens(passage)]
    _check(chunks, expected)
    for before, behind in pairwise(chunks.chunks):
        assert len(before) == CHUNK or before[-1].id == COMMA
        assert behind


@given(SEGMENTS)
def test_comfyui_s_chunks_hold_all_text_tokens_and_none_too_many(segments):
    chunks = by_comfyui(segments)
    expected = [token for passage in locate(segments, "".join(s[0] for s in segments)) for token in _tokens(passage)]
    _check(chunks, expected)
    assert all(CHUNK - len(chunk) < 7 for chunk in chunks.chunks[:-1])


def _tokens(passage):
    return passage.tokens(vocabulary("clip"))


def _check(chunks, expected):
    assert [token for chunk in chunks.chunks for token in chunk] == expected
    assert all(len(chunk) <= CHUNK for chunk in chunks.chunks)
    assert chunks.length == CHUNK * (len(chunks.chunks) - 1) + len(chunks.chunks[-1])


@given(st.text(st.characters(), max_size=60), st.lists(st.text(st.characters(), max_size=30), max_size=5))
def test_no_segment_is_too_odd(source, texts):
    """Segments that are no part of the prompt, lone surrogates and control characters included."""
    passages = locate([(text, 1.0) for text in texts], source)
    assert a1111.chunks(passages, vocabulary("clip")).tokens == sum(len(_tokens(passage)) for passage in passages)
    assert comfyui.chunks(passages, text_encoder("clip_l"), vocabulary("clip"), EMBEDDINGS).chunks
