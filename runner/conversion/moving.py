"""Moves tensors over links, from a single file's names, shapes and order of bytes to a part's and back."""

from __future__ import annotations

from collections.abc import Iterable

from ..errors import ConversionError
from .links import Link, Way
from .tensor_files import Span, Tensor, Tensors


def to_folder(links: Iterable[Link], tensors: Tensors) -> Tensors:
    """Return a part's tensors from a single file's, which are there in their right shapes."""
    return {name: tensor for link in links for name, tensor in _parted(link, tensors[link.single])}


def to_single(links: Iterable[Link], tensors: Tensors) -> Tensors:
    """Return a single file's tensors from a part's, which are there in their right shapes.

    Raises:
        ConversionError: if tensors that become one are of several types.
    """
    return {link.single: _joined(link, [tensors[name] for name in link.folder]) for link in links}


def _parted(link: Link, tensor: Tensor) -> list[tuple[str, Tensor]]:
    made = tensor._replace(shape=link.shape, transposed=link.way is Way.TRANSPOSED)
    if link.way is not Way.JOINED:
        return [(link.folder[0], made)]
    (span,) = tensor.pieces
    assert isinstance(span, Span)  # what was read lies in a file
    length = span.length // len(link.folder)
    spans = [Span(span.path, span.start + number * length, length) for number in range(len(link.folder))]
    return [(name, made._replace(pieces=(piece,))) for name, piece in zip(link.folder, spans, strict=True)]


def _joined(link: Link, tensors: list[Tensor]) -> Tensor:
    types = {tensor.dtype for tensor in tensors}
    if len(types) > 1:
        raise ConversionError(f"{', '.join(link.folder)} become one tensor, but are of the types {sorted(types)}")
    pieces = tuple(piece for tensor in tensors for piece in tensor.pieces)
    return Tensor(types.pop(), link.single_shape, pieces, link.way is Way.TRANSPOSED)
