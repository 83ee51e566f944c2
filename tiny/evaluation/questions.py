"""The questions as data: reads `questions.yaml` and checks it against the tiny model's vocabulary."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from ..scenes import SLOTS, vocabulary
from .errors import EvaluationError

FILE = Path(__file__).parent / "questions.yaml"
NONE = "none"
"""The answer of a picture that has none of a group's answers."""
PLACE = re.compile(r"\{([^{}]+)\}")
Box = tuple[float, float, float, float]


class Group(NamedTuple):
    """A tag group that is asked for.

    Attributes:
        name: as prompts and the table name it.
        answers: the tags that ask for each answer.
        colours: of a colour group, the colour of each answer (red, green, blue; 0 to 1).
        part: of a colour group, the composer's slot whose pixels are looked at.
        region: of another group, where it shows: left, top, right, bottom, as shares of the picture.
        hidden_by: tags of composed pictures from which it can't be told.
        left_out: whether prompts without any of the answers are asked, too.
    """

    name: str
    answers: Mapping[str, tuple[str, ...]]
    colours: Mapping[str, tuple[float, float, float]]
    part: str = ""
    region: Box = (0.0, 0.0, 1.0, 1.0)
    hidden_by: tuple[str, ...] = ()
    left_out: bool = False

    @property
    def is_colour(self) -> bool:
        """Whether it is told by pixels."""
        return bool(self.part)

    @property
    def asked(self) -> tuple[str, ...]:
        """The answers that prompts ask for, `NONE` among them where it is left out of some."""
        return (*self.answers, NONE) if self.left_out else tuple(self.answers)

    @property
    def tags(self) -> frozenset[str]:
        """The tags of all answers."""
        return frozenset(tag for tags in self.answers.values() for tag in tags)

    def told(self, tags: Collection[str]) -> str | None:
        """Return which answer a composed picture with these tags shows; None where it can't be told."""
        if not frozenset(self.hidden_by).isdisjoint(tags):
            return None
        found = [name for name, wanted in self.answers.items() if set(wanted) <= set(tags)]
        return found[0] if len(found) == 1 else None if found else NONE


class Prompt(NamedTuple):
    """A prompt with places for groups, and how often each seed asks it."""

    name: str
    text: str
    times: int = 1

    @property
    def asks(self) -> tuple[str, ...]:
        """The groups that it has places for."""
        return tuple(PLACE.findall(self.text))

    @property
    def plain_tags(self) -> tuple[str, ...]:
        """The tags that are always in it."""
        return tuple(tag for tag in map(str.strip, self.text.split(",")) if not PLACE.search(tag))


class Arm(NamedTuple):
    """One way of a trial: settings of the request, and tags in front of the prompt."""

    name: str
    settings: Mapping[str, Any]
    before: str = ""


class Trial(NamedTuple):
    """The same prompts and seeds in several ways."""

    name: str
    title: str
    seeds: int
    prompts: tuple[str, ...]
    arms: tuple[Arm, ...]


class Negative(NamedTuple):
    """An open prompt, and the answers that the negative prompt shall keep away, by group."""

    text: str
    avoided: Mapping[str, tuple[str, ...]]


class Questions(NamedTuple):
    """All that is asked, and how many composed pictures the measures are learned from and checked by."""

    groups: Mapping[str, Group]
    prompts: Mapping[str, Prompt]
    trials: Mapping[str, Trial]
    negative: Negative
    learned: int
    checked: int

    @property
    def parts(self) -> tuple[str, ...]:
        """What an evaluation can be limited to."""
        return (*self.groups, *self.trials, "negative")


def read_questions(path: Path = FILE) -> Questions:
    """Read the questions.

    Raises:
        EvaluationError: for what is missing, or asks for what the vocabulary lacks; names the place.
    """
    try:
        data = yaml.safe_load(path.read_text(encoding="utf-8"))
        questions = Questions(
            {name: _group(name, one) for name, one in data["groups"].items()},
            {name: Prompt(name, one["text"], int(one["times"])) for name, one in data["prompts"].items()},
            {name: _trial(name, one) for name, one in data["trials"].items()},
            Negative(data["negative"]["text"], {name: tuple(v) for name, v in data["negative"]["avoided"].items()}),
            int(data["composed"]["learned"]),
            int(data["composed"]["checked"]),
        )
    except (OSError, yaml.YAMLError, KeyError, TypeError, AttributeError, ValueError) as error:
        raise EvaluationError(f"{path.name} can't be understood ({' '.join(str(error).split())}); mend it") from error
    _check(questions, path.name)
    return questions


def _group(name: str, data: Mapping[str, Any]) -> Group:
    if "tag" in data:
        colours = {option.name: option.value for option in vocabulary().palette(data["palette"])}
        answers = {colour: (data["tag"].replace("{colour}", colour),) for colour in colours}
        return Group(name, answers, colours, data["part"], hidden_by=tuple(data.get("hidden by", ())))
    left, top, right, bottom = map(float, data["region"])
    if not (0 <= left < right <= 1 and 0 <= top < bottom <= 1):
        raise ValueError(f"{name}: the region {data['region']} lies outside the picture")
    answers = {str(answer): tuple(tags) for answer, tags in data["answers"].items()}
    hidden = tuple(data.get("hidden by", ()))
    return Group(name, answers, {}, "", (left, top, right, bottom), hidden, bool(data.get("left out", False)))


def _trial(name: str, data: Mapping[str, Any]) -> Trial:
    arms = tuple(Arm(str(one["name"]), dict(one["settings"]), one.get("before", "")) for one in data["arms"])
    return Trial(name, data["title"], int(data["seeds"]), tuple(data["prompts"]), arms)


def _check(questions: Questions, where: str) -> None:
    known = set(vocabulary().groups().every())
    for group in questions.groups.values():
        _demand([*group.tags, *group.hidden_by], known, f"{where}: groups: {group.name}")
        _demand([group.part] if group.part else [], {*SLOTS, "background"}, f"{where}: groups: {group.name}: part")
    for prompt in questions.prompts.values():
        _demand(prompt.asks, questions.groups, f"{where}: prompts: {prompt.name}")
        _demand(prompt.plain_tags, known, f"{where}: prompts: {prompt.name}")
    for trial in questions.trials.values():
        _demand(trial.prompts, questions.prompts, f"{where}: trials: {trial.name}")
        tags = [tag for arm in trial.arms for tag in arm.before.split(", ") if tag]
        _demand(tags, known, f"{where}: trials: {trial.name}")
    _demand(Prompt("", questions.negative.text).plain_tags, known, f"{where}: negative")
    for name, answers in questions.negative.avoided.items():
        _demand([name], questions.groups, f"{where}: negative")
        _demand(answers, questions.groups[name].answers, f"{where}: negative: {name}")


def _demand(names: Iterable[str], known: Collection[str], where: str) -> None:
    strange = sorted(set(names) - set(known))
    if strange:
        raise EvaluationError(f"{where}: there is no {', '.join(map(repr, strange))}; mend it")
