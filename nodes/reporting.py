"""What a prompt holds and what it costs: text tokens for the encoder, image tokens for the user."""

from comfy_api.latest import io

from ..prompt import tag_report
from ..wallet import image_tokens
from .types import CATEGORY


class TagloomTagReport(io.ComfyNode):
    """Parses a prompt and counts it."""

    @classmethod
    def define_schema(cls):
        """Describe the node to ComfyUI."""
        return io.Schema(
            node_id="TagloomTagReport",
            display_name="Tag Report",
            category=CATEGORY,
            description="Sorts a prompt's tags into quality, body, expression, clothing, pose and background, shows "
            "their weights, counts the text tokens that CLIP reads, and the image tokens that the pictures cost. "
            "Connect the report to Preview Any to read it.",
            inputs=[
                io.String.Input("text", force_input=True, tooltip="The prompt, as it goes to the encoder."),
                io.Int.Input("images", default=1, min=0, max=4096, tooltip="How many pictures the run makes."),
            ],
            outputs=[
                io.String.Output(display_name="report", tooltip="The tags by group, and both counts."),
                io.Int.Output(display_name="text tokens", tooltip="-1 where they can't be counted."),
                io.Int.Output(display_name="image tokens", tooltip="One pays for one picture."),
            ],
        )

    @classmethod
    def execute(cls, text, images) -> io.NodeOutput:
        """Return the report in words and both counts."""
        report = tag_report(text)
        cost = image_tokens(images)
        tokens = -1 if report.text_tokens is None else report.text_tokens
        return io.NodeOutput(report.text(cost), tokens, cost)


NODES = [TagloomTagReport]
