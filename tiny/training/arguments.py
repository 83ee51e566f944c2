"""The command line's arguments."""

from __future__ import annotations

import argparse
from pathlib import Path

PREDICTIONS = ("epsilon", "v_prediction")
DESCRIPTION = """\
Trains Tagloom's tiny checkpoint on pictures that are composed from drawn layers. See README.md beside this program."""


def parser() -> argparse.ArgumentParser:
    """Return the parser of `python -m tagloom.tiny.training`."""
    top = argparse.ArgumentParser(prog="python -m tagloom.tiny.training", description=DESCRIPTION)
    commands = top.add_subparsers(dest="command", required=True, metavar="COMMAND")
    _autoencoder(commands.add_parser("autoencoder", help="train the autoencoder, which comes first"))
    _denoiser(commands.add_parser("denoiser", help="train the UNet and both text encoders, and write the checkpoint"))
    _samples(commands.add_parser("samples", help="draw the fixed prompts with a model"))
    return top


def _autoencoder(command: argparse.ArgumentParser) -> None:
    _run(command, batch=48, rate=1e-3, warmup=200)
    command.add_argument(
        "--from", dest="start", type=Path, metavar="PATH", help="start from the weights of this file or folder"
    )


def _denoiser(command: argparse.ArgumentParser) -> None:
    _run(command, batch=512, rate=6e-4, warmup=300)
    start = command.add_argument_group("what it starts from (one of both)")
    start.add_argument(
        "--from", dest="start", type=Path, metavar="PATH", help="all weights of this file or diffusers folder"
    )
    start.add_argument(
        "--autoencoder",
        type=Path,
        metavar="PATH",
        help="the autoencoder of this file or folder, and the rest from nothing",
    )
    command.add_argument(
        "--prediction", choices=PREDICTIONS, default="epsilon", help="what the UNet predicts (%(default)s)"
    )
    command.add_argument(
        "--pictures",
        type=_count,
        default=160_000,
        metavar="N",
        help="pictures composed and encoded first (%(default)s)",
    )
    command.add_argument(
        "--earlier-steps", type=_number, metavar="N", help="steps behind the weights of --from (what its metadata say)"
    )


def _samples(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--from", dest="start", type=Path, required=True, metavar="PATH", help="a file or diffusers folder"
    )
    command.add_argument("--output", type=Path, required=True, metavar="PNG", help="the picture to write")
    _device(command)


def _run(command: argparse.ArgumentParser, batch: int, rate: float, warmup: int) -> None:
    """Add what both stages have; the defaults are those of the shipped checkpoint."""
    command.add_argument("--output", type=Path, required=True, metavar="FOLDER", help="where everything goes")
    command.add_argument("--resume", action="store_true", help="go on with the run in that folder")
    command.add_argument("--steps", type=_count, metavar="N", help="end after so many steps")
    command.add_argument("--minutes", type=float, metavar="N", help="end after so many minutes of training")
    command.add_argument("--batch", type=_count, default=batch, metavar="N", help="pictures a step (%(default)s)")
    command.add_argument("--lr", type=float, default=rate, metavar="RATE", help="highest learning rate (%(default)s)")
    command.add_argument(
        "--warmup", type=_number, default=warmup, metavar="N", help="steps until it is reached (%(default)s)"
    )
    command.add_argument("--seed", type=int, default=0, help="all chance comes from it (%(default)s)")
    command.add_argument(
        "--backgrounds", type=_count, default=1200, metavar="N", help="different backgrounds (%(default)s)"
    )
    command.add_argument(
        "--extended", action="store_true", help="with the tags that the shipped checkpoint lacks: eye colours"
    )
    command.add_argument("--sizes", choices=("tiny", "small"), default="tiny", help="small is for tests (%(default)s)")
    command.add_argument("--tell-every", type=_count, default=10, metavar="STEPS", help="tell the loss (%(default)s)")
    command.add_argument("--keep-every", type=_count, default=500, metavar="STEPS", help="keep the state (%(default)s)")
    command.add_argument(
        "--samples-every", type=_number, default=1000, metavar="STEPS", help="draw samples, 0: never (%(default)s)"
    )
    _device(command)
    command.add_argument("--compile", action="store_true", help="compile the model, which speeds a GPU up")


def _device(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--device", choices=("auto", "cpu", "cuda"), default="auto", help="auto: a GPU where there is one"
    )


def _number(text: str) -> int:
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"{text!r} is no whole number from 0 on")
    return int(text)


def _count(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is no whole number from 1 on")
    return int(text)
