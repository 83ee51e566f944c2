"""The evaluation's measures on composed pictures of known answers, and what a checkpoint's words are."""

from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save_file

import tagloom
from tagloom.tiny.evaluation import looks
from tagloom.tiny.evaluation.colours import ColourMeasure, lab
from tagloom.tiny.evaluation.composed import Composed, compose
from tagloom.tiny.evaluation.errors import EvaluationError
from tagloom.tiny.evaluation.measures import checked, measure_of
from tagloom.tiny.evaluation.questions import read_questions
from tagloom.tiny.evaluation.words import ENDING, untrained

QUESTIONS = read_questions()
LEAST = {
    "hair colour": 0.85,
    "clothing colour": 0.85,
    "background colour": 0.95,
    "ears": 0.85,
    "glasses": 0.85,
    "hat": 0.85,
    "eyes": 0.6,
    "mouth": 0.75,
}
"""What a measure that saw a sixth of the pictures must get right; README says how good the whole ones are."""


@pytest.fixture(scope="module")
def first() -> Composed:
    return compose(QUESTIONS, 240, "learned", [group.part for group in QUESTIONS.groups.values() if group.part])


@pytest.fixture(scope="module")
def second() -> Composed:
    return compose(QUESTIONS, 90, "checked")


@pytest.mark.parametrize("name", QUESTIONS.groups)
def test_a_measure_is_right_on_pictures_that_it_never_saw(first, second, name, figure):
    """And wrong once the answers are swapped."""
    group = QUESTIONS.groups[name]
    measure = measure_of(group, first)
    found = checked(measure, group, second)
    figure(f"{name}: right on {found.right.right} of {found.right.of} composed pictures")
    assert found.right.rate >= LEAST[name]
    names = [*group.answers]
    swapped = dict(zip(names, [*names[1:], names[0]], strict=True))
    turned = group._replace(answers={swapped[answer]: tags for answer, tags in group.answers.items()})
    again = checked(measure, turned, second).by_answer
    assert all(again[answer].rate < 0.5 for answer in names if answer in again)


def test_the_same_name_composes_the_same_pictures(first):
    again = compose(QUESTIONS, 3, "learned")
    assert again.tags == first.tags[:3]
    assert np.abs(again.pictures - first.pictures[:3]).mean() < 0.02  # but for where backgrounds are cut out


def test_each_look_tells_what_it_is_for(monkeypatch, figure):
    monkeypatch.setattr(looks, "PAIRS", 6)
    for name, found in looks.checked(QUESTIONS).items():
        figure(f"{name}: {found.right} of {found.of} pairs")
        assert found.rate >= 0.9


@pytest.mark.parametrize(
    ("colour", "known"),
    [
        ((1, 1, 1), (100, 0, 0)),
        ((0, 0, 0), (0, 0, 0)),
        ((1, 0, 0), (53.24, 80.09, 67.20)),
        ((0, 0, 1), (32.3, 79.2, -107.86)),
    ],
)
def test_lab_is_cie_lab(colour, known):
    assert lab(np.array(colour, dtype=float)) == pytest.approx(known, abs=0.05)


def test_most_pixels_decide_and_only_those_of_the_part():
    pixels = np.zeros((4, 4), dtype=bool)
    pixels[:2] = True
    picture = np.zeros((1, 4, 4, 3))
    picture[0, 0] = picture[0, 1, :2] = (0.9, 0.1, 0.1)
    measure = ColourMeasure({"red": (1.0, 0.0, 0.0), "black": (0.0, 0.0, 0.0)}, pixels)
    assert measure.tell(picture) == ["red"]


def test_a_tag_is_untrained_if_one_of_its_text_tokens_is(tmp_path):
    from tagloom.prompt.counting import clip

    table = np.ones((49408, 2), dtype=np.float16)
    table[clip.build().encode("brown").ids] = 0
    save_file({f"a.{ENDING}": table, f"b.{ENDING}": table, "other": table}, tmp_path / "m.safetensors")
    assert untrained(tmp_path / "m.safetensors", ["brown hair", "red hair"]) == {"brown hair"}


def test_a_file_that_is_none_is_refused(tmp_path):
    (tmp_path / "m.safetensors").write_bytes(b"no")
    with pytest.raises(EvaluationError, match=r"m\.safetensors can't be read"):
        untrained(tmp_path / "m.safetensors", ["1girl"])


def test_the_shipped_checkpoints_words_are_told():
    file = Path(tagloom.__file__).parent / "tiny" / "tagloom-tiny.safetensors"
    assert untrained(file, ["1girl", "red hair"]) == frozenset()
