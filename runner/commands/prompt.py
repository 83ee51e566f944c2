"""`tagloom prompt ...`: checks, mends, explains, converts, sorts and counts prompts, without any server."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from ...prompt import DIALECTS, get_family
from .. import places
from ..errors import UsageError
from .paying import account_of, add_paying

if TYPE_CHECKING:
    from ...prompt import Family
    from ..output import Output

STDIN = "-"
BYTE_ORDER_MARK = "\ufeff"
"""What some editors save before a text; it is no part of it."""
Action = Callable[[argparse.Namespace, "Output"], int]


def add_prompt(parser: argparse.ArgumentParser) -> None:
    """Add the commands to the parser of `tagloom prompt`."""
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)

    def add(name: str, action: Action, text: str, options: str = "") -> argparse.ArgumentParser:
        command: argparse.ArgumentParser = commands.add_parser(name, help=text, description=text.capitalize() + ".")
        command.set_defaults(run=action)
        command.add_argument("text", metavar="TEXT", help="the prompt; - reads it from standard input")
        for option in options.split():
            _OPTIONS[option](command)
        command.add_argument("--json", action="store_true", help="print the result as JSON, on one line")
        return command

    add("check", _check, "say what is wrong or odd in a prompt, where, and what to do", "family both dialect")
    fix = add("fix", _fix, "mend what surely is wrong", "family both dialect")
    fix.add_argument("--weights", action="store_true", help="also make the fixes that change attention weights")
    explain = add("explain", _explain, "show what is encoded, with which weights, at which step", "dialect")
    explain.add_argument("--steps", type=int, default=20, metavar="N", help="sampling steps (20)")
    convert = add("convert", _convert, "write a prompt in another program's dialect", "letter")
    convert.add_argument("--from", dest="source", choices=DIALECTS, default=DIALECTS[0], help=f"({DIALECTS[0]})")
    convert.add_argument("--to", dest="target", choices=DIALECTS, default="comfyui", help="(comfyui)")
    add("sort", _sort, "put the tags in order: quality, body, expression, clothing, pose, background", "family dialect")
    add("describe", _describe, "show the tags by group, with their weights", "dialect")
    count = add(
        "count", _count, "count text tokens, chunk by chunk, and name the tags that chunks cut", "family dialect"
    )
    count.add_argument("--images", type=int, metavar="N", help="also tell what N pictures cost, in image tokens")
    add_paying(count, quote=False)
    expand = add("expand", _expand, "replace wildcards and variants by options of theirs", "dialect")
    expand.add_argument("--seed", type=int, default=0, metavar="N", help="the same seed makes the same choices (0)")
    expand.add_argument(
        "--wildcards", action="append", type=Path, metavar="DIR", help="a folder of wildcard files; may be repeated"
    )
    add("easy", _easy, "turn a plain description into tags, or tags into sentences, as the family wants", "family")


def add_dialect(command: argparse._ActionsContainer) -> None:
    """Add the options that say how a prompt is written."""
    command.add_argument(
        "--dialect", choices=DIALECTS, default=DIALECTS[0], help=f"the program that it is written for ({DIALECTS[0]})"
    )
    _add_letter(command)


def _add_letter(command: argparse._ActionsContainer) -> None:
    command.add_argument(
        "--to-the-letter",
        dest="tag_aware",
        action="store_false",
        help="read it as that program does, even where a tag such as :3 or ;) looks like syntax",
    )


def _add_family(command: argparse.ArgumentParser) -> None:
    command.add_argument("--family", metavar="ID", help="the model family, such as illustrious or pony_v6")


def _add_both(command: argparse.ArgumentParser) -> None:
    command.add_argument("--negative", default="", metavar="TEXT", help="the negative prompt beside it")
    command.add_argument("--is-negative", action="store_true", help="TEXT is a negative prompt")


_OPTIONS = {"dialect": add_dialect, "letter": _add_letter, "family": _add_family, "both": _add_both}


def _text(options: argparse.Namespace) -> str:
    if options.text != STDIN:
        return str(options.text)
    try:
        return sys.stdin.read().removeprefix(BYTE_ORDER_MARK).removesuffix("\n")
    except UnicodeDecodeError as error:
        raise UsageError(f"standard input is no {sys.stdin.encoding} text; save it in that encoding") from error


def _family(options: argparse.Namespace) -> Family | None:
    return get_family(options.family) if options.family else None


def _check(options: argparse.Namespace, output: Output) -> int:
    """Print the findings; the exit code is 1 if one is an error or a warning."""
    from ...prompt.lint import lint, lint_negative, report

    text = _text(options)
    about = {"dialect": options.dialect, "family": _family(options), "tag_aware": options.tag_aware}
    findings = lint_negative(text, **about) if options.is_negative else lint(text, negative=options.negative, **about)
    notes = "" if findings else "nothing to say"
    output.result("findings", {"findings": [finding.as_dict() for finding in findings]}, report(text, findings), notes)
    return int(any(finding.severity != "info" for finding in findings))


def _fix(options: argparse.Namespace, output: Output) -> int:
    from ...prompt.lint import fix, fix_negative

    about = {"dialect": options.dialect, "family": _family(options), "tag_aware": options.tag_aware}
    if options.is_negative:
        fixed = fix_negative(_text(options), weights=options.weights, **about)
    else:
        fixed = fix(_text(options), weights=options.weights, negative=options.negative, **about)
    output.result("fixed", fixed.as_dict(), fixed.text, fixed.report())
    return 0


def _explain(options: argparse.Namespace, output: Output) -> int:
    from ...prompt import explain

    if options.steps < 1:
        raise UsageError(f"--steps is {options.steps}; it must be at least 1")
    explained = explain(_text(options), options.dialect, options.tag_aware, options.steps)
    output.result("explained", explained.as_dict(), explained.report())
    return 0


def _convert(options: argparse.Namespace, output: Output) -> int:
    from ...prompt import convert

    converted = convert(_text(options), options.source, options.target, options.tag_aware)
    notes = converted.report() if converted.losses else ""
    output.result("converted", converted.as_dict(), converted.text, notes)
    return 0


def _sort(options: argparse.Namespace, output: Output) -> int:
    from ...prompt import sort_tags

    changed = sort_tags(_text(options), _family(options), dialect=options.dialect, tag_aware=options.tag_aware)
    output.result("sorted", changed.as_dict(), changed.text, changed.report())
    return 0


def _describe(options: argparse.Namespace, output: Output) -> int:
    from ...prompt import describe

    described = describe(_text(options), dialect=options.dialect, tag_aware=options.tag_aware)
    output.result("described", described.as_dict(), described.report())
    return 0


def _count(options: argparse.Namespace, output: Output) -> int:
    from ...prompt import account

    family = _family(options)
    encoders = family.encoders if family else ("clip_l",)
    counted = account(_text(options), encoders, options.dialect, tag_aware=options.tag_aware)
    data, text = counted.as_dict(), counted.report()
    if (options.images, options.user, options.wallet) != (None, None, None):
        from ...prompt.report import image_tokens_text

        cost, left = _image_tokens(options, family)
        data |= {"image_tokens": cost, "left": left}
        text = f"{text}\n{image_tokens_text(cost, left)}"
    output.result("counted", data, text)
    return 0


def _image_tokens(options: argparse.Namespace, family: Family | None) -> tuple[int, int | None]:
    """Return what the pictures cost, and what is left to the user who is named, if one is."""
    from ...wallet import Picture, image_tokens
    from ..paying.payers import payer_of

    images = 1 if options.images is None else options.images
    with payer_of(account_of(options)) as payer:
        if payer is None:
            return image_tokens(images), None
        each = payer.plan.price(Picture(family=family.id if family else None))
        return image_tokens(images, each), payer.wallet.standing(payer.user).balance


def _expand(options: argparse.Namespace, output: Output) -> int:
    from ...prompt import expand

    folders = options.wildcards or [*places.wildcard_folders()]
    expanded = expand(_text(options), options.seed, folders, options.dialect, options.tag_aware)
    output.result("expanded", expanded.as_dict(), expanded.text, expanded.report())
    return 0


def _easy(options: argparse.Namespace, output: Output) -> int:
    from ...prompt.easy import easy

    if not options.family:
        raise UsageError("which family is it for? give --family, such as illustrious (tags) or flux1_dev (sentences)")
    result = easy(_text(options), get_family(options.family))
    output.result("easy", result.as_dict(), result.text, result.report())
    return 0
