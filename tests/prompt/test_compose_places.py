"""Where the enhancer puts its tags in prompts with syntax, and what it leaves out."""

from __future__ import annotations

import pytest

from tagloom.prompt import PromptError, UnknownDialect, attention, compose_negative, enhance, get_family

START = "masterpiece, best quality"
END = "masterpiece, high score"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1girl AND forest", f"{START}, 1girl AND forest"),
        ("blurry:-1 AND forest", f"blurry:-1 AND {START}, forest"),
        ("1girl BREAK forest", f"{START}, 1girl BREAK forest"),
        ("BREAK 1girl", f"BREAK {START}, 1girl"),
        ("# note\n1girl", f"# note\n{START}, 1girl"),
        ("# note", f"# note\n{START}"),
        ("<lora:x:1>, 1girl", f"{START}, <lora:x:1>, 1girl"),
        ("[masterpiece:1girl:0.5]", "best quality, [masterpiece:1girl:0.5]"),
        ("[1girl:1boy:0.5]", f"{START}, [1girl:1boy:0.5]"),
        ("(1girl", f"{START}, (1girl"),
        ("1girl, :3", f"{START}, 1girl, :3"),
        ("[[1girl", f"{START}, [[1girl"),
        ("(masterpiece, 1girl:1.2)", "best quality, (masterpiece, 1girl:1.2)"),
        ("masterpiece AND 1girl", "masterpiece, best quality AND 1girl"),
        ("forest AND masterpiece", "best quality, forest AND masterpiece"),
    ],
)
def test_quality_at_the_start(text, expected):
    assert enhance(text, get_family("illustrious"), "light", dialect="a1111").text == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1girl, <lora:x:1>", f"1girl, {END}, <lora:x:1>"),
        ("1girl <lora:x:1>", f"1girl, {END} <lora:x:1>"),
        ("1girl<lora:x:1>", f"1girl, {END} <lora:x:1>"),
        ("<lora:x:1>", f"{END}, <lora:x:1>"),
        ("1girl BREAK", f"1girl, {END} BREAK"),
        ("1girl, BREAK", f"1girl, {END} BREAK"),
        ("1girl BREAK forest", f"1girl BREAK forest, {END}"),
        ("1girl # note", f"1girl, {END} # note"),
        ("1girl\n", f"1girl, {END}\n"),
        ("1girl,\n", f"1girl, {END}\n"),
        ("1girl AND forest", f"1girl, {END} AND forest"),
        ("(1girl)AND forest", f"(1girl), {END} AND forest"),
        ("(1girl),AND forest", f"(1girl), {END} AND forest"),
        ("1girl:1.5 AND forest", f"1girl, {END}:1.5 AND forest"),
        ("1girl:1.5", f"1girl, {END}:1.5"),
        ("(1girl, smile", f"{END}, (1girl, smile"),
        ("(1girl, smile <lora:x:1>", f"{END}, (1girl, smile <lora:x:1>"),
        ("1girl, [smile:forest:0.5]", f"1girl, [smile:forest:0.5], {END}"),
    ],
)
def test_quality_at_the_end(text, expected):
    assert enhance(text, get_family("animagine_40"), "light", dialect="a1111").text == expected


@pytest.mark.parametrize("text", ["1girl, (smile", "1girl), (smile:1.2)", "a (b, (c:1.3)", "((1girl"])
@pytest.mark.parametrize("dialect", ["a1111", "comfyui", "compel", "novelai4"])
@pytest.mark.parametrize("family", ["animagine_40", "illustrious"])
def test_brackets_that_are_not_closed_take_no_added_tag_in(text, dialect, family):
    """The added tags weigh 1, and each letter of the user's weighs what it did, by the dialect's own parser."""
    result = enhance(text, get_family(family), "light", dialect=dialect)
    assert result.added
    first, _, last = result.text.partition(text)
    own = [(s.text, s.weight) for s in attention(text, dialect)]
    joined = [(s.text, s.weight) for s in attention(result.text, dialect)]
    spread = [(char, weight) for piece, weight in joined for char in piece]
    expected = [(char, weight) for piece, weight in own for char in piece]
    assert spread == [*((char, 1.0) for char in first), *expected, *((char, 1.0) for char in last)]


def test_tags_that_had_to_go_to_the_front_are_told():
    report = enhance("(1girl", get_family("animagine_40"), "light", dialect="a1111").report()
    assert report.endswith("put in front: behind the prompt, its brackets would change the weights")


@pytest.mark.parametrize(
    ("text", "remark"),
    [
        ("hat AND x:0.5", "put in front: behind the prompt, the number at its end would count for them"),
        ("hat:1.2 <lora:x:1>", "put in front: behind the prompt, the number at its end would count for them"),
        ("(hat", "put in front: behind the prompt, its brackets would change the weights"),
        ("hat:0.5 AND x", ""),
        ("hat", ""),
    ],
)
def test_the_reason_for_the_front_of_a_negative_prompt_is_told(text, remark):
    result = compose_negative(text, get_family("wai_illustrious"), "text", dialect="a1111")
    added = "signature, watermark, username"
    assert result.remark == remark
    assert result.text == (f"{added}, {text}" if remark else f"{text}, {added}")


def test_sub_prompts_that_all_push_away_get_nothing():
    result = enhance("1girl:-1", get_family("illustrious"), "light", dialect="a1111")
    assert (result.text, result.added) == ("1girl:-1", ())
    assert "no place" in result.report()


@pytest.mark.parametrize(
    ("family", "level", "text", "left_out"),
    [
        ("anima", "standard", "nsfw, 1girl", {"safe": "the prompt asks for 'nsfw'"}),
        ("anima", "standard", "rating_explicit", {"safe": "the prompt asks for 'rating_explicit'"}),
        ("noobai_eps", "full", "year 2008", dict.fromkeys(["year 2024", "newest"], "the prompt asks for 'year 2008'")),
        ("noobai_eps", "full", "newest", {"newest": "already there"}),
        (
            "illustrious",
            "standard",
            "(lowres:1.2)",
            dict.fromkeys(
                ["masterpiece", "best quality", "very aesthetic", "absurdres"], "the prompt asks for 'lowres'"
            ),
        ),
        ("illustrious", "light", "1girl AND blurry:-1", {}),
        ("illustrious", "light", "(blurry:-1)", {}),
        ("illustrious", "light", "(masterpiece:0.5)", {"masterpiece": "already there"}),
    ],
)
def test_nothing_is_added_that_the_prompt_speaks_against(family, level, text, left_out):
    result = enhance(text, get_family(family), level, dialect="a1111")
    assert dict(result.left_out) == left_out


NETA = "You are an assistant designed to generate anime images based on textual prompts. <Prompt Start>"


@pytest.mark.parametrize(
    ("text", "level", "expected"),
    [
        ("1girl", "light", f"{NETA} {START}, 1girl"),
        ("", "light", f"{NETA} {START}"),
        ("1girl", "none", "1girl"),
        (f"{NETA} 1girl", "light", f"{NETA} {START}, 1girl"),
        (f"{NETA}1girl", "light", f"{NETA} {START}, 1girl"),
        ("Draw well. <Prompt Start> 1girl", "light", f"Draw well. <Prompt Start> {START}, 1girl"),
        ("blurry", "light", f"{NETA} blurry"),
    ],
)
def test_system_prompts_stand_in_front(text, level, expected):
    family = get_family("neta_lumina")
    result = enhance(text, family, level)
    assert result.text == expected
    assert enhance(result.text, family, level).text == expected


def test_a_system_prompt_is_told():
    report = enhance("a fox", get_family("lumina2")).report()
    assert "put in front: You are an assistant" in report


@pytest.mark.parametrize("family", ["flux1_dev", "qwen_image", "z_image"])
def test_families_that_read_sentences_get_nothing(family):
    assert enhance("a fox in a forest", get_family(family), "full").text == "a fox in a forest"


@pytest.mark.parametrize(
    ("preset", "positive", "expected"),
    [
        (["text", "background"], "", "signature, watermark, simple background"),
        (["text", "text"], "", "signature, watermark"),
        ([], "", ""),
        (["background"], "white background", ""),
        (["background"], "(white background:-1)", "simple background"),
        ("male", "1boy", "1girl, multiple girls, breasts"),
        ("male", "1girl", "multiple girls, breasts"),
    ],
)
def test_several_presets(preset, positive, expected):
    result = compose_negative(
        "", get_family("pony_v6"), preset, positive, dialect="novelai4" if "-1" in positive else "comfyui"
    )
    assert result.text == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("(hat", "signature, watermark, (hat"),
        ("hat:1.2", "signature, watermark, hat:1.2"),
        ("hat AND smile", "hat AND smile, signature, watermark"),
        ("hat BREAK", "hat, signature, watermark BREAK"),
        ("hat, <lora:x:1>", "hat, signature, watermark, <lora:x:1>"),
    ],
)
def test_negatives_in_prompts_with_syntax(text, expected):
    assert compose_negative(text, get_family("pony_v6"), "text", dialect="a1111").text == expected


def test_what_does_not_exist_is_refused():
    family = get_family("illustrious")
    with pytest.raises(PromptError, match=r"no quality level 'ful'; did you mean full\?"):
        enhance("1girl", family, "ful")
    with pytest.raises(PromptError, match="no negative preset"):
        compose_negative("", family, ["quality", "qualty"])
    with pytest.raises(UnknownDialect):
        enhance("1girl", family, dialect="midjourney")
