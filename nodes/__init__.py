"""The nodes: thin ComfyUI V3 adapters over `prompt/` and `wallet/`, one subject a file."""

from comfy_api.latest import ComfyExtension, io

from . import easy, encoding, family, language, models, prompting, reporting, sizing, wildcards


class TagloomExtension(ComfyExtension):
    """Tagloom's nodes, for ComfyUI."""

    async def get_node_list(self) -> list[type[io.ComfyNode]]:
        """Return every node of the pack."""
        family.register_user_profiles()
        models.register_route()
        language.use_imported_names()
        rooms = (family, models, easy, wildcards, prompting, language, encoding, sizing, reporting)
        return [node for room in rooms for node in room.NODES]
