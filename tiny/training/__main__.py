"""`python -m tagloom.tiny.training`; README.md beside this file has the commands for a checkpoint from nothing."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from ...runner.errors import RunnerError
from .arguments import parser
from .errors import TrainingError

INTERRUPTED = 130


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line; return the exit status."""
    arguments = parser().parse_args(argv)
    from diffusers.utils import logging  # these take seconds, which --help need not wait for

    from . import runs

    logging.set_verbosity_error()  # it warns of the configs that it wrote itself

    try:
        done = getattr(runs, arguments.command)(arguments)
    except KeyboardInterrupt:
        sys.stderr.write("interrupted; what was kept before is still there\n")
        return INTERRUPTED
    except (TrainingError, RunnerError, OSError) as error:
        sys.stderr.write(f"error: {error}\n")
        return 1
    if not done:
        sys.stderr.write("interrupted; the same command with --resume goes on\n")
    return 0 if done else INTERRUPTED


if __name__ == "__main__":
    sys.exit(main())
