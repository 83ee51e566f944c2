"""Tagloom: nodes for tag prompts. ComfyUI's entry point, and nothing else."""

WEB_DIRECTORY = "./web"


async def comfy_entrypoint():  # noqa: ANN201 the type lives in ComfyUI, which is absent in the runner
    """Return the pack's extension; called by ComfyUI when it loads custom nodes."""
    from .nodes import TagloomExtension

    return TagloomExtension()
