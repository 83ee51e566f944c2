"""The person: who it is, hair or hat, ears, halo, fur and beard, as one aspect, for each of these rules out others."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from .outcomes import Drawn, Listed, Option, Outcome
from .scene import TagGroups
from .vocabulary import Style, Vocabulary

NOTHING = Style(None)


class Figure(NamedTuple):
    """What is chosen of the person: the layers' names, None where there is none."""

    furry: bool
    hat: bool
    top: str | None
    ears: str | None
    beard: str | None


class Head(NamedTuple):
    """Hair or a hat, with its chance."""

    style: Style
    hat: bool
    chance: float


class Ears(NamedTuple):
    """Ears, a halo or nothing of the kind, with its chance."""

    layer: str | None
    tags: tuple[str, ...]
    chance: float


def shares(styles: tuple[Style, ...]) -> list[tuple[Style, float]]:
    """Return each style with its share of all their weights."""
    total = sum(style.weight for style in styles)
    return [(style, style.weight / total) for style in styles]


def heads(words: Vocabulary, kind: str) -> Iterator[Head]:
    """Return hats, and the styles of hair: mostly those of the person's own kind."""
    hair, hats = words.data["hair"], words.data["hats"]
    for style, share in shares(words.styles("hats", "styles")):
        yield Head(style, True, hats["share"] * share)
    styles = words.styles("hair", "styles")
    own = dict(shares(tuple(style for style in styles if style.kind == kind)))
    for style, share in shares(styles):
        mixed = hair["own share"] * own.get(style, 0.0) + (1 - hair["own share"]) * share
        yield Head(style, False, (1 - hats["share"]) * mixed)


def ears(words: Vocabulary, kind: str, furry: bool) -> Iterator[Ears]:
    """Return the ears of someone without a hat; whoever has fur always has some."""
    share, halo = words.data["ears"]["share"], words.data["halo"]
    if not furry:
        yield Ears(None, (), 1 - share - halo["share"])
        yield Ears(halo["layer"], tuple(halo["tags"]), halo["share"])
    for style, part in shares(words.styles("ears", "styles")):
        chance = part if furry else share * part
        own = (style.girl_tags if kind == "girl" else ()) or ("",)
        for tag in own:
            yield Ears(style.layer, (*style.tags, *filter(None, [tag])), chance / len(own))


def beards(words: Vocabulary, kind: str, furry: bool) -> Iterator[tuple[Style, float]]:
    """Return beards and none, each with its chance."""
    share = words.data["beards"]["share"] if kind == "boy" and not furry else 0.0
    yield NOTHING, 1 - share
    if share:
        yield from ((style, share * part) for style, part in shares(words.styles("beards", "styles")))


def outcomes(words: Vocabulary) -> Iterator[Outcome]:
    """Return every person there can be, skin and colours left open."""
    everyone = sum(option.weight for furry in (False, True) for option in words.skins(furry))
    for kind, person in words.data["person"]["people"].items():
        for furry in (False, True):
            fur = sum(option.weight for option in words.skins(furry)) / everyone
            for head in heads(words, kind):
                for ear in [Ears(None, (), 1.0)] if head.hat else ears(words, kind, furry):
                    for beard, part in beards(words, kind, furry):
                        chance = person["share"] * fur * head.chance * ear.chance * part
                        yield outcome(words, kind, furry, head, ear, beard, chance)


def outcome(words: Vocabulary, kind: str, furry: bool, head: Head, ear: Ears, beard: Style, chance: float) -> Outcome:
    """Return one person as an outcome, its tags in the order in which captions say them."""
    person = words.data["person"]
    hair = () if head.hat else (*([words.data["hair"]["tag"]] if head.style.layer else []), *head.style.tags)
    fur = tuple(person["furry tags"]) if furry else ()
    body = (*person["people"][kind]["tags"], *hair, *ear.tags, "{skin}", *fur, *beard.tags)
    tags = TagGroups(body=body, clothing=head.style.tags if head.hat else ())
    places = {"skin": words.skins(furry), "colour": words.palette("clothing" if head.hat else "hair")}
    if head.hat:
        places["hair"] = words.palette("hair")  # nobody sees it but in the beard
    return Outcome(chance, Figure(furry, head.hat, head.style.layer, ear.layer, beard.layer), tags, places)


def aspect(words: Vocabulary) -> Listed:
    """Return the aspect."""
    return Listed([one for one in outcomes(words) if one.weight > 0])


def hair_option(drawn: Drawn) -> Option:
    """Return the colour of the hair, under a hat too."""
    return drawn.options["hair" if drawn.value.hat else "colour"]
