"""Prompt editing, weights and AND mean in the pictures what they say: on several seeds, each with its margin."""

import numpy as np

from .test_meaning import GIRL, share

SEEDS = 3
EDITED = GIRL.replace("long hair", "[blue:red:{}] hair, long hair")
WEARING = "1girl, solo, short hair, blonde hair, smile, white shirt, upper body, simple background, white background, "


def dark(images: np.ndarray) -> np.ndarray:
    """Return what part of the eyes' region is nearly black."""
    return (images[:, 90:140, 70:186].max(-1) < 0.3).mean(axis=(1, 2))


def test_a_prompt_that_changes_early_is_the_later_one_and_one_that_changes_late_the_earlier(pictures, figure):
    """`[blue:red:0.15] hair` is red and `[blue:red:0.85] hair` blue on every seed, ten times as much as the other."""
    early, late = (pictures(EDITED.format(when), seed=1, count=SEEDS) for when in (0.15, 0.85))
    found = [(share(images, "blue"), share(images, "red")) for images in (early, late)]
    figure(f"[blue:red:n] hair, red pixels: {found[0][1].mean():.0%} at n=0.15, {found[1][1].mean():.1%} at n=0.85")
    assert (found[0][1] > 10 * found[0][0] + 0.05).all()
    assert (found[1][0] > 10 * found[1][1] + 0.05).all()


def test_a_weight_strengthens_its_tag(pictures, figure):
    """`(sunglasses:0.6)` is seen and `(sunglasses:0.2)` is not: the eyes' region is twice as dark."""
    weak, strong = (dark(pictures(f"{WEARING}(sunglasses:{w})", seed=1, count=SEEDS)) for w in (0.2, 0.6))
    figure(f"dark pixels at the eyes: {weak.mean():.0%} at weight 0.2, {strong.mean():.0%} at 0.6")
    assert strong.mean() > 2 * weak.mean()


def test_and_adds_an_effect_and_a_negative_weight_takes_it_away(pictures, figure):
    """`AND blue hair :0.6` gives every seed blue hair; `:-0.6` leaves less blue than the prompt has by itself."""
    plain, added, taken = (
        share(pictures(GIRL + tail, seed=1, count=4), "blue")
        for tail in ("", " AND blue hair :0.6", " AND blue hair :-0.6")
    )
    figure(f"blue pixels: {plain.mean():.1%}; AND blue hair :0.6 {added.mean():.1%}, :-0.6 {taken.mean():.1%}")
    assert (added > 0.1).all()
    assert taken.mean() < plain.mean() / 2
