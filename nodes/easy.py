"""Easy mode: write plainly, whatever the model wants to read."""

from comfy_api.latest import io

from ..prompt import as_list
from .types import CATEGORY, dialect_input, family_input, prompt_input


class TagloomEasyPrompt(io.ComfyNode):
    """Turns a description into tags, or tags into sentences, as the family reads them."""

    @classmethod
    def define_schema(cls):
        """Describe the node to ComfyUI."""
        return io.Schema(
            node_id="TagloomEasyPrompt",
            display_name="Easy Prompt",
            category=CATEGORY,
            description="Describe the picture in plain English. For families of tags (Illustrious, Pony, ...) the "
            "description becomes tags; for families of sentences (Flux, ...) tags become sentences. Nothing is "
            "dropped: what no tag is known for stays as it is, and the report names it.",
            inputs=[
                prompt_input("Your description, such as: a girl with long orange hair smirking in a burning forest."),
                family_input(),
                io.Boolean.Input("enabled", default=True, tooltip="Off: the text goes through untouched."),
                dialect_input(),
            ],
            outputs=[
                io.String.Output(display_name="prompt", tooltip="The prompt as the family reads it."),
                io.String.Output(
                    display_name="negative", tooltip="What the description rules out, such as: without a hat."
                ),
                io.String.Output(display_name="report", tooltip="What became of which words."),
            ],
        )

    @classmethod
    def execute(cls, text, family, enabled, dialect) -> io.NodeOutput:
        """Return the prompt, what it rules out, and what was done."""
        from ..prompt.easy import easy  # here, so that ComfyUI starts without it

        if not enabled:
            return io.NodeOutput(text, "", "easy mode is off")
        result = easy(text, family, dialect)
        return io.NodeOutput(result.text, ", ".join(result.negative), as_list(result.report()))


NODES = [TagloomEasyPrompt]
