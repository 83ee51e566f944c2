"""Tagloom: nodes for tag prompts. ComfyUI's entry point, and nothing else."""

WEB_DIRECTORY = "./web"


async def comfy_entrypoint():
    """Return the pack's extension; called by ComfyUI when it loads custom nodes."""
    from .nodes import TagloomExtension

    return TagloomExtension()
