"""A small SentencePiece model in the place of Gemma's, which is not at hand.

It is trained on the spot, so its pieces are not Gemma's, nor are their number and their ids. As Gemma's it is a BPE
model with pad 0, end 1, begin 2 and unknown 3 (ComfyUI builds on 0 and 2), falls back to bytes, splits digits and
leaves spaces as they are; so any text can be encoded, none is lost, and decoding gives it back.
"""

import io
from functools import cache

PIECES = 512
"""Pieces of the vocabulary, 256 bytes and the special ones among them; Gemma has 256,000."""
TEXTS = (
    "You are an assistant designed to generate anime images based on textual prompts. <Prompt Start>",
    "masterpiece, best quality, absurdres, highres, newest, very aesthetic, amazing quality",
    "worst quality, low quality, lowres, bad anatomy, bad hands, text, signature, watermark, username, jpeg artifacts",
    "1girl, solo, upper body, looking at viewer, smile, blush, open mouth, closed eyes, standing, sitting",
    "long hair, short hair, black hair, blonde hair, blue hair, red eyes, green eyes, hair ribbon, cat ears, glasses",
    "white shirt, black skirt, school uniform, dress, jacket, hat, simple background, outdoors, night sky, blue sky",
    "A girl with long silver hair stands in a forest at night, holding a lantern. Soft light falls on her face.",
)
"""What it is trained on: tags and sentences as prompts have them."""


@cache
def spiece_model() -> bytes:
    """Return the model, as the tensor `spiece_model` of a text encoder's file holds it; it is always the same."""
    import sentencepiece  # one of ComfyUI's requirements, which the other tests do without

    model = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(TEXTS),
        model_writer=model,
        model_type="bpe",
        vocab_size=PIECES,
        pad_id=0,
        eos_id=1,
        bos_id=2,
        unk_id=3,
        byte_fallback=True,
        split_digits=True,
        normalization_rule_name="identity",
        remove_extra_whitespaces=False,
        add_dummy_prefix=False,
        num_threads=1,
        minloglevel=2,
    )
    return model.getvalue()
