"""AND for ComfyUI's custom samplers."""

from comfy_api.latest import io

from .conditioning.guidance import ComposedGuider, parts_of
from .types import CATEGORY


class TagloomGuider(io.ComfyNode):
    """Guides a custom sampler by all parts of a prompt that AND joins."""

    @classmethod
    def define_schema(cls):
        """Describe the node to ComfyUI."""
        return io.Schema(
            node_id="TagloomGuider",
            display_name="AND Guider",
            category=CATEGORY,
            description="Guides a custom sampler by composable diffusion: the effects of all parts that AND joins are "
            "added up, each measured from the negative prompt. A prompt without AND is guided as by CFG Guider. It "
            "asks the model once for each part, once less a step than KSampler, which needs the negative prompt twice.",
            inputs=[
                io.Model.Input("model", tooltip="The model that is sampled."),
                io.Conditioning.Input(
                    "positive", tooltip="From Encode Prompt, to which the negative prompt is connected as well."
                ),
                io.Conditioning.Input("negative", tooltip="The negative prompt's conditioning."),
                io.Float.Input(
                    "cfg",
                    default=7.0,
                    min=0.0,
                    max=100.0,
                    step=0.1,
                    round=0.01,
                    tooltip="How closely the picture follows the prompt; 3 to 10 are usual.",
                ),
            ],
            outputs=[io.Guider.Output(display_name="guider", tooltip="For Sampler Custom Advanced.")],
        )

    @classmethod
    def execute(cls, model, positive, negative, cfg) -> io.NodeOutput:
        """Return the guider."""
        guider = ComposedGuider(model)
        guider.set_parts(parts_of(positive), negative)
        guider.set_cfg(cfg)
        return io.NodeOutput(guider)


NODES = [TagloomGuider]
