"""Encodes prompts written in any program's dialect, each text of theirs for its part of the run."""

from functools import cache, partial

import comfy.samplers
from comfy_api.latest import io

from ..prompt import PromptError, as_list
from ..prompt.encoding import comfyui_chunks, encoded_parts, encoded_report, encoded_text
from .conditioning.composition import conditioning
from .conditioning.text_tokens import a1111_tokens, clip_tokenizers
from .conditioning.timing import sigmas_of, steps_of
from .conditioning.weighting import WEIGHTINGS, encode
from .types import CATEGORY, dialect_input, prompt_input, tag_aware_input

StepsSocket = io.Custom("TAGLOOM_STEPS")
"""Carries `conditioning.timing.Steps`."""
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
            ],
            outputs=[
                io.Conditioning.Output(display_name="conditioning", tooltip="For the sampler."),
                io.String.Output(display_name="encoded", tooltip="What is encoded when, in ComfyUI's own dialect."),
                io.String.Output(display_name="report", tooltip="What is not encoded, and what to do about it."),
            ],
        )

    @classmethod
    def execute(
        cls, clip, text, dialect, tag_aware, weighting=WEIGHTINGS[0], chunks=CHUNKERS[0], steps=None, negative=None
    ) -> io.NodeOutput:
        """Return the conditioning, the texts that were encoded, and what was lost."""
        if clip is None:
            raise ValueError("the model has no text encoder of its own: load one and connect it to clip")
        count = steps.count if steps else None
        parts = encoded_parts(text, dialect, tag_aware, count)
        encoder = _encoder(clip, dialect, tag_aware, weighting, chunks)
        return io.NodeOutput(
            conditioning(parts, encoder, steps, negative),
            encoded_text(parts, dialect, tag_aware, count),
            as_list(encoded_report(text, dialect, tag_aware, count)),
        )


def _encoder(clip, dialect: str, tag_aware: bool, weighting: str, chunks: str):
    """Return what encodes a text, each once."""
    if (weighting, chunks) != (WEIGHTINGS[0], CHUNKERS[0]) and clip_tokenizers(clip) is None:
        raise PromptError(
            f"weighting {weighting} with chunks {chunks} needs a model whose text encoders all are CLIP; choose "
            f"{WEIGHTINGS[0]} and {CHUNKERS[0]}"
        )
    if chunks == "a1111" and dialect != "a1111":
        raise PromptError(f"chunks as A1111 cuts them are those of prompts in its dialect, and this one is {dialect}")
    tokens = a1111_tokens if chunks == "a1111" else partial(_comfyui_tokens, dialect=dialect)
    return cache(lambda text: encode(clip, tokens(clip, text, tag_aware=tag_aware), weighting))


def _comfyui_tokens(clip, text: str, tag_aware: bool, dialect: str):
    """Return ComfyUI's own text tokens; what stands behind a BREAK begins a chunk."""
    first, *others = [clip.tokenize(part) for part in comfyui_chunks(text, dialect, tag_aware)]
    if not others:
        return first  # as it is, whatever a tokenizer gives besides chunks
    parts = [first, *others]
    return {key: [chunk for part in parts for chunk in part[key]] for key in first}


class TagloomSamplingSteps(io.ComfyNode):
    """Works out at which of the model's noise levels each step begins."""

    @classmethod
    def define_schema(cls):
        """Describe the node to ComfyUI."""
        return io.Schema(
            node_id="TagloomSamplingSteps",
            display_name="Sampling Steps",
            category=CATEGORY,
            description="Tells Encode Prompt the steps of the run, so that prompt editing such as [day:night:0.5] "
            "and alternation such as [red|blue] change exactly between two steps. Give it the sampler's own settings.",
            inputs=[
                io.Model.Input("model", tooltip="The model that is sampled."),
                io.Combo.Input(
                    "sampler",
                    options=comfy.samplers.KSampler.SAMPLERS,
                    tooltip="The sampler's own setting: some samplers leave a step of the schedule out.",
                ),
                io.Combo.Input(
                    "scheduler", options=comfy.samplers.KSampler.SCHEDULERS, tooltip="The sampler's own setting."
                ),
                io.Int.Input("steps", default=20, min=1, max=10000, tooltip="The sampler's own setting."),
                io.Float.Input(
                    "denoise", default=1.0, min=0.0, max=1.0, step=0.01, tooltip="The sampler's own setting."
                ),
                io.Sigmas.Input(
                    "sigmas",
                    optional=True,
                    tooltip="The noise levels of a custom sampler; they count instead of the settings above.",
                ),
            ],
            outputs=[
                StepsSocket.Output(display_name="tagloom steps", tooltip="For Encode Prompt."),
                io.Int.Output(display_name="count", tooltip="How many steps are really sampled."),
            ],
        )

    @classmethod
    def validate_inputs(cls, input_types) -> bool:
        """Take choices from other nodes: ComfyUI itself compares a V3 combo's type with the other's list, and refuses.

        That `input_types` is asked for is what leaves the comparison to the node.
        """
        return True

    @classmethod
    def execute(cls, model, sampler, scheduler, steps, denoise, sigmas=None) -> io.NodeOutput:
        """Return the steps and their number."""
        if sampler == "dpm_adaptive":
            raise PromptError("dpm_adaptive chooses its own steps as it goes: prompts can't change at steps of it")
        levels = sigmas_of(model, sampler, scheduler, steps, denoise) if sigmas is None else sigmas
        found = steps_of(model, levels)
        return io.NodeOutput(found, found.count)


NODES = [TagloomTextEncode, TagloomSamplingSteps]
