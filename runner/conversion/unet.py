"""The UNet of SD 1.5 and SDXL: how it is built, read from its shapes; its tensors on both sides; diffusers' config."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from ..errors import ConversionError
from .links import MOST_BLOCKS, Link, Place, Shape, Shapes, Side, count, layer, shape_of

CONTEXT = "transformer_blocks.0.attn2.to_k.weight"


@dataclass(frozen=True)
class UNet:
    """A UNet's build.

    Attributes:
        channels: of each level, from the outermost on.
        layers: residual blocks of a level on the way down; there is one more on the way up.
        depths: transformer blocks of each attention, by level; 0 where a level has none.
        middle: those of the middle block.
        context: width of the text embedding.
        label: width of the other conditions (SDXL's sizes and pooled text), or 0.
        ends: channels that come in and go out.
        linear: whether attentions begin and end with linear layers instead of convolutions.
    """

    channels: tuple[int, ...]
    layers: int
    depths: tuple[int, ...]
    middle: int
    context: int
    label: int
    ends: tuple[int, int]
    linear: bool

    def links(self) -> Iterator[Link]:
        """Yield all its tensors."""
        yield from self._ends()
        skips, before = [self.channels[0]], self.channels[0]
        for level, channels in enumerate(self.channels):
            for number in range(self.layers):
                yield from self._block(self._down(level, number), before, channels, self.depths[level])
                before = channels
                skips.append(channels)
            if level < self._last:
                place = Place(f"input_blocks.{(level + 1) * (self.layers + 1)}.0.op", f"down_blocks.{level}.")
                yield from layer(place.below("", "downsamplers.0.conv"), (channels, channels, 3, 3))
                skips.append(channels)
        yield from self._middle()
        yield from self._ups(skips)

    def config(self) -> dict[str, Any]:
        """Return what of diffusers' config follows from the build."""
        crossing = [depth > 0 for depth in self.depths]
        names = [("CrossAttn" if crosses else "", level) for level, crosses in enumerate(crossing)]
        return {
            "in_channels": self.ends[0],
            "out_channels": self.ends[1],
            "block_out_channels": list(self.channels),
            "layers_per_block": self.layers,
            "down_block_types": [f"{kind}DownBlock2D" for kind, _ in names],
            "mid_block_type": "UNetMidBlock2DCrossAttn",
            "up_block_types": [f"{kind}UpBlock2D" for kind, _ in reversed(names)],
            "transformer_layers_per_block": [*(depth or 1 for depth in self.depths[:-1]), self.middle],
            "cross_attention_dim": self.context,
            "use_linear_projection": self.linear,
        }

    @property
    def _last(self) -> int:
        return len(self.channels) - 1

    @property
    def _time(self) -> int:
        """Width of the time embedding, which is fixed in all of them."""
        return 4 * self.channels[0]

    def _ends(self) -> Iterator[Link]:
        first, time = self.channels[0], self._time
        yield from layer(Place("input_blocks.0.0", "conv_in"), (first, self.ends[0], 3, 3))
        yield from layer(Place("time_embed.0", "time_embedding.linear_1"), (time, first))
        yield from layer(Place("time_embed.2", "time_embedding.linear_2"), (time, time))
        if self.label:
            yield from layer(Place("label_emb.0.0", "add_embedding.linear_1"), (time, self.label))
            yield from layer(Place("label_emb.0.2", "add_embedding.linear_2"), (time, time))
        yield from layer(Place("out.0", "conv_norm_out"), (first,))
        yield from layer(Place("out.2", "conv_out"), (self.ends[1], first, 3, 3))

    def _middle(self) -> Iterator[Link]:
        channels = self.channels[-1]
        yield from self._residual(Place("middle_block.0.", "mid_block.resnets.0."), channels, channels)
        yield from self._attention(Place("middle_block.1.", "mid_block.attentions.0."), channels, self.middle)
        yield from self._residual(Place("middle_block.2.", "mid_block.resnets.1."), channels, channels)

    def _ups(self, skips: list[int]) -> Iterator[Link]:
        before = self.channels[-1]
        for number, level in enumerate(reversed(range(len(self.channels)))):
            channels, depth = self.channels[level], self.depths[level]
            for block in range(self.layers + 1):
                yield from self._block(self._up(number, block), before + skips.pop(), channels, depth)
                before = channels
            if level:
                single = f"output_blocks.{number * (self.layers + 1) + self.layers}.{2 if depth else 1}.conv"
                yield from layer(Place(single, f"up_blocks.{number}.upsamplers.0.conv"), (channels, channels, 3, 3))

    def _down(self, level: int, number: int) -> tuple[Place, Place]:
        return _places(f"input_blocks.{1 + level * (self.layers + 1) + number}", f"down_blocks.{level}", number)

    def _up(self, level: int, number: int) -> tuple[Place, Place]:
        return _places(f"output_blocks.{level * (self.layers + 1) + number}", f"up_blocks.{level}", number)

    def _block(self, places: tuple[Place, Place], before: int, channels: int, depth: int) -> Iterator[Link]:
        yield from self._residual(places[0], before, channels)
        if depth:
            yield from self._attention(places[1], channels, depth)

    def _residual(self, place: Place, before: int, channels: int) -> Iterator[Link]:
        yield from layer(place.below("in_layers.0", "norm1"), (before,))
        yield from layer(place.below("in_layers.2", "conv1"), (channels, before, 3, 3))
        yield from layer(place.below("emb_layers.1", "time_emb_proj"), (channels, self._time))
        yield from layer(place.below("out_layers.0", "norm2"), (channels,))
        yield from layer(place.below("out_layers.3", "conv2"), (channels, channels, 3, 3))
        if before != channels:
            yield from layer(place.below("skip_connection", "conv_shortcut"), (channels, before, 1, 1))

    def _attention(self, place: Place, channels: int, depth: int) -> Iterator[Link]:
        projection: Shape = (channels, channels) if self.linear else (channels, channels, 1, 1)
        yield from layer(place.below("norm"), (channels,))
        yield from layer(place.below("proj_in"), projection)
        for number in range(depth):
            yield from self._transformer(place.below(f"transformer_blocks.{number}."), channels)
        yield from layer(place.below("proj_out"), projection)

    def _transformer(self, place: Place, channels: int) -> Iterator[Link]:
        for attention, width in (("attn1", channels), ("attn2", self.context)):
            yield from layer(place.below(f"{attention}.to_q"), (channels, channels), bias=False)
            yield from layer(place.below(f"{attention}.to_k"), (channels, width), bias=False)
            yield from layer(place.below(f"{attention}.to_v"), (channels, width), bias=False)
            yield from layer(place.below(f"{attention}.to_out.0"), (channels, channels))
        yield from layer(place.below("ff.net.0.proj"), (8 * channels, channels))
        yield from layer(place.below("ff.net.2"), (channels, 4 * channels))
        for norm in ("norm1", "norm2", "norm3"):
            yield from layer(place.below(norm), (channels,))


def read_unet(shapes: Shapes, side: Side) -> UNet:
    """Return a UNet's build from its tensors' shapes.

    Raises:
        ConversionError: if it is not built as those of SD 1.5 and SDXL are.
    """
    levels, layers = _levels_single(shapes) if side is Side.SINGLE else _levels_folder(shapes)
    if not levels or not layers:
        raise ConversionError("it has no levels as the UNets of SD 1.5 and SDXL have")
    frame = UNet((0,) * levels, layers, (0,) * levels, 0, 0, 0, (0, 0), False)
    first = "in_layers.2.weight" if side is Side.SINGLE else "conv1.weight"
    blocks = [frame._down(level, 0)[0].of(side) for level in range(levels)]
    depths = _depths(frame, shapes, side)
    middle = Place("middle_block.1.", "mid_block.attentions.0.").of(side)
    one, end = ("input_blocks.0.0", "out.2") if side is Side.SINGLE else ("conv_in", "conv_out")
    label = ("label_emb.0.0" if side is Side.SINGLE else "add_embedding.linear_1") + ".weight"
    return UNet(
        channels=tuple(shape_of(shapes, block + first, 4)[0] for block in blocks),
        layers=layers,
        depths=depths,
        middle=_depth(shapes, middle),
        context=shape_of(shapes, middle + CONTEXT, 2)[1],
        label=shape_of(shapes, label, 2)[1] if label in shapes else 0,
        ends=(shape_of(shapes, f"{one}.weight", 4)[1], shape_of(shapes, f"{end}.weight", 4)[0]),
        linear=len(shape_of(shapes, f"{middle}proj_in.weight", 2, 4)) == 2,
    )


def _places(single: str, folder: str, number: int) -> tuple[Place, Place]:
    """Return where a block's residual half is, and its attention."""
    return Place(f"{single}.0.", f"{folder}.resnets.{number}."), Place(f"{single}.1.", f"{folder}.attentions.{number}.")


def _levels_single(shapes: Shapes) -> tuple[int, int]:
    """Return how many levels there are, and layers in each: behind them, but for the last, comes a smaller size."""
    layers = 0
    while f"input_blocks.{layers + 1}.0.in_layers.2.weight" in shapes and layers < MOST_BLOCKS:
        layers += 1
    levels = 1
    while f"input_blocks.{levels * (layers + 1)}.0.op.weight" in shapes and levels < MOST_BLOCKS:
        levels += 1
    return levels, layers


def _levels_folder(shapes: Shapes) -> tuple[int, int]:
    return count(shapes, "down_blocks.{}.resnets.0.conv1.weight"), count(
        shapes, "down_blocks.0.resnets.{}.conv1.weight"
    )


def _depth(shapes: Shapes, place: str) -> int:
    """Return how many transformer blocks there are, even if some lack a tensor."""
    return max(count(shapes, f"{place}transformer_blocks.{{}}.{name}.weight") for name in ("attn1.to_q", "norm3"))


def _depths(frame: UNet, shapes: Shapes, side: Side) -> tuple[int, ...]:
    """Return the depth of each level, which is one and the same in all its attentions."""
    found: list[int] = []
    for level in range(len(frame.channels)):
        downs = [frame._down(level, number) for number in range(frame.layers)]
        ups = [frame._up(frame._last - level, number) for number in range(frame.layers + 1)]
        depths = {_depth(shapes, attention.of(side)) for _, attention in (*downs, *ups)}
        if len(depths) > 1:
            raise ConversionError(
                f"level {level} of it has attentions of several depths ({sorted(depths)}), as none has"
            )
        found += depths
    return tuple(found)
