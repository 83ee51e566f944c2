"""`tagloom prompt ...`: the same functions as everywhere, in words and as JSON."""

from __future__ import annotations

import io
import json
import sys
from pathlib import Path

import pytest

from tagloom.prompt import account, convert, describe, expand, explain, get_family, sort_tags
from tagloom.prompt.easy import easy
from tagloom.prompt.lint import fix, fix_negative, lint, lint_negative, report
from tagloom.runner.cli import main
from tagloom.wallet.ledger import Wallet

TEXT = "Masterpiece, forest, (1girl:1.3), :3, smirk, smirk"
COMMANDS = ("check", "fix", "explain", "convert", "sort", "describe", "count", "expand", "easy")
FAMILY = get_family("illustrious")
SYNTAX = "forest, [dress], 1girl, (smile, ;), hat), {|_|}, {cap|bow|tie}, Smile, (reverse:1999)"
"""Each dialect reads it in its own way, and each reads it otherwise to the letter."""
FUNCTIONS = {
    "sort": ("sorted", lambda text, dialect, aware: sort_tags(text, dialect=dialect, tag_aware=aware)),
    "describe": ("described", lambda text, dialect, aware: describe(text, dialect=dialect, tag_aware=aware)),
    "count": ("counted", lambda text, dialect, aware: account(text, ("clip_l",), dialect, tag_aware=aware)),
    "explain": ("explained", explain),
    "convert": ("converted", lambda text, dialect, aware: convert(text, dialect, "comfyui", aware)),
    "expand": ("expanded", lambda text, dialect, aware: expand(text, 0, (), dialect, aware)),
    "fix": ("fixed", lambda text, dialect, aware: fix(text, dialect=dialect, tag_aware=aware)),
}
"""What each command calls, and the kind of its event."""


def plain(value: object) -> object:
    """Return a value as it is after its way through JSON."""
    return json.loads(json.dumps(value))


@pytest.fixture
def wildcards(tmp_path) -> Path:
    folder = tmp_path / "lists"
    folder.mkdir()
    (folder / "colour.txt").write_text("red\nblue\nsilver\ngreen\ngrey\nwhite\n", encoding="utf-8")
    return folder


@pytest.mark.parametrize("tag_aware", [True, False])
@pytest.mark.parametrize("dialect", [None, "comfyui", "novelai3"])
@pytest.mark.parametrize("command", FUNCTIONS)
def test_json_holds_what_the_function_gives(ask, command, dialect, tag_aware):
    if (command, dialect) == ("count", "novelai3"):
        dialect = "comfyui"  # how NovelAI cuts chunks is not known
    options = [] if dialect is None else ["--from" if command == "convert" else "--dialect", dialect]
    options += [] if tag_aware else ["--to-the-letter"]
    kind, function = FUNCTIONS[command]
    told, result = ask("prompt", command, SYNTAX, *options), function(SYNTAX, dialect or "a1111", tag_aware)
    assert told.code == 0
    assert told.event == {"type": kind, **plain(result.as_dict())}
    shown = result.text if hasattr(result, "text") and command != "count" else result.report()
    assert told.text == f"{shown}\n"


@pytest.mark.parametrize("options", [{"dialect": "comfyui"}, {"dialect": "a1111", "tag_aware": False}])
def test_the_linter_hears_how_a_prompt_is_written(ask, options):
    arguments = ["--dialect", options["dialect"], *(["--to-the-letter"] if "tag_aware" in options else [])]
    findings = [finding.as_dict() for finding in lint(SYNTAX, **options)]
    assert ask("prompt", "check", SYNTAX, *arguments).event["findings"] == plain(findings)
    assert findings != [finding.as_dict() for finding in lint(SYNTAX, dialect="a1111")]


@pytest.mark.parametrize("options", [[], ["--weights"]], ids=" ".join)
def test_mending_heeds_the_negative_prompt(ask, options):
    fixed = fix("1girl, hat, (blush:4)", dialect="a1111", negative="hat", weights=bool(options))
    told = ask("prompt", "fix", "1girl, hat, (blush:4)", "--negative", "hat", *options)
    assert told.event == {"type": "fixed", **plain(fixed.as_dict())}
    assert "TL505" in told.notes


def test_easy_tells_what_became_of_the_words(ask):
    text = "a girl with long orange hair, without a hat"
    told = ask("prompt", "easy", text, "--family", "illustrious")
    result = easy(text, FAMILY)
    assert (told.text, told.notes) == (f"{result.text}\n", f"{result.report()}\n")
    assert told.event == {"type": "easy", **plain(result.as_dict())}
    assert "long hair, orange hair" in told.text
    assert told.event["negative"] == ["hat"]


def test_easy_writes_sentences_for_a_family_of_sentences(ask):
    told = ask("prompt", "easy", "1girl, long hair", "--family", "flux1_dev")
    assert told.text == easy("1girl, long hair", get_family("flux1_dev")).text + "\n"
    assert "girl with long hair" in told.text


@pytest.mark.parametrize("command", ["sort", "fix", "expand", "easy"])
def test_what_was_done_goes_to_standard_error(ask, command):
    """So that the prompt alone can be piped on."""
    text, family = "{forest}, 1girl, masterpiece", ["--family", "illustrious"] if command == "easy" else []
    told = ask("prompt", command, text, *family)
    assert told.text.count("\n") == 1
    assert told.notes


def test_findings_are_told_with_their_place(ask):
    told = ask("prompt", "check", TEXT)
    findings = lint(TEXT, dialect="a1111")
    assert told.text == report(TEXT, findings) + "\n"
    assert told.event == {"type": "findings", "findings": plain([finding.as_dict() for finding in findings])}
    assert {"TL101"} < {finding["code"] for finding in told.event["findings"]}
    assert "^" in told.text


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("1girl, long hair", 0),
        ("1girl, forest, long hair, masterpiece", 0),  # their order is a mere remark
        ("1girl, Smirk", 1),
        ("1girl, (smirk", 1),
        ("", 0),
    ],
)
def test_the_exit_code_tells_whether_something_is_wrong(ask, text, code):
    """0: nothing but remarks; 1: a warning or an error."""
    told = ask("prompt", "check", text)
    severities = {finding["severity"] for finding in told.event["findings"]}
    assert told.code == code == bool(severities - {"info"})
    assert told.notes == ("" if told.event["findings"] else "nothing to say\n")


@pytest.mark.parametrize(("piped", "text"), [("\ufeffsmile\n", "smile\n"), ("smile", "smile\n")])
def test_a_byte_order_mark_is_no_part_of_a_prompt(ask, piped, text):
    assert ask("prompt", "sort", "-", stdin=piped).text == text


def test_a_prompt_that_is_good_is_told_so_beside_the_results(ask):
    told = ask("prompt", "check", "1girl, long hair")
    assert (told.text, told.notes, told.event["findings"]) == ("", "nothing to say\n", [])


def test_a_family_s_own_rules_count_where_it_is_named(ask):
    assert ask("prompt", "check", "score_9, 1girl").code == 0
    told = ask("prompt", "check", "score_9, 1girl", "--family", "illustrious")
    assert [finding["code"] for finding in told.event["findings"]] == ["TL601"]
    assert ask("prompt", "fix", "score_9, 1girl", "--family", "illustrious").text == "1girl\n"
    assert ask("prompt", "count", "1girl", "--family", "sdxl").event["encoders"][1]["encoder"] == "clip_g"


def test_the_negative_prompt_beside_it_is_heeded(ask):
    assert ask("prompt", "check", "1girl, hat").code == 0
    told = ask("prompt", "check", "1girl, hat", "--negative", "hat, lowres")
    assert [finding["code"] for finding in told.event["findings"]] == ["TL505"]
    given = lint("1girl, hat", dialect="a1111", negative="hat, lowres")
    assert told.event["findings"] == plain([finding.as_dict() for finding in given])


def test_a_negative_prompt_has_rules_of_its_own(ask):
    text = "bad anatomy, lowres, long hair, short hair, Hat"
    told = ask("prompt", "check", text, "--is-negative")
    assert told.event["findings"] == plain([one.as_dict() for one in lint_negative(text, dialect="a1111")])
    assert told.event["findings"] != ask("prompt", "check", text).event["findings"]
    fixed = ask("prompt", "fix", text, "--is-negative")
    assert fixed.text == fix_negative(text, dialect="a1111").text + "\n"
    assert fixed.text.endswith(", hat\n")


def test_weights_are_mended_only_if_that_is_wanted(ask):
    assert ask("prompt", "fix", "1girl, (blush:4)").text == "1girl, (blush:4)\n"
    told = ask("prompt", "fix", "1girl, (blush:4)", "--weights")
    assert told.text == "1girl, (blush:2)\n"
    assert told.event["applied"][0]["changes_weights"]


@pytest.mark.parametrize(
    ("text", "aware", "letter"),
    [
        ("(reverse:1999), hat", [("reverse:1999", 1.1), (", hat", 1.0)], [("reverse", 1999.0), (", hat", 1.0)]),
        ("(smile, ;), hat)", [("smile, ;), hat", 1.1)], [("smile, ;", 1.1), (", hat)", 1.0)]),
    ],
)
def test_to_the_letter_reads_as_the_program_does(ask, text, aware, letter):
    def weights(*options: str) -> list[tuple[str, float]]:
        (part,) = ask("prompt", "explain", text, *options).event["parts"]
        (reading,) = part["readings"]
        return [(segment["text"], round(segment["weight"], 6)) for segment in reading["segments"]]

    assert weights() == aware
    assert weights("--to-the-letter") == letter


def test_every_command_that_reads_syntax_can_read_it_to_the_letter(ask):
    text = "(reverse:1999), hat"
    assert "reverse:1999" in ask("prompt", "describe", text).text
    assert "reverse (1999)" in ask("prompt", "describe", text, "--to-the-letter").text
    assert ask("prompt", "convert", text, "--to-the-letter").text == f"{text}\n"
    assert ask("prompt", "convert", text).text == "(reverse:1999:1.1), hat\n"


@pytest.mark.parametrize(
    ("dialect", "weight"), [("a1111", 1.21), ("comfyui", 1.21), ("novelai3", 1.0), ("compel", 1.0)]
)
def test_the_dialect_says_what_brackets_weigh(ask, dialect, weight):
    told = ask("prompt", "explain", "((hat))", "--dialect", dialect)
    assert told.event["dialect"] == dialect
    assert [part["weight"] for part in told.event["parts"][0]["readings"][0]["segments"]] == [pytest.approx(weight)]


@pytest.mark.parametrize(
    ("options", "converted"),
    [
        ([], "(hat:1.21), (cap:0.9091)\n"),
        (["--to", "novelai4"], "1.21::hat::, 0.9091::cap::\n"),
        (["--from", "comfyui", "--to", "a1111"], "(hat:1.21), \\[cap\\]\n"),
        (["--to", "compel"], "(hat)1.21, (cap)0.9091\n"),
    ],
)
def test_a_prompt_is_written_for_another_program(ask, options, converted):
    told = ask("prompt", "convert", "((hat)), [cap]", *options)
    assert (told.text, told.notes, told.event["losses"]) == (converted, "", [])


def test_what_a_conversion_loses_is_told(ask):
    told = ask("prompt", "convert", "[day:night:0.5]", "--to", "comfyui")
    assert told.text == "day\n"
    assert "ComfyUI has no prompt editing" in told.notes
    assert told.event["losses"][0]["end"] == len("[day:night:0.5]")


def test_steps_say_when_a_schedule_changes(ask):
    def ends(*options: str) -> list[int]:
        told = ask("prompt", "explain", "[day:night:0.5]", *options)
        return [reading["end_step"] for reading in told.event["parts"][0]["readings"]]

    assert ends() == [10, 20]
    assert ends("--steps", "30") == [15, 30]


def test_wildcards_come_from_the_folders_named(ask, wildcards, tmp_path):
    told = ask("prompt", "expand", "__colour__ hat", "--wildcards", str(tmp_path), "--wildcards", str(wildcards))
    assert told.text == expand("__colour__ hat", 0, [tmp_path, wildcards], "a1111").text + "\n"
    assert told.notes.startswith("__colour__ -> ")
    assert told.event["choices"][0]["picked"][0]["place"]["file"].endswith("colour.txt")


def test_without_folders_the_user_s_own_is_looked_in(ask, home, wildcards):
    home.mkdir()
    wildcards.rename(home / "wildcards")
    assert ask("prompt", "expand", "__colour__ hat").code == 0


def test_the_same_seed_chooses_the_same(ask):
    text = "{a|b|c|d|e|f|g|h} hat"
    chosen = [ask("prompt", "expand", text, "--seed", str(seed)).text for seed in [*range(12), *range(12)]]
    assert chosen[:12] == chosen[12:]
    assert len(set(chosen)) > 3
    assert ask("prompt", "expand", text).text == chosen[0]


@pytest.mark.parametrize("command", COMMANDS)
def test_a_dash_reads_standard_input(ask, command):
    family = ["--family", "illustrious"] if command == "easy" else []
    given, read = ask("prompt", command, TEXT, *family), ask("prompt", command, "-", *family, stdin=f"{TEXT}\n")
    assert read == given


def test_lines_of_standard_input_stay(ask):
    """Only the line end that a shell puts behind the text goes."""
    assert ask("prompt", "fix", "-", stdin="1girl,\nhat\n\n").text == "1girl,\nhat\n\n"


def test_standard_input_that_is_no_text_is_refused(monkeypatch, capsys):
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"caf\xe9, 1girl"), "utf-8"))
    assert main(["prompt", "check", "-"]) == 2
    printed = capsys.readouterr()
    assert (printed.out, printed.err) == (
        "",
        "tagloom: error: standard input is no utf-8 text; save it in that encoding\n",
    )


@pytest.mark.parametrize(
    ("text", "encoding", "named"),
    [
        ("caf\udce9, hat", "utf-8", r"utf-8, which can't hold '\udce9'"),
        ("初音ミク", "cp1252", r"cp1252, which can't hold '\u521d'"),
    ],
)
def test_what_can_t_be_printed_is_refused_and_given_as_json(monkeypatch, capsys, text, encoding, named):
    """An argument that was no UTF-8, or a pipe with few letters: a changed prompt would be worse than none."""
    out = io.TextIOWrapper(io.BytesIO(), encoding)
    monkeypatch.setattr(sys, "stdout", out)
    assert main(["prompt", "fix", text]) == 1
    said = capsys.readouterr().err
    assert named in said
    assert said.count("\n") == 1
    assert main(["prompt", "fix", text, "--json"]) == 0
    out.seek(0)
    assert json.loads(out.read())["text"] == text


@pytest.mark.parametrize("command", [command for command in COMMANDS if command != "easy"])
def test_hard_texts_go_through_every_command(ask, command):
    for text in ("", " ", "\0", "((((", "[[]", "a AND", "{|}", ":3"):
        told = ask("prompt", command, text)
        assert told.code in ({0, 1} if command == "check" else {0}), text


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["check"], ["TEXT", "tagloom prompt check --help"]),
        (["paint", "x"], ["paint", "check"]),
        (["check", "x", "--dialect", "a111"], ["a111", "a1111", "novelai4"]),
        (["convert", "x", "--from", "webui"], ["--from", "webui", "compel"]),
        (["convert", "x", "--to", "webui"], ["--to", "webui", "compel"]),
        (["sort", "x", "--family", "ilustrious"], ["ilustrious", "did you mean illustrious"]),
        (["easy", "x", "--family", "auto"], ["unknown model family 'auto'"]),
        (["easy", "x"], ["which family", "--family", "illustrious"]),
        (["explain", "x", "--steps", "0"], ["--steps is 0", "at least 1"]),
        (["explain", "x", "--steps", "few"], ["--steps", "few"]),
        (["expand", "__colour__"], ["__colour__", "no such folder"]),
        (["expand", "x", "--seed", "1.5"], ["--seed", "1.5"]),
        (["count", "x", "--dialect", "novelai3"], ["novelai3", "convert the prompt"]),
        (["sort", "x", "--weights"], ["--weights", "tagloom prompt sort --help"]),
        (["convert", "x", "--dialect", "a1111"], ["--dialect", "tagloom prompt convert --help"]),
    ],
    ids=" ".join,
)
def test_bad_usage_is_one_line_and_exit_code_2(ask, arguments, words):
    told = ask("prompt", *arguments)
    assert (told.code, told.event["type"], told.event["code"]) == (2, "error", "usage")
    for word in words:
        assert word in told.notes


def test_the_nearest_wildcard_is_named(ask, wildcards):
    told = ask("prompt", "expand", "x, __color__", "--wildcards", str(wildcards))
    assert told.code == 2
    assert all(word in told.notes for word in ("__color__", "character 4", "did you mean colour?", str(wildcards)))


@pytest.mark.parametrize(
    ("command", "words"),
    [
        ("check", ["--family", "--negative", "--is-negative", "--dialect", "--to-the-letter", "--json", "what to do"]),
        ("fix", ["--weights", "--is-negative", "attention weights"]),
        ("explain", ["--steps", "which weights", "(20)"]),
        ("convert", ["--from", "--to", "(comfyui)", "novelai4"]),
        ("sort", ["quality, body, expression, clothing, pose, background"]),
        ("describe", ["by group"]),
        ("count", ["chunk by chunk", "--family"]),
        ("expand", ["--seed", "--wildcards", "may be repeated"]),
        ("easy", ["plain description", "--family"]),
    ],
)
def test_help(capsys, command, words):
    with pytest.raises(SystemExit) as caught:
        main(["prompt", command, "--help"])
    assert caught.value.code == 0
    printed = capsys.readouterr()
    text = " ".join(printed.out.split())
    assert all(word in text for word in ["standard input", *words])
    assert printed.err == ""


def test_the_help_lists_every_command(capsys):
    with pytest.raises(SystemExit):
        main(["prompt", "--help"])
    text = capsys.readouterr().out
    assert [line.split()[0] for line in text.splitlines() if line.startswith("    ") and line[4] != " "] == [*COMMANDS]


@pytest.fixture
def wallet(tmp_path) -> str:
    """The file of a wallet; ada's plan gives her 20 image tokens."""
    file = str(tmp_path / "wallet.sqlite3")
    with Wallet.open(file, create=True) as opened:
        opened.create_user("ada")
    return file


def test_both_kinds_of_tokens_are_counted(ask, wallet):
    text = "text tokens: 2 in 1 chunk of 75\nimage tokens: "
    assert ask("prompt", "count", "1girl", "--images", "4").text == f"{text}4\n"
    told = ask("prompt", "count", "1girl", "--images", "24", "--user", "ada", "--wallet", wallet)
    assert told.text == f"{text}24, 20 left: 4 too few\n"
    assert (told.event["image_tokens"], told.event["left"]) == (24, 20)
    assert ask("prompt", "count", "1girl", "--user", "ada", "--wallet", wallet).text == f"{text}1, 20 left\n"
    assert "image_tokens" not in ask("prompt", "count", "1girl").event
