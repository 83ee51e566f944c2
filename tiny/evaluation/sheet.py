"""The contact sheet: a row for each answer, whose frames say in green or red whether it was found."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from PIL import Image, ImageDraw

from ...prompt.lettering import own_font
from ...prompt.whole_files import part_of
from .asking import AVOIDED, MAIN, NEGATIVE, OPEN
from .judging import Judged
from .questions import NONE, Questions

WIDTH, COLUMNS, SIDE, GAP, FRAME, MARGIN = 1600, 9, 66, 4, 3, 24
LABEL, HEADING, SPACE = 136, 40, 8
INK, FAINT, PAPER, RIGHT, WRONG, PLAIN = "#1b1f24", "#59636e", "#ffffff", "#2da44e", "#cf222e", "#d1d9e0"
MOST_BYTES = 800_000


class Line(NamedTuple):
    """A row of pictures with its label, and whether each is right; None where nothing was asked."""

    label: str
    pictures: Sequence[tuple[Path, bool | None]]


class Block(NamedTuple):
    """A titled block of rows."""

    title: str
    lines: Sequence[Line]

    @property
    def height(self) -> int:
        """Pixels."""
        return HEADING + len(self.lines) * (SIDE + GAP) + 2 * SPACE


def sheet(judged: Sequence[Judged], questions: Questions, path: Path) -> None:
    """Draw the sheet in two columns of blocks and write it as JPEG of at most `MOST_BYTES`."""
    blocks = [block for block in _blocks(judged, questions) if block.lines]
    columns = _columns(blocks)
    paper = Image.new("RGB", (WIDTH, max(sum(b.height for b in column) for column in columns) + 2 * MARGIN), PAPER)
    for number, column in enumerate(columns):
        top = MARGIN
        for block in column:
            _draw(paper, block, MARGIN + number * (WIDTH - MARGIN) // 2, top)
            top += block.height
    _save(paper, path)


def _blocks(judged: Sequence[Judged], questions: Questions) -> list[Block]:
    main = [one for one in judged if one.asked.trial == MAIN]
    found = [_asked_for(main, name, group.asked) for name, group in questions.groups.items()]
    for trial in questions.trials.values():
        lines = [_in_arm(judged, trial.name, arm.name) for arm in trial.arms]
        found.append(Block(trial.title, [line for line in lines if line.pictures]))
    lines = [_in_arm(judged, NEGATIVE, arm) for arm in (OPEN, AVOIDED)]
    return [
        *found,
        Block("Negative prompt (see the table)", [one for one in lines if one.pictures]),
    ]


def _asked_for(main: Sequence[Judged], group: str, answers: Sequence[str]) -> Block:
    lines = []
    for answer in answers:
        mine = [one for one in main if group in one.shown and one.asked.answers.get(group) == answer][:COLUMNS]
        if mine:
            label = "none (left out)" if answer == NONE else answer
            lines.append(Line(label, [(one.path, one.is_right(group)) for one in mine]))
    return Block(group.capitalize(), lines)


def _in_arm(judged: Sequence[Judged], trial: str, arm: str) -> Line:
    mine = [one for one in judged if one.asked[:2] == (trial, arm)][:COLUMNS]
    return Line(arm.removesuffix(" (the default)"), [(one.path, None) for one in mine])


def _columns(blocks: Sequence[Block]) -> list[list[Block]]:
    """Return the blocks in two columns about as high as one another, in their order."""
    whole = sum(block.height for block in blocks)
    cuts = range(1, len(blocks)) or range(1, 2)
    cut = min(cuts, key=lambda place: abs(2 * sum(block.height for block in blocks[:place]) - whole))
    return [part for part in ([*blocks[:cut]], [*blocks[cut:]]) if part]


def _draw(paper: Image.Image, block: Block, left: int, top: int) -> None:
    pen = ImageDraw.Draw(paper)
    pen.text((left, top + SPACE), block.title, fill=INK, font=own_font(24))
    for number, line in enumerate(block.lines):
        above = top + HEADING + number * (SIDE + GAP)
        _label(pen, line.label, left, above)
        for place, (path, is_right) in enumerate(line.pictures):
            edge = PLAIN if is_right is None else RIGHT if is_right else WRONG
            across = left + LABEL + place * (SIDE + GAP)
            _tile(paper, pen, path, edge, (across, above))


def _tile(paper: Image.Image, pen: ImageDraw.ImageDraw, path: Path, edge: str, corner: tuple[int, int]) -> None:
    inner = SIDE - 2 * FRAME
    with Image.open(path) as image:
        small = image.convert("RGB").resize((inner, inner), Image.Resampling.LANCZOS)
    pen.rectangle((*corner, corner[0] + SIDE - 1, corner[1] + SIDE - 1), fill=edge)
    paper.paste(small, (corner[0] + FRAME, corner[1] + FRAME))


def _label(pen: ImageDraw.ImageDraw, text: str, left: int, top: int) -> None:
    font, lines = own_font(16), [""]
    for word in text.split():
        longer = f"{lines[-1]} {word}".strip()
        if font.getlength(longer) <= LABEL - 10:
            lines[-1] = longer
        else:
            lines.append(word)
    for number, line in enumerate([line for line in lines if line][:3]):
        pen.text((left, top + 3 + number * 20), line, fill=FAINT, font=font)


def _save(paper: Image.Image, path: Path) -> None:
    with part_of(path.parent) as part:
        for quality in (90, 82, 74, 66, 58):
            paper.save(part, "JPEG", quality=quality, optimize=True)
            if part.stat().st_size <= MOST_BYTES:
                break
        part.replace(path)
