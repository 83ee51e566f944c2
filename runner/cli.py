"""The command line: `tagloom generate`, `models`, `prompt`, `read`, `tags`, `server`."""

from __future__ import annotations

import argparse
import contextlib
import importlib.metadata
import os
import signal
import sys
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path

from ..prompt import PromptError, family_ids
from ..prompt.families import add_families_folder, profile_problems
from ..prompt.tags import use_names
from . import places
from .arguments import Parser
from .commands.prompt import add_dialect, add_prompt
from .commands.read import add_read
from .commands.tags import add_tags
from .embedded import installations, processes, server_state
from .errors import Cancelled, RunnerError, UsageError
from .output import Output

EPILOG = "Settings left out are the model family's own. The manual is the README."


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; return its exit code: 0, 1 (failed), 2 (bad usage) or 130 (interrupted)."""
    output = Output(as_json="--json" in (sys.argv[1:] if arguments is None else arguments))
    try:
        with _interruptible():
            add_families_folder(places.families())
            use_names(places.tag_lists())
            exit_code = _run(arguments, output)
            sys.stdout.flush()
        return exit_code
    except PromptError as error:
        output.error(UsageError.code, str(error))
        return UsageError.exit_code
    except RunnerError as error:
        output.error(error.code, str(error))
        return error.exit_code
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
    _add_generate(commands.add_parser("generate", help="make pictures from tags", epilog=EPILOG))
    _add_models(commands.add_parser("models", help="list the models there are, each with its family"))
    add_prompt(commands.add_parser("prompt", help="check, mend, explain, convert, sort and count prompts"))
    add_read(commands.add_parser("read", help="print the prompt and the settings that are written in pictures"))
    add_tags(commands.add_parser("tags", help="look tags up, import lists of names"))
    _add_server(commands.add_parser("server", help="start, show or stop the ComfyUI that Tagloom runs itself"))
    return parser


def _add_generate(parser: argparse.ArgumentParser) -> None:
    parser.set_defaults(run=_generate)
    parser.add_argument("tags", metavar="TAGS", help="the prompt: tags with commas between them")
    prompt = parser.add_argument_group("prompt")
    prompt.add_argument("--negative", default="", metavar="TAGS", help="what must not be in the picture")
    prompt.add_argument("--no-enhance", action="store_true", help="add no quality tags and no negative presets")
    prompt.add_argument("--easy", action="store_true", help="TAGS is a plain description, made into tags here")
    add_dialect(prompt)
    model = parser.add_argument_group("model")
    model.add_argument("--checkpoint", metavar="NAME", help="the model's file; needed where there are several")
    model.add_argument("--family", default="auto", metavar="ID", help=f"auto, or one of {', '.join(family_ids())}")
    sampling = parser.add_argument_group("sampling")
    sampling.add_argument("--steps", type=int, metavar="N", help="generation steps; usual are 20 to 40")
    sampling.add_argument(
        "--cfg", type=float, metavar="SCALE", help="how closely to follow the prompt; usual are 3 to 10"
    )
    sampling.add_argument("--sampler", metavar="NAME", help='such as "Euler a" or "DPM++2M SDE Karras"')
    sampling.add_argument("--scheduler", metavar="NAME", help="overrides the one in the sampler's name")
    sampling.add_argument(
        "--clip-skip", type=int, metavar="N", help="CLIP layers to stop before the end, as A1111 counts"
    )
    sampling.add_argument(
        "--seed", type=int, metavar="N", help="the first picture's; each next one takes the next number"
    )
    picture = parser.add_argument_group("picture")
    picture.add_argument("--size", metavar="WxH", help="in pixels, such as 832x1216")
    picture.add_argument("--count", type=int, default=1, metavar="N", help="how many pictures (1)")
    picture.add_argument("--image", type=_path, metavar="FILE", help="a base image to start from")
    picture.add_argument(
        "--denoise", type=float, metavar="SHARE", help="how much of the base image to change, 0 to 1 (0.6)"
    )
    picture.add_argument("--out", type=_path, default=Path("output"), metavar="DIR", help="where to save (output)")
    _add_json(parser)
    _add_where(parser, "your ComfyUI's folder, started from there")


def _add_models(parser: argparse.ArgumentParser) -> None:
    parser.set_defaults(run=_models)
    _add_json(parser)
    _add_where(parser, "your ComfyUI's folder; it is not started")


def _add_where(parser: argparse.ArgumentParser, folder_help: str) -> None:
    where = parser.add_argument_group("server (without: the embedded ComfyUI)").add_mutually_exclusive_group()
    where.add_argument("--server", metavar="URL", help="your ComfyUI's address; or TAGLOOM_SERVER")
    where.add_argument("--comfyui", type=_path, metavar="DIR", help=folder_help)


def _add_server(parser: argparse.ArgumentParser) -> None:
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for name, action, text in (
        ("start", _start, "start it, or tell where it runs"),
        ("status", _status, "tell whether it runs, and where its files are"),
        ("stop", _stop, "stop it"),
        ("logs", _logs, "print what it wrote"),
    ):
        command = commands.add_parser(name, help=text)
        command.set_defaults(run=action)
        command.add_argument(
            "--comfyui", type=_path, metavar="DIR", help="your ComfyUI's folder instead of the embedded one"
        )
        _add_json(command)
        if name == "start":
            command.add_argument("--port", type=int, help="the loopback port (a free one)")
            command.add_argument("--idle", metavar="MINUTES", help="stop after so long without work (10); 0 never")
        if name == "logs":
            command.add_argument("--lines", type=int, default=40, metavar="N", help="how many of the last lines (40)")


def _add_json(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="print events as JSON, one a line")


def _path(text: str) -> Path:
    if not text:
        raise argparse.ArgumentTypeError("is empty; give a path")
    return Path(text)


def _generate(options: argparse.Namespace, output: Output) -> None:
    from . import generate
    from .request import Request, check
    from .saving import check_folder
    from .targets import open_target

    checked = check(
        Request(
            positive=options.tags,
            negative=options.negative,
            family=options.family,
            enhance=not options.no_enhance,
            steps=options.steps,
            cfg=options.cfg,
            sampler=options.sampler,
            scheduler=options.scheduler,
            clip_skip=options.clip_skip,
            seed=options.seed,
            size=options.size,
            count=options.count,
            image=options.image,
            denoise=options.denoise,
            checkpoint=options.checkpoint,
            dialect=options.dialect,
            tag_aware=options.tag_aware,
            easy=options.easy,
        )
    )
    check_folder(options.out)
    checked = generate.prepare(checked)
    target = open_target(_server(options), options.comfyui, places.idle_minutes() * 60, output.announce)
    plan = generate.plan(checked, target)
    output.begin(plan, target.client.url)
    with output.progress(plan.checked) as show:
        for event in generate.run(plan, target, options.out):
            show(event)
    output.done(plan)


def _models(options: argparse.Namespace, output: Output) -> None:
    from .models import list_folders, list_server

    for problem in profile_problems():
        output.warning(str(problem))
    server = _server(options)
    output.models(list_folders(options.comfyui) if server is None else list_server(server))


def _server(options: argparse.Namespace) -> str | None:
    """Return the address of the server to use, or None for one of ours."""
    if options.server is None and options.comfyui is None:
        return os.environ.get("TAGLOOM_SERVER") or None
    return str(options.server) if options.server is not None else None


def _start(options: argparse.Namespace, output: Output) -> None:
    minutes = places.idle_minutes(options.idle)
    if options.port is not None and not 1 <= options.port <= 65535:
        raise UsageError(f"port {options.port} is out of range; it must lie between 1 and 65535")
    installation = _installation(options)
    server = processes.ensure(installation, minutes * 60, options.port, output.announce)
    if options.idle is not None and server.idle_seconds != minutes * 60:
        output.warning(f"the server runs already and keeps its idle time; {processes.STOP_IT}")
    output.server(installation, server)


def _status(options: argparse.Namespace, output: Output) -> None:
    installation = _installation(options)
    server = server_state.noted(installation)
    output.server(installation, server, server is not None and server_state.answers(installation, server.port))


def _stop(options: argparse.Namespace, output: Output) -> None:
    output.stopped(processes.stop(_installation(options)))


def _logs(options: argparse.Namespace, output: Output) -> None:
    output.log(server_state.last_lines(_installation(options), max(1, options.lines)))


def _installation(options: argparse.Namespace) -> installations.Installation:
    return installations.checkout(options.comfyui) if options.comfyui else installations.embedded()
