"""The prompt language: a lossless syntax tree, and effective weights as each dialect computes them."""

from ..lists import DIALECTS
from ..naming import canonical
from .attention import Segment, attention
from .conversion import Conversion, Loss, convert
from .dialects import Dialect, get_dialect
from .misreading import misreadings
from .parser import parse, parse_tags
from .prompts import Part, Stage, schedule, sub_prompts
from .tree import Kind, Misreading, Node, SubPrompt, Tag, Tree, render

__all__ = [
    "DIALECTS",
    "Conversion",
    "Dialect",
    "Kind",
    "Loss",
    "Misreading",
    "Node",
    "Part",
    "Segment",
    "Stage",
    "SubPrompt",
    "Tag",
    "Tree",
    "attention",
    "canonical",
    "convert",
    "get_dialect",
    "misreadings",
    "parse",
    "parse_tags",
    "render",
    "schedule",
    "sub_prompts",
]
