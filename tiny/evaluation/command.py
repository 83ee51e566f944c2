"""The command line: evaluates a tiny checkpoint, and puts the table into a README."""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from ...prompt.errors import PromptError
from ...runner.errors import RunnerError
from ...runner.fleet.servers import ServerEntry, from_options
from ...runner.places import idle_minutes
from .errors import EvaluationError

MOST_SEEDS = 1000


def main(arguments: Sequence[str] | None = None) -> int:
    """Evaluate, and return the exit code: 0 done, 1 not, 130 interrupted."""
    options = _parser().parse_args(arguments)
    try:
        _run(options)
    except (EvaluationError, RunnerError, PromptError, OSError) as error:
        _tell(f"error: {error}")
        return 1
    except KeyboardInterrupt:
        _tell("interrupted; the same command goes on")
        return 130
    return 0


def _run(options: argparse.Namespace) -> None:
    from .evaluation import TABLE, Wanted, evaluate
    from .questions import read_questions
    from .table import put_between

    begun = time.monotonic()
    options.output.mkdir(parents=True, exist_ok=True)
    wanted = Wanted(
        options.output.absolute(),
        _server(options.server),
        options.seeds,
        tuple(options.only),
        options.checkpoint,
        _command(options),
    )
    results = evaluate(read_questions(), wanted, _tell)
    if options.readme is not None:
        put_between(options.readme, (options.output / TABLE).read_text(encoding="utf-8"))
    minutes = (time.monotonic() - begun) / 60
    _tell(f"{results['pictures']} pictures are judged ({minutes:.1f} minutes); the results are in {options.output}")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tagloom.tiny.evaluation", description=__doc__)
    parser.add_argument("--output", type=Path, required=True, metavar="FOLDER", help="for pictures, results and sheet")
    parser.add_argument("--seeds", type=_seeds, default=50, metavar="N", help="how many seeds, from 1 on (50)")
    parser.add_argument("--checkpoint", metavar="NAME", help="which one, where the server has several")
    parser.add_argument("--server", metavar="URL", help="your ComfyUI's address (without: the embedded ComfyUI)")
    parser.add_argument("--only", nargs="+", default=[], metavar="PART", help="groups, trials or negative")
    parser.add_argument("--readme", type=Path, metavar="FILE", help="put the table between its two markers")
    return parser


def _seeds(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= MOST_SEEDS:
        raise argparse.ArgumentTypeError(f"{text!r} is no whole number between 1 and {MOST_SEEDS}")
    return int(text)


def _server(url: str | None) -> ServerEntry:
    url = url or os.environ.get("TAGLOOM_SERVER") or None
    idle = idle_minutes() * 60
    return from_options([url], idle)[0] if url else ServerEntry("embedded", None, None, idle)


def _command(options: argparse.Namespace) -> str:
    """Return the command without what belongs to this machine."""
    more = [f"--seeds {options.seeds}"]
    more += [f"--checkpoint {options.checkpoint}"] if options.checkpoint else []
    more += [f"--only {' '.join(f'{one!r}' if ' ' in one else one for one in options.only)}"] if options.only else []
    return " ".join(["python -m tagloom.tiny.evaluation --output FOLDER", *more])


def _tell(text: str) -> None:
    sys.stderr.write(f"{text}\n")
