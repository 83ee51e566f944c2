"""The prompt enhancer and the negative presets."""

from comfy_api.latest import io

from .. import prompt
from ..prompt import DIALECTS, as_list
from ..prompt.families import LEVELS, PRESETS
from .types import CATEGORY, dialect_input, family_input, prompt_input, tag_aware_input


class TagloomPromptEnhancer(io.ComfyNode):
    """Adds the family's quality tags to a prompt."""

    @classmethod
    def define_schema(cls):
        """Describe the node to ComfyUI."""
        return io.Schema(
            node_id="TagloomPromptEnhancer",
            display_name="Prompt Enhancer",
            category=CATEGORY,
            description="Adds the quality tags that the model family was trained with, where they belong. It never "
            "repeats or contradicts your own tags; off leaves your text untouched.",
            inputs=[
                prompt_input("Your tags: body, expression, clothing, pose, background."),
                family_input(),
                io.Boolean.Input("enabled", default=True, tooltip="Off: the text goes through untouched."),
                io.Combo.Input(
                    "level",
                    options=list(LEVELS),
                    default="standard",
                    tooltip="How many quality tags. Fewer give more diverse pictures.",
                ),
                dialect_input(optional=True),
                tag_aware_input(optional=True),
            ],
            outputs=[
                io.String.Output(display_name="prompt", tooltip="The prompt with its quality tags."),
                io.String.Output(display_name="report", tooltip="What was added, what was not, and why."),
            ],
        )

    @classmethod
    def execute(cls, text, family, enabled, level, dialect=DIALECTS[0], tag_aware=True) -> io.NodeOutput:
        """Return the enhanced prompt and what was done to it."""
        result = prompt.enhance(text, family, level, enabled, dialect=dialect, tag_aware=tag_aware)
        return io.NodeOutput(result.text, as_list(result.report()))


class TagloomNegativePreset(io.ComfyNode):
    """Composes the negative prompt."""

    @classmethod
    def define_schema(cls):
        """Describe the node to ComfyUI."""
        return io.Schema(
            node_id="TagloomNegativePreset",
            display_name="Negative Prompt",
            category=CATEGORY,
            description="Your own negative tags, then a preset of the model family. Chain two of these nodes to "
            "use two presets.",
            inputs=[
                prompt_input("What must not be in the picture.", default=""),
                family_input(),
                io.Combo.Input(
                    "preset",
                    options=["recommended", "everything", "none", *PRESETS],
                    default="recommended",
                    tooltip="Which of the family's negative tags to add; recommended is the family's own choice.",
                ),
                io.Boolean.Input("enabled", default=True, tooltip="Off: the text goes through untouched."),
                io.String.Input(
                    "positive",
                    optional=True,
                    force_input=True,
                    tooltip="The positive prompt: what it asks for is not added here.",
                ),
                dialect_input(optional=True),
                tag_aware_input(optional=True),
            ],
            outputs=[
                io.String.Output(display_name="negative", tooltip="The negative prompt."),
                io.String.Output(display_name="report", tooltip="What was added, what was not, and why."),
            ],
        )

    @classmethod
    def execute(cls, text, family, preset, enabled, positive="", dialect=DIALECTS[0], tag_aware=True) -> io.NodeOutput:
        """Return the negative prompt and what was added to it."""
        result = prompt.compose_negative(text, family, preset, positive, enabled, dialect=dialect, tag_aware=tag_aware)
        return io.NodeOutput(result.text, as_list(result.report()))


NODES = [TagloomPromptEnhancer, TagloomNegativePreset]
