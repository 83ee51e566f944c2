"""`tagloom wallet ...`: users and their image tokens."""

from __future__ import annotations

import argparse
import re
from typing import TYPE_CHECKING, Any, Literal

from ...wallet.amounts import checked_name
from ...wallet.errors import BadAmount, UnknownPlan
from ...wallet.plans import plan, plans
from ...wallet.records import MOST_TOKENS
from ..errors import RunnerError, UsageError
from ..outputs.clean import one_line
from ..wallet_tables import history_table, ledger_table, plan_data, plan_text, standings_table, unknown_families
from ..wallets import exit_code, open_wallet
from ..written_tables import FORMS, Form, Table, form_of, write_table
from .paying import add_wallet
from .results import path
from .servers import add_json

if TYPE_CHECKING:
    from collections.abc import Callable

    from ...wallet.ledger import Wallet
    from ...wallet.records import Entry, Standing
    from ..output import Output

    Commands = argparse._SubParsersAction[Any]

NUMBER = re.compile(r"[+-]?[0-9]{1,20}")
LONGEST_SHOWN = 40
LONGEST_NOTE = 500


def add_wallet_commands(parser: argparse.ArgumentParser) -> None:
    """Add the commands to the parser of `tagloom wallet`."""
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    _add_users(commands)
    _add_changes(commands)
    _add_tables(commands)
    _add(commands, "check", _check, "prove that the ledger does not contradict itself")


def _add(
    commands: Commands, name: str, action: Callable[..., int], text: str, user: Literal["must", "may", ""] = ""
) -> argparse.ArgumentParser:
    """Add a command, and whether a user must, may or can't be named."""
    added: argparse.ArgumentParser = commands.add_parser(name, help=text, description=f"{text[0].upper()}{text[1:]}.")
    added.set_defaults(run=action)
    if user:
        added.add_argument("name", metavar="NAME", nargs="?" if user == "may" else None, help="the user")
    add_wallet(added)
    add_json(added)
    return added


def _add_users(commands: Commands) -> None:
    create = _add(commands, "create", _create, "add a user, and make the wallet where there is none", "must")
    create.add_argument("--plan", default="free", metavar="PLAN", help="the plan's id (free)")
    create.add_argument("--tokens", metavar="N", help="image tokens to begin with, which never lapse, besides")
    change = _add(commands, "plan", _plan, "list the plans with their prices, or show or change a user's", "may")
    change.add_argument("plan", metavar="PLAN", nargs="?", help="the id of the new one")


def _add_changes(commands: Commands) -> None:
    grant = _add(commands, "grant", _grant, "give a user image tokens that never lapse", "must")
    grant.add_argument("tokens", metavar="N", help="how many")
    refund = _add(commands, "refund", _refund, "give back what a user paid", "must")
    refund.add_argument("tokens", metavar="N", nargs="?", help="how many; left out: all that the job has cost")
    refund.add_argument("--job", metavar="KEY", help="for which job, which can't get back more than it has cost")
    adjust = _add(commands, "adjust", _adjust, "correct a user's balance, up or down", "must")
    adjust.add_argument("amount", metavar="AMOUNT", help="such as 5 or -5; no balance gets below zero")
    for changing in (grant, refund, adjust):
        changing.add_argument("--note", type=_note, default="", metavar="TEXT", help="why; it stays in the ledger")
        changing.add_argument("--key", metavar="KEY", help="done once, however often it is given with this key")


def _add_tables(commands: Commands) -> None:
    balance = _add(commands, "balance", _balance, "tell how many image tokens a user has, or each of them", "may")
    history = _add(commands, "history", _history, "list what happened to a user's image tokens", "must")
    history.add_argument("--last", type=int, metavar="N", help="only the newest N lines")
    history.add_argument("--job", metavar="KEY", help="only those of one job")
    export = _add(commands, "export", _export, "write the ledger of all users, as CSV if nothing else is said")
    for table in (balance, history, export):
        table.add_argument("--format", choices=FORMS, help="how it is written; a file's ending tells, too")
        table.add_argument("-o", "--output", type=path, metavar="FILE", help="where to write it (standard output)")


def _note(text: str) -> str:
    return one_line(text, LONGEST_NOTE)


def _create(options: argparse.Namespace, output: Output) -> int:
    """Add a user; what is wrong with the arguments is found before a wallet is made."""
    name, plan_id = checked_name(options.name), plan(options.plan).id
    tokens = 0 if options.tokens is None else _tokens(options.tokens)
    with open_wallet(options.wallet, create=True) as wallet:
        standing = wallet.create_user(name, plan_id, tokens=tokens)
    return _tell(output, standing)


def _plan(options: argparse.Namespace, output: Output) -> int:
    if options.name is None:
        listed, users = list(plans().values()), []
    else:
        with open_wallet(options.wallet) as wallet:
            users = [wallet.set_plan(options.name, options.plan) if options.plan else wallet.standing(options.name)]
        listed = [plan(users[0].plan)]
    for text in unknown_families(listed):
        output.warning(text)
    data = {"plans": [plan_data(each) for each in listed], "users": [user.as_data() for user in users]}
    output.result("plans", data, "\n".join([user.text() for user in users] + [plan_text(each) for each in listed]))
    return 0


def _balance(options: argparse.Namespace, output: Output) -> int:
    form = _form(options, output, "text")
    with open_wallet(options.wallet) as wallet:
        standings, faults = _standings(wallet, options.name)
    if options.name is not None and form == "text" and options.output is None:
        return _tell(output, standings[0])
    code = _tell_table(options, output, "balance", "users", standings_table(standings), form)
    for fault in faults:
        output.error(fault.code, str(fault))
    return exit_code(faults[0]) if faults else code


def _standings(wallet: Wallet, name: str | None) -> tuple[list[Standing], list[UnknownPlan]]:
    """Return how a user stands or all do, and what is wrong with those whose plan is gone.

    Raises:
        UnknownPlan: if that is wrong with each of them.
    """
    standings: list[Standing] = []
    faults: list[UnknownPlan] = []
    for user in wallet.users() if name is None else [name]:
        try:
            standings.append(wallet.standing(user))
        except UnknownPlan as error:
            faults.append(error)
    if faults and not standings:
        raise faults[0]
    return standings, faults


def _history(options: argparse.Namespace, output: Output) -> int:
    if options.last is not None and options.last < 1:
        raise UsageError(f"--last is {options.last}; it must be at least 1")
    form = _form(options, output, "text")
    with open_wallet(options.wallet) as wallet:
        entries, balance = _entries(wallet, options.name, None if options.job is not None else options.last)
    if options.job is not None and all(entry.job != options.job for entry in entries):
        shown = one_line(options.job, LONGEST_SHOWN)
        raise BadAmount(f"{options.name} has no job {shown!r}; see: tagloom wallet history {options.name}")
    table = history_table(entries, balance, options.job, options.last)
    return _tell_table(options, output, "entries", "entries", table, form)


def _entries(wallet: Wallet, name: str, last: int | None) -> tuple[list[Entry], int]:
    """Return all entries or the newest ones, and the balance after them, whatever else is going on."""
    wallet.standing(name)  # what is due by now is part of it
    entries = wallet.entries(name, last=last)
    while last is not None:
        balance = wallet.standing(name).balance
        before, entries = entries, wallet.entries(name, last=last)
        if entries == before:
            return entries, balance
    return entries, sum(entry.amount for entry in entries)


def _grant(options: argparse.Namespace, output: Output) -> int:
    tokens = _tokens(options.tokens)
    return _change(options, output, lambda wallet: wallet.grant(options.name, tokens, options.key, options.note))


def _adjust(options: argparse.Namespace, output: Output) -> int:
    amount = _tokens(options.amount, -MOST_TOKENS)
    if not amount:
        raise BadAmount("an adjustment of 0 changes nothing; give a whole number other than 0, such as 5 or -5")
    return _change(options, output, lambda wallet: wallet.adjust(options.name, amount, options.key, options.note))


def _refund(options: argparse.Namespace, output: Output) -> int:
    if options.tokens is None and options.job is None:
        raise UsageError("refund of what? give a number of image tokens, or --job KEY; the history has the keys")
    tokens = None if options.tokens is None else _tokens(options.tokens)
    return _change(
        options, output, lambda wallet: wallet.refund(options.name, tokens, options.key, options.note, options.job)
    )


def _export(options: argparse.Namespace, output: Output) -> int:
    form = _form(options, output, "csv")
    with open_wallet(options.wallet) as wallet:
        entries = wallet.entries()
    return _tell_table(options, output, "entries", "entries", ledger_table(entries), form)


def _check(options: argparse.Namespace, output: Output) -> int:
    """Print each fault; the exit code is 1 if there is one."""
    with open_wallet(options.wallet) as wallet:
        faults = wallet.check()
        users, entries, place = len(wallet.users()), len(wallet.entries()), wallet.url
    data = {"wallet": place, "users": users, "entries": entries, "faults": [fault.__dict__ for fault in faults]}
    for fault in faults if not output.as_json else ():
        output.line(f"{fault.user}: {fault.text}")
    counts = f"{users} user{'s' * (users != 1)}, {entries} entr{'ies' if entries != 1 else 'y'}"
    output.result("wallet-checked", data, "" if faults else f"{place}: {counts}, no contradiction")
    return RunnerError.exit_code if faults else 0


def _change(options: argparse.Namespace, output: Output, change: Callable[[Wallet], Standing]) -> int:
    with open_wallet(options.wallet) as wallet:
        standing = change(wallet)
    return _tell(output, standing)


def _tell(output: Output, standing: Standing) -> int:
    output.result("balance", {"users": [standing.as_data()]}, standing.text())
    return 0


def _form(options: argparse.Namespace, output: Output, usual: Form) -> Form:
    if output.as_json and options.format and options.output is None:
        raise UsageError("--json and --format can't both say what is printed; leave one out, or give -o FILE")
    return form_of(options.output, options.format, usual)


def _tell_table(options: argparse.Namespace, output: Output, kind: str, part: str, table: Table, form: Form) -> int:
    if options.output is None:
        output.result(kind, {part: list(table.records)}, "" if output.as_json else table.written(form))
        return 0
    write_table(options.output, table.written(form))
    written = {"path": str(options.output), "format": form, "lines": len(table.records)}
    output.result("written", written, str(options.output))
    return 0


def _tokens(text: str, lowest: int = 1) -> int:
    """Read a number of image tokens, before anything is opened.

    Raises:
        BadAmount: if it is none, below `lowest`, or more than a ledger holds.
    """
    text = text.strip(" ")
    if NUMBER.fullmatch(text) and lowest <= int(text) <= MOST_TOKENS:
        return int(text)
    shown = one_line(text, LONGEST_SHOWN)
    raise BadAmount(f"{shown!r} is no amount; give a whole number from {lowest} to {MOST_TOKENS}")
