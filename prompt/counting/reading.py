"""Which texts of a prompt are encoded, in which chunks, and which of its tags each text token belongs to."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ..errors import UnknownDialect
from ..syntax import Kind, Tag, attention, parse, schedule, sub_prompts
from . import a1111, comfyui
from .chunks import Chunks
from .encoders import TextEncoder
from .passages import Passage, TextToken, locate
from .vocabularies import vocabulary

CHUNKERS = ("a1111", "comfyui")
ESCAPED = re.compile(r"\\([()])")


@dataclass(frozen=True)
class Rules:
    """How a prompt is encoded.

    Attributes:
        dialect: `a1111` or `comfyui`: whose attention parser and chunker.
        tag_aware: whether tags that look like syntax are kept as tags.
        negative: whether it is a negative prompt: A1111 reads no AND there.
        steps: sampling steps, for A1111's schedules.
        embeddings: the number of vectors of each embedding, and of `*`: all others. A1111: of those that are loaded;
            ComfyUI: 0 for one that it does not find.
        backtrack: A1111's setting `comma_padding_backtrack`.
        comfy: ComfyUI's folder `comfy`; None looks for an installed one.
    """

    dialect: str = "a1111"
    tag_aware: bool = True
    negative: bool = False
    steps: int = 20
    embeddings: Mapping[str, int] | None = None
    backtrack: int = a1111.BACKTRACK
    comfy: Path | None = None

    def __post_init__(self) -> None:
        if self.dialect not in CHUNKERS:
            raise UnknownDialect(
                f"how {self.dialect!r} cuts a prompt into chunks is not known; convert the prompt to "
                f"{' or '.join(CHUNKERS)} first"
            )


def encoded_texts(text: str, rules: Rules) -> list[str]:
    """Return the texts that stand for a prompt: of each sub-prompt, at each step; each text once."""
    if rules.dialect != "a1111":
        return [text]
    parts = [text] if rules.negative else [part.text for part in sub_prompts(text, tag_aware=rules.tag_aware)]
    stages = (stage.text for part in parts for stage in schedule(part, max(rules.steps, 1), tag_aware=rules.tag_aware))
    return list(dict.fromkeys(stages))


def read_chunks(text: str, encoder: TextEncoder, rules: Rules) -> Chunks:
    """Return the chunks of one encoded text.

    Raises:
        CountingUnavailable: if the encoder's vocabulary is not at hand.
    """
    words = vocabulary(encoder.vocabulary, rules.comfy)
    passages = _passages(text, encoder, rules)
    if rules.dialect == "a1111":
        if encoder.chunk is not None:
            return a1111.chunks(passages, words, rules.embeddings, rules.backtrack)
        passages = [passage for passage in passages if (passage.text, passage.weight) != a1111.BREAK]
    return comfyui.chunks(passages, encoder, words, rules.embeddings)


def _passages(text: str, encoder: TextEncoder, rules: Rules) -> list[Passage]:
    if encoder.frame is None:
        return locate(attention(text, rules.dialect, rules.tag_aware), text)
    (whole,) = locate([(ESCAPED.sub(r"\1", text), 1.0)], text)
    if encoder.skips_frame and text.startswith(encoder.skips_frame):
        return [whole]
    return [whole.framed(*encoder.frame)]


def lora_references(text: str, rules: Rules) -> list[str]:
    """Return the references to LoRAs that A1111 takes out of a prompt before it is encoded."""
    if rules.dialect != "a1111" or "<" not in text:
        return []
    tree = parse(text, rules.dialect, rules.tag_aware, wildcards=False)
    return [tree.source(node) for node in tree.of_kind(Kind.LORA)]


def named_parts(text: str, rules: Rules) -> list[Tag]:
    """Return the tags and embeddings of a text, in their order."""
    tree = parse(text, rules.dialect, rules.tag_aware, wildcards=False)
    return [
        Tag(str(node.value) if node.kind is Kind.TAG else tree.source(node), node.start, node.end, node.weight)
        for node in tree.of_kind(Kind.TAG, Kind.EMBEDDING)
    ]


def owners(tokens: Sequence[TextToken], tags: Sequence[Tag]) -> Iterator[int | None]:
    """Go through the indices of the tags that text tokens belong to; None for what stands between tags."""
    starts = [tag.start for tag in tags]
    for token in tokens:
        index = bisect_right(starts, token.start) - 1
        if index < 0 or tags[index].end <= token.start:
            index += 1  # it may begin before its tag: with the space between
        yield index if index < len(tags) and tags[index].start < token.end else None
