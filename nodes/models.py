"""The models that there are: a loader that says what each one is, and the same list for the runner elsewhere."""

import asyncio
from pathlib import Path

import folder_paths
from aiohttp import web
from comfy_api.latest import io
from server import PromptServer

from nodes import CheckpointLoaderSimple

from ..prompt import as_list, chosen
from ..prompt.families import FOLDERS, ListedModel, ModelFile, family_ids, list_models
from ..prompt.graphs import ModelName
from .family import AUTO, detect_model, leave_out_broken_profiles
from .types import CATEGORY, FamilySocket

ROUTE = "/tagloom/models"


class TagloomModelPicker(io.ComfyNode):
    """Loads a checkpoint and tells its family."""

    @classmethod
    def define_schema(cls):
        """Describe the node to ComfyUI."""
        return io.Schema(
            node_id="TagloomModelPicker",
            display_name="Model Picker",
            category=CATEGORY,
            description="Loads a checkpoint, finds out which model family it belongs to, and lists all your "
            "checkpoints with their families and with easy or advanced use: easy ones want a plain description, "
            "advanced ones want tags. Connect models to Preview Any to read the list.",
            inputs=[
                io.Combo.Input(
                    "ckpt_name",
                    options=folder_paths.get_filename_list("checkpoints"),
                    tooltip="The checkpoint to load.",
                ),
                io.Combo.Input(
                    "family",
                    options=[AUTO, *family_ids()],
                    default=AUTO,
                    tooltip="auto reads the checkpoint's header, what lies beside it, and its file name; choose a "
                    "family if it guesses wrong.",
                ),
            ],
            outputs=[
                io.Model.Output(display_name="model", tooltip="For the sampler."),
                io.Clip.Output(display_name="clip", tooltip="For the text encoders."),
                io.Vae.Output(display_name="vae", tooltip="For decoding latents and encoding images."),
                FamilySocket.Output(display_name="family", tooltip="For Tagloom's other nodes."),
                io.String.Output(display_name="report", tooltip="The family, how sure it is, and what that rests on."),
                io.String.Output(
                    display_name="models",
                    tooltip="All checkpoints and diffusion models, each with its family, easy or advanced, and why.",
                ),
            ],
        )

    @classmethod
    def execute(cls, ckpt_name, family) -> io.NodeOutput:
        """Return the loaded checkpoint, its family, and the list of all."""
        found = detect_model(ModelName(FOLDERS[0], ckpt_name)) if family == AUTO else chosen(family)
        loaded = CheckpointLoaderSimple().load_checkpoint(ckpt_name)
        lines = as_list("\n".join(model.line() for model in all_models()))
        return io.NodeOutput(*loaded[:3], found.profile(), found.text(), lines)


def all_models() -> list[ListedModel]:
    """Return all checkpoints and diffusion models that ComfyUI knows; a file that did not change is not read again."""
    leave_out_broken_profiles()
    return list_models(
        ModelFile(name, folder, Path(path) if path else None)
        for folder in FOLDERS
        for name in folder_paths.get_filename_list(folder)
        for path in [folder_paths.get_full_path(folder, name)]
    )


def register_route() -> None:
    """Let the runner on another machine ask for the list: it reads nothing but headers, and takes no arguments."""
    server = getattr(PromptServer, "instance", None)
    if server is None:  # ComfyUI without its server, as in tests
        return

    @server.routes.get(ROUTE)
    async def models(request: web.Request) -> web.Response:
        listed = await asyncio.to_thread(all_models)
        return web.json_response({"schema": "tagloom/1", "models": [model.as_json() for model in listed]})


NODES = [TagloomModelPicker]
