"""At which noise levels the steps of a run begin."""

import comfy.samplers
from comfy_api.latest import io

from ..prompt import PromptError
from .conditioning.timing import sigmas_of, steps_of
from .types import CATEGORY, StepsSocket


class TagloomSamplingSteps(io.ComfyNode):
    """Works out at which of the model's noise levels each step begins."""

    @classmethod
    def define_schema(cls):
        """Describe the node to ComfyUI."""
        return io.Schema(
            node_id="TagloomSamplingSteps",
            display_name="Sampling Steps",
            category=CATEGORY,
            description="Tells Encode Prompt the steps of the run, so that prompt editing such as [day:night:0.5] "
            "and alternation such as [red|blue] change exactly between two steps. Give it the sampler's own settings. "
            "For a custom sampler it gives the noise levels and the sampler too.",
            inputs=[
                io.Model.Input("model", tooltip="The model that is sampled."),
                io.Combo.Input(
                    "sampler",
                    options=comfy.samplers.KSampler.SAMPLERS,
                    tooltip="The sampler's own setting: some samplers leave a step of the schedule out.",
                ),
                io.Combo.Input(
                    "scheduler", options=comfy.samplers.KSampler.SCHEDULERS, tooltip="The sampler's own setting."
                ),
                io.Int.Input("steps", default=20, min=1, max=10000, tooltip="The sampler's own setting."),
                io.Float.Input(
                    "denoise", default=1.0, min=0.0, max=1.0, step=0.01, tooltip="The sampler's own setting."
                ),
                io.Sigmas.Input(
                    "sigmas",
                    optional=True,
                    tooltip="The noise levels of a custom sampler; they count instead of the settings above.",
                ),
            ],
            outputs=[
                StepsSocket.Output(display_name="tagloom steps", tooltip="For Encode Prompt."),
                io.Int.Output(display_name="count", tooltip="How many steps are really sampled."),
                io.Sigmas.Output(display_name="noise levels", tooltip="For custom samplers: KSampler's own."),
                io.Sampler.Output(display_name="sampler object", tooltip="For custom samplers."),
            ],
        )

    @classmethod
    def validate_inputs(cls, input_types) -> bool:
        """Take choices from other nodes: ComfyUI itself compares a V3 combo's type with the other's list, and refuses.

        That `input_types` is asked for is what leaves the comparison to the node.
        """
        return True

    @classmethod
    def execute(cls, model, sampler, scheduler, steps, denoise, sigmas=None) -> io.NodeOutput:
        """Return the steps, their number, their noise levels (steps + 1), and the sampler."""
        if sampler == "dpm_adaptive":
            raise PromptError("dpm_adaptive chooses its own steps as it goes: prompts can't change at steps of it")
        levels = sigmas_of(model, sampler, scheduler, steps, denoise) if sigmas is None else sigmas
        found = steps_of(model, levels)
        return io.NodeOutput(found, found.count, levels, comfy.samplers.sampler_object(sampler))


NODES = [TagloomSamplingSteps]
