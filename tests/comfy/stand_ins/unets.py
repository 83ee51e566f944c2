"""The tensors of a Stable Diffusion UNet, by the names of the original (LDM) files."""

from typing import NamedTuple

Shapes = dict[str, tuple[int, ...]]


class UNet(NamedTuple):
    """A UNet's sizes.

    Attributes:
        channels: channels of its first level.
        levels: its levels' channels, as multiples of the first's.
        depths: the levels' transformer layers; each level has one residual block.
        context: width of the prompt's embedding.
        linear: whether the transformers' own projections are linear layers (SDXL) or convolutions (SD 1.5).
        vector: width of the pooled prompt and the sizes together, or 0 where there is none.
    """

    channels: int
    levels: tuple[int, ...]
    depths: tuple[int, ...]
    context: int
    linear: bool = False
    vector: int = 0

    def shapes(self) -> Shapes:
        """Return all tensors."""
        wide = self.channels * 4
        shapes = weight("time_embed.0", wide, self.channels) | weight("time_embed.2", wide, wide)
        if self.vector:
            shapes |= weight("label_emb.0.0", wide, self.vector) | weight("label_emb.0.2", wide, wide)
        inputs, skips = self._inputs()
        shapes |= inputs | self._middle() | self._outputs(skips)
        return shapes | norm("out.0", self.channels) | weight("out.2", 4, self.channels, 3, 3)

    def _inputs(self) -> tuple[Shapes, list[int]]:
        """Return the way down, and the channels of what it hands to the way up."""
        shapes, skips = weight("input_blocks.0.0", self.channels, 4, 3, 3), [self.channels]
        for level, multiple in enumerate(self.levels):
            if level:
                shapes |= weight(f"input_blocks.{len(skips)}.0.op", skips[-1], skips[-1], 3, 3)
                skips.append(skips[-1])
            shapes |= self._block(f"input_blocks.{len(skips)}", skips[-1], multiple * self.channels, level)
            skips.append(multiple * self.channels)
        return shapes, skips

    def _middle(self) -> Shapes:
        width = self.levels[-1] * self.channels
        first = self._block("middle_block", width, width, -1)
        return first | self._residual("middle_block.2", width, width)

    def _outputs(self, skips: list[int]) -> Shapes:
        shapes, width, number = {}, skips[-1], 0
        for level in reversed(range(len(self.levels))):
            for last in (False, True):
                block = f"output_blocks.{number}"
                shapes |= self._block(block, width + skips.pop(), self.levels[level] * self.channels, level)
                width, number = self.levels[level] * self.channels, number + 1
                if level and last:
                    shapes |= weight(f"{block}.{2 if self.depths[level] else 1}.conv", width, width, 3, 3)
        return shapes

    def _block(self, name: str, before: int, after: int, level: int) -> Shapes:
        shapes = self._residual(f"{name}.0", before, after)
        return shapes | (self._transformer(f"{name}.1", after, level) if self.depths[level] else {})

    def _residual(self, name: str, before: int, after: int) -> Shapes:
        shapes = norm(f"{name}.in_layers.0", before) | weight(f"{name}.in_layers.2", after, before, 3, 3)
        shapes |= weight(f"{name}.emb_layers.1", after, self.channels * 4)
        shapes |= norm(f"{name}.out_layers.0", after) | weight(f"{name}.out_layers.3", after, after, 3, 3)
        return shapes | (weight(f"{name}.skip_connection", after, before, 1, 1) if before != after else {})

    def _transformer(self, name: str, width: int, level: int) -> Shapes:
        projection = (width, width) if self.linear else (width, width, 1, 1)
        shapes = norm(f"{name}.norm", width) | weight(f"{name}.proj_in", *projection)
        for layer in range(self.depths[level]):
            block = f"{name}.transformer_blocks.{layer}"
            for number, source in ((1, width), (2, self.context)):
                shapes[f"{block}.attn{number}.to_q.weight"] = (width, width)
                shapes[f"{block}.attn{number}.to_k.weight"] = (width, source)
                shapes[f"{block}.attn{number}.to_v.weight"] = (width, source)
                shapes |= weight(f"{block}.attn{number}.to_out.0", width, width)
            shapes |= weight(f"{block}.ff.net.0.proj", width * 8, width) | weight(f"{block}.ff.net.2", width, width * 4)
            for number in (1, 2, 3):
                shapes |= norm(f"{block}.norm{number}", width)
        return shapes | weight(f"{name}.proj_out", *projection)


def weight(name: str, *shape: int) -> Shapes:
    """Return the tensors of a linear layer or a convolution."""
    return {f"{name}.weight": shape, f"{name}.bias": shape[:1]}


def norm(name: str, width: int) -> Shapes:
    """Return the tensors of a normalization."""
    return weight(name, width)
