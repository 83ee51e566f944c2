"""Text tokens and chunks are those of ComfyUI's own tokenizers, which `transformers` makes with ComfyUI's files."""

import gzip
import json
import random
import subprocess
import sys
import time
import unicodedata
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tagloom.prompt import vocabulary as tag_vocabulary
from tagloom.prompt.counting import account, count_text_tokens
from tagloom.prompt.counting.clip import IDEOGRAPHS
from tagloom.prompt.counting.encoders import text_encoder
from tagloom.prompt.counting.reading import Rules, read_chunks
from tagloom.prompt.counting.vocabularies import vocabulary
from tagloom.prompt.resources import DATA
from tagloom.runner.embedded import installations

PROMPTS = 500
LARGE = ("CJK", "HANGUL", "TANGUT", "EGYPTIAN", "CUNEIFORM", "ANATOLIAN", "NUSHU", "KHITAN", "SIGNWRITING", "BAMUM")
MARK = 151644
"""`<|im_start|>`."""
FRAME_BEHIND = 5
"""`<|im_end|>`, a line's end, `<|im_start|>`, `assistant`, a line's end."""
EMBEDDINGS = {"three": 3, "ten": 10, "*": 0}
TEXT = st.text(st.characters(categories=["L", "M", "N", "P", "S", "Z", "Cc", "Cf"]))
PIECES = st.sampled_from(
    ["1girl", "long hair", ", ", " ", "\n", "(", ")", "a", "人", "é", "e\u0301", "Σ", "'s", "</s>", "🦊"]
)


def tree() -> Path:
    return installations.embedded().tree / "comfy"


@cache
def reference(name: str):
    """Return a function from a text to its ids, by the library and the files that ComfyUI itself uses."""
    import transformers
    from sentencepiece import SentencePieceProcessor

    if name == "pile_t5":
        return SentencePieceProcessor(model_file=str(tree() / "text_encoders/t5_pile_tokenizer/tokenizer.model")).encode
    kind, folder = {
        "clip": (transformers.CLIPTokenizer, "sd1_tokenizer"),
        "t5": (transformers.T5TokenizerFast, "text_encoders/t5_tokenizer"),
        "llama": (transformers.LlamaTokenizerFast, "text_encoders/llama_tokenizer"),
        "qwen": (transformers.Qwen2Tokenizer, "text_encoders/qwen25_tokenizer"),
    }[name]
    tokenizer = kind.from_pretrained(tree() / folder)
    return lambda text: tokenizer(text, add_special_tokens=False)["input_ids"]


def ids(name: str, text: str) -> list[int]:
    return [piece.id for piece in vocabulary(name).pieces(text)]


def escaped(text: str) -> str:
    return text.replace("(", r"\(").replace(")", r"\)")


@pytest.mark.parametrize("name", ["clip", "t5", "llama", "qwen", "pile_t5"])
def test_ids_of_all_known_tags_are_the_reference_s(name):
    names = [entry.name for entry in tag_vocabulary()]
    names = [*names[::2], *(name.replace(" ", "_") for name in names[1::2])]
    texts = [", ".join(names[at : at + 20]) for at in range(0, len(names), 20)]
    assert [ids(name, text) for text in texts] == [list(reference(name)(text)) for text in texts]


@pytest.mark.parametrize("name", ["clip", "t5", "llama", "qwen", "pile_t5"])
@settings(max_examples=400)
@given(text=st.one_of(TEXT, st.lists(PIECES, max_size=40).map("".join)))
@example(text="人人 \U0002b820\U0002b91f\U0002b920")
@example(text="ΑΣ ΑΣΑ'ſ \u0345 İ")
@example(text="\u0bcd\u0c3c \u1100\u1161\u11a8")
@example(text="<|endoftext|> <|im_end|></s>")
def test_ids_of_any_text_are_the_reference_s(name, text):
    assert ids(name, text) == list(reference(name)(text))


def test_clip_reads_every_character_as_the_reference_does():
    """One in 50 of the large blocks, and all characters around the borders of what counts as an ideograph."""
    edges = [ord(edge) + step for edge in IDEOGRAPHS if edge != "-" for step in (-1, 0, 1)]
    small = [code for code in range(0x20000) if not unicodedata.name(chr(code), "CJK").startswith(LARGE)]
    characters = [chr(code) for code in [*small, *edges, *range(0x3400, 0xD800, 50), *range(0xE000, 0x32000, 50)]]
    texts = ["".join(f"a{char}b " for char in characters[at : at + 64]) for at in range(0, len(characters), 64)]
    assert [text for text in texts if ids("clip", text) != reference("clip")(text)] == []


def test_clip_s_vocabulary_is_the_one_in_comfyui():
    with gzip.open(DATA / "clip" / "merges.txt.gz", "rt", encoding="utf-8") as file:
        merges = file.read().splitlines()
    assert (
        merges
        == (tree() / "sd1_tokenizer" / "merges.txt").read_text(encoding="utf-8").splitlines()[1 : len(merges) + 1]
    )


def test_weights_are_no_text():
    """Each weighted piece is encoded by itself, without its brackets and its number."""
    pieces = ["detailed fire forest background, fiery background", ", ", "blue fire", " AND red fire"]
    text = "(detailed fire forest background, fiery background:1.2), (blue fire:1.2) AND red fire"
    assert count_text_tokens(text, "comfyui") == sum(len(reference("clip")(piece)) for piece in pieces)


@pytest.fixture(scope="module")
def prompts() -> list[str]:
    """Prompts of many lengths, with weights, escapes, embeddings and odd characters."""
    dice = random.Random(20)
    names = [escaped(entry.name) for entry in tag_vocabulary()]
    odd = [
        "人形",
        "🦊🔥",
        "e\u0301",
        "a:b",
        "((",
        ")",
        "(:3)",
        "BREAK",
        "[x]",
        "a\\b",
        "<lora:x:1>",
        "x" * 50,
        "\n",
        " ",
        "",
    ]
    references = [
        "embedding:three",
        "embedding:ten,",
        "embedding:missing",
        "embedding:three.safetensors x",
        "embedding:",
    ]
    shapes = ["{}"] * 30 + ["({})", "({}:1.2)", "(({}))", "({}:0.5), (x:1.1)", "(x, {}:1.3)", "{}:1.2"]

    def tag() -> str:
        chance = dice.random()
        word = dice.choice(odd if chance < 0.05 else references[:-1] if chance < 0.1 else names)
        return dice.choice(shapes).format(word)

    return [dice.choice([", ", ",", " ", "\n"]).join(tag() for _ in range(dice.randint(0, 60))) for _ in range(PROMPTS)]


@pytest.fixture(scope="module")
def real(prompts, tmp_path_factory) -> dict[str, list]:
    """What ComfyUI's own tokenizers make of the prompts."""
    folder = tmp_path_factory.mktemp("embeddings")
    job = {"embeddings": {"three": 3, "ten": 10}, "folder": str(folder), "prompts": prompts}
    command = [sys.executable, Path(__file__).with_name("real_tokenizers.py"), tree().parent]
    done = subprocess.run(command, input=json.dumps(job), capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-2000:]
    return json.loads(done.stdout)


def ours(text: str, encoder: str) -> list[list[tuple[int, float]]]:
    chunks = read_chunks(text, text_encoder(encoder), Rules("comfyui", tag_aware=False, embeddings=EMBEDDINGS))
    assert not chunks.unknown
    return [[(token.id, token.weight) for token in chunk] for chunk in chunks.chunks]


@pytest.mark.parametrize(
    ("encoder", "least", "marks"), [("clip_l", 77, 2), ("clip_g", 77, 2), ("t5xxl", 256, 1), ("llama", 128, 1)]
)
def test_chunks_are_those_of_comfyui(prompts, real, encoder, least, marks):
    for text, batches in zip(prompts, real[encoder], strict=True):
        expected = [[tuple(token) for token in own] for _, own in batches]
        found = ours(text, encoder)
        assert found == expected, text
        assert [max(len(chunk) + marks, least) for chunk in found] == [length for length, _ in batches]


@dataclass
class Profile:
    id: str
    most: int | None = None
    trained: int | None = None
    pooled: bool = False


def test_what_hidream_s_t5_drops_is_what_comfyui_drops(prompts, real):
    for text, batches in zip(prompts, real["hidream"], strict=True):
        limits = [Profile("t5xxl", most=128)]
        rules = {"tag_aware": False, "embeddings": EMBEDDINGS, "suggest": False}
        (count,) = account(text, limits, "comfyui", **rules).encoders
        assert [chunk.tokens for chunk in count.chunks] == [len(own) for _, own in batches]
        assert count.unread == sum(len(own) for _, own in batches[1:])


@pytest.mark.parametrize("encoder", ["qwen25_7b", "qwen3_4b"])
def test_the_text_tokens_of_a_prompt_in_its_frame_are_those_of_comfyui(prompts, real, encoder):
    """The frame ends in a line's end, which a line's end of the prompt joins, and `embedding:` takes away."""
    for text, batch in zip(prompts, real[encoder], strict=True):
        (found,) = ours(text, encoder)
        own = batch[:-FRAME_BEHIND]
        begin = len(own) - len(found)
        assert [token for token, _ in found] == own[begin:], text
        assert 0 <= _last_turn(batch) - begin <= text.startswith(("\n", "embedding:"))


def _last_turn(batch: list[int]) -> int:
    """Return where the prompt begins: behind `<|im_start|>user` and a line's end of the last turn but one."""
    return [place for place, token in enumerate(batch) if token == MARK][-2] + 3


def test_a_count_takes_about_a_millisecond(figure):
    text = ", ".join(entry.name for entry in list(tag_vocabulary())[:70])
    account(text, ["clip_l", "t5xxl"])
    began = time.perf_counter()
    for _ in range(50):
        account(text, suggest=False)
    took = (time.perf_counter() - began) / 50 * 1000
    figure(f"accounting for {account(text).tokens} text tokens of CLIP takes {took:.2f} ms")
    assert took < 10
