"""The hard prompts of the prompt research, and the specification's worked example: what the linter says about each."""

from __future__ import annotations

import pytest

from tagloom.prompt.lint import lint, lint_negative

# The prompt, the codes in A1111, the codes in ComfyUI. Codes about what the words mean (TL5xx) are left out.
HARD = [
    ("a (((house:1.3)) [on] a (hill:0.5), sun, (((sky))).", "TL302", "TL302 TL303"),
    ("((a:1.5):1.2)", "", ""),
    ("(a (b:1.5) c:1.2)", "", ""),
    ("((a):1.5)", "", ""),
    ("(a:1.2:1.3)", "", ""),
    ("(a: 1.2 )", "", ""),
    ("(a:1.2 , b)", "TL206", "TL206"),
    ("(a:-1)", "TL202", "TL202"),
    ("(a:.5)", "", ""),
    ("(a:1e2)", "TL205", "TL204 TL205"),
    ("(a:)", "TL209", "TL209"),
    ("(:1.2)", "TL210", "TL210"),
    ("()", "TL210", "TL210"),
    ("[a:1.2]", "TL212", "TL212"),
    ("[[a]]", "", "TL303"),
    ("([a])", "", "TL303"),
    ("[(a:1.5)]", "", "TL303"),
    ("(unbalanced", "TL302", "TL302"),
    ("a) b (c", "TL301 TL302", "TL301 TL302"),
    ("((a)", "TL302", "TL302"),
    ("(a))", "TL301", "TL301"),
    ("(a BREAK b:1.2)", "TL401", "TL401 TL402"),
    ("a,BREAK,b", "TL105", "TL402"),
    ("aBREAK b", "TL101", "TL101"),
    (r"a \(b\)", "", ""),
    (r"a \\(b\\)", "TL306 TL306", "TL306 TL306"),
    (r"a\b", "TL306", "TL306"),
    (r"\m/", "TL304", ""),
    ("1girl, :3", "TL304", ""),
    (":3", "TL304", ""),
    ("(:3)", "TL304", ""),
    ("(:3:1.2)", "", ""),
    (r"(>:\):1.2)", "", ""),
    (r"(;\):1.3)", "", ""),
    (";), (a:1.2), b", "", "TL304"),
    (":(, x", "TL304", "TL304"),
    ("(smile, ;), blush:1.2)", "TL304", "TL304"),
    ("(reverse:1999)", "TL304", "TL304"),
    ("1girl, reverse:1999", "TL304", ""),
    ("(7:24)", "TL204", "TL204"),
    ("(code:074)", "TL304", "TL304"),
    ("2b (nier:automata)", "TL304", "TL304"),
    ("under_night_in-birth_exe:late[st]", "TL102 TL304", "TL102"),
    ("a AND b", "", "TL402"),
    ("a:1.5 AND b :0.5", "", "TL207 TL207 TL402"),
    ("cat, dog:1.2", "TL208", "TL207"),
    ("(a AND b:1.2)", "TL404", "TL402 TL404"),
    ("SAND", "TL101", "TL101"),
    ("a AND", "TL405", "TL402"),
    ("(masterpiece:1.2, best quality:1.2)", "TL206", "TL206"),
    ("(a:1.2)(b:1.2)", "", ""),
    ("（a:1.2）", "TL106 TL106", "TL106 TL106"),
    ("(a：1.2)", "TL106", "TL106"),
    ("(((((((a)))))))", "", ""),
    ("a [b:3]", "", "TL409"),
    ("a [b : c : 1] d", "", "TL409"),
    ("a[b:[c:d:2]:1]e", "", "TL409 TL409"),
    ("a [b:.5] c", "", "TL409"),
    ("[a:b:1]", "", "TL409"),
    ("[a:b:1.0]", "TL407", "TL409"),
    ("[a:b:0]", "TL407", "TL409"),
    ("[a:b:2.5]", "TL407", "TL409"),
    ("[fe|]male", "", "TL409"),
    ("[a:b:c:0.5]", "TL411", "TL303"),
    ("[a|b:0.5]", "TL411", "TL303"),
    ("a [unbalanced", "TL302", ""),
    ("[:3]", "TL304", "TL303"),
    ("[nier:automata:0.5]", "TL408", "TL409"),
    (r"[a\:b:c:0.5]", "TL306", "TL303 TL306"),
    (r"\[a:b:0.5\]", "", "TL306 TL306"),
    ("[a:[b|c]:0.5]", "", "TL409 TL409"),
    ("<lora:a:0.8:1>, x", "", "TL413"),
    ("[<lora:a:1>:<lora:b:1>:0.5]", "TL414 TL414", "TL409 TL413"),
    ("6+girls", "", ""),
    ("{2$$, $$a|b|c}", "", ""),
    ("{0.5::a|2::b}", "", ""),
    ("<lora:foo__bar:1>", "", "TL413"),
    ("@__@", "", ""),
    (r">_<, @_@, ^_^, :d, .hack//, |_|", "", ""),
    (r"\||/, #compass, nylon (nylon 100%)", "TL304 TL304 TL304", "TL304"),
    ("(a:1..2)", "TL205", "TL205"),
    ("\\", "TL306", "TL306"),
    ("[", "TL302", ""),
    ("]", "TL301", ""),
    (":", "", ""),
    ("|", "", ""),
    ("STYLE(A1111 b", "TL101 TL302", "TL302"),
    ("a [b:c:0.5", "TL208 TL302", ""),
]
NEGATIVE = (
    "particles, 3d, rendered, human, multiple tails, old, oldest, cartoon, graphic, text, painting, crayon, graphite, "
    "abstract, glitch, deformed, mutated, ugly, disfigured, long body, lowres, bad anatomy, bad hands, missing "
    "fingers, extra digits, fewer digits, very displeasing, (worst quality, bad quality:1.2), bad anatomy, sketch, "
    "jpeg artifacts, signature, watermark, username, simple background, conjoined, bad ai-generated"
)


def codes(text: str, dialect: str) -> str:
    return " ".join(sorted(finding.code for finding in lint(text, dialect=dialect) if finding.code[2] != "5"))


@pytest.mark.parametrize(("text", "a1111", "comfyui"), HARD)
def test_hard_prompts(text, a1111, comfyui):
    assert codes(text, "a1111") == a1111
    assert codes(text, "comfyui") == comfyui


@pytest.mark.parametrize(("dialect", "more"), [("a1111", []), ("comfyui", ["TL402 AND"])])
def test_the_specification_s_example(dialect, more, example):
    """Nine quality tags, five lines without a comma at their end, and an AND that splits all: nothing else is odd."""
    found = [f"{finding.code} {example[finding.start : finding.end]}" for finding in lint(example, dialect=dialect)]
    quality = example[: example.index(", scenery")]
    ends = ["TL104 y", "TL104 s", "TL104 h", "TL104 t", "TL104 e"]
    assert found == [f"TL603 {quality}", *ends, *more, "TL403 AND"]


def test_the_example_s_and_takes_all_before_and_all_behind(example):
    (finding,) = (finding for finding in lint(example) if finding.code == "TL403")
    assert "the 47 tags from 'masterpiece' to 'blue fire'" in finding.message
    assert "the 7 tags from 'red fire' to 'volumetric lighting'" in finding.message


def test_the_specification_s_negative_prompt():
    """It repeats one tag; nothing else is odd."""
    found = [(finding.code, NEGATIVE[finding.start : finding.end]) for finding in lint_negative(NEGATIVE)]
    assert [(code, place) for code, place in found if code != "TL502"] == [("TL107", "bad anatomy")]


def test_the_two_prompts_of_the_example_do_not_contradict_each_other(example):
    assert "TL505" not in {finding.code for finding in lint(example, negative=NEGATIVE)}
