"""Pictures side by side, with labels."""

import numpy as np
import torch
from comfy_api.latest import io
from PIL import Image, ImageDraw, ImageFont

from ..prompt import PromptError, Size, as_list, grids
from ..prompt.lettering import lettering_of, letters_of, own_font
from .types import CATEGORY

MOST_COLUMNS = 256
WIDEST_GAP = 1024
LARGEST_LABEL = 512


class TagloomImageGrid(io.ComfyNode):
    """Lays pictures side by side, with labels above them."""

    @classmethod
    def define_schema(cls):
        """Describe the node to ComfyUI."""
        return io.Schema(
            node_id="TagloomImageGrid",
            display_name="Image Grid",
            category=CATEGORY,
            description="Lays all pictures of a run side by side in one picture, on white, with labels above them: the "
            "pictures of a Prompt Matrix, for example. None is scaled.",
            is_input_list=True,
            inputs=[
                io.Image.Input("images", tooltip="The pictures, in their order. They may have different sizes."),
                io.Int.Input(
                    "columns",
                    default=0,
                    min=0,
                    max=MOST_COLUMNS,
                    tooltip="How many pictures stand side by side; 0 makes the grid as square as can be.",
                ),
                io.Int.Input("gap", default=8, min=0, max=WIDEST_GAP, tooltip="Pixels between the pictures."),
                io.Int.Input(
                    "label_size",
                    default=0,
                    min=0,
                    max=LARGEST_LABEL,
                    tooltip="The size of the letters in pixels; 0 chooses it to suit the pictures.",
                ),
                io.String.Input(
                    "labels",
                    optional=True,
                    force_input=True,
                    tooltip="A list of texts, one for each picture or for each batch: the labels of Prompt Matrix.",
                ),
            ],
            outputs=[
                io.Image.Output(display_name="grid", tooltip="All pictures in one."),
                io.String.Output(display_name="report", tooltip="The grid's size, and labels that can't be written."),
            ],
        )

    @classmethod
    def execute(cls, images, columns, gap, label_size, labels=None) -> io.NodeOutput:
        """Return the grid, (1, height, width, 3) of 0 to 1; everything comes as a list, the widgets as lists of one."""
        pictures = [picture[..., :3] for batch in images for picture in batch]
        if not pictures:
            raise PromptError("there is no picture; connect at least one to images")
        sizes = [Size(picture.shape[1], picture.shape[0]) for picture in pictures]
        told = grids.label_each(labels or [], [len(batch) for batch in images])
        font = own_font(label_size[0] or grids.label_size(sizes)) if any(told) else None
        has = letters_of(font) if font else bool
        shown, lacking = zip(*(grids.written(label, has) for label in told), strict=True)
        layout = grids.arrange(sizes, shown, columns[0], gap[0], lettering_of(font) if font else None)
        report = [f"pictures: {len(pictures)}; columns: {layout.columns}; rows: {layout.rows}; size: {layout.size}"]
        return io.NodeOutput(_laid(layout, pictures, font), as_list("\n".join([*report, *_remarks(told, lacking)])))


def _laid(layout: grids.Grid, pictures: list[torch.Tensor], font: ImageFont.FreeTypeFont | None) -> torch.Tensor:
    """Return the grid; the pictures in it are what they were, to the bit."""
    paper = Image.new("L", layout.size, "white")
    pen = ImageDraw.Draw(paper)
    for line in layout.lines:
        pen.text((line.left, line.top), line.text, fill="black", font=font)
    grid = torch.from_numpy(np.array(paper)).to(torch.float32).div_(255)[..., None].repeat(1, 1, 3)
    for box, picture in zip(layout.boxes, pictures, strict=True):
        grid[box.top : box.top + box.height, box.left : box.left + box.width] = picture
    return grid.unsqueeze(0)


def _remarks(labels: list[str], lacking: tuple[str, ...]) -> list[str]:
    """Return which labels can't be written as they are, and why."""
    return [
        f"picture {number} is {' '.join(label.split())}: the font has no {' '.join(letters)} and draws a crossed box "
        "instead"
        for number, (label, letters) in enumerate(zip(labels, lacking, strict=True), 1)
        if letters
    ]


NODES = [TagloomImageGrid]
