"""What becomes of a latent, as far as it shows: how many pictures, and how large."""

from ..wallet import Picture

PIXELS = 8
"""Pixels of a latent's side where the latent does not say; Settle Image Tokens knows the pictures themselves."""
VIDEOS = {12: (6, 8), 32: (4, 16), 48: (4, 16), 128: (8, 32)}
"""By a video latent's channels: frames for each further step in time, and pixels of its side. These are Mochi,
HunyuanVideo 1.5, Wan 2.2 (5B) and LTX-Video, as ComfyUI makes empty latents for them."""
USUAL = (4, PIXELS)
"""The same of Wan, HunyuanVideo and others; pictures of such models are videos of one frame."""


def count(latent) -> int:
    """Return how many pictures VAE Decode makes of a latent: one for each of the batch, of videos every frame."""
    samples = _samples(latent)
    if samples.ndim < 5:
        return samples.shape[0]
    batch, _, steps = samples.shape[:3]
    return batch * (1 + (steps - 1) * _video(samples)[0])


def picture(latent, family: str | None) -> Picture:
    """Return one of a latent's pictures; `family` is the model family's id."""
    samples = _samples(latent)
    height, width = samples.shape[-2:]
    usual = PIXELS if samples.ndim < 5 else _video(samples)[1]
    pixels = latent.get("downscale_ratio_spacial") or usual
    return Picture(int(width * pixels), int(height * pixels), family=family)


def _video(samples) -> tuple[int, int]:
    return VIDEOS.get(samples.shape[1], USUAL)


def _samples(latent):
    """Return a latent's samples, (batch, channels, ..., height, width); of a video with sound those of the video."""
    samples = latent["samples"]
    return samples.unbind()[0] if samples.is_nested else samples
