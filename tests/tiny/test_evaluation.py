"""The evaluation's questions, arithmetic, table and sheet: no picture is generated."""

import pytest
import yaml
from PIL import Image

from tagloom.tiny.evaluation import asking, judging
from tagloom.tiny.evaluation.asking import MAIN, NEGATIVE, Asked, Dealer, different, pictures, written
from tagloom.tiny.evaluation.errors import EvaluationError
from tagloom.tiny.evaluation.intervals import Share
from tagloom.tiny.evaluation.judging import Judged
from tagloom.tiny.evaluation.questions import FILE, NONE, Group, Prompt, read_questions
from tagloom.tiny.evaluation.sheet import MOST_BYTES, WIDTH, sheet
from tagloom.tiny.evaluation.table import END, START, put_between, share

QUESTIONS = read_questions()


@pytest.mark.parametrize(
    ("right", "of", "low", "high"),
    [(0, 10, 0.0, 0.2775), (5, 10, 0.2366, 0.7634), (10, 10, 0.7225, 1.0), (81, 263, 0.2553, 0.3662), (0, 0, 0.0, 1.0)],
)
def test_the_interval_is_wilsons(right, of, low, high):
    """81 of 263 is the example of Newcombe 1998; the others are in every table."""
    assert Share(right, of).interval == pytest.approx((low, high), abs=1e-4)


def test_the_whole_evaluation_asks_for_about_900_pictures():
    asked = pictures(QUESTIONS, 50)
    assert len(different(asked)) <= 920
    assert {one.row["seed"] for one in asked if one.trial == MAIN} == set(range(1, 51))


def test_each_answer_is_asked_equally_often():
    main = [one for one in pictures(QUESTIONS, 48) if one.trial == MAIN]
    for group in QUESTIONS.groups.values():
        counts = [sum(one.answers.get(group.name) == answer for one in main) for answer in group.asked]
        assert max(counts) - min(counts) <= 1


def test_more_seeds_only_add_pictures():
    """A trial's first seeds are the main question's, so the default's pictures are made once."""
    few, many = (pictures(QUESTIONS, seeds) for seeds in (2, 5))
    assert set(different(few)) <= set(different(many))
    main = {one.key for one in many if one.trial == MAIN}
    assert {one.key for one in many if one.arm.endswith("(the default)")} <= main


def test_only_what_was_named_is_asked():
    assert {one.trial for one in pictures(QUESTIONS, 2, ["cfg"])} == {"cfg"}
    assert {one.arm for one in pictures(QUESTIONS, 2, ["hat"])} == {"hat"}
    assert len(pictures(QUESTIONS, 2, [NEGATIVE])) == 4


def test_a_prompt_is_written_as_a_user_would():
    prompt = Prompt("p", "1girl, {hair colour}, {ears}, {glasses}, upper body")
    answers = {"hair colour": "red", "ears": "cat ears", "glasses": NONE}
    assert written(QUESTIONS.groups, prompt, answers) == "1girl, red hair, cat ears, upper body"


def test_the_same_name_deals_the_same_answers():
    prompt = next(iter(QUESTIONS.prompts.values()))
    first, second = (Dealer(QUESTIONS.groups, "a") for _ in range(2))
    assert [first.answers(prompt) for _ in range(9)] == [second.answers(prompt) for _ in range(9)]


@pytest.mark.parametrize(
    ("place", "value", "said"),
    [
        (("groups", "ears", "answers"), {"dog ears": ["dog ears"]}, "groups: ears: there is no 'dog ears'"),
        (("groups", "ears", "region"), [0.5, 0.0, 0.2, 1.0], "region"),
        (("groups", "hair colour", "part"), "wig", "there is no 'wig'"),
        (("groups", "hair colour", "tag"), "{colour} wig", "there is no"),
        (("prompts", "hat", "text"), "1girl, {shoes}", "prompts: hat: there is no 'shoes'"),
        (("prompts", "hat", "text"), "1girl, standing", "prompts: hat: there is no 'standing'"),
        (("trials", "cfg", "prompts"), ["feet"], "trials: cfg: there is no 'feet'"),
        (("negative", "avoided"), {"hair colour": ["mauve"]}, "negative: hair colour: there is no 'mauve'"),
        (("composed",), None, "can't be understood"),
    ],
)
def test_questions_that_the_vocabulary_lacks_are_refused(tmp_path, place, value, said):
    data = yaml.safe_load(FILE.read_text(encoding="utf-8"))
    inner = data
    for name in place[:-1]:
        inner = inner[name]
    inner[place[-1]] = value
    (tmp_path / "q.yaml").write_text(yaml.safe_dump(data), encoding="utf-8")
    with pytest.raises(EvaluationError, match=r"q\.yaml") as error:
        read_questions(tmp_path / "q.yaml")
    assert said in str(error.value)


EARS = QUESTIONS.groups["ears"]


def judged(answer: str, shown: str, trial: str = MAIN, arm: str = "a", path=None, **looks) -> Judged:
    asked = Asked(trial, arm, {"ears": answer}, {"positive": answer, "seed": 1})
    return Judged(asked, path, {"ears": shown}, {"sharpness": 1.0, "colour": 1.0, "roughness": 1.0, **looks})


def test_a_group_counts_what_is_found_by_answer():
    """What is left out doesn't count for the whole, and untrained words don't for the trained."""
    found = judging.groups(
        [
            *[judged("cat ears", "cat ears")] * 3,
            judged("cat ears", "fox ears"),
            *[judged("fox ears", NONE)] * 2,
            judged(NONE, NONE),
            judged("cat ears", NONE, trial="cfg"),
        ],
        [EARS],
        {"fox ears"},
    )["ears"]
    assert (found["all"]["right"], found["all"]["of"]) == (3, 6)
    assert (found["trained"]["right"], found["trained"]["of"]) == (3, 4)
    assert found["answers"]["cat ears"]["shown"] == {"cat ears": 3, "fox ears": 1}
    assert [one["untrained"] for one in found["answers"].values()] == [False, True, False]
    assert found["answers"][NONE]["rate"] == 1


def test_an_arm_counts_what_is_found_and_how_it_looks():
    arm = QUESTIONS.trials["cfg"].arms[0].name
    ones = [
        judged("cat ears", shown, "cfg", arm, sharpness=sharpness)
        for shown, sharpness in (("cat ears", 1.0), ("cat ears", 3.0), (NONE, 9.0))
    ]
    found = judging.trials([*ones, judged(NONE, NONE, "cfg", arm, sharpness=3.0)], QUESTIONS, frozenset())["cfg"][arm]
    assert (found["found"]["right"], found["found"]["of"], found["looks"]["sharpness"]) == (2, 3, 3.0)


def test_the_negative_prompt_is_compared_with_the_open_one():
    def ones(arm: str, *mouths: str) -> list[Judged]:
        shown = {"hair colour": "black", "background colour": "red", "glasses": NONE}
        asked = Asked(NEGATIVE, arm, {}, {})
        return [Judged(asked, None, {**shown, "mouth": mouth}, {}) for mouth in mouths]

    found = judging.negative(
        [*ones(asking.OPEN, "open mouth", "open mouth", "smile"), *ones(asking.AVOIDED, "smile")], QUESTIONS
    )
    assert (found["mouth"][asking.OPEN]["right"], found["mouth"][asking.AVOIDED]["right"]) == (2, 0)
    assert found["background colour"][asking.AVOIDED]["rate"] == 1
    assert found["hair colour"][asking.OPEN]["rate"] == 0


def test_a_share_is_written_with_its_interval():
    assert share(Share(49, 50).as_data()) == "98 % (90-100)"
    assert share(Share(0, 0).as_data()) == "-"


def test_the_table_goes_between_the_markers(tmp_path):
    readme = tmp_path / "README.md"
    readme.write_text(f"a\n\n{START}\nold\n{END}\n\nb\n", encoding="utf-8")
    for _ in range(2):
        put_between(readme, "| new |\n")
        assert readme.read_text(encoding="utf-8") == f"a\n\n{START}\n\n| new |\n\n{END}\n\nb\n"


@pytest.mark.parametrize("text", ["", START, END, f"{END}{START}", f"{START}{END}{START}{END}"])
def test_a_readme_without_markers_stays_as_it_was(tmp_path, text):
    readme = tmp_path / "README.md"
    readme.write_text(text, encoding="utf-8")
    with pytest.raises(EvaluationError, match=r"README\.md lacks"):
        put_between(readme, "new")
    assert readme.read_text(encoding="utf-8") == text


def test_the_sheet_frames_what_was_found_in_green_and_the_rest_in_red(tmp_path):
    Image.new("RGB", (256, 256), "white").save(tmp_path / "p.png")
    ones = [judged("cat ears", shown, path=tmp_path / "p.png") for shown in ("cat ears", NONE)]
    sheet(ones, QUESTIONS, tmp_path / "sheet.jpg")
    with Image.open(tmp_path / "sheet.jpg") as image:
        colours = [colour for _, colour in image.convert("RGB").getcolors(2**24)]
        assert image.width == WIDTH
    assert any(green > red + 60 for red, green, _ in colours)
    assert any(red > green + 60 for red, green, _ in colours)
    assert (tmp_path / "sheet.jpg").stat().st_size <= MOST_BYTES


@pytest.mark.parametrize(
    ("tags", "answer"),
    [(["a", "x"], "first"), (["b", "c"], "second"), (["b"], NONE), (["a", "b", "c"], None), (["a", "h"], None)],
)
def test_a_composed_pictures_tags_tell_its_answer(tags, answer):
    assert Group("g", {"first": ("a",), "second": ("b", "c")}, {}, hidden_by=("h",)).told(tags) == answer
