"""Saves pictures with all that made them: ComfyUI's graph and workflow, and A1111's settings with the files' hashes."""

from comfy_api.latest import io, ui

from ..prompt import DIALECTS
from ..prompt.pictures.files import ENDINGS
from .types import CATEGORY, SettingsSocket, dialect_input, linked_text

FORMATS = list(ENDINGS)


class TagloomSaveImage(io.ComfyNode):
    """Saves pictures with the settings that made them."""

    @classmethod
    def define_schema(cls):
        """Describe the node to ComfyUI."""
        return io.Schema(
            node_id="TagloomSaveImage",
            display_name="Save Image with Settings",
            category=CATEGORY,
            description="Saves pictures in ComfyUI's output folder. Each holds the workflow, as with Save Image, and "
            "the settings as A1111 writes them, with the hashes of the model and the LoRAs: Civitai and most viewers "
            "read these. What the graph says is found by itself; connect what nodes make while they run.",
            inputs=[
                io.Image.Input("images", tooltip="The pictures."),
                io.String.Input(
                    "filename_prefix",
                    default="Tagloom",
                    tooltip="How the files' names begin; a / makes folders. %date:yyyy-MM-dd% and the like are filled "
                    "in, as with Save Image.",
                ),
                io.Combo.Input(
                    "format",
                    options=FORMATS,
                    default=FORMATS[0],
                    tooltip="png and webp open as their workflow in ComfyUI's editor. The editor reads no jpeg, which "
                    "has room for small workflows only.",
                ),
                io.Int.Input(
                    "quality",
                    default=90,
                    min=1,
                    max=100,
                    tooltip="Of webp and jpeg. 100 keeps every pixel of a webp as it is; a png always does.",
                ),
                linked_text("The prompt as it is encoded, if nodes make it.", "positive", optional=True),
                linked_text("The negative prompt, likewise.", "negative", optional=True),
                linked_text("The prompt before wildcards were chosen, to be kept too.", "template", optional=True),
                SettingsSocket.Input(
                    "settings", optional=True, tooltip="From Sampler Settings, if the sampler takes its settings there."
                ),
                dialect_input(optional=True),
            ],
            outputs=[io.String.Output(display_name="parameters", tooltip="The settings, as A1111 writes them.")],
            hidden=[io.Hidden.prompt, io.Hidden.extra_pnginfo, io.Hidden.unique_id],
            is_output_node=True,
        )

    @classmethod
    def execute(
        cls,
        images,
        filename_prefix,
        format,
        quality,
        positive=None,
        negative=None,
        template=None,
        settings=None,
        dialect=DIALECTS[0],
    ) -> io.NodeOutput:
        """Save the pictures; `images` is (batch, height, width, channels)."""
        from .picture_files import save_all  # here, so that ComfyUI starts without it

        given = (positive, negative, dialect, template, settings)
        files, parameters = save_all(images, filename_prefix, format, quality, given, cls.hidden)
        return io.NodeOutput(parameters, ui=ui.SavedImages(files))


NODES = [TagloomSaveImage]
