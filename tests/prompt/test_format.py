from __future__ import annotations

import pytest

from tagloom.prompt import PromptError, describe, format_prompt, get_family


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", ""),
        (" , ,\n", ""),
        (" 1girl ,smile,, hat , ", "1girl, smile, hat"),
        ("long   hair,\ttall  hat", "long hair, tall hat"),
        ("( smile , hat :1.2 )", "(smile, hat:1.2)"),
        ("(smile,), hat", "(smile), hat"),
        ("1girl，smile、hat", "1girl, smile, hat"),
        ("1girl,\nsmile\n\n\nhat\r\nforest,", "1girl,\nsmile\n\nhat\nforest"),
        ("1girl, BREAK, smile", "1girl BREAK smile"),
        ("1girl,\nBREAK\n,smile", "1girl\nBREAK\nsmile"),
        ("1girl ,AND smile, AND hat :0.5 ", "1girl AND smile AND hat:0.5"),
        ("1girl, # a  note , here\n ,smile", "1girl, # a  note , here\nsmile"),
        ("[smile :  frown:0.5] ,  hat", "[smile :  frown:0.5], hat"),
        ("{smile|  hat} hair", "{smile|  hat} hair"),
        ("1girl <lora:a b:1>,smile", "1girl <lora:a b:1>, smile"),
        (r"miku  \(vocaloid\) ,;)", r"miku \(vocaloid\), ;)"),
        ("long_hair, 1girl", "long_hair, 1girl"),
        ("(smile, hat", "(smile, hat"),
        (" smile , (hat:1.2 ", "smile, (hat:1.2"),
        ("tag:1.5 ,", "tag:1.5,"),
    ],
)
def test_formatted_prompts(text, expected):
    assert format_prompt(text, dialect="a1111").text == expected


@pytest.mark.parametrize(
    ("text", "layout", "expected"),
    [
        ("1girl\nsmile,\n\nhat", "one line", "1girl, smile, hat"),
        ("1girl\nBREAK\nsmile", "one line", "1girl BREAK smile"),
        ("1girl, # note\nsmile\nhat", "one line", "1girl, # note\nsmile, hat"),
        ("masterpiece, 1girl, red hair, smile", "lines", "masterpiece,\n1girl, red hair,\nsmile"),
        ("masterpiece,\nhighres,\n1girl", "lines", "masterpiece, highres,\n1girl"),
        ("sks, masterpiece, xqz, 1girl", "lines", "sks, masterpiece, xqz,\n1girl"),
        ("(smile, red hair:1.2), forest", "lines", "(smile, red hair:1.2),\nforest"),
    ],
)
def test_layouts(text, layout, expected):
    assert format_prompt(text, dialect="a1111", layout=layout).text == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("long_hair, blue__sky", "long hair, blue sky"),
        ("score_9, score_8_up, ^_^, >_<, o_o, rating_safe", "score_9, score_8_up, ^_^, >_<, o_o, rating_safe"),
        (
            "<lora:my_lora:1>, embedding:bad_hands, __hair_color__",
            "<lora:my_lora:1>, embedding:bad_hands, __hair_color__",
        ),
        (r"(hatsune_miku_\(vocaloid\):1.2)", r"(hatsune miku \(vocaloid\):1.2)"),
    ],
)
def test_underscores_become_spaces_on_request(text, expected):
    assert format_prompt(text, spaces=True).text == expected


def test_a_family_s_words_keep_their_underscores():
    assert (
        format_prompt("source_anime, red_hair", spaces=True, family=get_family("pony_v6")).text
        == "source_anime, red hair"
    )


@pytest.mark.parametrize(
    ("dialect", "text", "expected"),
    [
        ("comfyui", ";), (>:(:1.2), hat", r";\), (>:\(:1.2), hat"),
        ("a1111", ";), hat", r";\), hat"),
        ("comfyui", r";\), (smile)", r";\), (smile)"),
        ("novelai4", ";), hat", ";), hat"),
    ],
)
def test_brackets_of_known_tags_are_escaped_on_request(dialect, text, expected):
    result = format_prompt(text, dialect=dialect, escapes=True)
    assert result.text == expected
    assert format_prompt(text, dialect=dialect).text == text


def test_changed_spellings_are_told():
    result = format_prompt("long_hair,hat", spaces=True)
    assert result.report() == "spelled long_hair: as long hair\ntidied: white space and commas"
    assert format_prompt("hat").report() == "changed nothing"


def test_an_unknown_layout_is_refused():
    with pytest.raises(PromptError, match=r"no layout 'line'; did you mean"):
        format_prompt("1girl", layout="line")


def test_what_a_description_holds():
    found = describe("masterpiece, (Long_Hair:1.2) <lora:x:1>, xqz BREAK smile AND forest:0.5", dialect="a1111")
    assert {group: [tag.name for tag in tags] for group, tags in found.groups.items() if tags} == {
        "quality": ["masterpiece"],
        "body": ["long hair"],
        "expression": ["smile"],
        "background": ["forest"],
        "other": ["xqz"],
    }
    (hair,) = found.groups["body"]
    assert (hair.text, hair.weight, hair.start, hair.end, hair.part, hair.chunk) == ("Long_Hair", 1.2, 14, 23, 0, 0)
    assert (found.groups["expression"][0].chunk, found.groups["background"][0].part) == (1, 1)
    assert [(reference.kind, reference.text) for reference in found.references] == [("lora", "<lora:x:1>")]
    assert found.parts == (1.0, 0.5)


def test_a_description_in_words():
    text = "1girl, (smile:1.2), <lora:x:1> AND forest:0.5"
    assert describe(text, dialect="a1111").report().splitlines() == [
        "- body: 1girl",
        "- expression: smile (1.2)",
        "- background: forest",
        "- lora: <lora:x:1>",
        "- sub-prompts: 2, weights 1, 0.5",
    ]


def test_dialects_without_and_have_one_part():
    assert describe("1girl AND forest", dialect="comfyui").parts == (1.0,)
