"""The command line: `tagloom generate`, `models`, `prompt`, `read`, `tags`, `wallet`, `server`."""

from __future__ import annotations

import argparse
import contextlib
import importlib.metadata
import os
import signal
import sys
import threading
from collections.abc import Iterator, Sequence

from ..prompt import PromptError
from ..prompt.families import add_families_folder
from ..prompt.tags import use_names
from ..wallet.errors import WalletError
from . import places
from .arguments import Parser
from .commands.batch import add_batch
from .commands.generate import add_generate
from .commands.models import add_models
from .commands.prompt import add_prompt
from .commands.read import add_read
from .commands.run import add_run
from .commands.server import add_server
from .commands.tags import add_tags
from .commands.wallet import add_wallet_commands
from .commands.workflow import add_workflow_commands
from .errors import Cancelled, RunnerError, UsageError
from .output import Output
from .wallets import exit_code

EPILOG = "Settings left out are the model family's own. The manual is the README."


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; return its exit code, as `README.md` lists them."""
    output = Output(as_json="--json" in (sys.argv[1:] if arguments is None else arguments))
    try:
        with _interruptible():
            add_families_folder(places.families())
            use_names(places.tag_lists())
            code = _run(arguments, output)
            sys.stdout.flush()
        return code
    except PromptError as error:
        output.error(UsageError.code, str(error))
        return UsageError.exit_code
    except RunnerError as error:
        output.error(error.code, str(error))
        return error.exit_code
    except WalletError as error:
        output.error(error.code, str(error))
        return exit_code(error)
    except KeyboardInterrupt:
        output.error(Cancelled.code, "cancelled; nothing of it runs on, and the pictures saved before stay")
        return Cancelled.exit_code
    except BrokenPipeError:  # the reader of our output has gone, as in `tagloom … | head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return RunnerError.exit_code
    except UnicodeEncodeError as error:
        what = f"standard output is {sys.stdout.encoding}, which can't hold {error.object[error.start]!a}"
        output.error(RunnerError.code, f"{what}; give --json, or set PYTHONUTF8=1")
        return RunnerError.exit_code
    except OSError as error:
        place = f"{error.filename}: " if error.filename else ""
        output.error(RunnerError.code, f"{place}{error.strerror or error}")
        return RunnerError.exit_code


def _run(arguments: Sequence[str] | None, output: Output) -> int:
    options, unknown = _parser().parse_known_args(arguments)
    if unknown:
        raise UsageError(f"{unknown[0]} is not understood; see {options.command} --help")
    return options.run(options, output) or 0


@contextlib.contextmanager
def _interruptible() -> Iterator[None]:
    """Let the first Ctrl-C, hang-up or request to end interrupt what is being done, and none disturb the clean-up."""
    signals = [getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)]
    heeded = [number for number in signals if signal.getsignal(number) is not signal.SIG_IGN]
    if threading.current_thread() is not threading.main_thread():
        heeded = []  # only the main thread may set handlers

    def interrupt(number: int, frame: object) -> None:
        for other in heeded:
            signal.signal(other, signal.SIG_IGN)
        raise KeyboardInterrupt

    before = {number: signal.signal(number, interrupt) for number in heeded}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _parser() -> argparse.ArgumentParser:
    parser = Parser(prog="tagloom", description="Weaves tags into images with ComfyUI.", epilog=EPILOG)
    parser.add_argument("--version", action="version", version=importlib.metadata.version("tagloom"))
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    add_generate(commands.add_parser("generate", help="make pictures from tags", epilog=EPILOG))
    add_run(commands.add_parser("run", help="run any workflow, with values of yours in it"))
    add_workflow_commands(commands.add_parser("workflow", help="list, show, convert and check workflows"))
    add_models(commands.add_parser("models", help="list the models there are, each with its family"))
    add_batch(commands.add_parser("batch", help="do tables and grids of jobs, and go on with them after anything"))
    add_prompt(commands.add_parser("prompt", help="check, mend, explain, convert, sort and count prompts"))
    add_read(commands.add_parser("read", help="print the prompt and the settings that are written in pictures"))
    add_tags(commands.add_parser("tags", help="look tags up, import lists of names"))
    add_wallet_commands(commands.add_parser("wallet", help="count image tokens: who may still generate"))
    add_server(commands.add_parser("server", help="start, show or stop the ComfyUI that Tagloom runs itself"))
    return parser
