"""Reads prompts and settings back out of a picture that any program made."""

from pathlib import Path

import comfy.samplers
import folder_paths
from comfy_api.latest import io

from nodes import LoadImage

from .. import prompt
from ..prompt import DIALECTS, PromptError, Size, as_list
from ..prompt.hashing import hash_file
from ..prompt.sampling_settings import Core
from .types import CATEGORY, SettingsSocket, sampler_output, scheduler_output


class TagloomReadPicture(io.ComfyNode):
    """Gives a picture's prompts and settings to the graph."""

    @classmethod
    def define_schema(cls):
        """Describe the node to ComfyUI."""
        return io.Schema(
            node_id="TagloomReadPicture",
            display_name="Read Picture",
            category=CATEGORY,
            description="Drop a picture on it: it gives the prompt, the negative prompt and the settings that A1111, "
            "ComfyUI, NovelAI, Civitai or Tagloom wrote into the file, in ComfyUI's terms. What is missing or not "
            "sure is said in the report.",
            inputs=[
                io.Combo.Input(
                    "image",
                    options=_pictures(),
                    upload=io.UploadType.image,
                    image_folder=io.FolderType.input,
                    tooltip="A PNG, JPEG or WebP as the program saved it: sites and messengers take the settings out.",
                ),
                io.Combo.Input(
                    "dialect",
                    options=list(DIALECTS),
                    default=DIALECTS[0],
                    tooltip="The program whose rules the prompts are written by in the end; choose the same in Encode "
                    "Prompt. Prompts of other programs are rewritten.",
                ),
            ],
            outputs=[
                io.Image.Output(display_name="picture", tooltip="The picture itself."),
                io.String.Output(display_name="positive", tooltip="The prompt, with its LoRA tags."),
                io.String.Output(display_name="negative", tooltip="The negative prompt."),
                io.Int.Output(display_name="seed", tooltip="0 if the picture does not say."),
                io.Int.Output(display_name="steps", tooltip="0 if the picture does not say."),
                io.Float.Output(display_name="cfg", tooltip="0 if the picture does not say."),
                sampler_output("sampler", "ComfyUI's name; euler if the picture names none, or an unknown one."),
                scheduler_output("ComfyUI's name; normal if the picture names none, or an unknown one."),
                io.Int.Output(
                    display_name="width", tooltip="Pixels that were sampled; the picture's own if it does not say."
                ),
                io.Int.Output(display_name="height", tooltip="Likewise."),
                SettingsSocket.Output(display_name="settings", tooltip="Those of the sampler, for Tagloom's nodes."),
                io.String.Output(display_name="report", tooltip="All that is written, and what is not sure."),
            ],
        )

    @classmethod
    def validate_inputs(cls, image=None) -> bool | str:
        """Say before the run that there is no such picture; None is linked."""
        try:
            if image is not None:
                _path(image)
        except PromptError as error:
            return str(error)
        return True

    @classmethod
    def fingerprint_inputs(cls, image=None, **_) -> str | None:
        """Run again when the file changes."""
        return None if image is None else hash_file(_path(image)).whole

    @classmethod
    def execute(cls, image, dialect) -> io.NodeOutput:
        """Return the picture (batch, height, width, channels), its prompts and settings, and a report."""
        from ..prompt.pictures.taking import in_dialect, taken  # here, so that ComfyUI starts without it

        reading = in_dialect(prompt.read_picture(_path(image)), dialect)
        pixels, _ = LoadImage().load_image(image)
        core = Core(comfy.samplers.KSampler.SAMPLERS, comfy.samplers.KSampler.SCHEDULERS)
        found = taken(reading, Size(pixels.shape[2], pixels.shape[1]), core)
        sampler, scheduler, steps, cfg, _ = found.settings
        report = "\n\n".join([reading.report(), *([as_list("\n".join(found.remarks))] if found.remarks else [])])
        prompts, sampling = (found.positive, found.negative), (found.seed, steps, cfg, sampler, scheduler)
        return io.NodeOutput(pixels, *prompts, *sampling, *found.size, found.settings, report)


def _pictures() -> list[str]:
    """Return the pictures in ComfyUI's input folder."""
    folder = Path(folder_paths.get_input_directory())
    files = [path.name for path in folder.iterdir() if path.is_file()] if folder.is_dir() else []
    return sorted(folder_paths.filter_files_content_types(files, ["image"]))


def _path(image: str) -> Path:
    """Return the file of a picture in one of ComfyUI's own folders, by default the one for input.

    Raises:
        PromptError: if there is none, or the name leads out of the folder.
    """
    name, _ = folder_paths.annotated_filepath(image)  # may end in [input], [output] or [temp]
    inner = Path(name)
    if inner.is_absolute() or inner.drive or ".." in inner.parts:
        raise PromptError(f"{name} leads out of ComfyUI's folder; drop the picture on the node instead")
    path = Path(folder_paths.get_annotated_filepath(image))
    if not path.is_file():
        raise PromptError(f"the picture {name} is not in ComfyUI's folder; drop it on the node, or choose another")
    return path


NODES = [TagloomReadPicture]
