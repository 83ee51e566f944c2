"""Says where and when a scene is: `in a burning forest in the rain at night`."""

from __future__ import annotations

from collections.abc import Callable

from ..tags.classify import classify
from .merging import described
from .phrasing import listed, said, sayings
from .slots import Piece, reworded

PLACING = ("in ", "on ", "at ", "over ")
WEATHER = ("in the rain", "in the snow", "in falling", "in the wind", "in the fog", "in a storm", "in a blizzard")
TIMES = (
    "at night",
    "at midnight",
    "at dawn",
    "at dusk",
    "at sun",
    "at twilight",
    "at Christmas",
    "at Halloween",
    "by day",
)
SEASONS = ("in the morning", "in the evening", "in spring", "in summer", "in autumn", "in winter")

OUTDOORS = "places outdoors"
CLOSE = ("on bed", "on floor", "on ground", "on grass")
JOINED = (2, 3, 5)
"""Of what stands above, of the weather and of what is behind, several are said with one preposition; see `_order`."""


def settled(pieces: list[Piece], somebody: bool) -> tuple[list[Piece], list[Piece]]:
    """Return the pieces that say where the scene is, and the places that are rather around: one can't be in two."""
    here: list[Piece] = []
    around: list[Piece] = []
    taken: set[str] = set()
    for piece in pieces:
        word = piece.text.partition(" ")[0]
        is_place = bool(piece.noun) and word != "against"
        above = word == "under" and (somebody or piece.noun in sayings()["overhead"])
        if is_place and (word in taken or not somebody) and not above:
            around.append(piece._replace(slot="there", text=said(reworded(piece.tag))))
        else:
            here.append(piece)
            taken |= {word} if is_place else set()
    return here, around


def place_of(pieces: list[Piece], scene: list[str], weigh: Callable[[Piece, str], str]) -> tuple[str, bool]:
    """Return the words for the places, and whether the scene's adjectives (`burning`) went with one."""
    first = next((at for at, piece in enumerate(pieces) if piece.noun and piece.text.startswith(PLACING)), None)
    took = bool(scene) and first is not None and pieces[first].weight == 1
    if took and first is not None:
        word, _, _ = pieces[first].text.partition(" ")
        text = f"{word} {said(f'{listed(scene)} {reworded(pieces[first].tag)}')}"
        pieces = [*pieces[:first], pieces[first]._replace(text=text), *pieces[first + 1 :]]
    together: dict[tuple[int, str], list[Piece]] = {}
    for at, piece in enumerate(pieces):
        order, word = _order(piece), piece.text.partition(" ")[0]
        joins = order in JOINED and word in ("under", "in", "against")
        together.setdefault((order, word if joins else f" {at}"), []).append(piece)
    parts = sorted(together.items(), key=lambda part: part[0][0])
    return " ".join(_joined(group, weigh) for _, group in parts), took


def flown_over(piece: Piece) -> Piece:
    """Return a place outdoors as one that somebody flies over."""
    word, _, rest = piece.text.partition(" ")
    outdoors = bool(piece.noun) and word in ("in", "on") and classify(piece.tag).subgroup == OUTDOORS
    return piece._replace(text=f"over {rest}") if outdoors else piece


def _joined(pieces: list[Piece], weigh: Callable[[Piece, str], str]) -> str:
    """Return places with one preposition: `under a blue sky and the sun`, `against a red and white background`."""
    first, word = pieces[0], pieces[0].text.partition(" ")[0]
    texts = [piece.text.partition(" ")[2] for piece in pieces]
    if len(pieces) == 1:
        return weigh(first, first.text)
    if any(piece.weight != first.weight for piece in pieces):
        return f"{word} {listed(weigh(piece, text) for piece, text in zip(pieces, texts, strict=True))}"
    if first.noun and word == "against" and all(piece.noun == first.noun for piece in pieces):
        texts = [said(f"{described(first.noun, pieces)} {first.noun}")]
    return weigh(first, f"{word} {listed(texts)}")


def _order(piece: Piece) -> int:
    """Return where a place stands: what is close, what it is in, what is above, weather, time, what is behind."""
    text = piece.text
    if text.startswith("against "):
        return 5
    if text.startswith(TIMES) or text in SEASONS:
        return 4
    if text.startswith(WEATHER):
        return 3
    if text.startswith("under "):
        return 2
    return 0 if not {piece.noun, reworded(piece.tag)}.isdisjoint(sayings()["close"]) or piece.tag in CLOSE else 1
