"""`tagloom read IMAGE ...`: prints the prompts and settings that programs wrote into pictures."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from ...prompt import DIALECTS, PromptError, read_picture
from ...prompt.pictures.taking import in_dialect
from ..errors import RunnerError

if TYPE_CHECKING:
    from ..output import Output


def add_read(parser: argparse.ArgumentParser) -> None:
    """Add the arguments to the parser of `tagloom read`."""
    parser.set_defaults(run=_read)
    parser.add_argument("images", nargs="+", type=Path, metavar="IMAGE", help="a PNG, JPEG or WebP")
    parser.add_argument(
        "--dialect", choices=DIALECTS, help="write the prompts in this program's dialect (the one they are in)"
    )
    parser.add_argument("--json", action="store_true", help="print each result as JSON, on one line")


def _read(options: argparse.Namespace, output: Output) -> int:
    """Print what each picture holds; the exit code is 1 if one can't be read."""
    failed = False
    for path in options.images:
        try:
            reading = read_picture(path)
            if options.dialect:
                reading = in_dialect(reading, options.dialect)
        except PromptError as error:
            failed = True
            output.error(RunnerError.code, f"{path}: {error}")
            continue
        remarks = "\n".join(f"{path}: {remark}" for remark in reading.remarks)
        output.result("picture", {"path": str(path), **reading.as_dict()}, f"{path}: {reading.report()}\n", remarks)
    return RunnerError.exit_code if failed else 0
