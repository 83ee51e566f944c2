"""Composed pictures whose answers are known: what the measures are learned from, and checked by."""

from __future__ import annotations

import random
from collections.abc import Collection, Mapping
from typing import NamedTuple

import numpy as np
import torch

from ..scenes import Composer, Damage, Renderer, Scene
from .asking import Dealer, wanted_tags
from .questions import NONE, Group, Questions

BATCH = 32
MARGIN = 0.15
"""A pixel is looked at if it shows the part at most so much less, on average, than the pixel that shows it best."""


class Composed(NamedTuple):
    """Composed pictures.

    Attributes:
        pictures: count x height x width x 3, 0 to 1, float32.
        tags: what is true of each.
        shown: by slot, how much of each pixel shows it on average: height x width, 0 to 1.
    """

    pictures: np.ndarray
    tags: tuple[frozenset[str], ...]
    shown: Mapping[str, np.ndarray]

    def part(self, slot: str) -> np.ndarray:
        """Return the pixels at which a slot is looked at: height x width, true and false."""
        shown = self.shown[slot]
        return shown > (1 - MARGIN) * shown.max()

    def told(self, group: Group) -> tuple[np.ndarray, list[str]]:
        """Return the pictures of which a group's answer is known, and the answers."""
        answers = [group.told(tags) for tags in self.tags]
        known = [index for index, answer in enumerate(answers) if answer is not None]
        return self.pictures[known], [str(answers[index]) for index in known]


def compose(questions: Questions, count: int, name: str, slots: Collection[str] = ()) -> Composed:
    """Return pictures of the questions' own prompts, with answers that are dealt evenly.

    Of what a prompt leaves open, anything may be true, but nothing spoils them. The same name, the same pictures.
    """
    composer = Composer(seed=sum(name.encode()))
    renderer = Renderer(composer)
    scenes = _scenes(questions, composer, count, name)
    generator = torch.Generator().manual_seed(sum(name.encode()))
    found = [_rendered(renderer, scenes[start : start + BATCH], generator) for start in range(0, count, BATCH)]
    shown = {slot: _shown(renderer, scenes[: 4 * BATCH], slot) for slot in slots}
    return Composed(np.concatenate(found), tuple(frozenset(scene.tags.every()) for scene in scenes), shown)


def damaged(questions: Questions, damage: Damage, count: int, name: str) -> tuple[np.ndarray, np.ndarray]:
    """Return composed pictures without any damage, and the same ones with it."""
    composer = Composer(seed=sum(name.encode()))
    renderer = Renderer(composer)
    whole = _scenes(questions, composer, count, name)
    spoilt = [scene._replace(damage=damage) for scene in whole]
    seed = torch.Generator().manual_seed
    return _rendered(renderer, whole, seed(1)), _rendered(renderer, spoilt, seed(1))


def _scenes(questions: Questions, composer: Composer, count: int, name: str) -> list[Scene]:
    chance, dealer = random.Random(name), Dealer(questions.groups, name)
    prompts = list(questions.prompts.values())
    scenes = []
    for number in range(count):
        prompt = prompts[number % len(prompts)]
        answers = {
            group: _dealt(questions.groups[group], answer, chance) for group, answer in dealer.answers(prompt).items()
        }
        wanted = {*prompt.plain_tags, *wanted_tags(questions.groups, answers)}
        scene = composer.scene(chance, wanted, _spoilers(questions.groups, answers) - wanted)
        scenes.append(scene._replace(damage=Damage()))
    return scenes


def _dealt(group: Group, answer: str, chance: random.Random) -> str:
    """Return the answer, or now and then none of them: what is drawn may be something else."""
    return NONE if not group.is_colour and chance.random() < 1 / (len(group.answers) + 1) else answer


def _spoilers(groups: Mapping[str, Group], answers: Mapping[str, str]) -> set[str]:
    """Return the tags that may not be true beside the answers: the others', and what hides them."""
    asked = [groups[name] for name in answers]
    return {tag for group in asked for tag in (*(() if group.is_colour else group.tags), *group.hidden_by)}


def _rendered(renderer: Renderer, scenes: list[Scene], generator: torch.Generator) -> np.ndarray:
    return renderer.render(scenes, generator=generator).permute(0, 2, 3, 1).numpy()


def _shown(renderer: Renderer, scenes: list[Scene], slot: str) -> np.ndarray:
    told = [scene for scene in scenes if slot == "background" or (scene.part(slot) and not _has_hat(scene))]
    return np.asarray(renderer.visible(told, slot).mean(dim=0).numpy())


def _has_hat(scene: Scene) -> bool:
    return not any(tag.endswith(" hair") for tag in scene.tags.body)
