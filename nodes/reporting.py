"""What a prompt holds and what it costs: text tokens for the encoder, image tokens for the user."""

from pathlib import Path

import comfy.utils
from comfy_api.latest import io

from .. import prompt
from ..prompt import DIALECTS, as_list
from ..wallet import Picture, image_tokens
from . import latent_pictures
from .payer import STANDINGS, price
from .types import CATEGORY, FamilySocket, dialect_input, linked_text, prices_family_input


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
            "their weights, counts the text tokens that CLIP reads, and the image tokens that the pictures cost; where "
            "these are paid for, also how many are left. Connect the report to Preview Any to read it.",
            inputs=[
                io.String.Input("text", force_input=True, tooltip="The prompt, as it goes to Encode Prompt."),
                io.Int.Input("images", default=1, min=0, max=4096, tooltip="How many pictures the run makes."),
                dialect_input(optional=True),
                prices_family_input(),
                io.Latent.Input(
                    "latent",
                    optional=True,
                    tooltip="What goes to the sampler, if the plan's prices differ by the size of a picture.",
                ),
            ],
            outputs=[
                io.String.Output(display_name="report", tooltip="The tags by group, and both counts."),
                io.Int.Output(display_name="text tokens", tooltip="-1 where they can't be counted."),
                io.Int.Output(
                    display_name="image tokens",
                    tooltip="One for each picture, or what the plan of the user says, without prices by sampling "
                    "steps: these are not known here.",
                ),
            ],
        )

    @classmethod
    def fingerprint_inputs(cls, **_):
        """Return what is left: it changes, though no input does."""
        stands = STANDINGS.see()
        return stands and stands.balance

    @classmethod
    def execute(cls, text, images, dialect=DIALECTS[0], family=None, latent=None) -> io.NodeOutput:
        """Return the report in words and both counts."""
        report = prompt.tag_report(text, dialect=dialect)
        cost, stands = image_tokens(images, price(_picture(family, latent))), STANDINGS.seen()
        tokens = -1 if report.text_tokens is None else report.text_tokens
        return io.NodeOutput(report.text(cost, stands and stands.balance), tokens, cost)


def _picture(family, latent) -> Picture:
    family_id = family.id if family else None
    return latent_pictures.picture(latent, family_id) if latent else Picture(family=family_id)


class TagloomTextTokens(io.ComfyNode):
    """Counts a prompt's text tokens, chunk by chunk."""

    @classmethod
    def define_schema(cls):
        """Describe the node to ComfyUI."""
        return io.Schema(
            node_id="TagloomTextTokens",
            display_name="Text Tokens",
            category=CATEGORY,
            description="Counts the text tokens that each text encoder of the family makes of a prompt, chunk by "
            "chunk, names the tags that the end of a chunk cuts, and proposes how to write the prompt so that none "
            "is. What can't be counted exactly is called unknown.",
            inputs=[
                linked_text("The prompt, as it goes to the encoder."),
                FamilySocket.Input(
                    "family", optional=True, tooltip="Whose encoders to count for; without it, CLIP-L counts."
                ),
                io.Combo.Input(
                    "chunks",
                    options=["comfyui", "a1111"],
                    default="comfyui",
                    optional=True,
                    tooltip="Whose rules cut the prompt into chunks of 75.",
                ),
            ],
            outputs=[
                io.String.Output(display_name="report", tooltip="The counts, the chunks, the tags that are cut."),
                io.Int.Output(display_name="text tokens", tooltip="The first encoder's; -1 where it is unknown."),
                io.String.Output(
                    display_name="proposal", tooltip="The prompt so that no tag is cut; as it was, if none is."
                ),
            ],
        )

    @classmethod
    def execute(cls, text, family=None, chunks="comfyui") -> io.NodeOutput:
        """Return the counts in words, the first one, and the proposal."""
        encoders = family.encoders if family else ("clip_l",)
        counted = prompt.account(text, encoders, chunks, tag_aware=False, comfy=Path(comfy.utils.__file__).parent)
        tokens = -1 if counted.tokens is None else counted.tokens
        return io.NodeOutput(as_list(counted.report()), tokens, counted.proposal())


NODES = [TagloomTagReport, TagloomTextTokens]
