"""Which model family the graph works with, and the settings that the family recommends."""

from pathlib import Path

import comfy.samplers
import folder_paths
from comfy_api.latest import io

from ..prompt import Detection, HeaderError, chosen, detect, family_ids, get_family, read_header
from ..prompt.graphs import checkpoint_of
from .types import CATEGORY, FamilySocket

AUTO = "auto"


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
                io.Combo.Output(
                    display_name="sampler",
                    options=comfy.samplers.KSampler.SAMPLERS,
                    tooltip="Recommended sampler.",
                ),
                io.Combo.Output(
                    display_name="scheduler",
                    options=comfy.samplers.KSampler.SCHEDULERS,
                    tooltip="Recommended scheduler.",
                ),
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
        profile = get_family(found.family)
        return io.NodeOutput(profile, *profile.settings(), found.text())

    @classmethod
    def _detect(cls) -> Detection:
        name = checkpoint_of(cls.hidden.prompt, cls.hidden.unique_id)
        path = folder_paths.get_full_path("checkpoints", name)
        try:
            return detect(name, read_header(Path(path)) if path else None)
        except HeaderError:  # a .ckpt file: its name is all there is
            return detect(name)


NODES = [TagloomFamilyProfile]
