"""ComfyUI extension of the test server alone: lets it load the stand-ins, whose sizes ComfyUI does not expect.

It replaces sizes, never code: text encoders are built as large as their weights are (`encoders.py`), and models in
miniature get an entry derived from the real model's (`architectures.py`).
"""

import comfy.supported_models

from . import encoders
from .architectures import SmallFlux, SmallLumina2, SmallSDXL

comfy.supported_models.models[:0] = [SmallSDXL, SmallFlux, SmallLumina2]
encoders.follow_the_weights()

NODE_CLASS_MAPPINGS: dict[str, type] = {}
