"""Which tensor of a single file is which of a part in a folder, and what has to be done to it on the way."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from enum import Enum
from typing import NamedTuple

from ..errors import ConversionError

MOST_BLOCKS = 256
"""No model has more blocks of one kind; a file that pretends to would keep us counting."""
SHOWN = 3
Shape = tuple[int, ...]
Shapes = Mapping[str, Shape]


class Side(Enum):
    """Whose names are meant: those of a single file, or those of a part in a folder."""

    SINGLE = 0
    FOLDER = 1


class Way(Enum):
    """How the single file's tensor comes from the folder's."""

    SAME = "same"
    POINTWISE = "pointwise"
    """A linear layer that is a convolution of size 1 there: only the shape differs."""
    TRANSPOSED = "transposed"
    JOINED = "joined"
    """Several tensors one after the other."""


class Link(NamedTuple):
    """A tensor on both sides.

    Attributes:
        single: its name in the single file, below the part's prefix.
        folder: its name in the part, or the names of those that are joined.
        shape: that of each tensor in the folder.
        way: how one comes from the other.
    """

    single: str
    folder: tuple[str, ...]
    shape: Shape
    way: Way = Way.SAME

    @property
    def single_shape(self) -> Shape:
        """The shape in the single file."""
        match self.way:
            case Way.POINTWISE:
                return (*self.shape, 1, 1)
            case Way.TRANSPOSED:
                return self.shape[::-1]
            case Way.JOINED:
                return (len(self.folder) * self.shape[0], *self.shape[1:])
        return self.shape

    def sources(self, side: Side) -> list[tuple[str, Shape]]:
        """Return the names and shapes of its tensors on one side."""
        return [(self.single, self.single_shape)] if side is Side.SINGLE else [(n, self.shape) for n in self.folder]


class Place(NamedTuple):
    """Where a block is on both sides: the beginnings of its tensors' names."""

    single: str
    folder: str

    def of(self, side: Side) -> str:
        """Return that of one side."""
        return self[side.value]

    def below(self, single: str, folder: str | None = None) -> Place:
        """Return a place inside; the names differ unless one is given."""
        return Place(self.single + single, self.folder + (single if folder is None else folder))


def layer(place: Place, shape: Shape, way: Way = Way.SAME, bias: bool = True) -> Iterator[Link]:
    """Yield a layer's weight and bias; `place` is without the last dot."""
    yield Link(f"{place.single}.weight", (f"{place.folder}.weight",), shape, way)
    if bias:
        yield Link(f"{place.single}.bias", (f"{place.folder}.bias",), shape[:1])


def count(shapes: Shapes, pattern: str) -> int:
    """Return how many blocks there are in a row, from 0 on; `pattern` has a `{}` for the number.

    Raises:
        ConversionError: if there are more than any model has.
    """
    for number in range(MOST_BLOCKS):
        if pattern.format(number) not in shapes:
            return number
    raise ConversionError(f"it has more than {MOST_BLOCKS} blocks like {pattern.format(0)}, which no model has")


def shape_of(shapes: Shapes, name: str, *ranks: int) -> Shape:
    """Return a tensor's shape, which has one of so many dimensions.

    Raises:
        ConversionError: if it is missing or has others.
    """
    shape = shapes.get(name)
    if shape is None:
        raise ConversionError(f"it lacks {name}")
    if len(shape) not in ranks or 0 in shape:
        raise ConversionError(f"{name} has the shape {list(shape)}, which no such model has")
    return shape


def some(names: list[str]) -> str:
    """Return the first few names, and how many more there are."""
    more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return ", ".join(f"{name:.100}" for name in names[:SHOWN]) + more


def prove(links: list[Link], shapes: Shapes, side: Side) -> set[str]:
    """Return the names on one side that links use, after proving that each is there in its shape.

    Raises:
        ConversionError: if some are missing or have other shapes; it names the first few.
    """
    wanted = dict(source for link in links for source in link.sources(side))
    missing = [name for name in wanted if name not in shapes]
    if missing:
        raise ConversionError(f"it lacks {some(missing)}")
    for name, shape in wanted.items():
        if shapes[name] != shape:
            raise ConversionError(f"{name} has the shape {list(shapes[name])} where {list(shape)} belongs")
    return set(wanted)
