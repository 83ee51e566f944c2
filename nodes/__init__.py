"""The nodes: thin ComfyUI V3 adapters over `prompt/` and `wallet/`, one subject a file."""

from comfy_api.latest import ComfyExtension, io

from . import family, prompting, reporting, sizing


class TagloomExtension(ComfyExtension):
    """Tagloom's nodes, for ComfyUI."""

    async def get_node_list(self) -> list[type[io.ComfyNode]]:
        """Return every node of the pack."""
        return [*family.NODES, *prompting.NODES, *sizing.NODES, *reporting.NODES]
