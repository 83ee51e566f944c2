"""The measures of all groups, learned from composed pictures, and how often each is right on others."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import NamedTuple

import numpy as np

from .colours import ColourMeasure
from .composed import Composed, compose
from .intervals import Share
from .questions import Group, Questions
from .shapes import ShapeMeasure, learned

Measure = ColourMeasure | ShapeMeasure


class Measured(NamedTuple):
    """A group's measure, and how often it is right on composed pictures that it was not learned from."""

    measure: Measure
    right: Share
    by_answer: Mapping[str, Share]


def measures(
    questions: Questions, names: Collection[str], announce: Callable[[str], None] = lambda text: None
) -> dict[str, Measured]:
    """Return the measures of some groups."""
    groups = [questions.groups[name] for name in names]
    slots = [group.part for group in groups if group.part]
    announce(f"composing {questions.learned + questions.checked} pictures to compare with")
    first = compose(questions, questions.learned, "learned", slots)
    second = compose(questions, questions.checked, "checked")
    found = {group.name: measure_of(group, first) for group in groups}
    return {group.name: checked(found[group.name], group, second) for group in groups}


def measure_of(group: Group, composed: Composed) -> Measure:
    """Return a group's measure, learned from composed pictures."""
    if group.is_colour:
        return ColourMeasure(group.colours, composed.part(group.part))
    return learned(*composed.told(group), group.region)


def checked(measure: Measure, group: Group, composed: Composed) -> Measured:
    """Return a measure with how often it is right on composed pictures, on the whole and by answer."""
    pictures, answers = composed.told(group)
    if group.is_colour:  # a hat has a colour, but no hair
        kept = [index for index, answer in enumerate(answers) if answer in group.answers]
        pictures, answers = pictures[kept], [answers[index] for index in kept]
    found = measure.tell(pictures)
    pairs = list(zip(found, answers, strict=True))
    by_answer = {
        name: Share(sum(one == name for one, known in pairs if known == name), answers.count(name))
        for name in dict.fromkeys(answers)
    }
    return Measured(measure, Share(sum(one == known for one, known in pairs), len(pairs)), by_answer)


def as_pictures(images: Collection[np.ndarray]) -> np.ndarray:
    """Return pictures of one size as one array: count x height x width x 3, 0 to 1."""
    return np.stack([image.astype(np.float32) / 255 for image in images])
