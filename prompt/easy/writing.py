"""Writes sentences from pieces: who is there, what they wear and do, where, and how the picture is taken."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from ..tags.classify import classify
from .merging import merged
from .phrasing import article, listed, names_several, said, sayings
from .places import flown_over, place_of, settled
from .plurals import of_several, owned, plural
from .slots import Piece
from .subject import Subject

MOST_FEATURES = 4
"""More features than these are said in a sentence of their own."""
POSTURES = (
    "standing",
    "sitting",
    "lying",
    "kneeling",
    "leaning",
    "walking",
    "running",
    "squatting",
    "floating",
    "flying",
)

KINDS = ("furry", "anthro", "kemono", "feral")
"""Kinds of beings that say nothing of the species."""
FLYING = ("flying", "hovering")
DRESSED = "dressed as "
NOBODY = "no humans"

Say = Callable[[Piece, str], str]


class Writer:
    """Writes one prompt's sentences."""

    def __init__(self, pieces: Iterable[Piece], weigh: Say) -> None:
        """Take all pieces in the prompt's order, and what writes a piece's text with or without its weight."""
        self._slots: dict[str, list[Piece]] = defaultdict(list)
        self._order: dict[str, int] = {}
        for piece in pieces:
            self._slots[piece.slot].append(piece)
            self._order.setdefault(piece.tag, len(self._order))
        self._weigh = weigh
        self._nobody = bool(self._take("there", NOBODY))
        self._name_an_animal()
        self._subject = Subject(
            [*self._slots["count"], *self._slots["species"]], self._slots["adj"], self._any_person(), weigh
        )
        self._slots["place"], elsewhere = settled(self._slots["place"], self._subject.there)
        self._slots["there"] = sorted([*elsewhere, *self._slots["there"]], key=lambda here: self._order[here.tag])
        self._take_objects()

    def _take(self, slot: str, tag: str) -> list[Piece]:
        """Take what is said by a tag out of a slot."""
        taken = [piece for piece in self._slots[slot] if piece.tag == tag]
        self._slots[slot] = [piece for piece in self._slots[slot] if piece.tag != tag]
        return taken

    def sentences(self) -> Iterator[str]:
        """Go through the sentences."""
        if self._subject.there:
            yield from self._who()
            yield from self._state()
        else:
            yield from self._scene()
        yield from self._around()
        if self._nobody:
            yield "There are no people."
        yield from self._picture()
        if self._slots["also"]:
            yield f"Also: {', '.join(self._texts('also'))}."

    def _any_person(self) -> bool:
        """Return whether something is told of somebody; where nobody is, what they would wear lies around."""
        told = any(self._slots[slot] for slot in ("doing", "posing", "looks", "is", "people", "adj"))
        if self._nobody and not told and not self._slots["species"]:
            self._slots["there"] += [*self._slots.pop("with", []), *self._slots.pop("wears", [])]
        return told or any(self._slots[slot] for slot in ("with", "wears"))

    def _name_an_animal(self) -> None:
        """Make an animal the subject, where there is no person and something is told of somebody."""
        slots = self._slots
        kinds_only = all(piece.tag in KINDS for piece in slots["species"])
        told = kinds_only and (slots["species"] or (not slots["count"] and not slots["people"] and self._any_person()))
        if told:
            animals = [piece for piece in slots["there"] if classify(piece.tag).subgroup == "animals"]
            if animals:
                slots["there"].remove(animals[0])
                slots["species"].append(animals[0]._replace(slot="species"))

    def _take_objects(self) -> None:
        """Say `reading a book` for what is done and a thing around that it is done to."""
        for at, piece in enumerate(self._slots["posing"]):
            for words, objects in sayings()["objects"].items():
                thing = self._object(objects) if words.startswith(piece.text) else None
                done, space, _ = words.partition(" ")
                if thing is not None and piece.text == (done if space else words) and thing.weight == piece.weight:
                    self._slots["there"].remove(thing)
                    self._slots["posing"][at] = piece._replace(text=f"{words} {thing.text}")
                    break

    def _object(self, objects: Any) -> Piece | None:
        """Return the first thing around that is one of some objects."""
        for thing in self._slots["there"]:
            food = objects == "@food" and classify(thing.tag).subgroup == "food"
            if food or thing.tag in objects or (thing.noun and thing.noun in objects):
                return thing
        return None

    def _texts(self, slot: str) -> list[str]:
        return list(dict.fromkeys(self._own(self._weigh(piece, piece.text)) for piece in self._slots[slot]))

    def _merged(self, slot: str) -> list[str]:
        return [self._own(text) for text in merged(self._slots[slot], self._subject.single, self._weigh)]

    def _own(self, text: str) -> str:
        return owned(text, self._subject.own, self._subject.single)

    def _who(self) -> Iterator[str]:
        """Say who is there with features, what their face does, what they wear, what they do and where."""
        subject, features, wears = self._subject, self._merged("with"), self._merged("wears")
        name, doing, where = subject.name, self._texts("doing"), self._where()
        if features and len(features) <= MOST_FEATURES:
            name, features = f"{name} with {listed(features)}", []
        told = [
            *([(subject.name_be, listed(doing), subject.be)] if doing else []),
            *([(subject.name_verb("have"), listed(features), subject.verb("have"))] if features else []),
            *([(subject.name_verb("wear"), listed(wears), subject.verb("wear"))] if wears else []),
            *([(subject.name_be, where, subject.be)] if where else []),
        ]
        if not told:
            yield f"The picture shows {name[:1].lower()}{name[1:]}."
        for place, (first, text, later) in enumerate(told):
            yield f"{subject.pronoun} {later} {text}." if place else f"{name} {first} {text}."

    def _where(self) -> str:
        """Return what somebody does and where: `sitting on a bench in a burning forest`."""
        posing = sorted(self._texts("posing"), key=lambda text: text.startswith(POSTURES))
        return " ".join(part for part in (listed(posing), self._place()) if part)

    def _state(self) -> Iterator[str]:
        subject = self._subject
        if self._slots["looks"]:
            yield f"{subject.pronoun} {subject.verb('look')} {listed(self._texts('looks'))}."
        states = [self._own(self._weigh(piece, _being(piece, subject.single))) for piece in self._states()]
        if states:
            yield f"{subject.pronoun} {subject.be} {listed(states)}."

    def _states(self) -> list[Piece]:
        return [*self._slots["people"], *self._slots["is"]]

    def _place(self) -> str:
        """Return where and when: `in a burning forest at night`."""
        flies = any(piece.text.startswith(FLYING) for piece in self._slots["posing"])
        places = [flown_over(piece) for piece in self._slots["place"]] if flies else self._slots["place"]
        text, took_scene = place_of(places, self._texts("scene"), self._weigh)
        if took_scene:
            self._slots["scene"] = []
        return text

    def _scene(self) -> Iterator[str]:
        """Say what is there, where nobody is."""
        things, place = self._texts("there"), self._place()
        self._slots["there"] = []
        if things:
            yield f"The picture shows {' '.join(part for part in (listed(things), place) if part)}."
        elif place:
            yield f"The scene is set {place}."

    def _around(self) -> Iterator[str]:
        """Say what else there is, and a state of the scene that no place took."""
        things = self._texts("there")
        if things:
            several = len(things) > 1 or names_several(things[0])
            yield f"Around {self._subject.whom} there {'are' if several else 'is'} {listed(things)}."
        if self._slots["scene"]:
            yield f"The scene is {listed(self._texts('scene'))}."

    def _picture(self) -> Iterator[str]:
        """Say how the picture looks and how it is taken."""
        effects, styles = self._texts("has"), self._texts("style")
        if effects:
            yield f"The picture has {listed(effects)}."
        if styles:
            yield f"The style is {listed(styles)}."
        shots, angles = self._texts("shot"), _angled(self._texts("angle"))
        if shots:
            yield f"It is {' '.join(part for part in (_shot(shots), angles) if part)}."
        elif angles:
            yield f"The view is {angles}."


def _being(piece: Piece, single: bool) -> str:
    """Return what somebody is: `a knight`, `dressed as a maid`, or of several: `knights`, `dressed as maids`."""
    if piece.slot == "people":
        return said(piece.text) if single else plural(piece.text)
    before, dressed, role = piece.text.partition(DRESSED)
    return piece.text if single or before or not dressed else dressed + of_several(role)


def _shot(shots: list[str]) -> str:
    """Return `a close-up, upper-body portrait`."""
    noun = next((shot for shot in shots if shot.strip("()").startswith(("portrait", "selfie"))), "")
    kinds = sorted((shot for shot in shots if shot != noun), key=lambda shot: "close-up" not in shot)
    if not noun and len(kinds) == 1 and kinds[0].endswith("close-up"):
        return f"{article(kinds[0])} {kinds[0]}"
    text = " ".join(part for part in (", ".join(kinds), noun or "shot") if part)
    return f"{article(text)} {text}"


def _angled(angles: list[str]) -> str:
    """Return where from, then how."""
    places = [text for text in angles if text.startswith("from")]
    others = [text for text in angles if not text.startswith("from")]
    return " ".join([*([listed(places)] if places else []), *others])
