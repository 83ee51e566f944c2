"""A prompt's text tokens in A1111's chunks, in the form in which ComfyUI's CLIP takes them."""

from contextlib import suppress
from functools import lru_cache
from pathlib import PurePath

import folder_paths
import torch
from comfy.sd1_clip import SDTokenizer, load_embed

from ...prompt import Kind, PromptError, parse
from ...prompt.counting.a1111 import BACKTRACK
from ...prompt.counting.encoders import text_encoder
from ...prompt.counting.passages import EMBEDDING, TextToken
from ...prompt.counting.reading import Rules, read_chunks
from ...prompt.errors import nearest_names
from ...prompt.syntax.edits import Edit, apply_edits
from .encoders import CHUNK, Batches, clip_tokenizers
from .identities import Identity, identity_of

A1111 = "a1111"
FOLDER = "embeddings"
MOST_KEPT = 64
"""Embeddings whose vectors are kept for the next text, for each encoder."""


def a1111_tokens(clip, text: str, tag_aware: bool, backtrack: int = BACKTRACK) -> Batches:
    """Return the text tokens of a text in A1111's dialect, without AND and schedules, in A1111's chunks.

    Embeddings count by `embedding:name` and by their bare names, as in A1111, with or without their folders. Those
    for other models are words where they are named barely.

    Args:
        clip: ComfyUI's CLIP, whose encoders all must be CLIP's.
        text: the text.
        tag_aware: whether tags that look like syntax are kept as tags.
        backtrack: A1111's setting `comma_padding_backtrack`.

    Raises:
        PromptError: if an embedding is not there, or does not fit the model.
    """
    tokenizers = clip_tokenizers(clip)
    text, named = _bare(text, tag_aware)
    vectors = _vectors(text, named, tokenizers)
    sizes = {name: len(own) for name, own in next(iter(vectors.values())).items()}
    chunks = read_chunks(text, text_encoder("clip_l"), Rules(A1111, tag_aware, embeddings=sizes, backtrack=backtrack))
    return {
        key: [_batch(chunk, text, vectors[key], tokenizer) for chunk in chunks.chunks]
        for key, tokenizer in tokenizers.items()
    }


def _bare(text: str, tag_aware: bool) -> tuple[str, list[str]]:
    """Return the text with bare names for `embedding:name`, and these names."""
    tree = parse(text, A1111, tag_aware)
    nodes = tree.of_kind(Kind.EMBEDDING)
    names = [str(node.value) for node in nodes]
    edits = [Edit(node.start, node.end, name) for node, name in zip(nodes, names, strict=True)]
    return apply_edits(text, edits), names


def _vectors(text: str, named: list[str], tokenizers: dict[str, SDTokenizer]) -> dict[str, dict[str, torch.Tensor]]:
    """Return for each encoder the embeddings whose names stand in the text, by these; each (vectors, width)."""
    files = _files()
    meant = {name: embedding_file(name) for name in named}
    missing = next((name for name, file in meant.items() if file is None), None)
    if missing is not None:
        hint = nearest_names(missing, tuple(files)) or "the folder embeddings has none of that name"
        raise PromptError(f"embedding:{missing} is not there; {hint}")
    found = {name: _of_all(file, tokenizers) for name, file in meant.items()}
    for stem, file in files.items():
        if stem not in found and stem.casefold() in text.casefold():
            with suppress(PromptError):  # it fits another kind of model
                found[stem] = _of_all(file, tokenizers)
    return {key: {name: own[key] for name, own in found.items()} for key in tokenizers}


def embedding_file(name: str) -> str | None:
    """Return the file of an embedding, which prompts call by its name: case, ending and folder may be left out."""
    files = {stem.casefold(): file for stem, file in _files().items()}
    return files.get(_stem(name).casefold())


def _files() -> dict[str, str]:
    """Return the embeddings' files by their names, with their folders and without."""
    files = folder_paths.get_filename_list(FOLDER)
    plain = {PurePath(_stem(file)).name: file for file in reversed(files)}
    return plain | {_stem(file): file for file in files}


def _of_all(file: str, tokenizers: dict[str, SDTokenizer]) -> dict[str, torch.Tensor]:
    return {key: _load(file, tokenizer) for key, tokenizer in tokenizers.items()}


def _stem(name: str) -> str:
    path = PurePath(name)
    known = path.suffix.lower() in (".safetensors", ".pt", ".bin")
    return (path.with_suffix("") if known else path).as_posix()


@lru_cache(maxsize=MOST_KEPT)
def _read(identity: Identity, width: int, key: str) -> torch.Tensor | None:
    """Return what an encoder finds in a file; one that did not change is not read again while it is kept."""
    path = PurePath(identity[0])
    return load_embed(path.name, str(path.parent), width, key)


def _load(file: str, tokenizer: SDTokenizer) -> torch.Tensor:
    identity = identity_of(FOLDER, file)
    found = _read(identity, tokenizer.embedding_size, tokenizer.embedding_key)
    if found is None or found.shape[-1] != tokenizer.embedding_size:
        width = "can't be read" if found is None else f"has vectors of {found.shape[-1]} numbers"
        raise PromptError(
            f"the embedding {file} {width}; this model's text encoder {tokenizer.embedding_key} needs "
            f"{tokenizer.embedding_size}: it was made for another kind of model"
        )
    return found.reshape(-1, found.shape[-1])


def _batch(
    chunk: tuple[TextToken, ...], text: str, vectors: dict[str, torch.Tensor], tokenizer: SDTokenizer
) -> list[tuple[int | torch.Tensor, float]]:
    """Return a chunk with its marks and padding."""
    by_name = {name.casefold(): own for name, own in vectors.items()}
    found: list[tuple[int | torch.Tensor, float]] = [(tokenizer.start_token, 1.0)]
    span, place = (-1, -1), 0
    for token in chunk:
        if token.id != EMBEDDING:
            found.append((token.id, token.weight))
            continue
        own = by_name[text[token.start : token.end].strip().casefold()]
        place = place + 1 if (token.start, token.end) == span and place + 1 < len(own) else 0
        span = (token.start, token.end)
        found.append((own[place], token.weight))
    found.append((tokenizer.end_token, 1.0))
    return found + [(tokenizer.pad_token, 1.0)] * (CHUNK - len(found))
