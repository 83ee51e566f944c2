"""The prompt language: a lossless syntax tree, and effective weights as each dialect computes them."""

from .attention import Segment, attention
from .dialects import DIALECTS, Dialect, get_dialect
from .names import canonical
from .parser import misreadings, parse, parse_tags
from .tree import Kind, Misreading, Node, SubPrompt, Tag, Tree, render

__all__ = [
    "DIALECTS",
    "Dialect",
    "Kind",
    "Misreading",
    "Node",
    "Segment",
    "SubPrompt",
    "Tag",
    "Tree",
    "attention",
    "canonical",
    "get_dialect",
    "misreadings",
    "parse",
    "parse_tags",
    "render",
]
