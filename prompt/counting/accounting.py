"""Counts a prompt's text tokens for each of its encoders, chunk by chunk, and names the tags that are cut."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import NamedTuple

from ..collector import uncollected
from ..errors import CountingUnavailable
from ..syntax import Tag
from .a1111 import BACKTRACK
from .chunks import Chunks
from .encoders import Limits, TextEncoder, text_encoder
from .reading import Rules, encoded_texts, lora_references, named_parts, owners, read_chunks
from .rechunking import MOST_CHUNKS, suggest_chunks
from .results import Accounting, ChunkCount, CutTag, EncoderCount, Suggestion, shortened


class _Read(NamedTuple):
    text: str
    chunks: Chunks
    tags: list[Tag]


@uncollected
def account(
    text: str,
    encoders: Iterable[str | Limits] = ("clip_l",),
    dialect: str = "a1111",
    *,
    tag_aware: bool = True,
    negative: bool = False,
    steps: int = 20,
    embeddings: Mapping[str, int] | None = None,
    backtrack: int = BACKTRACK,
    comfy: Path | None = None,
    suggest: bool = True,
) -> Accounting:
    """Return what each encoder makes of a prompt; what can't be counted here is unknown, never estimated.

    Args:
        text: any string.
        encoders: ids such as `clip_l`, or a family profile's encoders, whose limits are then heeded.
        dialect: `a1111` or `comfyui`.
        tag_aware: whether tags that look like syntax are kept as tags.
        negative: whether it is a negative prompt: A1111 reads no AND there.
        steps: sampling steps: of the texts that A1111 encodes for a prompt, the longest one counts.
        embeddings: the number of vectors of each embedding by its name, and of `*`: all others. In ComfyUI 0 says that
            it finds none of that name; an `embedding:name` that is not listed makes the count unknown.
        backtrack: A1111's setting `comma_padding_backtrack`.
        comfy: ComfyUI's folder `comfy`, for the vocabularies; None looks for an installed one.
        suggest: whether to look for a way to write the prompt so that no tag is cut.

    Raises:
        UnknownDialect: if it is another dialect.
    """
    rules = Rules(dialect, tag_aware, negative, steps, embeddings, backtrack, comfy)
    texts = encoded_texts(text, rules)
    known: dict[TextEncoder, _Read] = {}
    counts = tuple(_count(texts, encoder, rules, known) for encoder in encoders)
    result = Accounting(text, dialect, counts)
    cut = next((count for count in counts if count.cut and not count.unread), None)
    if cut is None or not suggest:
        return result
    found = _suggestion(text, texts, cut, rules)
    return replace(result, no_suggestion=found) if isinstance(found, str) else replace(result, suggestion=found)


def count_text_tokens(text: str, dialect: str = "a1111", tag_aware: bool = True) -> int:
    """Return how many text tokens CLIP makes of a prompt, without start, end and padding; weights are no text.

    Raises:
        CountingUnavailable: if `tokenizers` is not installed, or an embedding's number of vectors is not known.
    """
    count = account(text, dialect=dialect, tag_aware=tag_aware, suggest=False).encoders[0]
    if count.tokens is None:
        raise CountingUnavailable(count.unknown)
    return count.tokens


def _suggestion(text: str, texts: Sequence[str], cut: EncoderCount, rules: Rules) -> Suggestion | str:
    """Look for a way to write the prompt; LoRA references, which A1111 takes out first, come to its end."""
    if len(texts) > 1:
        names = ", ".join(shortened(tag.name) for tag in cut.cut)
        return f"the prompt stands for {len(texts)} texts; in one of them chunks cut {names}: mend it by hand"
    if len(cut.chunks) > MOST_CHUNKS:
        return f"the prompt takes more than {MOST_CHUNKS} chunks; no way to cut it was looked for"
    found = suggest_chunks(texts[0], text_encoder(cut.encoder), rules)
    references = lora_references(text, rules)
    if isinstance(found, str) or not references:
        return found
    return replace(found, texts=(" ".join([*found.texts, *references]),))


def _count(texts: Sequence[str], named: str | Limits, rules: Rules, known: dict[TextEncoder, _Read]) -> EncoderCount:
    name = named if isinstance(named, str) else named.id
    limits = None if isinstance(named, str) else named
    try:
        encoder = _limited(text_encoder(name), limits)
        alike = replace(encoder, id="")
        if alike not in known:
            known[alike] = _longest(texts, encoder, rules)
    except CountingUnavailable as error:
        return EncoderCount(name, unknown=str(error))
    return _counted(encoder, limits, known[alike])


def _limited(encoder: TextEncoder, limits: Limits | None) -> TextEncoder:
    """Return an encoder that is cut off somewhere as one with chunks; only the first of them is read."""
    if limits is None or limits.most is None or encoder.chunk is not None:
        return encoder
    return replace(encoder, chunk=max(limits.most - encoder.marks, 1))


def _longest(texts: Sequence[str], encoder: TextEncoder, rules: Rules) -> _Read:
    read = [(text, read_chunks(text, encoder, rules)) for text in texts]
    text, chunks = max(read, key=lambda pair: pair[1].length)
    return _Read(text, chunks, named_parts(text, rules))


def _counted(encoder: TextEncoder, limits: Limits | None, read: _Read) -> EncoderCount:
    text, chunks, tags = read
    if chunks.unknown:
        names = ", ".join(f"embedding:{name}" for name in chunks.unknown)
        return EncoderCount(encoder.id, text=text, unknown=f"the number of vectors of {names} is not known here")
    shares = _shares(chunks, tags)
    cut = _cut_tags(shares, tags)
    first_only = limits is not None and (limits.pooled or limits.most is not None)
    return EncoderCount(
        encoder=encoder.id,
        tokens=chunks.tokens,
        length=chunks.length,
        limit=encoder.chunk and encoder.chunk * len(chunks.chunks),
        chunk=encoder.chunk,
        chunks=_chunk_counts(chunks, shares, tags, cut),
        cut=cut,
        unread=sum(map(len, chunks.chunks[1:])) if first_only else 0,
        trained=limits.trained if limits else None,
        text=text,
    )


def _shares(chunks: Chunks, tags: Sequence[Tag]) -> list[Counter[int]]:
    """Return for each chunk how many text tokens of each tag it holds, in the tags' order of appearance."""
    whose = owners(chunks.flat(), tags)
    return [Counter(owner for owner in islice(whose, len(tokens)) if owner is not None) for tokens in chunks.chunks]


def _cut_tags(shares: Sequence[Counter[int]], tags: Sequence[Tag]) -> tuple[CutTag, ...]:
    places: dict[int, list[int]] = {}
    for number, share in enumerate(shares):
        for tag in share:
            places.setdefault(tag, []).append(number)
    return tuple(
        CutTag(tags[tag].name, tags[tag].start, tags[tag].end, held[0], tuple(shares[number][tag] for number in held))
        for tag, held in places.items()
        if len(held) > 1
    )


def _chunk_counts(
    chunks: Chunks, shares: Sequence[Counter[int]], tags: Sequence[Tag], cut: Sequence[CutTag]
) -> tuple[ChunkCount, ...]:
    cuts = {number: tag.name for tag in cut for number in range(tag.chunk, tag.chunk + len(tag.tokens) - 1)}
    found, place = [], 0
    for number, (tokens, share) in enumerate(zip(chunks.chunks, shares, strict=True)):
        start, end = (tokens[0].start, tokens[-1].end) if tokens else (place, place)
        first = tags[next(iter(share))].name if share else None
        found.append(ChunkCount(len(tokens), start, end, first, cuts.get(number)))
        place = end
    return tuple(found)
