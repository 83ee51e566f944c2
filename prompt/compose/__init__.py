"""Composing prompts: classify, order, remove repeats, merge, format, and add what a model family wants.

Everything here keeps effective attention weights, and the borders that AND, BREAK and schedules are.
"""

from .changes import Change, Changed
from .describing import DescribedTag, Description, Reference, describe
from .enhancing import Composed, enhance
from .formatting import format_prompt
from .items import Item, items
from .merging import merge
from .negatives import compose_negative
from .repeats import remove_repeats
from .sorting import sort_tags
from .tidying import tidy

__all__ = [
    "Change",
    "Changed",
    "Composed",
    "DescribedTag",
    "Description",
    "Item",
    "Reference",
    "compose_negative",
    "describe",
    "enhance",
    "format_prompt",
    "items",
    "merge",
    "remove_repeats",
    "sort_tags",
    "tidy",
]
