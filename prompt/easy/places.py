"""Says where and when a scene is: `in a burning forest in the rain at night`."""

from __future__ import annotations

from collections.abc import Callable

from .merging import described
from .phrasing import listed, said
from .slots import Piece, reworded

PLACING = ("in ", "on ", "at ")
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


def settled(pieces: list[Piece], somebody: bool) -> tuple[list[Piece], list[Piece]]:
    """Return the pieces that say where the scene is, and the places that are rather around: one can't be in two."""
    here: list[Piece] = []
    around: list[Piece] = []
    taken: set[str] = set()
    for piece in pieces:
        word = piece.text.partition(" ")[0]
        is_place = bool(piece.noun) and word != "against"
        if is_place and (word in taken or not somebody) and word != "under":
            around.append(piece._replace(slot="there", text=said(reworded(piece.tag))))
        else:
            here.append(piece)
            taken |= {word} if is_place else set()
    return here, around


def place_of(pieces: list[Piece], scene: list[str], weigh: Callable[[Piece, str], str]) -> tuple[str, bool]:
    """Return the words for the places, and whether the scene's adjectives (`burning`) went with one."""
    backgrounds = [piece for piece in pieces if piece.text.startswith("against ") and piece.noun]
    texts = [weigh(piece, piece.text) for piece in pieces if piece not in backgrounds]
    if len(backgrounds) > 1 and all(piece.weight == 1 and piece.noun == backgrounds[0].noun for piece in backgrounds):
        noun = backgrounds[0].noun
        texts.append(f"against {said(f'{described(noun, backgrounds)} {noun}')}")
    else:
        texts += [weigh(piece, piece.text) for piece in backgrounds]
    first = next((at for at, piece in enumerate(pieces) if piece.noun and piece.text.startswith(PLACING)), None)
    took = bool(scene) and first is not None and pieces[first].weight == 1
    if took and first is not None:
        word, _, _ = pieces[first].text.partition(" ")
        texts[first] = f"{word} {said(f'{listed(scene)} {reworded(pieces[first].tag)}')}"
    return " ".join(sorted(texts, key=_order)), took


def _order(text: str) -> int:
    """Return 0 for a place, 1 for what is above and the weather, 2 for the time, 3 for what is behind."""
    if text.startswith("against "):
        return 3
    if text.startswith(TIMES) or text in SEASONS:
        return 2
    return 1 if text.startswith(WEATHER) or text.startswith("under ") else 0
