"""Composes negative prompts: the user's own, then the tags of a family's presets that the positive one permits."""

from __future__ import annotations

from collections.abc import Sequence

from ..collector import uncollected
from ..errors import PromptError, nearest_names
from ..families.catalog import as_family
from ..families.profiles import PRESETS, Family
from ..syntax import canonical, parse
from .enhancing import Composed, add, with_system
from .grouping import known_name
from .systems import split_system
from .wishes import Wishes, wishes

CHOICES = ("recommended", "everything", "none", *PRESETS)
"""What can be chosen: the family's own choice, all presets that fit any picture, nothing, or one preset."""


@uncollected
def compose_negative(
    text: str,
    family: Family | str,
    preset: str | Sequence[str] = "recommended",
    positive: str = "",
    enabled: bool = True,
    *,
    dialect: str = "a1111",
    tag_aware: bool = True,
) -> Composed:
    """Return the negative prompt: `text`, then the tags of one or several presets.

    What the positive prompt asks for is not added, nor what that implies: `white background` leaves out
    `simple background`. The user's own tags stay, even where both prompts have them.

    Args:
        text: the user's own negative prompt.
        family: whose presets are used: a family or its id.
        preset: one of `CHOICES`, or several. `male` and `female` name the character to be reinforced.
        positive: the positive prompt.
        enabled: False leaves `text` untouched, byte for byte.
        dialect: one of `DIALECTS`, for both prompts.
        tag_aware: whether tags like `;)` are kept whole.

    Raises:
        PromptError: for a preset that does not exist.
        UnknownDialect: for a dialect that does not exist.
        UnknownFamily: for a family that does not exist.
    """
    if not enabled:
        return Composed(text, remark="the presets are off")
    family = as_family(family)
    presets = (preset,) if isinstance(preset, str) else tuple(preset)
    for name in presets:
        if name not in CHOICES:
            raise PromptError(f"no negative preset {name!r}; {nearest_names(name, CHOICES) or ', '.join(CHOICES)}")
    if not family.negative.used:
        return Composed(text, remark=f"{family.name} ignores negative prompts at its CFG")
    system, body = split_system(text, family.negative.system)
    wanted = tuple(dict.fromkeys(tag for name in presets for tag in family.negative.tags(name)))
    tree = parse(body, dialect, tag_aware)
    asked = wishes(parse(split_system(positive, family.system)[1], dialect, tag_aware))
    result = add(tree, wanted, _refused(wanted, wishes(tree), asked), at_end=True, tag_aware=tag_aware, negative=True)
    return with_system(result, system, family.negative.system if set(presets) - {"none"} else "")


def _refused(wanted: Sequence[str], own: Wishes, asked: Wishes) -> dict[str, str]:
    implied = asked.implied()
    found: dict[str, str] = {}
    for tag in wanted:
        name = known_name(canonical(tag))
        if name in asked.wanted:
            found[tag] = "the prompt asks for it"
        elif name in implied:
            found[tag] = f"the prompt asks for {implied[name]!r}"
        elif name in own.named:
            found[tag] = "already there"
    return found
