"""CLIP's text encoders, in Hugging Face's form and in OpenCLIP's: their builds, tensors on both sides, and config."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from .links import Link, Place, Shapes, Side, Way, count, layer, shape_of

TOKENS = "text_model.embeddings.token_embedding.weight"
POSITIONS = "text_model.embeddings.position_embedding.weight"
PROJECTION = "text_projection.weight"
FEED = "text_model.encoder.layers.{}.mlp.fc1.weight"
OPEN_NAMES = {
    TOKENS: "token_embedding.weight",
    POSITIONS: "positional_embedding",
    PROJECTION: "text_projection",
    FEED: "transformer.resblocks.{}.mlp.c_fc.weight",
}
"""The same in OpenCLIP's names."""
START, END = 49406, 49407


@dataclass(frozen=True)
class TextEncoder:
    """A text encoder's build.

    Attributes:
        vocabulary: rows of the token embedding.
        positions: text tokens of a chunk.
        width: of the hidden layers.
        feed: width between the two feed-forward layers.
        layers: how many.
        projection: width of the pooled output, or 0 without a projection.
        is_open: whether the single file has OpenCLIP's names, as SDXL's second encoder.
    """

    vocabulary: int
    positions: int
    width: int
    feed: int
    layers: int
    projection: int
    is_open: bool

    def links(self) -> Iterator[Link]:
        """Yield all its tensors."""
        yield self._embedding(TOKENS, (self.vocabulary, self.width))
        yield self._embedding(POSITIONS, (self.positions, self.width))
        for number in range(self.layers):
            folder = f"text_model.encoder.layers.{number}."
            if self.is_open:
                yield from self._open_layer(Place(f"transformer.resblocks.{number}.", folder))
            else:
                yield from self._plain_layer(Place(folder, folder))
        final = "text_model.final_layer_norm"
        yield from layer(Place("ln_final" if self.is_open else final, final), (self.width,))
        if self.projection:
            name = OPEN_NAMES[PROJECTION] if self.is_open else PROJECTION
            way = Way.TRANSPOSED if self.is_open else Way.SAME
            yield Link(name, (PROJECTION,), (self.projection, self.width), way)

    def config(self) -> dict[str, Any]:
        """Return what of transformers' config follows from the build."""
        return {
            "hidden_size": self.width,
            "intermediate_size": self.feed,
            "max_position_embeddings": self.positions,
            "num_hidden_layers": self.layers,
            "projection_dim": self.projection or self.width,
            "vocab_size": self.vocabulary,
            "bos_token_id": START,
            "eos_token_id": END,
        }

    def _embedding(self, name: str, shape: tuple[int, int]) -> Link:
        return Link(OPEN_NAMES[name] if self.is_open else name, (name,), shape)

    def _plain_layer(self, place: Place) -> Iterator[Link]:
        for projection in ("q_proj", "k_proj", "v_proj", "out_proj"):
            yield from layer(place.below(f"self_attn.{projection}"), (self.width, self.width))
        yield from self._rest(place, ("layer_norm1", "layer_norm2", "mlp.fc1", "mlp.fc2"))

    def _open_layer(self, place: Place) -> Iterator[Link]:
        for kind, shape in (("weight", (self.width, self.width)), ("bias", (self.width,))):
            folder = tuple(f"{place.folder}self_attn.{part}_proj.{kind}" for part in "qkv")
            yield Link(f"{place.single}attn.in_proj_{kind}", folder, shape, Way.JOINED)
        yield from layer(place.below("attn.out_proj", "self_attn.out_proj"), (self.width, self.width))
        yield from self._rest(place, ("ln_1", "ln_2", "mlp.c_fc", "mlp.c_proj"))

    def _rest(self, place: Place, names: tuple[str, str, str, str]) -> Iterator[Link]:
        yield from layer(place.below(names[0], "layer_norm1"), (self.width,))
        yield from layer(place.below(names[1], "layer_norm2"), (self.width,))
        yield from layer(place.below(names[2], "mlp.fc1"), (self.feed, self.width))
        yield from layer(place.below(names[3], "mlp.fc2"), (self.width, self.feed))


def read_text_encoder(shapes: Shapes, side: Side, is_open: bool, projects: bool) -> TextEncoder:
    """Return a text encoder's build from its tensors' shapes.

    Args:
        shapes: those of its tensors.
        side: whose names they have.
        is_open: whether the single file has OpenCLIP's names.
        projects: whether it gives the pooled output, so that it must have a projection.

    Raises:
        ConversionError: if it is no text encoder of CLIP.
    """
    named = OPEN_NAMES if is_open and side is Side.SINGLE else {name: name for name in OPEN_NAMES}
    vocabulary, width = shape_of(shapes, named[TOKENS], 2)
    projection = shape_of(shapes, named[PROJECTION], 2) if projects else (0, 0)
    return TextEncoder(
        vocabulary=vocabulary,
        positions=shape_of(shapes, named[POSITIONS], 2)[0],
        width=width,
        feed=shape_of(shapes, named[FEED].format(0), 2)[0],
        layers=count(shapes, named[FEED]),
        projection=projection[1 if named is OPEN_NAMES else 0],
        is_open=is_open,
    )
