"""Loads the LoRAs that a prompt names, as A1111 does, and lets prompt editing switch them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from comfy_api.latest import io

from .. import prompt
from ..prompt import as_list
from .conditioning.lora_files import files, find, forget_others, identity, load
from .conditioning.lora_patches import Lora, apply, schedule
from .conditioning.timing import Steps
from .types import CATEGORY, StepsSocket, dialect_input, prompt_input, tag_aware_input

if TYPE_CHECKING:  # what ComfyUI needs not load at its start
    from ..prompt.loras import LoraUse


class TagloomLoraTags(io.ComfyNode):
    """Reads `<lora:name:0.8>` out of a prompt and loads what it names."""

    @classmethod
    def define_schema(cls):
        """Describe the node to ComfyUI."""
        return io.Schema(
            node_id="TagloomLoraTags",
            display_name="LoRA Tags",
            category=CATEGORY,
            description="Loads the LoRAs that the prompt names, such as <lora:name:0.8>, into the model and its text "
            "encoders, and takes these tags out of the prompt. Inside prompt editing, as in [<lora:name:1>::0.5], a "
            "LoRA acts in its part of the run only.",
            inputs=[
                io.Model.Input("model", tooltip="The model that the LoRAs are for."),
                io.Clip.Input("clip", tooltip="The model's text encoders."),
                prompt_input("The prompt with its LoRA tags, typed or from another node."),
                dialect_input(),
                tag_aware_input(),
                io.Boolean.Input(
                    "scheduled",
                    default=True,
                    tooltip="Let prompt editing switch LoRAs: [<lora:a:1>:<lora:b:1>:0.5]. Off: all act for the whole "
                    "run, as in A1111.",
                ),
                StepsSocket.Input(
                    "steps",
                    optional=True,
                    tooltip="From the node Sampling Steps: LoRAs in prompt editing change exactly at its steps.",
                ),
            ],
            outputs=[
                io.Model.Output(display_name="model with LoRAs", tooltip="For the sampler."),
                io.Clip.Output(
                    display_name="clip with LoRAs", tooltip="For Encode Prompt, of the negative prompt as well."
                ),
                io.String.Output(display_name="prompt", tooltip="The prompt without LoRA tags, for Encode Prompt."),
                io.String.Output(display_name="report", tooltip="Which files were loaded, how strong, and when."),
            ],
        )

    @classmethod
    def fingerprint_inputs(cls, text=None, **others) -> object:
        """Run again where a LoRA file was exchanged under its name."""
        if text is None:  # it comes from another node: any file may be meant
            return [identity(file) for file in files()]
        uses = prompt.lora_uses(text, others["dialect"], others["tag_aware"], scheduled=False)
        return [identity(find(use.reference.name)) for use in uses]

    @classmethod
    def execute(cls, model, clip, text, dialect, tag_aware, scheduled, steps=None) -> io.NodeOutput:
        """Return the model and its text encoders with the LoRAs, the prompt without their tags, and a report."""
        uses = prompt.lora_uses(text, dialect, tag_aware, steps.count if steps else None, scheduled)
        found = [(use, _lora(use)) for use in uses]
        timed = []
        for use, lora in found:
            applied = apply(model, clip, lora)  # that it fits is found out for scheduled ones too
            if use.spans is None:
                model, clip = applied
            else:
                timed.append((lora, use.spans))
        if timed:
            clip = schedule(clip, timed, steps)
        forget_others(lora.file for _, lora in found)
        lines = [_line(use, lora, steps) for use, lora in found]
        report = as_list("\n".join(lines or ["the prompt names no LoRA"]))
        return io.NodeOutput(model, clip, prompt.without_loras(text, dialect, tag_aware), report)


def _lora(use: LoraUse) -> Lora:
    file = find(use.reference.name)
    return Lora(file, identity(file), load(file), use.reference.strength, use.reference.text_encoder)


def _line(use: LoraUse, lora: Lora, steps: Steps | None) -> str:
    """Return in words what was loaded."""
    strength = f"{lora.model:g}" + (f", text encoders {lora.text_encoder:g}" if lora.text_encoder != lora.model else "")
    line = f"{use.reference.text}: {lora.file}, strength {strength}"
    if use.spans is None:
        return line
    if steps is None:
        times = (f"from {begin:g} to {end:g} of the model's time" for begin, end in use.spans)
    else:
        times = (f"steps {begin + 1:g} to {end:g}" for begin, end in use.spans)
    return f"{line}, {' and '.join(times) or 'never'}"


NODES = [TagloomLoraTags]
