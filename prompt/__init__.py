"""The prompt language and what it knows: tags, model families, samplers, sizes, text tokens.

Everything here is a pure function of its arguments and of the YAML files under `data/`, which are read at first
use. Neither ComfyUI nor torch is needed. The nodes, the runner and the command line all call these functions.
"""

from .compose import Composed, compose_negative, enhance
from .detection import Detection, Header, chosen, detect, read_header
from .errors import (
    CountingUnavailable,
    HeaderError,
    PromptError,
    SizeError,
    UnknownFamily,
    UnknownSampler,
)
from .families import Family, all_families, family_ids, get_family
from .parsing import Tag, parse_tags
from .report import TagReport, tag_report
from .samplers import Sampling, resolve_sampler
from .sizes import Size, nearest_size, parse_size, size_for
from .vocabulary import Vocabulary, vocabulary

__all__ = [
    "Composed",
    "CountingUnavailable",
    "Detection",
    "Family",
    "Header",
    "HeaderError",
    "PromptError",
    "Sampling",
    "Size",
    "SizeError",
    "Tag",
    "TagReport",
    "UnknownFamily",
    "UnknownSampler",
    "Vocabulary",
    "all_families",
    "chosen",
    "compose_negative",
    "detect",
    "enhance",
    "family_ids",
    "get_family",
    "nearest_size",
    "parse_size",
    "parse_tags",
    "read_header",
    "resolve_sampler",
    "size_for",
    "tag_report",
    "vocabulary",
]
