"""Runs of the trainer at the small sizes, as the command line starts them."""

from pathlib import Path

from tagloom.tiny.training.__main__ import main

AUTOENCODER = ("--sizes", "small", "--batch", "4", "--lr", "3e-3", "--warmup", "10", "--backgrounds", "20")
DENOISER = (
    "--sizes",
    "small",
    "--batch",
    "8",
    "--lr",
    "2e-3",
    "--warmup",
    "10",
    "--backgrounds",
    "20",
    "--pictures",
    "60",
)
QUIET = ("--samples-every", "0", "--device", "cpu")


def autoencoder(folder: Path, *arguments: str, steps: int = 30) -> int:
    return main(["autoencoder", "--output", str(folder), "--steps", str(steps), *AUTOENCODER, *QUIET, *arguments])


def denoiser(start: Path, folder: Path, *arguments: str, steps: int = 20) -> int:
    places = ["--autoencoder", str(start), "--output", str(folder), "--steps", str(steps)]
    return main(["denoiser", *places, *DENOISER, *QUIET, *arguments])
