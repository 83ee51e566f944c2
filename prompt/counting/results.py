"""What counting a prompt's text tokens finds: data first, words second."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

LONGEST_NAME = 48


@dataclass(frozen=True)
class ChunkCount:
    """One chunk of a prompt.

    Attributes:
        tokens: its text tokens, without marks and padding.
        start: where its text begins in the counted text.
        end: where its text ends.
        first: the tag with which it begins, or with whose rest, if any.
        cut: the tag that is cut at its end, if one is.
    """

    tokens: int
    start: int
    end: int
    first: str | None
    cut: str | None


@dataclass(frozen=True)
class CutTag:
    """A tag whose text tokens lie in several chunks: its name, its place in the counted text, and how many lie where.

    Attributes:
        name: its name.
        start: where it begins.
        end: where it ends.
        chunk: the index of the chunk in which it begins.
        tokens: how many text tokens lie in that chunk and in those behind it.
    """

    name: str
    start: int
    end: int
    chunk: int
    tokens: tuple[int, ...]


@dataclass(frozen=True)
class EncoderCount:
    """What one encoder makes of a prompt.

    Attributes:
        encoder: its id.
        tokens: its text tokens; None if they can't be counted here.
        length: the places that they take, as A1111 counts: every chunk but the last one is padded to its full size.
        limit: the places of its chunks; None if it reads all at once.
        chunk: the size of a chunk; None if it reads all at once.
        chunks: its chunks.
        cut: the tags that the end of a chunk cuts.
        unread: text tokens that it never reads, because it takes the first chunk only.
        trained: the longest prompt that it was trained with, where that is known.
        text: the text that was counted; of a prompt that changes with the steps, the longest one.
        unknown: why it can't be counted; empty if it is.
    """

    encoder: str
    tokens: int | None = None
    length: int | None = None
    limit: int | None = None
    chunk: int | None = None
    chunks: tuple[ChunkCount, ...] = ()
    cut: tuple[CutTag, ...] = ()
    unread: int = 0
    trained: int | None = None
    text: str = ""
    unknown: str = ""

    def summary(self) -> str:
        """Return the count in words."""
        if self.tokens is None:
            return f"unknown, {self.unknown}"
        if self.chunk is None:
            return f"{self.tokens}{_beyond(self.tokens, self.trained)}"
        number = len(self.chunks)
        padded = f" ({self.length} with padding)" if self.length != self.tokens else ""
        lost = f", the last {self.unread} are not read" if self.unread else ""
        return f"{self.tokens}{padded} in {number} chunk{'s' if number != 1 else ''} of {self.chunk}{lost}"

    def lines(self) -> list[str]:
        """Return a line for each chunk, if there are several, and one for each tag that is cut."""
        if len(self.chunks) < 2:
            return []
        chunks = [f"chunk {number}: {_chunk(chunk)}" for number, chunk in enumerate(self.chunks, 1)]
        return [*chunks, *(f"cut: {_cut(tag)}" for tag in self.cut)]


@dataclass(frozen=True)
class Suggestion:
    """A way to write a prompt so that no tag is cut.

    It was counted again: its text tokens and their weights are the same, and no tag is cut.

    Attributes:
        kind: `BREAK`; `brackets`: tags in brackets of their own, which ComfyUI keeps whole; `parts`: several prompts,
            to be encoded one by one and joined with ConditioningConcat.
        texts: the new prompt, or its parts.
    """

    kind: str
    texts: tuple[str, ...]


@dataclass(frozen=True)
class Accounting:
    """What a prompt's encoders make of it.

    Attributes:
        text: the prompt.
        dialect: whose parser and chunker was followed.
        encoders: what each encoder makes of it.
        suggestion: how to write it so that no tag is cut, if one is.
        no_suggestion: why there is none though a tag is cut; else empty.
    """

    text: str
    dialect: str
    encoders: tuple[EncoderCount, ...]
    suggestion: Suggestion | None = None
    no_suggestion: str = ""

    @property
    def tokens(self) -> int | None:
        """The first encoder's text tokens; None if they can't be counted here."""
        return self.encoders[0].tokens if self.encoders else None

    def as_dict(self) -> dict[str, Any]:
        """Return it as plain data, ready for JSON."""
        return asdict(self)

    def proposal(self) -> str:
        """Return the prompt so that no tag is cut, if one text can do that; else the prompt as it is."""
        texts = self.suggestion.texts if self.suggestion else ()
        return texts[0] if len(texts) == 1 else self.text

    def report(self) -> str:
        """Return it in words."""
        return "\n".join(self.lines())

    def lines(self) -> list[str]:
        """Return it in words: lines without marks before them; those that belong to one above are indented."""
        found: list[str] = []
        for summary, names, details in self._alike():
            found.append(f"text tokens{self._of(names)}: {summary}")
            found += [f"  {line}" for line in details]
        if self.suggestion:
            found.append(f"no tag is cut with {_HOW[self.suggestion.kind]}:")
            found += [f"  {text}" for text in self.suggestion.texts]
        elif self.no_suggestion:
            found.append(self.no_suggestion)
        return found

    def _alike(self) -> list[tuple[str, list[str], list[str]]]:
        """Return each summary with the encoders that share it, and with its details."""
        found: dict[tuple[str, tuple[str, ...]], list[str]] = {}
        for count in self.encoders:
            found.setdefault((count.summary(), tuple(count.lines())), []).append(count.encoder)
        return [(summary, names, list(details)) for (summary, details), names in found.items()]

    def _of(self, names: list[str]) -> str:
        return f" ({', '.join(names)})" if len(self.encoders) > 1 else ""


_HOW = {
    "BREAK": "BREAK",
    "brackets": "brackets around single tags",
    "parts": "these parts, encoded one by one and joined with ConditioningConcat",
}


def _beyond(tokens: int, trained: int | None) -> str:
    return f", more than the {trained} that it was trained with" if trained and tokens > trained else ""


def shortened(name: str) -> str:
    """Return a tag's name as it stands in a report: a whole sentence can be one tag."""
    return name if len(name) <= LONGEST_NAME else f"{name[: LONGEST_NAME - 1]}…"


def _chunk(chunk: ChunkCount) -> str:
    return f"{chunk.tokens}, begins with {shortened(chunk.first)}" if chunk.first else f"{chunk.tokens}"


def _cut(tag: CutTag) -> str:
    return f"{shortened(tag.name)} ({' + '.join(map(str, tag.tokens))} text tokens)"
