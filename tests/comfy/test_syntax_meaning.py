"""Prompt editing, weights and AND mean in the pictures what they say: on several seeds, each with its margin."""

import numpy as np

from .test_meaning import GIRL, share

SEEDS = 3
EDITED = GIRL.replace("long hair", "[blue:red:{}] hair, long hair")
WEARING = "1girl, solo, upper body, forest, orange hair, smile, red jacket"


def changed(images: np.ndarray, before: np.ndarray) -> np.ndarray:
    """Return what part of the eyes' region differs plainly between pictures of the same seeds."""
    return (np.abs(images - before)[:, 85:150, 60:196].max(-1) > 0.25).mean(axis=(1, 2))


def test_a_prompt_that_changes_early_is_the_later_one_and_one_that_changes_late_the_earlier(pictures, figure):
    """`[blue:red:0.15] hair` is red and `[blue:red:0.85] hair` blue on every seed, ten times as much as the other."""
    early, late = (pictures(EDITED.format(when), seed=1, count=SEEDS) for when in (0.15, 0.85))
    found = [(share(images, "blue"), share(images, "red")) for images in (early, late)]
    figure(f"[blue:red:n] hair, red pixels: {found[0][1].mean():.0%} at n=0.15, {found[1][1].mean():.1%} at n=0.85")
    assert (found[0][1] > 10 * found[0][0] + 0.05).all()
    assert (found[1][0] > 10 * found[1][1] + 0.05).all()


def test_a_weight_strengthens_its_tag(pictures, figure):
    """`(sunglasses:1.4)` changes more of the eyes' region than `(sunglasses:0.6)`: on 3 of 4 seeds, a fifth."""
    plain, weak, strong = (
        pictures(WEARING + tail, seed=1, count=4) for tail in ("", ", (sunglasses:0.6)", ", (sunglasses:1.4)")
    )
    found = [changed(images, plain) for images in (weak, strong)]
    figure(f"sunglasses change {found[0].mean():.0%} of the eyes' region at weight 0.6, {found[1].mean():.0%} at 1.4")
    assert found[1].mean() > 1.2 * found[0].mean()
    assert (found[1] > found[0]).sum() >= 3


def test_and_adds_an_effect_and_a_negative_weight_takes_it_away(pictures, figure):
    """`AND blue hair :0.6` gives every seed blue hair; `:-0.6` leaves less blue than the prompt has by itself."""
    plain, added, taken = (
        share(pictures(GIRL + tail, seed=1, count=4), "blue")
        for tail in ("", " AND blue hair :0.6", " AND blue hair :-0.6")
    )
    figure(f"blue pixels: {plain.mean():.1%}; AND blue hair :0.6 {added.mean():.1%}, :-0.6 {taken.mean():.1%}")
    assert (added > 0.1).all()
    assert taken.mean() < plain.mean() / 2


def test_and_blue_fire_brings_blue_to_every_picture(pictures, figure):
    """`AND blue fire :1.5`: over 5 % of each picture are blue, also on seeds where the prompt alone shows none."""
    alone = "1girl, solo, upper body, orange hair, smile, black jacket"
    plain, fire = (share(pictures(alone + tail, seed=1, count=4), "blue") for tail in ("", " AND blue fire :1.5"))
    figure(f"blue pixels by seed: {plain.round(3).tolist()}; AND blue fire :1.5 {fire.round(3).tolist()}")
    assert plain.min() < 0.01
    assert (fire > 0.05).all()
