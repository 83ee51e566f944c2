"""The socket types and input pieces that several nodes share."""

import comfy.samplers
from comfy_api.latest import io

from ..prompt import DIALECTS

FamilySocket = io.Custom("TAGLOOM_FAMILY")
"""Carries a `prompt.Family`."""
SettingsSocket = io.Custom("TAGLOOM_SETTINGS")
"""Carries `prompt.sampling_settings.SamplerSettings`."""
StepsSocket = io.Custom("TAGLOOM_STEPS")
"""Carries `conditioning.timing.Steps`."""
CATEGORY = "Tagloom"


def family_input() -> io.Input:
    """Return the socket by which a node learns the model family."""
    return FamilySocket.Input("family", tooltip="The model family, from the node Model Family.")


def prices_family_input() -> io.Input:
    """Return the socket by which a node learns the model family that prices go by."""
    return FamilySocket.Input(
        "family", optional=True, tooltip="From Model Family, if the plan's prices differ by the model family."
    )


def sampler_output(name: str, tooltip: str) -> io.Output:
    """Return an output that goes into KSampler's choice of samplers."""
    return io.Combo.Output(display_name=name, options=comfy.samplers.KSampler.SAMPLERS, tooltip=tooltip)


def scheduler_output(tooltip: str) -> io.Output:
    """Return an output that goes into KSampler's choice of schedulers."""
    return io.Combo.Output(display_name="scheduler", options=comfy.samplers.KSampler.SCHEDULERS, tooltip=tooltip)


def prompt_input(tooltip: str, **options) -> io.Input:
    """Return a text box for tags. The front end must not expand `{a|b}` in it: that would differ from the runner."""
    return io.String.Input("text", multiline=True, dynamic_prompts=False, tooltip=tooltip, **options)


def linked_text(tooltip: str, name: str = "text", **options) -> io.Input:
    """Return a socket for a prompt that another node gives."""
    return io.String.Input(name, force_input=True, tooltip=tooltip, **options)


def dialect_input(**options) -> io.Input:
    """Return the choice of the program whose rules a prompt is written by."""
    return io.Combo.Input(
        "dialect",
        options=list(DIALECTS),
        default=DIALECTS[0],
        tooltip="How the prompt is written. a1111 is what most shared prompts use: nested weights multiply. comfyui is "
        "what CLIP Text Encode reads: a number replaces the weight around it.",
        **options,
    )


def tag_aware_input(**options) -> io.Input:
    """Return the switch that lets tags stay tags where they look like syntax."""
    return io.Boolean.Input(
        "tag_aware",
        default=True,
        tooltip="Look tags up before syntax is read, so that :3, ;) and re:zero stay tags. Off: the prompt is read to "
        "the letter.",
        **options,
    )
