"""The socket types and input pieces that several nodes share."""

from comfy_api.latest import io

FamilySocket = io.Custom("TAGLOOM_FAMILY")
"""Carries a `prompt.Family`."""
CATEGORY = "Tagloom"


def family_input() -> io.Input:
    """Return the socket by which a node learns the model family."""
    return FamilySocket.Input("family", tooltip="The model family, from the node Model Family.")


def prompt_input(tooltip: str, **options) -> io.Input:
    """Return a text box for tags. The front end must not expand `{a|b}` in it: that would differ from the runner."""
    return io.String.Input("text", multiline=True, dynamic_prompts=False, tooltip=tooltip, **options)
