"""What the commands that make files share: where these go, and how they are called."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ..outputs.saving import Saving


def add_results(parser: argparse.ArgumentParser, out: str = "output", what: str = "where to save") -> None:
    """Add where files go (`out`, if nothing is said), and how what is done is told."""
    results = parser.add_argument_group("results")
    results.add_argument("--out", type=path, default=Path(out), metavar="DIR", help=f"{what} ({out})")
    results.add_argument("--name", metavar="TEMPLATE", help="the files' names, such as {number:05}-{seed}-{checkpoint}")
    results.add_argument("--json", action="store_true", help="print events as JSON, one a line")
    add_preview(parser)


def add_preview(parser: argparse.ArgumentParser) -> None:
    """Add pictures that are shown while they are made."""
    parser.add_argument("--preview", action="store_true", help="show unfinished pictures, in terminals that can")


def saving_of(options: argparse.Namespace) -> Saving:
    """Return where results go; nothing is made yet.

    Raises:
        UsageError: if nothing can be saved there, or the template is none.
    """
    from ..outputs.folders import check_folder
    from ..outputs.names import SETTINGS, read_template
    from ..outputs.saving import Saving

    check_folder(options.out)
    template = None if options.name is None else read_template(options.name)
    if template is not None:
        template.check(SETTINGS)
    return Saving(options.out, template).going_on()


def path(text: str) -> Path:
    """Read a path that is not empty."""
    if not text:
        raise argparse.ArgumentTypeError("is empty; give a path")
    return Path(text)
