from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

import tagloom
from tagloom.prompt.errors import UnknownDialect
from tagloom.prompt.families import get_family
from tagloom.prompt.lint import RULES, lint, lint_negative
from tagloom.prompt.syntax.edits import apply_edits

README = Path(tagloom.__file__).parent / "prompt" / "lint" / "README.md"

# The prompt, how it is meant, and all that is said about it: code and the text of the place.
CASES: list[tuple[str, dict[str, object], list[tuple[str, str]]]] = [
    ("masterpiece, 1girl, solo, long hair, blue eyes, smile, forest", {}, []),
    ("Masterpiece, :D, Long Hair", {}, [("TL101", "Masterpiece"), ("TL101", ":D"), ("TL101", "Long Hair")]),
    ("1girl BREAK smile AND <lora:MyStyle:1>, embedding:EasyNeg, __Hair__", {"dialect": "a1111"}, []),
    ("Red_Hair", {}, [("TL101", "Red_Hair")]),
    ("My_Qwxyle", {"known": {"my qwxyle"}}, [("TL101", "My_Qwxyle")]),
    ("My_Qwxyle", {}, [("TL101", "My_Qwxyle"), ("TL102", "My_Qwxyle"), ("TL502", "My_Qwxyle")]),
    ("long_hair, score_9, ^_^, looking_at_viewer", {}, [("TL102", "long_hair"), ("TL102", "looking_at_viewer")]),
    ("score_9, score_8_up", {"family": "pony_v6"}, []),
    ("long hair blue eyes smile", {}, [("TL103", "long hair blue eyes smile")]),
    ("1girl long hair", {}, [("TL103", "1girl long hair")]),
    ("masterpiece best quality 1girl", {}, [("TL103", "masterpiece best quality 1girl")]),
    ("phoenix fox girl, flame hair girl, black cat ears, red fire forest background", {}, []),
    ("full body side view, low angle shot", {}, []),
    ("smile\nportrait", {}, [("TL104", "e")]),
    ("smile,\nportrait\n\n", {}, []),
    ("(smile)\n(portrait)", {}, [("TL104", ")")]),
    ("blush,, grin, ,portrait,", {}, [("TL105", ","), ("TL105", ",")]),
    (", smile BREAK, grin", {"dialect": "a1111"}, [("TL105", ","), ("TL105", ",")]),
    ("smile BREAK, grin AND, blush", {}, [("TL402", "BREAK"), ("TL402", "AND")]),
    ("blush，grin、forest", {}, [("TL106", "，"), ("TL106", "、")]),
    ("（smile）, １girl", {}, [("TL106", "（"), ("TL106", "）"), ("TL106", "１")]),
    ("blush, grin, Blush", {}, [("TL101", "Blush"), ("TL107", "Blush")]),
    ("(long hair:1.2), long_hair", {}, [("TL102", "long_hair"), ("TL107", "long_hair")]),
    ("blonde hair, blond hair", {}, [("TL107", "blond hair")]),
    ("smile BREAK smile AND smile", {"dialect": "a1111"}, []),
    ("[smile:grin:0.5], [grin:smile:0.5]", {"dialect": "a1111"}, []),
    ("cat ears, animal ears", {}, [("TL108", "animal ears")]),
    ("(smile: infinity)", {}, [("TL201", "(smile: infinity)")]),
    ("(smile:nan)", {}, [("TL201", "(smile:nan)")]),
    ("(smile:-1)", {}, [("TL202", "(smile:-1)")]),
    ("(smile:0)", {}, [("TL203", "(smile:0)")]),
    ("(blush:3), (grin:0.1)", {}, [("TL204", "(blush:3)"), ("TL204", "(grin:0.1)")]),
    ("((((((((smile))))))))", {"dialect": "a1111"}, [("TL204", "smile")]),
    ("(grin:1999)", {}, [("TL204", "(grin:1999)")]),
    ("(smile:1e0)", {}, [("TL205", ":1e0)")]),
    ("(smile:1e0)", {"dialect": "a1111"}, [("TL205", "1e0)")]),
    ("(smile:1..2)", {"dialect": "a1111"}, [("TL205", "1..2)")]),
    ("(smile:1,2)", {}, [("TL205", "1,2)")]),
    ("(smile:1.2, blush:1.2)", {}, [("TL206", "smile:1.2, blush:1.2)")]),
    ("(smile, blush:1.2)", {}, []),
    ("smile # (nier:automata) a", {"dialect": "a1111"}, []),
    ("smile:1.2, blush", {}, [("TL207", "smile:1.2")]),
    ("16:9, 7:08", {}, []),
    ("blush, smile:1.2", {"dialect": "a1111"}, [("TL208", ":1.2")]),
    ("blush :1.2 AND smile :0.8", {"dialect": "a1111"}, []),
    ("(smile:)", {}, [("TL209", ":)")]),
    ("smile, (), (:1.2), ((  ))", {}, [("TL210", "()"), ("TL210", "(:1.2)"), ("TL210", "((  ))")]),
    ("(forest 1.2), (blush, 1.2), (grin;0.9)", {}, [("TL211", "1.2)"), ("TL211", "1.2)"), ("TL211", "0.9)")]),
    ("(red hair1.3), (blush, smile0.8)", {}, [("TL211", "1.3)"), ("TL211", "0.8)")]),
    ("(android 18), (2b), (sf6), (unit 01), (1.5), (flux1.1), (hat2.7), (dress 2)", {}, [("TL502", "unit 01")]),
    ("(red hair13), red hair1.3", {}, [("TL502", "red hair13")]),
    ("[smile:1.2]", {}, [("TL212", "[smile:1.2]")]),
    ("[smile:1.2]", {"dialect": "a1111"}, [("TL212", "[smile:1.2]")]),
    ("1.5::blue fire::, 1girl", {}, [("TL213", "1.5::blue fire::")]),
    ("(1girl), -1::hat::, .5::smile, cat", {}, [("TL213", "-1::hat::"), ("TL213", ".5::")]),
    ("1.2::hat::0.8::cap::", {"dialect": "a1111"}, [("TL213", "1.2::hat::"), ("TL213", "0.8::cap::")]),
    ("0.8::{cap}::", {"dialect": "compel"}, [("TL213", "0.8::{cap}::"), ("TL303", "{cap}")]),
    ("1.2::hat, 0.8::cap:: dress::", {"dialect": "a1111"}, [("TL213", "1.2::hat, 0.8::cap:: dress::")]),
    ("1.5::wobbledygook::, {{xyzzyplugh}}", {}, [("TL213", "1.5::wobbledygook::"), ("TL303", "{{xyzzyplugh}}")]),
    ("1.5::hat::", {"dialect": "novelai4"}, []),
    ("1.5::hat::", {"dialect": "novelai3"}, [("TL213", "1.5::hat::")]),
    ("[1::5], {0.5::hat|2::cap}, 1999::2, a1::b", {"dialect": "a1111"}, []),
    ("[1::5]", {}, [("TL409", "[1::5]")]),
    ("smile), (blush:1.2)", {}, [("TL301", ")")]),
    ("smile:1.2), blush", {}, [("TL301", ")")]),
    ("(smile, blush", {}, [("TL302", "(")]),
    ("smile, [blush", {"dialect": "a1111"}, [("TL302", "[")]),
    ("{smile, blush", {"dialect": "novelai3"}, [("TL302", "{")]),
    ("[smile], {blush}, {grin|smirk}", {}, [("TL303", "[smile]"), ("TL303", "{blush}")]),
    ("[smile], {blush}", {"dialect": "novelai3"}, []),
    ("(smile:1.2)", {"dialect": "novelai4"}, [("TL303", "(smile:1.2)")]),
    (";), (smile:1.2)", {}, [("TL304", ";)")]),
    ("1girl, :3", {"dialect": "a1111"}, [("TL304", ":3")]),
    ("1girl, :3", {}, []),
    (r"smile, ;\), (blush:1.2)", {}, []),
    ("a (nier:automata)", {}, [("TL305", "(nier:automata)")]),
    ("smile (blush)", {}, [("TL305", "(blush)")]),
    (r"smi\le", {"dialect": "a1111"}, [("TL501", r"smi\le"), ("TL306", "\\")]),
    (r"smile \[blush\]", {}, [("TL306", "\\"), ("TL306", "\\")]),
    ("1girl, {hat|cap", {"dialect": "a1111"}, [("TL307", "{")]),
    ("1girl, {2$$hat, cap", {}, [("TL307", "{")]),
    ("hat|cap} smile", {}, [("TL307", "}")]),
    ("{hat|cap, {blush|smile}, |_|, {cap", {}, [("TL307", "{")]),
    ("{hat|cap", {"dialect": "novelai3"}, [("TL302", "{")]),
    ("{hat, :|, |_|, [cap|bow]", {}, [("TL409", "[cap|bow]")]),
    ("(smile BREAK blush:1.2)", {"dialect": "a1111"}, [("TL401", "BREAK")]),
    ("smile BREAK blush AND grin", {}, [("TL402", "BREAK"), ("TL402", "AND")]),
    ("1girl, smile AND blush, forest", {"dialect": "a1111"}, [("TL403", "AND")]),
    ("1girl, smile, forest AND 1girl, blush, forest", {"dialect": "a1111"}, []),
    ("smile AND blush", {"dialect": "a1111"}, []),
    ("smile and blush, black and white", {"dialect": "a1111"}, []),
    ("(smile AND blush:1.2)", {"dialect": "a1111"}, [("TL404", "AND")]),
    ("smile AND", {"dialect": "a1111"}, [("TL405", "AND")]),
    ("AND smile AND AND grin", {"dialect": "a1111"}, [("TL405", "AND"), ("TL405", "AND")]),
    ("1girl, smile :3", {"dialect": "a1111"}, [("TL208", ":3")]),
    ("(smile:1.2), hat", {"dialect": "compel"}, [("TL303", "(smile:1.2)")]),
    ("smile AND blush :9", {"dialect": "a1111"}, [("TL406", ":9")]),
    ("[smile:blush:1.5]", {"dialect": "a1111"}, [("TL407", "[smile:blush:1.5]")]),
    ("[smile:blush:0.5], [smile:blush:12]", {"dialect": "a1111"}, []),
    ("[nier:automata:0.5]", {"dialect": "a1111"}, [("TL408", "[nier:automata:0.5]")]),
    ("[smile:blush:0.5]", {}, [("TL409", "[smile:blush:0.5]")]),
    ("smile | grin, [blush:forest:0.5]", {"dialect": "a1111"}, [("TL410", "|")]),
    ("[smile:blush:grin:0.5]", {"dialect": "a1111"}, [("TL411", "[smile:blush:grin:0.5]")]),
    ("<lora:x:strong>, smile", {"dialect": "a1111"}, [("TL412", "<lora:x:strong>")]),
    ("<lora:x:1, smile", {"dialect": "a1111"}, [("TL412", "<")]),
    ("<lora:x:1, smile", {}, [("TL412", "<")]),
    ("smile, <LORA:x:1", {"dialect": "a1111"}, [("TL412", "<")]),
    ("<lora:>, smile", {"dialect": "a1111"}, [("TL412", "<lora:>")]),
    ("<lora:x, <lora:y:1>", {"dialect": "a1111"}, [("TL412", "<")]),
    ("<lora:x:1>, smile", {"dialect": "comfyui", "tag_aware": False}, []),
    ("<lora:x:1>, smile", {}, [("TL413", "<lora:x:1>")]),
    ("[<lora:x:1>:smile:0.5]", {"dialect": "a1111"}, [("TL414", "<lora:x:1>")]),
    ("<lora:x:1>, smile", {"dialect": "a1111", "loras": ["y"]}, [("TL415", "<lora:x:1>")]),
    ("<lora:X:1>, __hair/long__", {"dialect": "a1111", "loras": ["x.safetensors"], "wildcards": ["hair/long"]}, []),
    ("looking at veiwer", {}, [("TL501", "looking at veiwer")]),
    ("blak hair, 1gril", {}, [("TL501", "blak hair"), ("TL501", "1gril")]),
    ("smile, wobbledygook, xyzzyplugh", {}, [("TL502", "wobbledygook")]),
    ("smile, wobbledygook", {"known": {"wobbledygook"}}, []),
    ("multiple girls", {}, [("TL503", "multiple girls")]),
    ("1girl, 1boy", {}, [("TL503", "1boy")]),
    ("solo, 2girls", {}, [("TL503", "2girls"), ("TL504", "2girls")]),
    ("1girl, solo, 1boy", {}, [("TL503", "1boy"), ("TL504", "1boy")]),
    ("1girl, 1other, solo", {}, [("TL503", "1other"), ("TL504", "solo")]),
    ("1girl, 1boy, solo, dual persona", {}, [("TL503", "1boy")]),
    ("solo, 1girl BREAK 1boy", {"dialect": "a1111"}, [("TL503", "1boy")]),
    ("smile, forest", {"negative": "lowres, forest"}, [("TL505", "forest")]),
    ("worst quality, smile", {}, [("TL506", "worst quality")]),
    ("forest, dress, smile, 1girl, masterpiece", {}, [("TL508", "forest, dress, smile, 1girl")]),
    ("score_9, 1girl", {"family": "illustrious"}, [("TL601", "score_9")]),
    ("score_10, score_9, 1girl", {"family": "pony_v6"}, [("TL602", "score_10")]),
    (
        "masterpiece, best quality, amazing quality, very aesthetic, 4k, high resolution, absurdres, highres",
        {},
        [
            (
                "TL603",
                "masterpiece, best quality, amazing quality, very aesthetic, 4k, high resolution, absurdres, highres",
            )
        ],
    ),
    ("1girl, smile, forest, (dress:1.2), night", {"family": "qwen_image"}, [("TL605", ""), ("TL607", "(dress:1.2)")]),
    (
        "A girl with long hair stands in a forest and smiles at the viewer.",
        {"family": "illustrious"},
        [("TL606", "A girl with long hair stands in a forest and smiles at the viewer.")],
    ),
    ("A girl with long hair stands in a forest and smiles at the viewer.", {"family": "flux1_dev"}, []),
    ("score 9, 1girl", {"family": "pony_v6"}, [("TL609", "score 9")]),
]
NEGATIVE_CASES: list[tuple[str, dict[str, object], list[tuple[str, str]]]] = [
    ("lowres, bad anatomy, worst quality, 2girls, solo", {}, []),
    ("lowres, masterpiece", {}, [("TL507", "masterpiece")]),
    ("lowres", {"family": "flux1_schnell"}, [("TL608", "lowres")]),
    ("forest", {"positive": "1girl, (forest:1.2)"}, [("TL505", "forest")]),
]


def settings(given: dict[str, object]) -> dict[str, object]:
    return {"dialect": "comfyui"} | given | ({"family": get_family(str(given["family"]))} if "family" in given else {})


def said(text: str, found) -> list[tuple[str, str]]:
    return [(finding.code, text[finding.start : finding.end]) for finding in found]


@pytest.mark.parametrize(("text", "given", "expected"), CASES)
def test_positive(text, given, expected):
    found = said(text, lint(text, **settings(given)))
    assert [(code, place if (code, "") not in expected else "") for code, place in found] == expected


@pytest.mark.parametrize(("text", "given", "expected"), NEGATIVE_CASES)
def test_negative(text, given, expected):
    assert said(text, lint_negative(text, **settings(given))) == expected


def test_every_rule_has_a_case():
    shown = {code for *_, expected in [*CASES, *NEGATIVE_CASES] for code, _ in expected} | {"TL604"}
    assert shown == {rule.code for rule in RULES}


def test_quality_tags_mean_nothing_to_a_family_of_sentences():
    family = get_family("qwen_image")
    codes = [finding.code for finding in lint("masterpiece, a fox in the snow", family=family)]
    assert codes in (["TL601"], ["TL604"])


def test_quality_words_that_a_family_knows_may_be_patterns():
    """An entry such as `year *` stands for all words that begin so."""
    tags, sentences = get_family("illustrious"), get_family("qwen_image")
    tags = replace(tags, quality=replace(tags.quality, known=("xyzzy*",)))
    sentences = replace(sentences, foreign={}, quality=replace(sentences.quality, known=("very *",)))
    assert said("smile, xyzzyplugh", lint("smile, xyzzyplugh", family=tags)) == []
    text = "very aesthetic, masterpiece, a fox in the snow"
    assert said(text, lint(text, family=sentences)) == [("TL604", "masterpiece")]


def test_a_tag_with_capitals_and_underscores_has_one_fix():
    assert [fixes_of("Red_Hair", finding) for finding in lint("Red_Hair")] == ["red hair"]
    assert "'red hair'" in lint("Red_Hair")[0].message


def fixes_of(text: str, finding) -> str:
    return apply_edits(text, finding.fixes)


@pytest.mark.parametrize("negative", [False, True])
def test_a_system_prompt_is_no_tag(negative):
    family = get_family("netayume_lumina")
    system = family.negative.system if negative else family.system
    text, check = f"{system} smile, Red_Hair, red hair", lint_negative if negative else lint
    found = check(text, family=family)
    assert said(text, found) == [("TL101", "Red_Hair"), ("TL107", "red hair")]
    assert f"at character {len(system) + 9};" in found[1].message
    assert fixes_of(text, found[0]) == f"{system} smile, red hair, red hair"
    assert fixes_of(text, found[1]) == f"{system} smile, Red_Hair"
    both = (
        lint("smile", family=family, negative=text)
        if negative
        else lint_negative("smile", family=family, positive=text)
    )
    assert [finding.code for finding in both] == ["TL505"]


def test_codes_are_unique_and_in_order():
    codes = [rule.code for rule in RULES]
    assert codes == sorted(set(codes))


def test_the_readme_lists_every_code():
    rows = [line for line in README.read_text(encoding="utf-8").splitlines() if line.startswith("| TL")]
    assert rows == [f"| {rule.code} | {rule.severity} | {rule.what} | {rule.fix} |" for rule in RULES]


def test_the_message_on_and_gives_both_extents_and_two_ways_out():
    text = "1girl, (blue fire:1.2) AND red fire, dark, glow"
    (finding,) = (finding for finding in lint(text, dialect="a1111") if finding.code == "TL403")
    assert "the 2 tags from '1girl' to 'blue fire' (characters 1 to 17)" in finding.message
    assert "the 3 tags from 'red fire' to 'glow' (characters 28 to 47)" in finding.message
    assert finding.fixes is None
    assert [apply_edits(text, edits) for _, edits in finding.suggestions] == [
        "1girl, (blue fire:1.2), red fire, dark, glow",
        "1girl, (blue fire:1.2), dark, glow AND 1girl, red fire, dark, glow",
    ]


def test_a_reference_without_its_end_may_be_closed():
    (finding,) = lint("1girl, <lora:x:0.8, smile")
    assert "nothing closes this '<'" in finding.message
    assert finding.fixes is None
    assert [apply_edits("1girl, <lora:x:0.8, smile", edits) for _, edits in finding.suggestions] == [
        "1girl, <lora:x:0.8>, smile"
    ]


@pytest.mark.parametrize(
    ("text", "undone"),
    [
        ("x [day:night:0.5], [a|b:0.5]", ["'[day:night:0.5]' too"]),
        ("[a|b:0.5] AND [a|b:0.5], [c|d], [a|b:0.7]", ["", "'[c|d]' too", ""]),
        ("[day:night:0.5], [a:b:c:0.5]", [""]),
    ],
)
def test_a_bar_that_undoes_other_prompt_editing_says_so(text, undone):
    found = [finding.message for finding in lint(text) if finding.code == "TL411"]
    assert [message.partition(" all prompt editing is encoded as text, ")[2] for message in found] == undone


@pytest.mark.parametrize(("family", "told"), [("flux1_dev", ["TL608"]), ("illustrious", [])])
def test_an_ignored_negative_prompt_is_told_of_beside_the_positive_one(family, told):
    found = lint("hat", family=family, negative="bad hands")
    assert [finding.code for finding in found] == told
    assert all("the negative prompt beside this one: " in finding.message for finding in found)
    assert [finding.code for finding in lint("hat", family=family, negative=" ")] == []


def test_a_misspelt_tag_has_a_suggestion_but_no_fix():
    (finding,) = lint("looking at veiwer")
    assert finding.fixes is None
    assert [apply_edits("looking at veiwer", edits) for _, edits in finding.suggestions] == ["looking at viewer"]


@pytest.mark.parametrize(
    ("text", "dialect", "suggested"),
    [
        ("1girl, {red|blue hair, smile", "a1111", ["1girl, {red|blue hair}, smile"]),
        ("({red|blue:1.2)", "comfyui", ["({red|blue}:1.2)"]),
        ("{0.5::red|2::blue hair: smile", "comfyui", ["{0.5::red|2::blue hair}: smile"]),
        ("1girl, {2$$red, blue", "comfyui", ["1girl, {2$$red}, blue"]),
        ("{{red|blue} hair, {cap|hat}", "comfyui", ["{{red|blue} hair}, {cap|hat}"]),
        ("1girl, red|blue} hair", "comfyui", ["1girl, {red|blue} hair"]),
        ("{red|blue BREAK hair", "a1111", []),
        ("-1::hat::, cat", "a1111", ["(hat:-1), cat"]),
        ("1.5::hat, cat", "comfyui", ["(hat:1.5), cat"]),
        ("1.5::hat, cat", "novelai3", []),
        ("1.5::{hat}, cat", "comfyui", []),
    ],
)
def test_what_only_the_author_can_know_is_suggested(text, dialect, suggested):
    found = [finding for finding in lint(text, dialect=dialect) if finding.code in ("TL213", "TL307")]
    assert [finding.fixes for finding in found] == [None] * len(found)
    assert [apply_edits(text, edits) for finding in found for _, edits in finding.suggestions] == suggested


def test_tags_that_are_read_by_the_dialect_alone_change_weights_when_escaped():
    aware, own = (lint(";), (smile:1.2)", dialect="comfyui", tag_aware=kept) for kept in (True, False))
    assert [finding.changes_weights for finding in aware if finding.code == "TL304"] == [False]
    assert [finding.changes_weights for finding in own if finding.code == "TL304"] == [True]


def test_a_finding_is_plain_data():
    (finding,) = lint("Smile")
    assert json.loads(json.dumps(finding.as_dict())) == {
        "code": "TL101",
        "severity": "warning",
        "start": 0,
        "end": 5,
        "message": "'Smile' has capital letters and the tag has none; write 'smile'",
        "fixes": [{"start": 0, "end": 5, "replacement": "smile"}],
        "changes_weights": False,
        "suggestions": [],
    }


def test_an_unknown_dialect_is_an_error():
    with pytest.raises(UnknownDialect, match="did you mean comfyui"):
        lint("smile", dialect="comfyu")
