"""Wildcards and variants: what of them a seed chooses."""

from pathlib import Path

import folder_paths
from comfy_api.latest import io

from .. import prompt
from ..prompt import as_list
from ..prompt.errors import PromptError
from .types import CATEGORY, dialect_input, prompt_input, tag_aware_input

MOST_SEED = 0xFFFFFFFFFFFFFFFF


def wildcard_folders() -> list[Path]:
    """Return the folders of wildcards, the first wins: the user's, those of extra_model_paths.yaml, ComfyUI's."""
    registered, _ = folder_paths.folder_names_and_paths.get("wildcards", ([], set()))
    folders = [
        Path(folder_paths.get_user_directory(), "tagloom", "wildcards"),
        *map(Path, registered),
        Path(folder_paths.base_path, "wildcards"),
        Path(folder_paths.models_dir, "wildcards"),
    ]
    return list(dict.fromkeys(folders))


class TagloomWildcards(io.ComfyNode):
    """Replaces wildcards and variants by options of theirs."""

    @classmethod
    def define_schema(cls):
        """Describe the node to ComfyUI."""
        return io.Schema(
            node_id="TagloomWildcards",
            display_name="Wildcards",
            category=CATEGORY,
            description="Replaces __name__ by a line of the file of that name, and {a|b} by one of its options. The "
            "same text, seed and files always give the same prompt.",
            inputs=[
                prompt_input("Your prompt, with wildcards such as __color__ and variants such as {hat|2::cap|}."),
                io.Int.Input(
                    "seed",
                    default=0,
                    min=0,
                    max=MOST_SEED,
                    control_after_generate=True,
                    tooltip="What chooses. Another seed chooses anew.",
                ),
                dialect_input(),
                tag_aware_input(),
            ],
            outputs=[
                io.String.Output(display_name="prompt", tooltip="The prompt with everything chosen."),
                io.String.Output(display_name="report", tooltip="What was chosen, from which file and line."),
            ],
        )

    @classmethod
    def fingerprint_inputs(cls, text=None, seed=None, dialect=None, tag_aware=True, **_):
        """Return what changes when files change so that the prompt does; linked inputs are None: then when any does."""
        folders = prompt.WildcardFolders(wildcard_folders())
        if None in (text, seed, dialect, tag_aware):
            return folders.fingerprint()
        try:
            result = prompt.expand(text, seed, folders, dialect, tag_aware)
        except PromptError as error:
            return str(error)
        return f"{result.text}\n{result.report()}"

    @classmethod
    def execute(cls, text, seed, dialect, tag_aware) -> io.NodeOutput:
        """Return the prompt and what was chosen."""
        result = prompt.expand(text, seed, wildcard_folders(), dialect, tag_aware)
        return io.NodeOutput(result.text, as_list(result.report()))


NODES = [TagloomWildcards]
