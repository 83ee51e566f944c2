"""What the wallet holds, as tables and in words: how users stand, the ledger, the plans."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import fields
from typing import Any

from ..prompt.families import family_ids
from ..wallet.errors import when_text
from ..wallet.plans import Plan, Price
from ..wallet.records import Entry, Standing
from .written_tables import Table

STANDING = tuple(field.name for field in fields(Standing))
ENTRY = tuple(field.name for field in fields(Entry))
GIVEN = "given:"
"""What the ledger puts in front of keys that somebody gave, to tell them from its own."""


def standings_table(standings: Sequence[Standing]) -> Table:
    """Return how users stand, one a line."""
    heads = ("user", "plan", "balance", "reserved", "next grant")
    lines = [(each.user, each.plan, each.balance, each.held, _next_grant(each)) for each in standings]
    return Table(STANDING, [each.as_data() for each in standings], heads, lines)


def history_table(entries: Sequence[Entry], balance: int, job: str | None, last: int | None) -> Table:
    """Return entries of one user, each with the balance after it.

    Args:
        entries: the user's newest ones or all, in the ledger's order.
        balance: the one after the last of them.
        job: only those of this job.
        last: at most so many, the newest ones.
    """
    rows = [(entry, balance) for entry, balance in _balances(entries, balance) if job is None or entry.job == job]
    rows = rows if last is None else rows[-last:]
    heads = ("when", "what", "amount", "reserved", "balance", "job", "note")
    lines = [
        (when_text(entry.at), entry.kind, entry.amount, entry.held, balance, entry.job, entry.note)
        for entry, balance in rows
    ]
    records = [{**_record(entry), "balance": balance} for entry, balance in rows]
    return Table((*ENTRY, "balance"), records, heads, lines)


def ledger_table(entries: Sequence[Entry]) -> Table:
    """Return the entries of all users."""
    heads = ("entry", "when", "user", "what", "amount", "reserved", "job", "note")
    lines = [
        (entry.id, when_text(entry.at), entry.user, entry.kind, entry.amount, entry.held, entry.job, entry.note)
        for entry in entries
    ]
    return Table(ENTRY, [_record(entry) for entry in entries], heads, lines)


def plan_data(plan: Plan) -> dict[str, Any]:
    """Return a plan for JSON."""
    return {**plan._asdict(), "prices": [rule._asdict() for rule in plan.prices]}


def plan_text(plan: Plan) -> str:
    """Return a plan in words, in one line."""
    grant = f"{plan.allowance} image tokens a {plan.period} ({plan.time_zone}), unused ones {plan.unused}"
    prices = ", ".join([*map(_price_text, plan.prices), *_otherwise(plan)])
    return f"{plan.id} ({plan.name}): {grant if plan.allowance else 'no allowance'}; prices: {prices}"


def unknown_families(plans: Iterable[Plan]) -> Iterator[str]:
    """Yield a warning for each model family in the prices that there is not: it may be a misspelt one."""
    known = set(family_ids())
    for plan in plans:
        for family in dict.fromkeys(family for rule in plan.prices for family in rule.families if family not in known):
            yield f"plan {plan.id}: no model family is called {family!r}, so its price never holds; see: tagloom models"


def _balances(entries: Sequence[Entry], balance: int) -> list[tuple[Entry, int]]:
    found = []
    for entry in reversed(entries):
        found.append((entry, balance))
        balance -= entry.amount
    return found[::-1]


def _record(entry: Entry) -> dict[str, Any]:
    """Return an entry as data; a key that somebody gave is shown as it was given."""
    return {**entry.as_data(), "key": entry.key.removeprefix(GIVEN)}


def _next_grant(standing: Standing) -> str:
    return f"{standing.next_tokens} on {when_text(standing.next_grant)}" if standing.next_grant else ""


def _otherwise(plan: Plan) -> list[str]:
    """Return what a picture costs that no rule fits, if there can be one."""
    return [] if any(rule == Price(rule.tokens) for rule in plan.prices) else ["0 an image otherwise"]


def _price_text(rule: Price) -> str:
    conditions = " ".join(_conditions(rule))
    return f"{rule.tokens} an image{' ' if conditions else ''}{conditions}"


def _conditions(rule: Price) -> Iterator[str]:
    above = []
    if rule.above_megapixels is not None:
        above.append(f"{rule.above_megapixels:g} megapixels")
    if rule.above_steps is not None:
        above.append(f"{rule.above_steps} steps")
    if above:
        yield f"above {' and '.join(above)}"
    if rule.families:
        yield f"with {' or '.join(rule.families)}"
