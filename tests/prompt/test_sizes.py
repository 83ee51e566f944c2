from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tagloom.prompt import Size, SizeError, all_families, get_family, nearest_size, parse_size, size_for
from tagloom.prompt.sizes import LARGEST, LATENT_STEP, SHAPES, check_size

thorough = settings(deadline=None, max_examples=300)
sides = st.integers(2, LARGEST // LATENT_STEP).map(LATENT_STEP.__mul__)
sizes = st.builds(Size, sides, sides)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("832x1216", (832, 1216)),
        ("832X1216", (832, 1216)),
        ("832×1216", (832, 1216)),
        ("832*1216", (832, 1216)),
        (" 832 x 1216 ", (832, 1216)),
        ("16x16384", (16, 16384)),
        ("00256x256", (256, 256)),
    ],
)
def test_readable_sizes(text, expected):
    assert parse_size(text) == expected


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", ["WIDTHxHEIGHT", "832x1216"]),
        ("big", ["'big'", "832x1216"]),
        ("256", ["832x1216"]),
        ("256x", ["832x1216"]),
        ("256x256x256", ["832x1216"]),
        ("-256x256", ["832x1216"]),
        ("2.5x256", ["832x1216"]),
        ("256x8", ["out of range", "16 and 16384"]),
        ("0x256", ["out of range"]),
        ("16392x256", ["out of range"]),
        ("250x256", ["multiple of 8", "248x256"]),
        ("256x255", ["multiple of 8", "256x256"]),
        ("17x16383", ["use 16x16384"]),
        pytest.param("9" * 5000 + "x256", [], id="5000 digits"),
    ],
)
def test_unusable_sizes_are_refused_with_the_way_out(text, words):
    with pytest.raises(SizeError) as caught:
        parse_size(text)
    for word in words:
        assert word in str(caught.value)


@thorough
@given(sizes)
def test_a_size_reads_back_from_its_text(size):
    assert parse_size(str(size)) == size


@thorough
@given(st.text() | st.from_regex(r"\s*\d{1,6}\s*[xX×*]\s*\d{1,6}\s*", fullmatch=True))
def test_any_text_is_a_size_that_can_be_made_or_refused(text):
    try:
        size = parse_size(text)
    except SizeError:
        return
    assert check_size(size) == size
    assert all(16 <= side <= LARGEST and side % LATENT_STEP == 0 for side in size)


@thorough
@given(st.builds(Size, st.integers(16, LARGEST), st.integers(16, LARGEST)))
def test_the_size_that_a_refusal_names_is_good_and_near(size):
    try:
        assert check_size(size) == size
    except SizeError as error:
        named = parse_size(str(error).rsplit(" ", 1)[1])
        assert all(abs(new - old) <= LATENT_STEP // 2 for new, old in zip(named, size, strict=True))


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        ((256, 256), (256, 256)),
        ((1024, 1024), (256, 256)),
        ((832, 1216), (224, 288)),
        ((1920, 1080), (288, 224)),
        ((1, 16000), (224, 288)),
        ((300, 290), (256, 256)),
    ],
)
def test_the_tiny_family_s_nearest_sizes(wanted, expected):
    assert nearest_size(get_family("tagloom_tiny").sizes, Size(*wanted)) == expected


def test_of_equal_aspects_the_nearest_area_is_taken():
    choices = [Size(1024, 1024), Size(256, 256), Size(512, 512)]
    assert nearest_size(choices, Size(500, 500)) == (512, 512)


@thorough
@given(st.lists(sizes, min_size=1, max_size=10), sizes)
def test_the_nearest_size_is_a_choice_and_none_has_a_nearer_aspect(choices, wanted):
    chosen = nearest_size(choices, wanted)

    def away(size: Size) -> float:
        return abs(math.log(size.aspect / wanted.aspect))

    assert chosen in choices
    assert all(away(chosen) <= away(size) + 0.002 for size in choices)


@thorough
@given(st.lists(sizes, max_size=10), sizes)
def test_a_size_that_is_a_choice_is_its_own_nearest(choices, wanted):
    assert nearest_size([*choices, wanted], wanted) == wanted


@pytest.mark.parametrize("family", all_families(), ids=lambda family: family.id)
def test_shapes(family):
    assert size_for(family) == size_for(family, "recommended") == family.sizes[0]
    assert size_for(family, "square").aspect == 1
    assert size_for(family, "portrait").aspect < 1
    assert size_for(family, "landscape").aspect > 1
    for size in family.sizes:
        assert size_for(family, "as the base image", size) == size


@pytest.mark.parametrize(
    ("shape", "word"), [("round", "landscape"), ("", "recommended"), ("as the base image", "connect an image")]
)
def test_a_shape_that_can_t_be_had_is_refused(shape, word):
    with pytest.raises(SizeError, match=word):
        size_for(get_family("sdxl"), shape)


def test_the_shapes_offered_are_the_shapes_understood():
    family = get_family("sdxl")
    assert [size_for(family, shape, Size(256, 256)) for shape in SHAPES]


def test_aspect_and_text_of_a_size():
    assert Size(832, 416).aspect == 2
    assert str(Size(832, 416)) == "832x416"
