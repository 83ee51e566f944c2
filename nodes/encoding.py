"""Encodes prompts written in any program's dialect, each text of theirs for its part of the run."""

from functools import cache

from comfy_api.latest import io

from .. import prompt
from ..prompt import PromptError, as_list
from .conditioning.composition import conditioning
from .conditioning.encoders import clip_tokenizers, size_conditioning, with_clip_skip
from .conditioning.tokens import comfyui_tokens, ignoring_weights, weights_note
from .conditioning.weighting import WEIGHTINGS, encode
from .types import CATEGORY, StepsSocket, dialect_input, prompt_input, tag_aware_input

CHUNKERS = ("comfyui", "a1111")


class TagloomTextEncode(io.ComfyNode):
    """Reads a prompt in its dialect and encodes what it means: weights, BREAK, AND, prompt editing."""

    @classmethod
    def define_schema(cls):
        """Describe the node to ComfyUI."""
        return io.Schema(
            node_id="TagloomTextEncode",
            display_name="Encode Prompt",
            category=CATEGORY,
            description="Encodes a prompt with the attention weights that it has in the program that it was written "
            "for: nested brackets, [x], {x} and ++ count as they do there. BREAK, AND and prompt editing of A1111's "
            "prompts are encoded too. Tags that look like syntax, such as :3 and ;), stay tags.",
            inputs=[
                io.Clip.Input("clip", tooltip="The text encoder of the model."),
                prompt_input("The prompt, typed or from another node."),
                dialect_input(),
                tag_aware_input(),
                io.Combo.Input(
                    "weighting",
                    options=list(WEIGHTINGS),
                    default=WEIGHTINGS[0],
                    optional=True,
                    tooltip="How weights act: comfyui is what all ComfyUI workflows use; a1111 gives A1111's own "
                    "numbers; compel takes words out little by little. All but comfyui need a model with CLIP alone.",
                ),
                io.Combo.Input(
                    "chunks",
                    options=list(CHUNKERS),
                    default=CHUNKERS[0],
                    optional=True,
                    tooltip="How a long prompt is cut into chunks of 75 text tokens. a1111 cuts behind a comma where "
                    "one is near, and reads embeddings by their bare names; it needs a model with CLIP alone.",
                ),
                StepsSocket.Input(
                    "steps",
                    optional=True,
                    tooltip="From the node Sampling Steps: prompt editing changes exactly at its steps.",
                ),
                io.Conditioning.Input(
                    "negative",
                    optional=True,
                    tooltip="The negative prompt's conditioning, from which AND measures the parts' effects.",
                ),
                io.Int.Input(
                    "clip_skip",
                    default=0,
                    min=0,
                    max=24,
                    optional=True,
                    tooltip="How many layers from the end CLIP is read, as A1111 counts: 1 is the last, 2 the one "
                    "before it. 0 leaves the clip as it comes.",
                ),
                io.Int.Input(
                    "width",
                    default=0,
                    min=0,
                    max=16384,
                    optional=True,
                    tooltip="The picture's width in pixels, for SDXL, which is conditioned on it as in A1111. 0: "
                    "ComfyUI's own 768.",
                ),
                io.Int.Input(
                    "height", default=0, min=0, max=16384, optional=True, tooltip="The picture's height, likewise."
                ),
            ],
            outputs=[
                io.Conditioning.Output(display_name="conditioning", tooltip="For the sampler."),
                io.String.Output(display_name="encoded", tooltip="What is encoded when, in ComfyUI's own dialect."),
                io.String.Output(display_name="report", tooltip="What is not encoded, and what to do about it."),
            ],
        )

    @classmethod
    def execute(
        cls,
        clip,
        text,
        dialect,
        tag_aware,
        weighting=WEIGHTINGS[0],
        chunks=CHUNKERS[0],
        steps=None,
        negative=None,
        clip_skip=0,
        width=0,
        height=0,
    ) -> io.NodeOutput:
        """Return the conditioning, the texts that were encoded, and what was lost."""
        if clip is None:
            raise ValueError("the model has no text encoder of its own: load one and connect it to clip")
        count = steps.count if steps else None
        parts = prompt.encoded_parts(text, dialect, tag_aware, count)
        clip, skipped = with_clip_skip(clip, clip_skip)
        ignoring = ignoring_weights(clip)
        size = size_conditioning(clip, width, height)
        encoder = _encoder(clip, dialect, tag_aware, weighting, chunks, size, ignoring)
        notes = (skipped, weights_note(clip, text, dialect, tag_aware, ignoring))
        report = prompt.encoded_report(text, dialect, tag_aware, count, notes)
        return io.NodeOutput(
            conditioning(parts, encoder, steps, negative),
            prompt.encoded_text(parts, dialect, tag_aware, count),
            as_list(report),
        )


def _encoder(clip, dialect, tag_aware, weighting, chunks, size: dict[str, int], ignoring: list[str]):
    """Return what encodes a text, each once, with the picture's size in its entries."""
    if (weighting, chunks) != (WEIGHTINGS[0], CHUNKERS[0]) and clip_tokenizers(clip) is None:
        raise PromptError(
            f"weighting {weighting} with chunks {chunks} needs a model whose text encoders all are CLIP; choose "
            f"{WEIGHTINGS[0]} and {CHUNKERS[0]}"
        )
    if chunks == "a1111" and dialect != "a1111":
        raise PromptError(f"chunks as A1111 cuts them are those of prompts in its dialect, and this one is {dialect}")

    @cache
    def encoded(text: str):
        if chunks == "a1111":
            from .conditioning.text_tokens import a1111_tokens  # here, so that ComfyUI starts without it

            tokens = a1111_tokens(clip, text, tag_aware)
        else:
            tokens = comfyui_tokens(clip, text, dialect, tag_aware, ignoring)
        return [(embeddings, {**others, **size}) for embeddings, others in encode(clip, tokens, weighting)]

    return encoded


NODES = [TagloomTextEncode]
