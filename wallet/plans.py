"""Plans: how many image tokens a user receives and how often, and what an image costs."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Any, Literal, NamedTuple

from .errors import BadAmount, UnknownPlan
from .periods import PERIODS, Period, zone

FILE = Path(__file__).parent / "data" / "plans.yaml"
FIELDS = {"id", "name", "allowance", "period", "time_zone", "unused", "prices"}
CONDITIONS = {"tokens", "above_megapixels", "above_steps", "families"}
MOST = 10**9
"""The most image tokens that a plan may grant at once, or an image may cost."""


class Picture(NamedTuple):
    """What is known of a picture when its price is asked; None is unknown, to which no condition applies.

    Attributes:
        width: pixels.
        height: pixels.
        steps: sampling steps.
        family: the model family's id.
    """

    width: int | None = None
    height: int | None = None
    steps: int | None = None
    family: str | None = None


ANY = Picture()
"""A picture of which nothing is known."""


class Price(NamedTuple):
    """A rule: image tokens for a picture that meets all its conditions."""

    tokens: int
    above_megapixels: float | None = None
    above_steps: int | None = None
    families: tuple[str, ...] = ()

    def fits(self, picture: Picture) -> bool:
        """Return whether a picture meets all conditions. A megapixel is 1,000,000 pixels."""
        pixels = (picture.width or 0) * (picture.height or 0)
        return (
            (self.above_megapixels is None or pixels > self.above_megapixels * 1_000_000)
            and (self.above_steps is None or (picture.steps or 0) > self.above_steps)
            and (not self.families or picture.family in self.families)
        )


class Plan(NamedTuple):
    """A plan, as `data/plans.yaml` explains its parts."""

    id: str
    name: str
    allowance: int
    period: Period = "day"
    time_zone: str = "UTC"
    unused: Literal["lapse", "stay"] = "lapse"
    prices: tuple[Price, ...] = (Price(1),)

    def price(self, picture: Picture = ANY) -> int:
        """Return what a picture costs, in image tokens: the highest of the rules that fit it."""
        return max((rule.tokens for rule in self.prices if rule.fits(picture)), default=0)


def image_tokens(images: int, each: int = 1) -> int:
    """Return what `images` pictures cost, in image tokens; the specification: one is spent per image.

    Raises:
        BadAmount: for a negative number of pictures.
    """
    if images < 0:
        raise BadAmount(f"{images} images can't be paid for; ask for 0 or more")
    return images * each


def plans() -> dict[str, Plan]:
    """Return the plans by id: those of the file `TAGLOOM_PLANS`, else the specification's two.

    Raises:
        UnknownPlan: if the file can't be read or understood; the message names the plan and the field.
    """
    return _read(Path(os.environ.get("TAGLOOM_PLANS") or FILE).expanduser().absolute())


def plan(plan_id: str) -> Plan:
    """Return a plan by its id, or raise `UnknownPlan` naming those there are."""
    found = plans().get(plan_id)
    if found is None:
        raise UnknownPlan(f"unknown plan {plan_id!r}; known are {', '.join(plans())}")
    return found


@cache
def _read(path: Path) -> dict[str, Plan]:
    import yaml

    try:
        text = path.read_text(encoding="utf-8")
        _check_fields(yaml.compose(text, Loader=yaml.SafeLoader))
        return read_plans(yaml.safe_load(text))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise UnknownPlan(f"the plans {path} can't be read: {' '.join(str(error).split())}") from error
    except UnknownPlan as error:
        raise UnknownPlan(f"the plans {path}: {error}") from None


def _check_fields(root: Any) -> None:
    """Refuse fields that stand twice in one place: YAML takes the last one without a word."""
    waiting, seen = [root], set()
    while waiting:
        node = waiting.pop()
        if node is None or isinstance(node.value, str) or id(node) in seen:
            continue
        seen.add(id(node))
        if node.id == "mapping":
            names = [str(name.value) for name, _ in node.value]
            twice = [name for name in names if names.count(name) > 1]
            if twice:
                raise UnknownPlan(f"line {node.start_mark.line + 1}: {twice[0]} is there twice")
        waiting += [child for _, child in node.value] if node.id == "mapping" else node.value


def read_plans(rows: Any) -> dict[str, Plan]:
    """Return plans by id from what their file holds.

    Raises:
        UnknownPlan: for what can't be understood.
    """
    if not isinstance(rows, list) or not rows:
        raise UnknownPlan("a list of plans is wanted, each with an id, a name and an allowance")
    found: dict[str, Plan] = {}
    for number, row in enumerate(rows, 1):
        read = _plan(row, f"plan {number}")
        if read.id in found:
            raise UnknownPlan(f"plan {number}: the id {read.id!r} is there twice")
        found[read.id] = read
    return found


def _plan(row: Any, where: str) -> Plan:
    _known(row, FIELDS, where)
    plan_id, name = row.get("id"), row.get("name", row.get("id"))
    if not isinstance(plan_id, str) or not re.fullmatch(r"[\w-]{1,100}", plan_id, re.ASCII):
        raise UnknownPlan(f"{where}: id is {plan_id!r}; write letters, digits, _ and -")
    where = f"plan {plan_id}"
    if not isinstance(name, str) or not name.isprintable():
        raise UnknownPlan(f"{where}: name is {name!r}; write a text on one line")
    period = _one_of(row.get("period", "day"), PERIODS, f"{where}: period")
    unused = _one_of(row.get("unused", "lapse"), ("lapse", "stay"), f"{where}: unused")
    time_zone = row.get("time_zone", "UTC")
    try:
        zone(str(time_zone))
    except ValueError as error:
        raise UnknownPlan(f"{where}: {error}") from None
    prices = tuple(_prices(row.get("prices", [{"tokens": 1}]), where))
    return Plan(plan_id, name, _whole(row.get("allowance"), f"{where}: allowance"), period, time_zone, unused, prices)


def _prices(rows: Any, where: str) -> Iterable[Price]:
    if not isinstance(rows, list) or not rows:
        raise UnknownPlan(f"{where}: prices is {rows!r}; write a list of rules, such as [{{tokens: 1}}]")
    for number, row in enumerate(rows, 1):
        place = f"{where}: price {number}"
        _known(row, CONDITIONS, place)
        pixels, families = row.get("above_megapixels"), row.get("families", [])
        if pixels is not None and (isinstance(pixels, bool) or not isinstance(pixels, int | float) or not pixels >= 0):
            raise UnknownPlan(f"{place}: above_megapixels is {pixels!r}; write a number of 0 or more")
        if not isinstance(families, list) or not all(isinstance(family, str) for family in families):
            raise UnknownPlan(f"{place}: families is {families!r}; write a list of ids of model families")
        steps = row.get("above_steps")
        above = None if steps is None else _whole(steps, f"{place}: above_steps")
        yield Price(_whole(row.get("tokens"), f"{place}: tokens"), pixels, above, tuple(families))


def _known(row: Any, fields: set[str], where: str) -> None:
    if not isinstance(row, Mapping):
        raise UnknownPlan(f"{where} is {row!r}; fields are wanted: {', '.join(sorted(fields))}")
    unknown = [str(name) for name in row if name not in fields]
    if unknown:
        raise UnknownPlan(f"{where}: {unknown[0]} is no field; known are {', '.join(sorted(fields))}")


def _whole(value: Any, where: str) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= MOST:
        raise UnknownPlan(f"{where} is {value!r}; write a whole number from 0 to {MOST:,}")
    return value


def _one_of(value: Any, known: tuple[Any, ...], where: str) -> Any:
    if value not in known:
        raise UnknownPlan(f"{where} is {value!r}; write {' or '.join(known)}")
    return value
