"""How each text encoder's tokenizer reads a prompt, under ComfyUI's names for the encoders."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from ..errors import CountingUnavailable

CHUNK = 75
"""Text tokens that CLIP reads at a time, besides its start and end marks."""


@dataclass(frozen=True)
class TextEncoder:
    """How one encoder's tokenizer reads a prompt.

    Attributes:
        id: its name.
        vocabulary: the name of its vocabulary; empty if that is not at hand.
        chunk: usable text tokens of a chunk; None if it reads all at once.
        marks: how many start and end marks ComfyUI adds to a chunk.
        frame: what ComfyUI puts directly before and behind the prompt: text tokens can span that border. An encoder
            with a frame reads no weights: brackets are text to it.
        skips_frame: a prompt that begins with this gets no frame.
        embeddings: whether ComfyUI looks for `embedding:name` in its prompt.
        why: why the vocabulary is not at hand.
    """

    id: str
    vocabulary: str = ""
    chunk: int | None = None
    marks: int = 0
    frame: tuple[str, str] | None = None
    skips_frame: str | None = None
    embeddings: bool = False
    why: str = ""


class Limits(Protocol):
    """What a family profile says of its encoder; see `families.Encoder`."""

    @property
    def id(self) -> str:
        """Its name."""

    @property
    def most(self) -> int | None:
        """Text tokens, marks included, behind which ComfyUI cuts a prompt."""

    @property
    def trained(self) -> int | None:
        """Text tokens of the longest prompt that it was trained with."""

    @property
    def pooled(self) -> bool:
        """Whether only its summary of the prompt is used, which ComfyUI takes from the first chunk."""


IN_WEIGHTS = "its vocabulary lies in the encoder's own weights"
CHAT = ("<|im_start|>user\n", "<|im_end|>\n")
ENCODERS: dict[str, TextEncoder] = {
    encoder.id: encoder
    for encoder in (
        TextEncoder("clip_l", "clip", CHUNK, 2, embeddings=True),
        TextEncoder("clip_g", "clip", CHUNK, 2, embeddings=True),
        TextEncoder("clip_h", "clip", CHUNK, 2, embeddings=True),
        TextEncoder("t5xxl", "t5", marks=1, embeddings=True),
        TextEncoder("pile_t5xl", "pile_t5", marks=1),
        TextEncoder("llama", "llama", marks=1, embeddings=True),
        TextEncoder("qwen25_7b", "qwen", frame=CHAT, skips_frame="<|im_start|>"),
        TextEncoder("qwen3_06b", "qwen", embeddings=True),
        TextEncoder("qwen3_4b", "qwen", frame=CHAT),
        TextEncoder("qwen3_8b", "qwen", frame=CHAT),
        TextEncoder("qwen3vl_4b", "qwen", frame=CHAT, skips_frame="<|im_start|>"),
        TextEncoder("qwen3vl_8b", "qwen", frame=CHAT, skips_frame="<|im_start|>"),
        TextEncoder("gemma2_2b", why=IN_WEIGHTS),
        TextEncoder("gemma3_4b", why=IN_WEIGHTS),
        TextEncoder("mistral3_24b", why=IN_WEIGHTS),
        TextEncoder("jina_clip_2", why=IN_WEIGHTS),
    )
}
"""Sources: comfy/sd1_clip.py, sdxl_clip.py and text_encoders/ of ComfyUI 0.3.75; Qwen3's other sizes: of 0.33."""


def text_encoder(encoder_id: str) -> TextEncoder:
    """Return how an encoder reads a prompt.

    Raises:
        CountingUnavailable: if it is not known, or its vocabulary can't be had.
    """
    encoder = ENCODERS.get(encoder_id)
    if encoder is None:
        known = ", ".join(name for name, encoder in ENCODERS.items() if encoder.vocabulary)
        raise CountingUnavailable(f"how {encoder_id} reads a prompt is not known; known are {known}")
    if not encoder.vocabulary:
        raise CountingUnavailable(f"{encoder_id} can't be counted here: {encoder.why}")
    return encoder
