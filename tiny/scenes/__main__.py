"""Composes random pictures of the tiny model's tags, and saves them as a contact sheet."""

from __future__ import annotations

import argparse
import random
import sys
from pathlib import Path

import torch

from .composer import Composer
from .errors import SceneError
from .renderer import Renderer
from .scene import Scene
from .sheet import contact_sheet, save

MOST = 1024
"""The most pictures on a sheet."""
BATCH = 64
"""Pictures that are rendered at once."""


def tags(text: str) -> list[str]:
    """Return the tags of a list with commas."""
    return [tag.strip() for tag in text.split(",") if tag.strip()]


def count(text: str) -> int:
    """Return how many pictures are asked for."""
    if not text.isdecimal() or not 1 <= int(text) <= MOST:
        raise argparse.ArgumentTypeError(f"{text!r} is no whole number between 1 and {MOST}")
    return int(text)


def parser() -> argparse.ArgumentParser:
    """Return the command's parser."""
    made = argparse.ArgumentParser(prog="python -m tagloom.tiny.scenes", description=__doc__)
    made.add_argument("--output", type=Path, required=True, help="the picture to write, such as sheet.png")
    made.add_argument("--count", type=count, default=64, help="pictures on it (64)")
    made.add_argument("--seed", type=int, default=0, help="the same seed composes the same pictures (0)")
    made.add_argument("--wanted", type=tags, default=[], metavar="TAGS", help="tags of all of them, with commas")
    made.add_argument("--unwanted", type=tags, default=[], metavar="TAGS", help="tags of none of them, with commas")
    made.add_argument("--extended", action="store_true", help="with eye colours, which the tiny model doesn't know")
    made.add_argument("--captions", action="store_true", help="print each picture's caption, with all its tags")
    made.add_argument("--force", action="store_true", help="overwrite the file")
    return made


def rendered(composer: Composer, scenes: list[Scene], seed: int) -> torch.Tensor:
    """Return the pictures of scenes, rendered in batches."""
    renderer, generator = Renderer(composer), torch.Generator().manual_seed(seed)
    batches = (scenes[start : start + BATCH] for start in range(0, len(scenes), BATCH))
    return torch.cat([renderer.render(batch, generator=generator) for batch in batches])


def main(arguments: list[str] | None = None) -> int:
    """Compose and save; return 0, or 1 with a line on standard error."""
    asked = parser().parse_args(arguments)
    composer, dice = Composer(seed=asked.seed, extended=asked.extended), random.Random(asked.seed)
    try:
        if asked.output.exists() and not asked.force:
            raise FileExistsError(f"{asked.output}: exists; --force overwrites it")
        scenes = [composer.scene(dice, asked.wanted, asked.unwanted) for _ in range(asked.count)]
        save(contact_sheet(rendered(composer, scenes, asked.seed)), asked.output)
    except (SceneError, OSError, ValueError) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    if asked.captions:
        sys.stdout.writelines(f"{', '.join(dict.fromkeys(scene.tags.every()))}\n" for scene in scenes)
    return 0


if __name__ == "__main__":
    sys.exit(main())
