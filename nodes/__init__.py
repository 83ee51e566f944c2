"""The nodes: thin ComfyUI V3 adapters over `prompt/` and `wallet/`, one subject a file."""

from comfy_api.latest import ComfyExtension, io

from . import (
    base_image,
    easy,
    encoding,
    family,
    grid,
    guidance,
    image_tokens,
    language,
    loras,
    matrix,
    models,
    prompting,
    reading,
    reporting,
    sampling,
    saving,
    sizing,
    steps,
    wildcards,
)

ROOMS = (
    family,
    models,
    easy,
    wildcards,
    matrix,
    prompting,
    language,
    loras,
    encoding,
    steps,
    guidance,
    sampling,
    sizing,
    base_image,
    grid,
    saving,
    reading,
    reporting,
    image_tokens,
)
"""In the order in which a graph uses them."""


class TagloomExtension(ComfyExtension):
    """Tagloom's nodes, for ComfyUI."""

    async def get_node_list(self) -> list[type[io.ComfyNode]]:
        """Return every node of the pack."""
        family.register_user_profiles()
        models.register_route()
        language.use_imported_names()
        return [node for room in ROOMS for node in room.NODES]
