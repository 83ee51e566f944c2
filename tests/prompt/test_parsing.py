"""The tags of a prompt, their canonical names and their weights in ComfyUI."""

import pytest

from tagloom.prompt.syntax import canonical, parse_tags

EXAMPLE_TAGS = [
    *("masterpiece", "best quality", "amazing quality", "very aesthetic", "4k", "high resolution", "ultra-detailed"),
    *("absurdres", "newest", "scenery"),
    *("1girl", "furry", "anthro", "phoenix fox girl", "orange fur", "long hair", "multicolored glowing hair"),
    *("gradient hair", "flame hair", "glowing orange hair", "floating hair", "hair between eyes"),
    *("gradient orange yellow eyes", "very large eyes", "uneven eyes"),
    *("facing to the side", "looking at viewer", "upturned eyes", "intimidating", "smirk", "smug", "grin"),
    *("crazy smile", "long snout", "sharp teeth"),
    *("black headband with fire pattern", "black collar with white spikes"),
    *("cropped leather flaming red jacket over collared impossible white shirt", "underbust belt"),
    *("portrait", "upper body", "close-up", "foreshortening", "dutch angle"),
    *("detailed fire forest background", "fiery background", "blue fire", "red fire"),
    *("dark ambient", "glow", "detailed eyes", "depth of field", "detailed fluffy fur", "volumetric lighting"),
]
NEGATIVE = (
    "particles, 3d, rendered, human, multiple tails, old, oldest, cartoon, graphic, text, painting, crayon, graphite, "
    "abstract, glitch, deformed, mutated, ugly, disfigured, long body, lowres, bad anatomy, bad hands, missing "
    "fingers, extra digits, fewer digits, very displeasing, (worst quality, bad quality:1.2), bad anatomy, sketch, "
    "jpeg artifacts, signature, watermark, username, simple background, conjoined, bad ai-generated"
)


def pairs(text: str) -> list[tuple[str, float]]:
    return [(tag.name, pytest.approx(tag.weight)) for tag in parse_tags(text, "comfyui")]


def names(text: str) -> list[str]:
    return [tag.name for tag in parse_tags(text)]


def test_the_specification_s_example_parses_into_its_tags(example):
    assert names(example) == EXAMPLE_TAGS


def test_the_specification_s_example_weights_three_tags(example):
    weighted = {tag.name: tag.weight for tag in parse_tags(example) if tag.weight != 1}
    assert weighted == {"detailed fire forest background": 1.2, "fiery background": 1.2, "blue fire": 1.2}


def test_the_specification_s_negative_example_keeps_its_repeated_tag():
    """Parsing reports what is there; it is not the parser that tidies up."""
    assert len(parse_tags(NEGATIVE)) == 38
    assert names(NEGATIVE).count("bad anatomy") == 2
    assert {tag.name for tag in parse_tags(NEGATIVE) if tag.weight == 1.2} == {"worst quality", "bad quality"}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", []),
        (" \n\t,, ,", []),
        ("()", []),
        ("a,b", ["a", "b"]),
        ("a\nb\r\nc", ["a", "b", "c"]),
        ("a, b,\n", ["a", "b"]),
        ("blue fire AND red fire", ["blue fire", "red fire"]),
        ("blue fire BREAK red fire", ["blue fire", "red fire"]),
        ("a AND AND b", ["a", "b"]),
        ("grand BREAKFAST and band", ["grand breakfast and band"]),
        ("a,AND,b", ["a", "b"]),
        ("(a)b", ["a", "b"]),
        ("Long_Hair", ["long hair"]),
        ("<lora:fire, ice:0.5>, a", ["a"]),
        ("<lora:fire_v1(x):0.5>, a", ["a"]),
        ("a，b、c", ["a", "b", "c"]),
        ("year 2024, :3", ["year 2024", ":3"]),
    ],
)
def test_tags_end_at_separators(text, expected):
    assert names(text) == expected


@pytest.mark.parametrize(
    "face", [":3", ";)", ":)", ":(", ">:(", ">:)", "^_^", ">_<", "@_@", "=_=", "o_o", "d:", ":d", "xd", ":<", ";p"]
)
def test_emoticons_stay_tags(face):
    """An emoticon is a tag of its own, whether it stands first, last, between others or in a weight."""
    assert names(face) == [face]
    assert names(f"1girl, {face}, smile") == ["1girl", face, "smile"]
    assert names(f"{face},smile") == [face, "smile"]
    assert pairs(f"({face}:1.3), smile") == [(face, 1.3), ("smile", 1)]
    assert pairs(f"(smile, {face}:1.3)") == [("smile", 1.3), (face, 1.3)]


def test_an_emoticon_does_not_unbalance_the_weights_around_it():
    assert pairs("(fire:1.2), :), (ice:1.3)") == [("fire", 1.2), (":)", 1), ("ice", 1.3)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (r"hatsune miku \(vocaloid\)", [("hatsune miku (vocaloid)", 1)]),
        (r"hatsune_miku_\(vocaloid\), 1girl", [("hatsune miku (vocaloid)", 1), ("1girl", 1)]),
        (r"(saber \(fate\):1.3)", [("saber (fate)", 1.3)]),
        (r"(saber \(fate\))", [("saber (fate)", 1.1)]),
        (r"\(", [("(", 1)]),
    ],
)
def test_escaped_brackets_belong_to_the_name(text, expected):
    assert pairs(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a", [("a", 1)]),
        ("(a)", [("a", 1.1)]),
        ("((a))", [("a", 1.21)]),
        ("(a:1.2)", [("a", 1.2)]),
        ("(a, b:1.2), c", [("a", 1.2), ("b", 1.2), ("c", 1)]),
        ("((a:1.5):1.2)", [("a", 1.5)]),
        ("((a):1.5)", [("a", 1.65)]),
        ("(a (b) c:1.2)", [("a", 1.2), ("b", 1.32), ("c", 1.2)]),
        ("(a, (b:0.5), c:1.2)", [("a", 1.2), ("b", 0.5), ("c", 1.2)]),
        ("(a, (b, (c)))", [("a", 1.1), ("b", 1.21), ("c", 1.331)]),
        ("(a)(b:2)", [("a", 1.1), ("b", 2)]),
        ("(a:-1)", [("a", -1)]),
        ("(a:+1.2)", [("a", 1.2)]),
        ("(a:0)", [("a", 0)]),
        ("(a:.5)", [("a", 0.5)]),
        ("(a:1.)", [("a", 1)]),
        ("(a: 1.2 )", [("a", 1.2)]),
        ("(a:)", [("a:", 1.1)]),
        ("(a:b)", [("a:b", 1.1)]),
        ("(a:1.2:1.3)", [("a:1.2", 1.3)]),
        ("a:1.2", [("a:1.2", 1)]),
        ("[a]", [("[a]", 1)]),
        ("{a:1.2}", [("{a:1.2}", 1)]),
    ],
)
def test_weights_are_those_of_comfyui(text, expected):
    """A number replaces the weight around it, bare brackets multiply it by 1.1: the values are ComfyUI's parser's."""
    assert pairs(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("(unbalanced", [("(unbalanced", 1)]),
        ("unbalanced)", [("unbalanced)", 1)]),
        ("a), (b:1.3)", [("a)", 1), ("(b:1.3)", 1)]),
        ("(a:1.2), (b", [("a", 1.2), ("(b", 1)]),
        ("(a), (b", [("a", 1.1), ("(b", 1)]),
        ("(a:1.2), b)", [("a", 1.2), ("b)", 1)]),
    ],
)
def test_unbalanced_brackets_are_plain_text_from_where_they_stand(text, expected):
    """As in ComfyUI, a stray bracket takes nothing from the pairs that are closed before it."""
    assert pairs(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Long_Hair", "long hair"),
        ("  long \t hair\n", "long hair"),
        ("MASTERPIECE", "masterpiece"),
        ("score_8_up", "score_8_up"),
        ("Score_9", "score_9"),
        ("rating_safe", "rating_safe"),
        ("source_anime", "source_anime"),
        ("^_^", "^_^"),
        (">_<", ">_<"),
        ("O_o", "o_o"),
        ("<o>_<o>", "<o>_<o>"),
        (">_O", ">_o"),
        ("|_|", "|_|"),
        ("@__@", "@__@"),
        ("ai-generated_art", "ai-generated art"),
        ("x_x", "x_x"),
        ("high_score", "high score"),
        (r"saber_\(fate\)", "saber (fate)"),
        ("", ""),
    ],
)
def test_canonical_names(text, expected):
    assert canonical(text) == expected


@pytest.mark.parametrize(
    ("text", "count"),
    [
        pytest.param("a," * 50_000, 50_000, id="commas"),
        pytest.param("x" * 100_000, 1, id="one word"),
        pytest.param(" " * 100_000, 0, id="spaces"),
        pytest.param("_" * 100_000, 1, id="underscores"),
        pytest.param("\\" * 100_000, 1, id="backslashes"),
        pytest.param("(" * 100_000, 1, id="open brackets"),
        pytest.param(")" * 100_000, 1, id="closing brackets"),
        pytest.param("(" * 2_000 + "a" + ")" * 2_000, 1, id="nested brackets"),
        pytest.param("(a," * 2_000 + ")" * 2_000, 2_000, id="a tag at each depth"),
        pytest.param("(a)" * 33_333, 33_333, id="bracket pairs"),
        pytest.param("(a:1.2)," * 12_500, 12_500, id="weighted tags"),
        pytest.param("<" * 100_000, 1, id="angles"),
        pytest.param("<" + ":" * 99_999, 1, id="open lora with colons"),
        pytest.param("<a:" * 33_333, 1, id="open loras"),
        pytest.param(":)" * 50_000, 1, id="joined faces"),
        pytest.param(":), " * 25_000, 25_000, id="faces"),
        pytest.param("(a:" + "1" * 99_990 + ")", 1, id="a long weight"),
    ],
)
def test_long_and_hostile_prompts_finish(text, count):
    assert len(parse_tags(text, "comfyui")) == count
