"""Wildcards and variants: everything that they can become, as a list."""

from comfy_api.latest import io

from .. import prompt
from ..prompt import as_list
from ..prompt.errors import PromptError
from ..prompt.lists import MOST_LISTED
from .types import CATEGORY, dialect_input, prompt_input, tag_aware_input
from .wildcards import wildcard_folders


class TagloomPromptMatrix(io.ComfyNode):
    """Makes a prompt with wildcards and variants into all its combinations."""

    @classmethod
    def define_schema(cls):
        """Describe the node to ComfyUI."""
        return io.Schema(
            node_id="TagloomPromptMatrix",
            display_name="Prompt Matrix",
            category=CATEGORY,
            description="Makes a prompt with wildcards and variants into the list of all its combinations. All nodes "
            "behind it run once for each of them; Image Grid lays the pictures side by side.",
            inputs=[
                prompt_input("Your prompt, with wildcards such as __place__ and variants such as {red|blue}."),
                dialect_input(),
                tag_aware_input(),
                io.Int.Input(
                    "limit",
                    default=16,
                    min=1,
                    max=MOST_LISTED,
                    tooltip="How many combinations you allow: each costs a picture. More are an error, and none is "
                    "made.",
                ),
            ],
            outputs=[
                io.String.Output(
                    display_name="prompts",
                    is_output_list=True,
                    tooltip="All combinations, the last choice in the prompt changing fastest.",
                ),
                io.String.Output(
                    display_name="labels",
                    is_output_list=True,
                    tooltip="What was chosen in each, without what they share. For Image Grid.",
                ),
                io.Int.Output(display_name="count", tooltip="How many combinations there are."),
                io.String.Output(display_name="report", tooltip="Each label with its prompt, and what else to know."),
            ],
        )

    @classmethod
    def fingerprint_inputs(cls, text=None, dialect=None, tag_aware=None, limit=None, **_):
        """Return what changes when files change so that a prompt does; linked inputs are None: then when any does."""
        folders = prompt.WildcardFolders(wildcard_folders())
        if None in (text, dialect, tag_aware, limit):
            return folders.fingerprint()
        try:
            found = prompt.matrix(text, folders, dialect, tag_aware, limit)
        except PromptError as error:
            return str(error)
        return "\0".join([*found.prompts, found.report()])

    @classmethod
    def execute(cls, text, dialect, tag_aware, limit) -> io.NodeOutput:
        """Return the prompts, their labels, their number, and all in words."""
        found = prompt.matrix(text, wildcard_folders(), dialect, tag_aware, limit)
        return io.NodeOutput([*found.prompts], [*found.labels], len(found.prompts), as_list(found.report()))


NODES = [TagloomPromptMatrix]
