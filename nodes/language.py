"""Checks, tidies and converts prompts."""

from pathlib import Path

import folder_paths
from comfy_api.latest import io

from .. import prompt
from ..prompt import DIALECTS, LAYOUTS, as_list
from .types import CATEGORY, FamilySocket, dialect_input, linked_text, tag_aware_input

OPTIONAL_FAMILY = "The model family, from Model Family: some rules are the family's own."


def use_imported_names() -> None:
    """Know the names of imported lists: of the file that `TAGLOOM_TAGS` names, or of one in the user folder."""
    from ..prompt.tags import use_names

    use_names(Path(folder_paths.get_user_directory(), "tagloom", "tags.sqlite3"))


class TagloomPromptCheck(io.ComfyNode):
    """Says what is wrong or odd in a prompt."""

    @classmethod
    def define_schema(cls):
        """Describe the node to ComfyUI."""
        return io.Schema(
            node_id="TagloomPromptCheck",
            display_name="Check Prompt",
            category=CATEGORY,
            description="Says what is wrong or odd in a prompt, where, and what to do: stray brackets, repeats, "
            "contradicting tags, words of another model family, AND that takes more with it than meant. It can mend "
            "what surely is wrong. Connect the report to Preview Any.",
            inputs=[
                linked_text("The prompt."),
                dialect_input(),
                tag_aware_input(),
                io.Boolean.Input(
                    "mend",
                    default=False,
                    tooltip="On: mend what surely is wrong, without changing attention weights. Off: only report.",
                ),
                FamilySocket.Input("family", optional=True, tooltip=OPTIONAL_FAMILY),
                linked_text("The negative prompt, to find tags that stand in both.", "negative", optional=True),
            ],
            outputs=[
                io.String.Output(display_name="prompt", tooltip="The prompt, mended if that is on."),
                io.String.Output(display_name="report", tooltip="What was mended, and what is to be said."),
                io.Int.Output(display_name="warnings", tooltip="How many errors and warnings are left."),
                io.String.Output(display_name="reading", tooltip="What is encoded, with which weights, at which step."),
            ],
        )

    @classmethod
    def execute(cls, text, dialect, tag_aware, mend, family=None, negative="") -> io.NodeOutput:
        """Return the prompt, the findings in words, how many are no mere remarks, and how it is read."""
        result = prompt.check(text, mend=mend, dialect=dialect, family=family, negative=negative, tag_aware=tag_aware)
        reading = as_list(prompt.explain(result.text, dialect, tag_aware).report())
        return io.NodeOutput(result.text, as_list(result.report()), result.warnings, reading)


class TagloomTidyPrompt(io.ComfyNode):
    """Puts a prompt in order."""

    @classmethod
    def define_schema(cls):
        """Describe the node to ComfyUI."""
        return io.Schema(
            node_id="TagloomTidyPrompt",
            display_name="Tidy Prompt",
            category=CATEGORY,
            description="Joins two prompts, takes repeated tags out, puts tags in the order quality, body, "
            "expression, clothing, pose, background, and tidies commas and spaces. Weights, LoRA references, AND, "
            "BREAK and schedules stay.",
            inputs=[
                linked_text("The prompt."),
                dialect_input(),
                tag_aware_input(),
                io.Boolean.Input("sort", default=True, tooltip="Put the tags in order."),
                io.Boolean.Input("remove_repeats", default=True, tooltip="Take repeated tags out, in any spelling."),
                io.Combo.Input(
                    "layout",
                    options=list(LAYOUTS),
                    default=LAYOUTS[0],
                    tooltip="How lines are laid out.",
                ),
                FamilySocket.Input("family", optional=True, tooltip=OPTIONAL_FAMILY),
                linked_text("A second prompt, joined behind the first.", "second", optional=True),
            ],
            outputs=[
                io.String.Output(display_name="prompt", tooltip="The tidy prompt."),
                io.String.Output(display_name="report", tooltip="What was done, change by change."),
            ],
        )

    @classmethod
    def execute(cls, text, dialect, tag_aware, sort, remove_repeats, layout, family=None, second="") -> io.NodeOutput:
        """Return the tidy prompt and what was done."""
        result = prompt.tidy(
            text,
            second,
            dialect=dialect,
            sort=sort,
            repeats=remove_repeats,
            layout=layout,
            family=family,
            tag_aware=tag_aware,
        )
        return io.NodeOutput(result.text, as_list(result.report()))


class TagloomConvertPrompt(io.ComfyNode):
    """Writes a prompt in another program's dialect."""

    @classmethod
    def define_schema(cls):
        """Describe the node to ComfyUI."""
        return io.Schema(
            node_id="TagloomConvertPrompt",
            display_name="Convert Prompt",
            category=CATEGORY,
            description="Writes a prompt in another program's dialect, so that every tag keeps its effective weight "
            "there: A1111, ComfyUI, NovelAI 3 and 4, compel and InvokeAI. What can't be said there is listed.",
            inputs=[
                linked_text("The prompt."),
                dialect_input(),
                io.Combo.Input(
                    "target", options=list(DIALECTS), default="comfyui", tooltip="The program to write it for."
                ),
                tag_aware_input(),
            ],
            outputs=[
                io.String.Output(display_name="prompt", tooltip="The prompt in the other dialect."),
                io.String.Output(display_name="report", tooltip="What is lost."),
            ],
        )

    @classmethod
    def execute(cls, text, dialect, target, tag_aware) -> io.NodeOutput:
        """Return the converted prompt and what is lost."""
        converted = prompt.convert(text, dialect, target, tag_aware)
        return io.NodeOutput(converted.text, as_list(converted.report()))


NODES = [TagloomPromptCheck, TagloomTidyPrompt, TagloomConvertPrompt]
