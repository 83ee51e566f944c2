"""Which model family the graph works with, and the settings that the family recommends."""

import logging
from pathlib import Path

import folder_paths
from comfy_api.latest import io

from ..prompt import Detection, chosen, detect
from ..prompt.families import add_families_folder, detect_file, family_ids, leave_out, profile_problems
from ..prompt.graphs import ModelName, model_of
from .types import CATEGORY, FamilySocket, sampler_output, scheduler_output

AUTO = "auto"


def register_user_profiles() -> None:
    """Let ComfyUI's user add families in `user/tagloom/families`."""
    add_families_folder(Path(folder_paths.get_user_directory()) / "tagloom" / "families")
    leave_out_broken_profiles()


def leave_out_broken_profiles() -> None:
    """Go on without those of the user's files that are wrong, and log which they are, until they change."""
    for problem in profile_problems():
        logging.warning("Tagloom goes on without a model family's file: %s", problem)
        leave_out(problem.path)


def detect_model(model: ModelName) -> Detection:
    """Return the family of a model among ComfyUI's files; what can't be read here is judged by its name."""
    leave_out_broken_profiles()
    path = folder_paths.get_full_path(model.folder, model.name)
    return detect_file(Path(path), model.name) if path else detect(model.name)


class TagloomFamilyProfile(io.ComfyNode):
    """Finds the family of a loaded model, or takes the user's word for it."""

    @classmethod
    def define_schema(cls):
        """Describe the node to ComfyUI."""
        return io.Schema(
            node_id="TagloomFamilyProfile",
            display_name="Model Family",
            category=CATEGORY,
            description="Finds out which model family a checkpoint belongs to (Illustrious, Pony, SDXL, ...) and "
            "gives the settings that the family recommends. Connect them to the sampler, or set your own there.",
            inputs=[
                io.Model.Input("model", tooltip="The model as its checkpoint loader gives it."),
                io.Combo.Input(
                    "family",
                    options=[AUTO, *family_ids()],
                    default=AUTO,
                    tooltip="auto reads the checkpoint's header and file name; choose a family if it guesses wrong.",
                ),
            ],
            outputs=[
                FamilySocket.Output(display_name="family", tooltip="For Tagloom's other nodes."),
                sampler_output("sampler", "Recommended sampler."),
                scheduler_output("Recommended scheduler."),
                io.Int.Output(display_name="steps", tooltip="Recommended number of generation steps."),
                io.Float.Output(display_name="cfg", tooltip="Recommended CFG scale."),
                io.Int.Output(
                    display_name="clip layer",
                    tooltip="The family's clip skip, as CLIP Set Last Layer counts it (-2 is clip skip 2).",
                ),
                io.String.Output(display_name="report", tooltip="The family, and what was found out how."),
            ],
            hidden=[io.Hidden.prompt, io.Hidden.unique_id],
        )

    @classmethod
    def execute(cls, model, family) -> io.NodeOutput:
        """Return the family and its settings."""
        found = cls._detect() if family == AUTO else chosen(family)
        profile = found.profile()
        return io.NodeOutput(profile, *profile.settings(), found.text())

    @classmethod
    def _detect(cls) -> Detection:
        return detect_model(model_of(cls.hidden.prompt, cls.hidden.unique_id))


NODES = [TagloomFamilyProfile]
