"""The sampler's settings: the family's, with samplers by the names that A1111 and Civitai use."""

import comfy.samplers
from comfy_api.latest import io

from ..prompt import PromptError, as_list, resolve_sampler
from ..prompt.samplers import AUTOMATIC, is_automatic, offered_samplers, offered_schedules, resolve_scheduler
from ..prompt.sampling_settings import FAMILY, Core, settle
from .types import CATEGORY, SettingsSocket, family_input, sampler_output, scheduler_output


class TagloomSamplerSettings(io.ComfyNode):
    """Gives a sampler's settings: what the family recommends, and what the user wants instead."""

    @classmethod
    def define_schema(cls):
        """Describe the node to ComfyUI."""
        return io.Schema(
            node_id="TagloomSamplerSettings",
            display_name="Sampler Settings",
            category=CATEGORY,
            description="Gives the sampler the settings that the model family recommends, or yours. Samplers have the "
            "names that A1111 and Civitai use, such as Euler a and DPM++ 2M SDE Karras, and become ComfyUI's sampler "
            "and scheduler. What is unusual for the family is said in the report.",
            inputs=[
                family_input(),
                io.Combo.Input(
                    "sampler",
                    options=[FAMILY, *offered_samplers(comfy.samplers.KSampler.SAMPLERS)],
                    default=FAMILY,
                    tooltip="family is the family's own. A name may have its schedule at its end, as DPM++ 2M Karras.",
                ),
                io.Combo.Input(
                    "schedule",
                    options=[AUTOMATIC, *offered_schedules(comfy.samplers.KSampler.SCHEDULERS)],
                    default=AUTOMATIC,
                    tooltip="A1111's schedule type. automatic takes the one in the sampler's name, or what A1111 takes "
                    "for that sampler; with the family's sampler, the family's.",
                ),
                io.Int.Input("steps", default=0, min=0, max=10000, tooltip="Generation steps; 0 is the family's."),
                io.Float.Input(
                    "cfg",
                    default=0.0,
                    min=0.0,
                    max=100.0,
                    step=0.1,
                    round=0.01,
                    tooltip="CFG scale; 0 is the family's.",
                ),
                io.Float.Input(
                    "denoise",
                    default=1.0,
                    min=0.01,
                    max=1.0,
                    step=0.01,
                    tooltip="How much of a base image changes; 1 without one. Base Image gives it.",
                ),
            ],
            outputs=[
                sampler_output("sampler name", "For KSampler."),
                scheduler_output("For KSampler."),
                io.Int.Output(display_name="step count", tooltip="For KSampler's steps."),
                io.Float.Output(display_name="cfg scale", tooltip="For KSampler's cfg."),
                io.Float.Output(display_name="denoising strength", tooltip="For KSampler's denoise."),
                SettingsSocket.Output(display_name="settings", tooltip="All of them, for Tagloom's other nodes."),
                io.String.Output(display_name="report", tooltip="The settings, and what is unusual about them."),
            ],
        )

    @classmethod
    def validate_inputs(cls, sampler=None, schedule=None, input_types=None) -> bool | str:
        """Take every name that means a sampler, not only those of the list, and choices from other nodes.

        That these inputs are asked for is what leaves their check to the node; linked ones are None here.
        """
        try:
            if sampler not in (None, FAMILY, *comfy.samplers.KSampler.SAMPLERS):
                resolve_sampler(sampler)
            if schedule not in (None, *comfy.samplers.KSampler.SCHEDULERS) and not is_automatic(schedule):
                resolve_scheduler(schedule)
        except PromptError as error:
            return str(error)
        return True

    @classmethod
    def execute(cls, family, sampler, schedule, steps, cfg, denoise) -> io.NodeOutput:
        """Return the settings, singly and together, and what is unusual about them."""
        core = Core(comfy.samplers.KSampler.SAMPLERS, comfy.samplers.KSampler.SCHEDULERS)
        settled = settle(family, sampler, schedule, steps, cfg, denoise, core)
        return io.NodeOutput(*settled.settings, settled.settings, as_list(settled.report()))


NODES = [TagloomSamplerSettings]
