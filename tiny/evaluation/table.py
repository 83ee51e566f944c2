"""The results as Markdown, for a person; everything in it comes from `results.json`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from ...prompt.whole_files import replace_file
from .asking import AVOIDED, OPEN
from .errors import EvaluationError
from .questions import NONE, read_questions

START, END = "<!-- evaluation -->", "<!-- end of evaluation -->"
UNTRAINED = "†"


def table(results: Mapping[str, Any]) -> str:
    """Return the results as Markdown: the settings, the groups, the answers, the trials, the negative prompt."""
    parts = [_about(results), _groups(results), _colours(results), _answers(results)]
    parts += [_trial(results, name, arms) for name, arms in results["trials"].items()]
    parts += [_negative(results["negative"])]
    return "\n\n".join(part for part in parts if part) + "\n"


def put_between(readme: Path, text: str) -> None:
    """Replace what stands between the two markers of a file.

    Raises:
        EvaluationError: if they aren't there, once each and in their order.
    """
    whole = readme.read_text(encoding="utf-8")
    before, start, rest = whole.partition(START)
    _, end, after = rest.partition(END)
    if not (start and end) or START in rest or END in after:
        raise EvaluationError(
            f"{readme.name} lacks the two lines {START} and {END}; write them where the table shall be"
        )
    replace_file(readme, f"{before}{START}\n\n{text.strip()}\n\n{END}{after}".encode())


def share(found: Mapping[str, Any]) -> str:
    """Return a share with its interval, such as `98 % (94-99)`."""
    if not found["of"]:
        return "-"
    low, high = (round(100 * found[side]) for side in ("low", "high"))
    return f"{round(100 * found['rate'])} % ({low}-{high})"


def rows(head: Sequence[str], body: Iterable[Sequence[str]]) -> str:
    """Return a Markdown table."""
    lines = [head, ["---"] * len(head), *body]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _about(results: Mapping[str, Any]) -> str:
    made = results["settings"]
    numbers = f"{results['pictures']:,} pictures, seeds 1 to {results['seeds']}"
    size = f"{made['width']}x{made['height']}"
    usual = f"{size}, {made['steps']} steps of `{made['sampler']}`/`{made['scheduler']}`, CFG {made['cfg']:g}"
    digest = results["sha256"][:10]
    return (
        f"`{results['command']}` made this: {numbers} of `{results['checkpoint']}`"
        + (f" (SHA-256 `{digest}`)" if digest else "")
        + f"; where nothing else is said {usual}, with the quality tags and the negative prompt that Tagloom adds.\n"
        "In brackets are Wilson's 95 % intervals."
    )


def _groups(results: Mapping[str, Any]) -> str:
    if not results["groups"]:
        return ""
    head = (
        "Asked for",
        "Pictures",
        "Found",
        "Found, tags with trained words only",
        "Measure right on composed pictures",
    )
    body = [
        (
            name.capitalize(),
            str(one["all"]["of"]),
            share(one["all"]),
            f"{share(one['trained'])} of {one['trained']['of']}" if one["trained"]["of"] else "-",
            share(results["measures"][name]),
        )
        for name, one in results["groups"].items()
    ]
    note = (
        f"A tag has untrained words ({UNTRAINED} below) where the checkpoint's text encoders hold nothing but zeros for"
        " one of its text tokens."
    )
    return f"{rows(head, body)}\n\n{note}"


def _colours(results: Mapping[str, Any]) -> str:
    known = read_questions().groups
    groups = {name: one["answers"] for name, one in results["groups"].items() if known[name].is_colour}
    if not groups:
        return ""
    colours = sorted({colour for answers in groups.values() for colour in answers})
    body = [(colour, *(_answer(answers.get(colour)) for answers in groups.values())) for colour in colours]
    return rows(("Colour", *(name.removesuffix(" colour").capitalize() for name in groups)), body)


def _answer(one: Mapping[str, Any] | None) -> str:
    return "" if one is None else f"{share(one)}{' ' + UNTRAINED if one['untrained'] else ''}"


def _answers(results: Mapping[str, Any]) -> str:
    known = read_questions().groups
    body = [
        (name.capitalize(), _asked(answer), str(one["of"]), _answer(one), _instead(answer, one["shown"]))
        for name, group in results["groups"].items()
        if not known[name].is_colour
        for answer, one in group["answers"].items()
    ]
    return rows(("Group", "Asked for", "Pictures", "Found", "Most often instead"), body) if body else ""


def _asked(answer: str) -> str:
    return "none (left out)" if answer == NONE else f"`{answer}`"


def _instead(answer: str, shown: Mapping[str, int]) -> str:
    others = [(name, count) for name, count in shown.items() if name != answer]
    return f"{others[0][0]}: {others[0][1]}" if others else ""


def _trial(results: Mapping[str, Any], name: str, arms: Mapping[str, Any]) -> str:
    title = read_questions().trials[name].title
    head = (title, "Pictures", "Found, tags with trained words only", "Sharpness", "Colour", "Roughness")
    usual = next(
        (arm["looks"] for label, arm in arms.items() if "default" in label), next(iter(arms.values()))["looks"]
    )
    body = [
        (
            label,
            str(arm["pictures"]),
            share(arm["found"]),
            *(f"{arm['looks'][look] / max(usual[look], 1e-9):.2f}" for look in ("sharpness", "colour", "roughness")),
        )
        for label, arm in arms.items()
    ]
    return rows(head, body) + _looks(results, name)


def _looks(results: Mapping[str, Any], name: str) -> str:
    if name != list(results["trials"])[-1]:
        return ""
    told = ", ".join(f"{look} {share(found)}" for look, found in results["looks"].items())
    return (
        "\n\nSharpness (of all edges), colour (mean chroma) and roughness (of the plain background) are medians, as"
        f" multiples of the default's. They tell spoilt composed pictures from the same ones unspoilt: {told}."
    )


def _negative(results: Mapping[str, Any]) -> str:
    head = ("In the negative prompt", "There without it", "There with it")
    body = [
        (f"{name}: {', '.join(one['avoided'])}", share(one[OPEN]), share(one[AVOIDED])) for name, one in results.items()
    ]
    return rows(head, body) if body else ""
