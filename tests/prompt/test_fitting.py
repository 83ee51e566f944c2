from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tagloom.prompt import PromptError, Size, SizeError, all_families, get_family
from tagloom.prompt.fitting import FITS, Box, bordered, cut_off, fit
from tagloom.prompt.sizes import LATENT_STEP, SHAPES
from tagloom.prompt.strengths import CUSTOM, STRENGTHS, denoise_of

TINY, SDXL = get_family("tagloom_tiny"), get_family("sdxl")
sides = st.integers(1, 20000)
images = st.builds(Size, sides, sides)
targets = st.builds(Size, st.integers(2, 300).map(LATENT_STEP.__mul__), st.integers(2, 300).map(LATENT_STEP.__mul__))


@settings(deadline=None, max_examples=300)
@given(images, targets)
def test_borders_keep_the_whole_image_and_its_aspect(image, size):
    """It lies inside, in the middle, touches two sides, and its aspect is kept as far as pixels and cells allow."""
    box = bordered(image, size)
    right, below = size.width - box.left - box.width, size.height - box.top - box.height
    assert min(box.left, box.top, right, below) >= 0
    assert right - box.left in (0, 1) and below - box.top in (0, 1)
    assert box.width == size.width or box.height == size.height
    scale = min(size.width / image.width, size.height / image.height)
    for own, exact, whole in zip(box[2:], (image.width * scale, image.height * scale), size, strict=True):
        assert abs(own - exact) <= 1 or (own == whole and whole - exact < LATENT_STEP + 1)


@pytest.mark.parametrize(
    ("image", "size", "box"),
    [
        ((400, 300), (256, 256), (0, 32, 256, 192)),
        ((300, 400), (256, 256), (32, 0, 192, 256)),
        ((1000, 100), (256, 256), (0, 115, 256, 26)),
        ((256, 256), (256, 256), (0, 0, 256, 256)),
        ((832, 1210), (832, 1216), (0, 0, 832, 1216)),
        ((16000, 1), (256, 256), (0, 127, 256, 1)),
    ],
)
def test_where_an_image_lies_within_its_borders(image, size, box):
    """Borders narrower than a latent cell are none."""
    assert bordered(Size(*image), Size(*size)) == box


@pytest.mark.parametrize(
    ("image", "size", "share"), [((400, 300), (300, 300), 0.25), ((300, 400), (300, 300), 0.25), ((2, 1), (4, 2), 0)]
)
def test_how_much_is_cut_off(image, size, share):
    assert cut_off(Size(*image), Size(*size)) == pytest.approx(share)


@pytest.mark.parametrize("family", all_families(), ids=lambda family: family.id)
@pytest.mark.parametrize("shape", SHAPES)
def test_without_an_image_the_family_s_size_is_drawn_anew(family, shape):
    fitted = fit(family, shape, strength="touch up")
    assert fitted.size in family.sizes
    assert fitted.denoise == 1
    assert not fitted.has_border
    assert str(fitted.size) in fitted.report()
    if shape in ("recommended", "as the base image"):
        assert fitted.size == family.sizes[0]


def test_an_image_takes_the_size_nearest_to_its_aspect():
    assert fit(SDXL, image=Size(800, 1200)).size == (832, 1216)
    assert fit(SDXL, "square", image=Size(800, 1200)).size == (1024, 1024)
    assert fit(SDXL, image=Size(800, 1200), wanted=(640, 960)).size == (640, 960)
    assert fit(SDXL, image=Size(800, 1200), wanted=(640, 0)).size == (640, 1216)
    assert fit(SDXL, wanted=(0, 960)).size == (1024, 960)


@pytest.mark.parametrize(
    ("how", "image", "words"),
    [
        ("crop", (400, 300), "becomes 256x256; 25% of it is cut off left and right"),
        ("crop", (300, 400), "25% of it is cut off above and below"),
        ("crop", (512, 512), "becomes 256x256, whole"),
        ("pad", (400, 300), "with borders above and below: they are painted"),
        ("pad", (512, 511), "without borders"),
        ("stretch", (400, 300), "stretched"),
    ],
)
def test_what_becomes_of_the_image_is_said(how, image, words):
    fitted = fit(TINY, "square", how, image=Size(*image))
    assert words in fitted.report()
    assert fitted.has_border == ("with borders" in words)
    assert fitted.box == Box(0, 0, 256, 256) or fitted.has_border
    assert "strength similar: denoise 0.5" in fitted.lines


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"wanted": (250, 256)}, "use 248x256"),
        ({"wanted": (256, 264), "step": 16}, "multiple of 16 .*as this VAE needs it; use 256x256"),
        ({"step": 512}, "size 256x256 is not a multiple of 512 .* use 512x512"),
        ({"wanted": (8, 8)}, "out of range"),
        ({"shape": "round"}, "unknown shape 'round'"),
    ],
)
def test_sizes_that_can_t_be_had_are_refused(options, message):
    with pytest.raises(SizeError, match=message):
        fit(TINY, **options)


def test_unknown_ways_to_fit_are_refused():
    with pytest.raises(PromptError, match=f"unknown way to fit 'squeeze'; use one of {', '.join(FITS)}"):
        fit(TINY, how="squeeze")


def test_named_strengths_grow():
    shares = [denoise_of(name) for name in STRENGTHS]
    assert shares == sorted(set(shares))
    assert shares[0] > 0 and shares[-1] == 1
    assert denoise_of(CUSTOM, 0.42) == 0.42
    assert fit(TINY, strength=CUSTOM, custom=0.42, image=Size(9, 9)).denoise == 0.42
    assert denoise_of("similar", 0.42) == STRENGTHS["similar"]


@pytest.mark.parametrize(
    ("strength", "custom", "message"),
    [
        ("similr", 1, "unknown strength 'similr'; did you mean similar"),
        ("zzzz", 1, "there are touch up, .* and custom"),
        (CUSTOM, 0, "denoise 0 is out of range"),
        (CUSTOM, 1.01, "denoise 1.01 is out of range"),
    ],
)
def test_unusable_strengths_are_refused(strength, custom, message):
    with pytest.raises(PromptError, match=message):
        denoise_of(strength, custom)
