"""What wildcards and variants become, and what stays as it is."""

from pathlib import Path

import pytest

from tagloom.prompt.errors import ChoiceError, CyclicWildcard, ExpansionTooLarge, PromptError, UnknownWildcard
from tagloom.prompt.wildcards import MOST_CHOICES, Picked, Place, expand

FILES = {
    "color.txt": "# colors\nred\n\n2::blue\n{dark|light} green\n",
    "size.txt": "small\nlarge\n",
    "hair/style.txt": "bob\n__size__ bun\n",
    "hair/long/braid.txt": "braid\n",
    "weighted.txt": "(red:1.2)\n",
    "open.txt": "(red\n",
    "emoticon.txt": ";)\n",
    "commented.txt": "red # warm\n",
    "a.txt": "x __b__\n",
    "b.txt": "{y __a__|y __a__}\n",
    "empty.txt": "# nothing yet\n\n",
    "none.txt": "0::red\n",
    "nothing.txt": "1::\n",
    "grow.txt": "__grow2__ __grow2__\n",
    "grow2.txt": "1234567890\n",
}
DIALECTS = ("a1111", "comfyui")


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    root = tmp_path_factory.mktemp("wildcards")
    for name, text in FILES.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text, encoding="utf-8")
    return root


def results(text: str, folder: Path, dialect: str = "comfyui", seeds: int = 60) -> set[str]:
    return {expand(text, seed, folder, dialect).text for seed in range(seeds)}


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize(
    "text",
    [
        "",
        "1girl, solo",
        "<lora:foo__bar:1>",
        "<lora:__color__:1>",
        "<lora:{a|b}:1>",
        "@__@",
        "x__x",
        "__",
        "____",
        "__color__s",
        "a__color__",
        "$100",
        "100% $5",
        "$$",
        "cost $$ {5",
        "{a",
        "a}",
        "{a}",
        "{}",
        "a | b",
        r"\{a\|b\}",
        r"\{a|b\}",
        "|_|",
        r"\||/",
        ">_<, @_@, ^_^, :d, .hack//, #compass, nylon (nylon 100%)",
        "(a:1.2), [b:c:0.5], [d|e] AND f BREAK g",
        "a\r\nb\tc\0d\ud800",
        "${a=b} %{c}",
    ],
)
def test_all_else_stays(text, dialect, folder):
    expanded = expand(text, 1, folder, dialect)
    assert expanded.text == text
    assert expanded.choices == ()


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("{a|b}", {"a", "b"}),
        ("x {a|b}, y", {"x a, y", "x b, y"}),
        ("{a|}", {"a", ""}),
        ("{|}", {""}),
        ("{a | b }", {"a ", " b "}),
        ("{\n  a\n  | 2::b c\n}", {"a", "b c"}),
        ("{{a|b}|c}", {"a", "b", "c"}),
        ("{0::a|b}", {"b"}),
        ("{2$$a|b}", {"a, b", "b, a"}),
        ("{ 2$$ a | b }", {"a, b", "b, a"}),
        ("{2$$ and $$a|b}", {"a and b", "b and a"}),
        ("{2$$$$a|b}", {"ab", "ba"}),
        ("[{2$$|$$a|b}]", {"[a|b]", "[b|a]"}),
        ("{2$$ | $$a|b}", {"a | b", "b | a"}),
        ("{1-2$$a|b}", {"a", "b", "a, b", "b, a"}),
        ("{-2$$a|b}", {"a", "b", "a, b", "b, a"}),
        ("{2-$$a|b}", {"a, b", "b, a"}),
        ("{-$$a|b}", {"a", "b", "a, b", "b, a"}),
        ("{0-1$$a}", {"", "a"}),
        ("{0$$a|b}", {""}),
        ("{$$a|b}", {"a", "b"}),
        ("{2$$a|}", {"a"}),
        ("{5$$a|b}", {"a, b", "b, a"}),
        ("{99999999999999999999$$a|b}", {"a, b", "b, a"}),
        ("{2-1$$a|b}", {"a", "b", "a, b", "b, a"}),
        ("{<lora:a:1>|<lora:b:1>}", {"<lora:a:1>", "<lora:b:1>"}),
        ("{:3|;)}", {":3", ";)"}),
        ("({a|b}:1.2)", {"(a:1.2)", "(b:1.2)"}),
        ("(a:{1.1|1.2})", {"(a:1.1)", "(a:1.2)"}),
        ("({a|b)}", {"(a", "(b)"}),
        ("[{a|b}:c:0.5]", {"[a:c:0.5]", "[b:c:0.5]"}),
        ("[{a|b}|c]", {"[a|c]", "[b|c]"}),
        ("__size__", {"small", "large"}),
        ("(__size__:1.2) hat", {"(small:1.2) hat", "(large:1.2) hat"}),
        ("[__size__|b]", {"[small|b]", "[large|b]"}),
        ("{__size__|x}", {"small", "large", "x"}),
        ("__SIZE__", {"small", "large"}),
        ("__color__", {"red", "blue", "dark green", "light green"}),
        ("__hair/style__", {"bob", "small bun", "large bun"}),
        ("__hair/*__", {"bob", "small bun", "large bun"}),
        ("__hair/**__", {"bob", "small bun", "large bun", "braid"}),
        ("__**/braid__", {"braid"}),
        ("__*ize__", {"small", "large"}),
        ("{2$$__size__}", {"small, large", "large, small"}),
        ("{2$$ & $$ __size__ }", {"small & large", "large & small"}),
        ("embedding:__size__", {"embedding:small", "embedding:large"}),
        ("__weighted__", {"(red:1.2)"}),
        ("a__nothing__b, __nothing__", {"a__nothing__b, "}),
        ("_{_|_}size__", {"__size__"}),  # what choices put together is not read again
    ],
)
def test_becomes(text, expected, dialect, folder):
    assert results(text, folder, dialect) == expected


def test_a_comment_ends_an_option_where_comments_are_known(folder):
    """Else it would swallow the prompt behind it."""
    assert expand("__commented__, x", 1, folder, "a1111").text == "red, x"
    assert expand("__commented__, x", 1, folder, "comfyui").text == "red # warm, x"


def test_braces_are_no_variants_where_they_weight(folder):
    assert expand("{a|b} __weighted__", 1, folder, "novelai3").text == "{a|b} (red:1.2)"


@pytest.mark.parametrize(
    ("text", "error", "parts"),
    [
        ("a __colr__", UnknownWildcard, ["__colr__", "at character 3", "did you mean color?", "looked in"]),
        ("a,\n__style__", UnknownWildcard, ["in line 2", "did you mean hair/style?"]),
        ("{a|__x*__}", UnknownWildcard, ["__x*__", "fits no wildcard"]),
        ("__../../etc/passwd__", UnknownWildcard, ["__../../etc/passwd__"]),
        ("__/etc/passwd__", UnknownWildcard, ["__/etc/passwd__"]),
        ("__a__", CyclicWildcard, ["a -> b -> a"]),
        ("__empty__", ChoiceError, ["empty.txt", "no options"]),
        ("__none__", ChoiceError, ["weight 0"]),
        ("{0::a|0::b}", ChoiceError, ["{0::a|0::b}", "at character 1", "weight 0"]),
        ("{" + "9" * 400 + "::a|b}", ChoiceError, ["too large"]),
    ],
)
def test_errors(text, error, parts, folder):
    with pytest.raises(PromptError) as caught:
        for seed in range(20):
            expand(text, seed, folder)
    assert type(caught.value) is error
    assert [part for part in parts if part not in str(caught.value)] == []


def test_an_error_in_a_file_names_its_line(folder, tmp_path):
    (tmp_path / "top.txt").write_text("# x\n__gone__\n", encoding="utf-8")
    with pytest.raises(UnknownWildcard, match=r"in .*top\.txt, line 2"):
        expand("__top__", 1, [folder, tmp_path])


def test_folders_are_named_though_they_do_not_exist(tmp_path):
    with pytest.raises(UnknownWildcard, match=r"nowhere \(no such folder\)"):
        expand("__a__", 1, tmp_path / "nowhere")
    with pytest.raises(UnknownWildcard, match="no folder of wildcards was given"):
        expand("__a__", 1)


def test_size_is_limited(folder):
    with pytest.raises(ExpansionTooLarge, match="20 characters"):
        expand("__grow__", 1, folder, most_characters=20)
    assert expand("__grow__", 1, folder, most_characters=21).text == "1234567890 1234567890"
    with pytest.raises(ExpansionTooLarge, match="choices"):
        expand("{|}" * (MOST_CHOICES + 1), 1)


def test_choices_are_data(folder):
    expanded = expand("x {__color__|__color__}", 5, folder)
    outer, inner, *_ = expanded.choices
    assert outer[:5] == ("variant", "{__color__|__color__}", 2, 23, None)
    assert outer.picked == (Picked("__color__"),)
    assert inner[:3] == ("wildcard", "__color__", 3 if expanded.as_dict()["choices"][1]["start"] == 3 else 13)
    place = inner.picked[0].place
    assert place == Place(str(folder / "color.txt"), {"red": 2, "blue": 4}.get(inner.picked[0].text, 5))
    assert expanded.as_dict()["choices"][1]["picked"][0]["place"]["line"] == place.line


def test_the_report_tells_all(folder):
    expanded = expand("{5$$a|b} __open__ <lora:{a|b}:1> __emoticon__", 1, folder)
    report = expanded.report().splitlines()
    assert report[1] == "__open__ -> (red (open.txt, line 1)"
    assert "5 options are asked for, but there are 2" in expanded.remarks[1]
    assert "<lora:{a|b}:1> is one reference" in expanded.remarks[0]
    assert "`(red` are not balanced" in expanded.remarks[2]
    assert len(expanded.remarks) == 3
    assert expand("a", 1).report() == "nothing to choose"
