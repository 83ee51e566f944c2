"""Which pictures are asked for: prompts with answers dealt like cards, seed by seed, and the arms of each trial."""

from __future__ import annotations

import json
import random
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from .questions import PLACE, Group, Prompt, Questions

MAIN, NEGATIVE = "main", "negative"
OPEN, AVOIDED = "left open", "in the negative prompt"
"""The two arms of the negative prompt."""


class Asked(NamedTuple):
    """A picture that is asked for.

    Attributes:
        trial: `main`, the name of a trial, or `negative`.
        arm: the trial's way; of `main`, the prompt's name.
        answers: the answer that is asked for, by group.
        row: the request: what `tagloom generate` would be given.
    """

    trial: str
    arm: str
    answers: Mapping[str, str]
    row: Mapping[str, Any]

    @property
    def key(self) -> str:
        """What tells the picture from others: equal requests are one picture."""
        return json.dumps(self.row, sort_keys=True)


class Dealer:
    """Deals a group's answers: each comes up once before any does again. The same name, the same cards."""

    def __init__(self, groups: Mapping[str, Group], name: str) -> None:
        self._groups = groups
        self._chance = {group: random.Random(f"{name}: {group}") for group in groups}
        self._cards: dict[str, list[str]] = {group: [] for group in groups}

    def answers(self, prompt: Prompt) -> dict[str, str]:
        """Return an answer for each group that a prompt has a place for."""
        return {group: self._card(group) for group in prompt.asks}

    def _card(self, group: str) -> str:
        cards = self._cards[group]
        if not cards:
            cards.extend(self._groups[group].asked)
            self._chance[group].shuffle(cards)
        return cards.pop()


def wanted_tags(groups: Mapping[str, Group], answers: Mapping[str, str]) -> list[str]:
    """Return the tags that ask for some answers; none for `NONE`."""
    return [tag for name, answer in answers.items() for tag in groups[name].answers.get(answer, ())]


def written(groups: Mapping[str, Group], prompt: Prompt, answers: Mapping[str, str]) -> str:
    """Return a prompt with the answers' tags in their places."""
    texts = {name: ", ".join(wanted_tags(groups, {name: answer})) for name, answer in answers.items()}
    filled = PLACE.sub(lambda place: texts[place[1]], prompt.text)
    return ", ".join(tag for tag in map(str.strip, filled.split(",")) if tag)


def pictures(
    questions: Questions, seeds: int, only: Collection[str] = (), checkpoint: str | None = None
) -> list[Asked]:
    """Return all pictures of an evaluation, equal ones of several trials among them.

    Args:
        questions: what is asked.
        seeds: how many seeds, from 1 on.
        only: groups, trials or `negative`, to which the evaluation is limited; empty is all of it.
        checkpoint: its name, where there are several.
    """
    base = {"checkpoint": checkpoint} if checkpoint else {}
    found = [*_main(questions, seeds, only or questions.parts, base)]
    for trial in questions.trials.values():
        if not only or trial.name in only:
            asked = [
                one
                for one in _main(questions, min(seeds, trial.seeds), questions.groups, base)
                if one.arm in trial.prompts
            ]
            found += [
                _on_trial(trial.name, arm.name, arm.settings, arm.before, one) for arm in trial.arms for one in asked
            ]
    if not only or NEGATIVE in only:
        found += _negative(questions, seeds, base)
    return found


def _main(questions: Questions, seeds: int, only: Collection[str], base: Mapping[str, Any]) -> Iterator[Asked]:
    dealer = Dealer(questions.groups, "asked")
    for seed in range(1, seeds + 1):
        for prompt in questions.prompts.values():
            for _ in range(prompt.times):
                answers = dealer.answers(prompt)
                row = {**base, "positive": written(questions.groups, prompt, answers), "seed": seed}
                if not set(answers).isdisjoint(only):
                    yield Asked(MAIN, prompt.name, answers, row)


def _on_trial(trial: str, arm: str, settings: Mapping[str, Any], before: str, asked: Asked) -> Asked:
    text = ", ".join(filter(None, [before, asked.row["positive"]]))
    return Asked(trial, arm, asked.answers, {**asked.row, **settings, "positive": text})


def _negative(questions: Questions, seeds: int, base: Mapping[str, Any]) -> Iterator[Asked]:
    away = ", ".join(
        tag
        for name, answers in questions.negative.avoided.items()
        for answer in answers
        for tag in questions.groups[name].answers[answer]
    )
    for arm, more in ((OPEN, {}), (AVOIDED, {"negative": away})):
        for seed in range(1, seeds + 1):
            yield Asked(NEGATIVE, arm, {}, {**base, "positive": questions.negative.text, "seed": seed, **more})


def different(asked: Sequence[Asked]) -> dict[str, Asked]:
    """Return the pictures to make, by key: those that several trials ask for once."""
    return {one.key: one for one in asked}
