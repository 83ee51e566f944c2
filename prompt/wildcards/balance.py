"""Whether an option's brackets are balanced: others change how the text around it is read."""

from __future__ import annotations

import re
from bisect import bisect_right

from .sites import Region, Source

PAIRS = {"a1111": "()[]", "comfyui": "()", "compel": "()"}
"""The brackets that weight in the dialects where braces do not."""
TOKEN = re.compile(r"\\.|[()\[\]]", re.DOTALL)


def is_balanced(source: Source, region: Region, pairs: str) -> bool:
    """Whether each bracket of an option has its partner in it, what its own choices become aside."""
    if not region.sites and not TOKEN.search(source.text, region.start, region.end):
        return True
    opened: dict[str, int] = {}
    place = region.start
    for start, end in [*((site.start, site.end) for site in region.sites), (region.end, region.end)]:
        for match in TOKEN.finditer(source.text, place, start):
            at = pairs.find(match[0])
            if at < 0 or _is_kept(source.kept, match.start()):
                continue
            kind = pairs[at - at % 2]
            opened[kind] = opened.get(kind, 0) + (1 if at % 2 == 0 else -1)
            if opened[kind] < 0:
                return False
        place = end
    return not any(opened.values())


def _is_kept(kept: tuple[tuple[int, int], ...], place: int) -> bool:
    at = bisect_right(kept, (place, len(kept) and kept[-1][1])) - 1
    return at >= 0 and place < kept[at][1]
