"""Why wishes can't come true, in words."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from .outcomes import Aspect

Tags = frozenset[str]


def refusal(aspects: Iterable[Aspect], wanted: Tags, unwanted: Tags) -> str:
    """Return the sentence that names the tags at fault: as few as are needed for the wishes to fail."""
    aspects = list(aspects)
    known = frozenset().union(*(aspect.tags for aspect in aspects))
    if strange := sorted(wanted - known):
        return f"no picture has {_listed(strange)}: the tiny model's vocabulary lacks it"
    if both := sorted(wanted & unwanted):
        return f"{_listed(both)}: wanted and unwanted at the same time"
    fault = _fewest(wanted, lambda some: _fails(aspects, some, unwanted))
    spoilers = _fewest(unwanted & known, lambda some: _fails(aspects, fault, some))
    together = " together" if len(fault) > 1 else ""
    having = f"have {_listed(sorted(fault))}{together}" if fault else "do"
    without = f" without {_listed(sorted(spoilers), 'or')}" if spoilers else ""
    return f"no picture can {having}{without}"


def _listed(tags: list[str], word: str = "and") -> str:
    quoted = [repr(tag) for tag in tags]
    return f"{', '.join(quoted[:-1])} {word} {quoted[-1]}" if len(quoted) > 1 else quoted[0]


def _fails(aspects: list[Aspect], wanted: Tags, unwanted: Tags) -> bool:
    """Return whether wishes fail: some aspect can't give all that only it can, or does without nothing unwanted."""
    own = [wanted & _only(aspect, aspects) for aspect in aspects]
    if not all(aspect.restrict(mine, unwanted).mass for aspect, mine in zip(aspects, own, strict=True)):
        return True
    shared = wanted.difference(*own)
    return bool(shared) and not _placed(aspects, own, sorted(shared), unwanted)


def _only(aspect: Aspect, aspects: list[Aspect]) -> Tags:
    return aspect.tags.difference(*(other.tags for other in aspects if other is not aspect))


def _placed(aspects: list[Aspect], wishes: list[Tags], shared: list[str], unwanted: Tags) -> bool:
    """Return whether each of the tags that several aspects can give finds one that does."""
    if not shared:
        return True
    for index, aspect in enumerate(aspects):
        more = wishes[index] | {shared[0]}
        if shared[0] in aspect.tags and aspect.restrict(more, unwanted).mass:
            rest = [*wishes[:index], more, *wishes[index + 1 :]]
            if _placed(aspects, rest, shared[1:], unwanted):
                return True
    return False


def _fewest(tags: Tags, fails: Callable[[Tags], bool]) -> Tags:
    """Leave out tags, one after the other, as long as the wishes still fail."""
    for tag in sorted(tags):
        if fails(tags - {tag}):
            tags = tags - {tag}
    return tags
