"""Times what Tagloom does with prompts that are made to be slow: long, deep, malformed.

Usage: python benchmarks/hostile.py [WORD]; prints the slowest inputs of each function whose name holds WORD, in
processor seconds.
"""

from __future__ import annotations

import contextlib
import sys
import time
from collections.abc import Callable

LENGTHS = (100_000, 20_000)
"""Characters; the second is near the most that `fix` mends."""
SHOWN = 3


def prompts() -> dict[str, str]:
    """Return the prompts by a name."""
    pieces = ["(", ")", "[", "{", "<a:", "__", "\\", ":", "|", ",", " ", "AND ", "BREAK ", "(:", "[|", "[a:", "1.5::"]
    pieces += ["a+", "x(", "\0", "\ud800", "(a), ", "[a:b:0.5], ", "{a|b}", "((a:1.2)b), ", ":3, ", "hair ", "1girl, "]
    pieces += ["(a, ", "A, ", "blue_hair,", "#a\n", "（a：1.2），", "<lora:a:1>, ", "[a|b] ", "a AND b, ", "(a++)-, "]
    pieces += ["(BREAK ", "(1girl, ", "[a, b:", "(AND ", "{a, "]
    found = {
        f"{piece!r} to {length:,} characters": piece * (length // len(piece)) for piece in pieces for length in LENGTHS
    }
    for left, right in ("()", "[]", "{}"):
        found[f"2,000 nested {left}{right}"] = left * 2000 + "a" + right * 2000
    found["5,000 unknown tags"] = ", ".join(f"quux{number} zorble" for number in range(5000))
    return found


def functions() -> dict[str, Callable[[str], object]]:
    """Return what a prompt goes through, by name and dialect."""
    from tagloom.prompt import (
        account,
        compose_negative,
        convert,
        describe,
        enhance,
        expand,
        explain,
        get_family,
        merge,
        parse,
        sort_tags,
        tidy,
    )
    from tagloom.prompt.easy import easy
    from tagloom.prompt.lint import fix, lint

    family, flux = get_family("illustrious"), get_family("flux1_dev")
    found: dict[str, Callable[[str], object]] = {}
    for dialect in ("a1111", "comfyui"):
        found |= {
            f"parse, {dialect}": lambda text, dialect=dialect: parse(text, dialect),
            f"lint, {dialect}": lambda text, dialect=dialect: lint(text, dialect=dialect, family=family),
            f"fix, {dialect}": lambda text, dialect=dialect: fix(text, dialect=dialect, family=family),
            f"sort, {dialect}": lambda text, dialect=dialect: sort_tags(text, family, dialect=dialect),
            f"enhance, {dialect}": lambda text, dialect=dialect: enhance(text, family, dialect=dialect),
            f"describe, {dialect}": lambda text, dialect=dialect: describe(text, dialect=dialect),
            f"count, {dialect}": lambda text, dialect=dialect: account(text, dialect=dialect),
            f"expand, {dialect}": lambda text, dialect=dialect: expand(text, 1, dialect=dialect),
            f"explain, {dialect}": lambda text, dialect=dialect: explain(text, dialect),
            f"tidy, {dialect}": lambda text, dialect=dialect: tidy(text, family=family, dialect=dialect),
            f"merge, {dialect}": lambda text, dialect=dialect: merge(text, "smile", dialect=dialect),
            f"negative, {dialect}": lambda text, dialect=dialect: compose_negative(text, family, dialect=dialect),
        }
    found["convert, a1111 to comfyui"] = lambda text: convert(text, "a1111", "comfyui")
    found["convert, comfyui to novelai4"] = lambda text: convert(text, "comfyui", "novelai4")
    found["easy, to tags"] = lambda text: easy(text, family)
    found["easy, to sentences"] = lambda text: easy(text, flux)
    return found


def main(word: str) -> None:
    """Print the slowest inputs of each function."""
    from tagloom.prompt import PromptError

    for name, function in functions().items():
        if word not in name:
            continue
        times: list[tuple[float, str]] = []
        for label, text in {"": "1girl", **prompts()}.items():
            began = time.process_time()
            with contextlib.suppress(PromptError):  # a clear refusal is an answer too
                function(text)
            times.append((time.process_time() - began, label))
        slowest = sorted(times[1:], reverse=True)[:SHOWN]
        print(f"{name}: " + "; ".join(f"{seconds:.2f} s {label}" for seconds, label in slowest), flush=True)


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "")
