"""Says how a dialect reads a prompt: its sub-prompts, what is encoded when and with which weights, what is loaded."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from .collector import uncollected
from .references import Reference, references_in, told
from .syntax import Misreading, Segment, attention, get_dialect, misreadings, parse, schedule, sub_prompts

SHOWN = 5
"""So many stretches of steps are told; data has all."""
STEPS = 20
"""Sampling steps that schedules are worked out for, where none are named."""


@dataclass(frozen=True)
class Reading:
    """What is encoded up to a step (that one included): text with its effective weights."""

    end_step: int
    segments: tuple[Segment, ...]


@dataclass(frozen=True)
class ReadPart:
    """What stands between two ANDs: its weight, and its readings over the steps (one, without schedules)."""

    weight: float
    readings: tuple[Reading, ...]


@dataclass(frozen=True)
class Explanation:
    """How a prompt is read.

    Attributes:
        dialect: the dialect's id.
        parts: the sub-prompts; one, where there is no AND.
        misreadings: the tags that are kept as tags here, and that the dialect's own parser reads as syntax.
        references: the LoRAs and embeddings that it names, whether the dialect's own parser knows them or not.
    """

    dialect: str
    parts: tuple[ReadPart, ...]
    misreadings: tuple[Misreading, ...]
    references: tuple[Reference, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """Return it as plain data."""
        parts = [
            {
                "weight": part.weight,
                "readings": [
                    {
                        "end_step": reading.end_step,
                        "segments": [{"text": segment.text, "weight": segment.weight} for segment in reading.segments],
                    }
                    for reading in part.readings
                ],
            }
            for part in self.parts
        ]
        return {
            "dialect": self.dialect,
            "parts": parts,
            "misreadings": [item._asdict() for item in self.misreadings],
            "references": [item._asdict() for item in self.references],
        }

    def report(self) -> str:
        """Return it in words: a line for each piece of text, its weight in front."""
        lines: list[str] = []
        for number, part in enumerate(self.parts, 1):
            if len(self.parts) > 1:
                lines.append(f"sub-prompt {number} of {len(self.parts)}, weight {part.weight:g}:")
            elif part.weight != 1:
                lines.append(f"the whole prompt, weight {part.weight:g}:")
            for steps, segments in _by_text(part.readings):
                lines += [f"{steps}:"] if len(part.readings) > 1 else []
                lines += map(_line, segments)
        name = get_dialect(self.dialect).name
        kept = dict.fromkeys(_shown(item.name) for item in self.misreadings)
        lines += [f"{tag} is kept as a tag; {name} alone would read syntax in it" for tag in kept]
        lines += dict.fromkeys(told(item, self.dialect) for item in self.references)
        return "\n".join(lines) or "nothing is encoded"


@uncollected
def explain(text: str, dialect: str = "a1111", tag_aware: bool = True, steps: int = STEPS) -> Explanation:
    """Return how a dialect reads a prompt.

    Args:
        text: any string.
        dialect: one of `DIALECTS`.
        tag_aware: whether tags that look like syntax are kept as tags.
        steps: how many steps schedules are worked out for.

    Raises:
        UnknownDialect: if there is no such dialect.
    """
    parts = tuple(
        ReadPart(part.weight, _readings(part.text, dialect, tag_aware, steps))
        for part in sub_prompts(text, dialect, tag_aware)
    )
    tree = parse(text, dialect)
    kept = misreadings(tree) if tag_aware else []
    return Explanation(dialect, parts, tuple(kept), references_in(tree))


def _readings(text: str, dialect: str, tag_aware: bool, steps: int) -> tuple[Reading, ...]:
    """Return what is encoded when; stages that encode the same are one."""
    found: list[Reading] = []
    for stage in schedule(text, steps, dialect=dialect, tag_aware=tag_aware):
        segments = tuple(attention(stage.text, dialect, tag_aware))
        if found and found[-1].segments == segments:
            found.pop()
        found.append(Reading(stage.end_step, segments))
    return tuple(found)


def _by_text(readings: tuple[Reading, ...]) -> list[tuple[str, tuple[Segment, ...]]]:
    """Return each text that is encoded, once, with the steps at which it is: alternation comes back to it."""
    steps: dict[tuple[tuple[str, float], ...], list[str]] = {}
    segments: dict[tuple[tuple[str, float], ...], tuple[Segment, ...]] = {}
    first = 1
    for reading in readings:
        said = tuple((segment.text, segment.weight) for segment in reading.segments)
        last = reading.end_step
        segments.setdefault(said, reading.segments)
        steps.setdefault(said, []).append(str(first) if first == last else f"{first} to {last}")
        first = last + 1
    return [(_named(places), segments[said]) for said, places in steps.items()]


def _named(places: list[str]) -> str:
    return f"step {places[0]}" if len(places) == 1 and places[0].isdecimal() else f"steps {_shortened(places)}"


def _shortened(places: list[str]) -> str:
    return ", ".join(places if len(places) <= SHOWN else [*places[:SHOWN], "..."])


def _line(segment: Segment) -> str:
    if segment.text == "BREAK" and segment.weight == -1:
        return "        (a new chunk)"
    return f"{segment.weight:>7.4g} {_shown(segment.text)}"


def _shown(text: str) -> str:
    """Return a text in quotes, on one line, with its backslashes as they are encoded."""
    return repr(text).replace(r"\\", "\\")
