"""What a request's prompts become: wildcards by each picture's seed, a description, the dialect they are read in."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from tagloom.prompt import UnknownDialect, WildcardFolders, enhance, expand, get_family
from tagloom.prompt.easy import easy
from tagloom.prompt.errors import UnknownWildcard
from tagloom.runner.cli import main
from tagloom.runner.errors import UsageError
from tagloom.runner.planning import prepare
from tagloom.runner.prompts import Prompts, prompts_of
from tagloom.runner.request import Request, check

FAMILY = get_family("illustrious")
NONE = WildcardFolders([])
COLOURS = "red\nblue\nsilver\ngreen\ngrey\nwhite\nblack\npink\n"
DESCRIPTION = "a girl with long orange hair, without a hat"


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch) -> Path:
    """Run from a folder of its own, in which pictures are saved."""
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    return tmp_path / "here"


@pytest.fixture
def wildcards(home) -> WildcardFolders:
    """The user's own folder, with one list of colours."""
    (home / "wildcards").mkdir(parents=True)
    (home / "wildcards" / "colour.txt").write_text(COLOURS, encoding="utf-8")
    return WildcardFolders([home / "wildcards"])


@pytest.fixture
def generated(fake_server):
    """Return a function that generates with a prompt and gives each picture's texts."""

    def generate(prompt: str, *options: str) -> list[dict[str, str]]:
        command = ["generate", prompt, "--out", "out", "--seed", "7", "--family", "illustrious"]
        assert main([*command, *options]) == 0
        texts = []
        for path in sorted(Path("out").iterdir()):
            with Image.open(path) as picture:
                texts.append(dict(picture.text))
        return texts

    return generate


def encoded(texts: dict[str, str]) -> list[str]:
    """Return what the text encoders of a picture's graph receive: the positive prompt, then the negative one."""
    nodes = json.loads(texts["prompt"]).values()
    return [node["inputs"]["text"] for node in nodes if node["class_type"] == "CLIPTextEncode"]


def positive(texts: dict[str, str]) -> str:
    """Return the positive prompt that A1111 finds in a picture."""
    return texts["parameters"].partition("\nNegative prompt: ")[0].partition("\nSteps: ")[0]


def test_prompts_without_wildcards_stay(wildcards):
    request = Request("1girl,  (hat:1.2)\n", negative="low res")
    assert prompts_of(request, FAMILY, 3, wildcards) == Prompts("1girl,  (hat:1.2)\n", "low res")


def test_wildcards_are_chosen_by_the_seed_in_both_prompts(wildcards):
    request = Request("__colour__ hair, {cap|hat}", negative="__colour__ eyes")
    made = {seed: prompts_of(request, FAMILY, seed, wildcards) for seed in range(20)}
    for seed, prompts in made.items():
        assert prompts.positive == expand(request.positive, seed, wildcards, "a1111").text
        assert prompts.negative == expand(request.negative, seed, wildcards, "a1111").text
        assert prompts == prompts_of(request, FAMILY, seed, wildcards)
    assert len({prompts.positive for prompts in made.values()}) > 5


@pytest.mark.parametrize("field", ["positive", "negative"])
def test_an_unknown_wildcard_is_refused(wildcards, field):
    with pytest.raises(UnknownWildcard, match="did you mean colour"):
        prompts_of(Request(**{"positive": "1girl", field: "__color__"}), FAMILY, 0, wildcards)


@pytest.mark.parametrize(
    "arguments",
    [
        ["1girl, __color__"],
        ["1girl", "--negative", "__color__"],
        ["__dye__", "--seed", "7"],
        ["{1girl|1girl, __color__}", "--seed", "7", "--count", "40"],
    ],
)
def test_an_unknown_wildcard_is_told_before_a_server_is_sought(capsys, home, wildcards, arguments):
    (home / "wildcards" / "dye.txt").write_text("__color__", encoding="utf-8")
    assert main(["generate", *arguments, "--server", "http://127.0.0.1:9"]) == 2
    printed = capsys.readouterr().err
    assert "wildcard __color__ is not known" in printed
    assert "127.0.0.1" not in printed


def test_an_option_that_no_picture_takes_is_not_looked_up(wildcards):
    request = Request("{0::__color__|1girl}", seed=7, count=40)
    assert prepare(check(request)).request == request


def test_a_seed_is_chosen_before_the_wildcards_are_looked_up(wildcards):
    seed = prepare(check(Request("__colour__"))).request.seed
    assert seed is not None
    assert 0 <= seed < 2**32


@pytest.mark.parametrize(("dialect", "kept"), [("a1111", False), ("comfyui", False), ("novelai3", True)])
def test_braces_are_variants_where_the_dialect_has_no_other_use_for_them(dialect, kept):
    prompts = prompts_of(Request("{cap|hat}", dialect=dialect), FAMILY, 0, NONE)
    assert (prompts.positive == "{cap|hat}") == kept


def test_tags_stay_tags_unless_they_are_read_to_the_letter():
    assert prompts_of(Request("|_|, {a|a}"), FAMILY, 0, NONE).positive == "|_|, a"
    assert prompts_of(Request("{|_|}"), FAMILY, 0, NONE).positive == "{|_|}"
    assert prompts_of(Request("{|_|}", tag_aware=False), FAMILY, 0, NONE).positive in ("", "_")


@pytest.mark.parametrize(("negative", "joined"), [("", "hat"), ("lowres", "lowres, hat")])
def test_a_description_becomes_tags_and_what_it_rules_out_goes_to_the_negative_prompt(negative, joined):
    prompts = prompts_of(Request(DESCRIPTION, negative=negative, easy=True), FAMILY, 0, NONE)
    assert prompts == Prompts(easy(DESCRIPTION, FAMILY).text, joined)
    assert prompts.positive == "1girl, long hair, orange hair"


def test_wildcards_in_a_description_are_chosen_first(wildcards):
    prompts = prompts_of(Request("a girl with {red|red} hair", easy=True), FAMILY, 0, wildcards)
    assert prompts.positive == "1girl, red hair"


def test_a_family_of_sentences_gets_sentences():
    family = get_family("flux1_dev")
    prompts = prompts_of(Request("1girl, long hair", easy=True), family, 0, NONE)
    assert prompts.positive == easy("1girl, long hair", family).text != "1girl, long hair"


@pytest.mark.parametrize("prompt", ["__colour__", "{a|b}", "embedding:x", "(a:1.2)", ":3"])
def test_a_prompt_of_wildcards_or_syntax_is_not_empty(prompt):
    assert check(Request(prompt)).request.positive == prompt


def test_an_unknown_dialect_is_refused_before_anything_starts():
    with pytest.raises(UnknownDialect, match=r"'webui'.*a1111"):
        check(Request("1girl", dialect="webui"))


@pytest.mark.parametrize("prompt", ["# only a remark", "BREAK", "AND", "<lora:x:1>"])
def test_a_prompt_of_nothing_but_syntax_is_empty(prompt):
    with pytest.raises(UsageError, match="the prompt is empty"):
        check(Request(prompt))


def test_what_is_syntax_depends_on_the_dialect():
    """A1111 leaves remarks out, ComfyUI encodes them."""
    assert check(Request("# only a remark", dialect="comfyui"))


def test_each_picture_has_the_wildcards_of_its_own_seed(generated, wildcards):
    text = "1girl, __colour__ hair"
    pictures = generated(text, "--count", "4")
    wanted = [
        enhance(expand(text, seed, wildcards, "a1111").text, FAMILY, dialect="a1111").text for seed in range(7, 11)
    ]
    assert [positive(texts) for texts in pictures] == wanted
    assert len(set(wanted)) > 1
    for texts in pictures:
        (node,) = [node for node in json.loads(texts["workflow"])["nodes"] if node["type"] == "TagloomPromptEnhancer"]
        assert "__" not in node["widgets_values"][0]  # the workflow makes this picture again


def test_an_unknown_wildcard_ends_in_one_line_and_no_picture(capsys, fake_server, wildcards, folder):
    assert main(["generate", "1girl, __color__", "--out", "out"]) == 2
    printed = capsys.readouterr()
    assert printed.err.startswith("tagloom: error: wildcard __color__ is not known")
    assert printed.err.count("\n") == 1
    assert fake_server.graphs == []
    assert list(folder.iterdir()) == []


def test_easy_generates_from_a_description(generated):
    (texts,) = generated(DESCRIPTION, "--easy", "--no-enhance", "--negative", "lowres")
    assert encoded(texts) == ["1girl, long hair, orange hair", "lowres, hat"]


def test_without_easy_a_description_stays_as_it_is(generated):
    (texts,) = generated(DESCRIPTION, "--no-enhance")
    assert encoded(texts) == [DESCRIPTION, ""]


@pytest.mark.parametrize(
    ("prompt", "options", "core", "a1111"),
    [
        ("((hat)), [cap]", [], "(hat:1.21), (cap:0.9091)", "((hat)), [cap]"),
        ("((hat:1.5):1.2)", [], "(hat:1.8)", "((hat:1.5):1.2)"),
        ("((hat:1.5):1.2)", ["--dialect", "comfyui"], "((hat:1.5):1.2)", "(hat:1.5)"),
        ("[cap]", ["--dialect", "comfyui"], "[cap]", r"\[cap\]"),
        ("1.5::hat::, cap", ["--dialect", "novelai4"], "(hat:1.5), cap", "(hat:1.5), cap"),
        ("(hat)1.5, cap++", ["--dialect", "compel"], "(hat:1.5), (cap:1.21)", "(hat:1.5), (cap:1.21)"),
        ("(reverse:1999)", [], "(reverse:1999:1.1)", "(reverse:1999:1.1)"),
        ("(reverse:1999)", ["--to-the-letter"], "(reverse:1999)", "(reverse:1999)"),
        ("2b (nier:automata)", [], r"2b \(nier:automata\)", r"2b \(nier:automata\)"),
    ],
)
def test_the_dialect_s_weights_reach_the_encoder_and_a1111_reads_them_in_the_picture(
    generated, prompt, options, core, a1111
):
    """ComfyUI's dialect for the encoder, which reads to the letter; A1111's in `parameters`, as written if it is so."""
    (texts,) = generated(prompt, "--no-enhance", *options)
    assert (encoded(texts)[0], positive(texts)) == (core, a1111)


def test_the_negative_prompt_is_read_in_the_dialect_too(generated):
    (texts,) = generated("1girl", "--no-enhance", "--negative", "((hat)), 2b (nier:automata)")
    assert encoded(texts)[1] == r"(hat:1.21), 2b \(nier:automata\)"
    assert r"Negative prompt: ((hat)), 2b \(nier:automata\)" in texts["parameters"].splitlines()


def test_what_needs_the_pack_is_said_before_anything_runs(capsys, fake_server):
    """The fake server has none of our nodes."""
    assert main(["generate", "1girl AND forest"]) == 5
    assert "AND and its weights have no core nodes to stand for them" in capsys.readouterr().err
    assert fake_server.graphs == []


@pytest.mark.parametrize(("options", "values"), [([], ["a1111", True]), (["--dialect", "compel"], ["compel", True]),
                                                 (["--to-the-letter"], ["a1111", False])])  # fmt: skip
def test_the_workflow_in_the_picture_states_the_dialect(generated, options, values):
    (texts,) = generated("1girl", *options)
    nodes: list[dict[str, Any]] = json.loads(texts["workflow"])["nodes"]
    assert [node["widgets_values"][1:3] for node in nodes if node["type"] == "TagloomTextEncode"] == [values, values]
    assert [node["widgets_values"][-2:] for node in nodes if node["type"] == "TagloomPromptEnhancer"] == [values]
    assert [node["widgets_values"][-2:] for node in nodes if node["type"] == "TagloomNegativePreset"] == [values]


@pytest.mark.parametrize(
    ("options", "words"),
    [(["--dialect", "webui"], ["webui", "a1111", "compel"]), (["--easy", "--dialect"], ["--dialect"])],
    ids=" ".join,
)
def test_bad_usage_is_one_line(capsys, fake_server, options, words):
    assert main(["generate", "1girl", *options]) == 2
    printed = capsys.readouterr()
    assert printed.err.count("\n") == 1
    assert all(word in printed.err for word in words)


def test_the_help_names_the_options(capsys):
    with pytest.raises(SystemExit):
        main(["generate", "--help"])
    text = " ".join(capsys.readouterr().out.split())
    assert all(word in text for word in ("--easy", "plain description", "--dialect", "novelai4", "--to-the-letter"))
