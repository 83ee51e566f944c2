"""Encodes prompts written in any program's dialect."""

from comfy_api.latest import io

from ..prompt import as_list, convert
from .types import CATEGORY, dialect_input, prompt_input, tag_aware_input

COMFYUI = "comfyui"


class TagloomTextEncode(io.ComfyNode):
    """Reads a prompt in its dialect and encodes it with the weights that it means."""

    @classmethod
    def define_schema(cls):
        """Describe the node to ComfyUI."""
        return io.Schema(
            node_id="TagloomTextEncode",
            display_name="Encode Prompt",
            category=CATEGORY,
            description="Encodes a prompt with the attention weights that it has in the program that it was written "
            "for: nested brackets, [x], {x} and ++ count as they do there. Tags that look like syntax, such as :3 "
            "and ;), stay tags. The report says what can't be encoded.",
            inputs=[
                io.Clip.Input("clip", tooltip="The text encoder of the model."),
                prompt_input("The prompt, typed or from another node."),
                dialect_input(),
                tag_aware_input(),
            ],
            outputs=[
                io.Conditioning.Output(display_name="conditioning", tooltip="For the sampler."),
                io.String.Output(display_name="encoded", tooltip="The prompt in ComfyUI's own dialect."),
                io.String.Output(display_name="report", tooltip="What ComfyUI can't encode of it, and what was done."),
            ],
        )

    @classmethod
    def execute(cls, clip, text, dialect, tag_aware) -> io.NodeOutput:
        """Return the conditioning, the prompt that was encoded, and what was lost."""
        if clip is None:
            raise ValueError("the model has no text encoder of its own: load one and connect it to clip")
        converted = convert(text, dialect, COMFYUI, tag_aware)
        conditioning = clip.encode_from_tokens_scheduled(clip.tokenize(converted.text))
        return io.NodeOutput(conditioning, converted.text, as_list(converted.report()))


NODES = [TagloomTextEncode]
