"""Effective weights are ComfyUI's own, segment by segment, on thousands of generated prompts."""

import json
import random
import subprocess
import sys
from collections.abc import Iterator

import pytest

from tagloom.prompt.syntax import attention
from tagloom.prompt.tags import vocabulary
from tagloom.runner.embedded import installations

Segments = list[tuple[str, float]]
PROMPTS = 6_000
"""So many of each kind."""
NUMBERS = [
    *("1.2", "0.5", "1", "-1", "+1.5", ".5", "1.", "1.2.3", "1..2", "1e2", "1e-3", "1E+2", "1e999", "-0", "00.50"),
    *("inf", "-inf", "Infinity", "nan", "NaN", "-nan", "1_000", "2_0.2_5", "_1", "1_", "0x1", "１.５", "٣", "½", "1,2"),
    *(" 1.2", "1.2 ", "\t1\n", "1 2", "1\0", "", " ", "-", "e2", "1.2:1.3", "1.2)", "9" * 400, "0." + "3" * 60),
]
SYNTAX = [
    "(",
    "(",
    ")",
    ")",
    ":",
    ":1.2)",
    "((",
    "))",
    "()",
    "(a:1.2)",
    ",",
    ", ",
    " ",
    "\n",
    "a",
    "b c",
    "[",
    "]",
    "1",
]
ESCAPES = [
    "\\",
    r"\(",
    r"\)",
    r"\\",
    r"\\(",
    r"\:",
    "\\\n",
    r"a\(b\)",
    "\0",
    "\1",
    "\2",
    "\0\1",
    "\0\2",
    "(",
    ")",
    ":1.3)",
]
UNICODE = [
    *(
        "é",
        "初音ミク",
        "（",
        "）",
        "：",
        "、",
        "，",
        "🦊",
        "\ud800",
        "\ud8ff",
        "\u200b",
        "\u2028",
        "\x1c",
        "İ",
        "ﬁ",
        "\u0301",
    ),
    *("(", ")", "(", ")", ":１.２)", ":1.2)", ": ٣ )", "\u00a0", ":\u00a01.1\u00a0)"),
]
FACES = [":3", ";)", ":)", ":(", ">:(", ">:)", "d:", r"\m/", "re:zero", "reverse:1999", "7:24", "(o)_(o)", "^_^", ":|"]
KINDS = ("plain", "dense", "malformed", "escaped", "unicode", "numbers")

ASK = """
import json, sys
sys.argv = ["main.py", "--cpu"]
import comfy.options
comfy.options.enable_args_parsing()
from comfy.sd1_clip import escape_important, token_weights, unescape_important
for line in sys.stdin:
    found = token_weights(escape_important(json.loads(line)), 1.0)
    print("answer", json.dumps([[unescape_important(text), weight] for text, weight in found]))
"""


def generated(kind: str, chance: random.Random) -> str:
    """Return a prompt of a kind; the same random numbers give the same one."""
    if kind == "plain":
        return written(chance)
    if kind == "dense":
        return nested(chance, 5)
    if kind == "numbers":
        return "".join(f"({chance.choice('ab:(')}:{chance.choice(NUMBERS)}){chance.choice(' ,)')}" for _ in range(3))
    pieces = {"malformed": SYNTAX + FACES, "escaped": ESCAPES + SYNTAX, "unicode": UNICODE + SYNTAX}[kind]
    return "".join(chance.choices(pieces, k=chance.randint(1, 30)))


def written(chance: random.Random) -> str:
    """Return tags as a user writes them: some weighted, some in brackets, their own brackets escaped or not."""
    tags = []
    for entry in chance.choices(ENTRIES, k=chance.randint(1, 25)):
        name = entry.replace("(", r"\(").replace(")", r"\)") if chance.random() < 0.7 else entry
        frame = chance.choice(("{}", "{}", "{}", "({}:1.2)", "({})", "(({}))", "[{}]", "{{{}}}", "({}:{})", "{}:1.1"))
        tags.append(frame.format(name, round(chance.uniform(0, 2), 2)))
    return chance.choice((", ", ",", "\n", " ")).join(tags)


def nested(chance: random.Random, depth: int) -> str:
    """Return brackets in brackets, all of them closed."""
    parts = []
    for _ in range(chance.randint(1, 4)):
        inner = nested(chance, depth - 1) if depth and chance.random() < 0.6 else chance.choice(("a", "b c", "", ":3"))
        parts.append(
            chance.choice(("{}", "({})", "({}:1.3)", "({}:0.8)", "({}: 1.1 )", "({}:x)", "[{}]")).format(inner)
        )
    return chance.choice((", ", " ", "")).join(parts)


ENTRIES = [entry.name for entry in vocabulary()]


def prompts() -> Iterator[str]:
    for kind in KINDS:
        chance = random.Random(kind)
        yield from (generated(kind, chance) for _ in range(PROMPTS))


@pytest.fixture(scope="module")
def answers() -> dict[str, Segments]:
    """What ComfyUI's own functions make of each prompt: its text pieces as they are encoded, with their weights."""
    texts = list(dict.fromkeys(prompts()))
    done = subprocess.run(
        [sys.executable, "-c", ASK],
        cwd=installations.embedded().tree,
        input="".join(json.dumps(text) + "\n" for text in texts),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    lines = [line.removeprefix("answer ") for line in done.stdout.splitlines() if line.startswith("answer ")]
    found = [[(text, weight) for text, weight in json.loads(line)] for line in lines]
    return dict(zip(texts, found, strict=True))


def test_weights_and_segments_are_comfyui_s(answers, figure):
    """Compared as they print, so that one NaN is like another and every digit counts."""
    wrong = {}
    for text, expected in answers.items():
        found = [segment[:2] for segment in attention(text, "comfyui")]
        if repr(found) != repr(expected):
            wrong[text] = (found, expected)
    assert wrong == {}
    assert len(answers) >= 20_000
    figure(f"effective weights equal ComfyUI's own on {len(answers):,} generated prompts")


def test_the_prompts_reach_what_they_are_meant_to_reach(answers):
    """Many are weighted, unbalanced, escaped; some have weights that are no usual numbers."""
    weights = [weight for segments in answers.values() for _, weight in segments]
    assert sum(weight != 1 for weight in weights) > 20_000
    assert any(weight != weight for weight in weights)
    assert float("inf") in weights
    assert sum(text.count("(") != text.count(")") for text in answers) > 5_000
    assert sum("\\" in text or "\0" in text for text in answers) > 5_000
