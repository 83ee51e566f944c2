"""The image size that fits a model family."""

from comfy_api.latest import io

from ..prompt import Size, size_for
from ..prompt.sizes import SHAPES
from .types import CATEGORY, family_input


class TagloomImageSize(io.ComfyNode):
    """Chooses one of the family's sizes."""

    @classmethod
    def define_schema(cls):
        """Describe the node to ComfyUI."""
        return io.Schema(
            node_id="TagloomImageSize",
            display_name="Image Size",
            category=CATEGORY,
            description="Gives a width and height that suit the model family: by shape, or the one nearest "
            "to a base image's aspect.",
            inputs=[
                family_input(),
                io.Combo.Input(
                    "shape",
                    options=list(SHAPES),
                    default=SHAPES[0],
                    tooltip="recommended is the family's usual size.",
                ),
                io.Image.Input("image", optional=True, tooltip="The base image, for the shape of that name."),
            ],
            outputs=[
                io.Int.Output(display_name="width", tooltip="Pixels."),
                io.Int.Output(display_name="height", tooltip="Pixels."),
            ],
        )

    @classmethod
    def execute(cls, family, shape, image=None) -> io.NodeOutput:
        """Return width and height; `image` is (batch, height, width, channels)."""
        of_image = None if image is None else Size(image.shape[2], image.shape[1])
        return io.NodeOutput(*size_for(family, shape, of_image))


NODES = [TagloomImageSize]
