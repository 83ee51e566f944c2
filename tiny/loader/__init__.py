"""ComfyUI extension that lets `CheckpointLoaderSimple` load Tagloom's tiny checkpoint.

It adds one entry to ComfyUI's list of model architectures, so it is loaded only in the server that
Tagloom starts itself and in tests, never in a user's own ComfyUI.
"""

import comfy.supported_models

from .architecture import TagloomTiny

comfy.supported_models.models.insert(0, TagloomTiny)

NODE_CLASS_MAPPINGS: dict[str, type] = {}
