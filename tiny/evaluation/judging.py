"""Judges the pictures: what each shows, how often that is what was asked, and how the trials' arms compare."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple

import numpy as np
from PIL import Image

from . import looks
from .asking import AVOIDED, MAIN, NEGATIVE, OPEN, Asked
from .intervals import Share
from .measures import Measured, as_pictures
from .questions import NONE, Group, Questions

BATCH = 50


class Judged(NamedTuple):
    """A picture that was asked for, where it lies, what it shows by group, and how it looks."""

    asked: Asked
    path: Path
    shown: Mapping[str, str]
    looks: Mapping[str, float]

    def is_right(self, group: str) -> bool:
        """Return whether it shows what was asked of a group."""
        return self.shown[group] == self.asked.answers[group]


def judge(asked: Sequence[Asked], files: Mapping[str, Path], measured: Mapping[str, Measured]) -> list[Judged]:
    """Return what all pictures show; each file is looked at once."""
    keys = list(dict.fromkeys(one.key for one in asked))
    shown: dict[str, dict[str, str]] = {key: {} for key in keys}
    look: dict[str, dict[str, float]] = {}
    for start in range(0, len(keys), BATCH):
        some = keys[start : start + BATCH]
        pictures = as_pictures([_pixels(files[key]) for key in some])
        for name, one in measured.items():
            for key, answer in zip(some, one.measure.tell(pictures), strict=True):
                shown[key][name] = answer
        look |= {
            key: {name: measure(picture) for name, measure in looks.MEASURES.items()}
            for key, picture in zip(some, pictures, strict=True)
        }
    return [Judged(one, files[one.key], shown[one.key], look[one.key]) for one in asked]


def _pixels(path: Path) -> np.ndarray:
    with Image.open(path) as image:
        return np.asarray(image.convert("RGB"))


def groups(judged: Iterable[Judged], asked: Collection[Group], unknown: Collection[str]) -> dict[str, Any]:
    """Return by group how often what was asked is found: on the whole, of known words alone, and by answer.

    Args:
        judged: all pictures; those of the main question count.
        asked: the groups.
        unknown: tags with text tokens that were never trained.
    """
    main = [one for one in judged if one.asked.trial == MAIN]
    return {group.name: _group(group, main, unknown) for group in asked}


def _group(group: Group, main: Sequence[Judged], unknown: Collection[str]) -> dict[str, Any]:
    mine = [one for one in main if group.name in one.asked.answers]
    by_answer = {answer: [one for one in mine if one.asked.answers[group.name] == answer] for answer in group.asked}
    trained = (
        [name for name, tags in group.answers.items() if unknown.isdisjoint(tags)] if unknown else [*group.answers]
    )
    return {
        "all": found((one for name in group.answers for one in by_answer[name]), group.name).as_data(),
        "trained": found((one for name in trained for one in by_answer[name]), group.name).as_data(),
        "answers": {
            name: {
                **found(ones, group.name).as_data(),
                "untrained": name != NONE and name not in trained,
                "shown": dict(Counter(one.shown[group.name] for one in ones).most_common()),
            }
            for name, ones in by_answer.items()
        },
    }


def found(judged: Iterable[Judged], group: str) -> Share:
    """Return how many pictures show what was asked of a group."""
    right = [one.is_right(group) for one in judged]
    return Share(sum(right), len(right))


def trials(judged: Sequence[Judged], questions: Questions, unknown: Collection[str]) -> dict[str, Any]:
    """Return by trial and arm how much of what was asked (in known words) is found, and how the pictures look."""
    result: dict[str, Any] = {}
    for trial in questions.trials.values():
        arms = {arm.name: [one for one in judged if one.asked[:2] == (trial.name, arm.name)] for arm in trial.arms}
        if any(arms.values()):
            result[trial.name] = {name: _arm(ones, questions, unknown) for name, ones in arms.items() if ones}
    return result


def _arm(judged: Sequence[Judged], questions: Questions, unknown: Collection[str]) -> dict[str, Any]:
    right = [
        one.is_right(group)
        for one in judged
        for group, answer in one.asked.answers.items()
        if group in one.shown and answer != NONE and _is_known(questions.groups[group], answer, unknown)
    ]
    middle = {look: round(median(one.looks[look] for one in judged), 5) for look in looks.LOOKS}
    return {"pictures": len(judged), "found": Share(sum(right), len(right)).as_data(), "looks": middle}


def _is_known(group: Group, answer: str, unknown: Collection[str]) -> bool:
    return not any(tag in unknown for tag in group.answers[answer])


def negative(judged: Sequence[Judged], questions: Questions) -> dict[str, Any]:
    """Return by group how often what is avoided is there: with an open prompt, and with it in the negative prompt."""
    arms = {arm: [one for one in judged if one.asked[:2] == (NEGATIVE, arm)] for arm in (OPEN, AVOIDED)}
    if not any(arms.values()):
        return {}
    return {
        group: {
            "avoided": list(answers),
            **{
                arm: Share(sum(one.shown[group] in answers for one in ones), len(ones)).as_data()
                for arm, ones in arms.items()
            },
        }
        for group, answers in questions.negative.avoided.items()
    }
