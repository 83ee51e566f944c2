"""Eyes and eyewear, eyebrows and mouth, clothes, and the camera: aspects that the person leaves free."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from typing import NamedTuple

from .figure import NOTHING, shares
from .outcomes import Listed, Outcome
from .scene import TagGroups
from .vocabulary import Style, Vocabulary


class Gaze(NamedTuple):
    """The layers of the eyes, of the eyewear or None, and of coloured irises or None."""

    eyes: str | None
    eyewear: str | None
    irises: str | None = None


def usual_first(words: Vocabulary, part: str) -> list[tuple[Style, float]]:
    """Return the styles of eyes or eyebrows with their chances: one is usual, else any is as likely."""
    data = words.data[part]
    rest = 1 - data["usual share"]
    return [
        (style, rest * share + (data["usual share"] if style.layer == data["usual"] else 0.0))
        for style, share in shares(words.styles(part, "styles"))
    ]


def mimics(words: Vocabulary) -> Iterator[Outcome]:
    """Return every pair of eyebrows and mouth, as their layers."""
    for (eyebrow, one), (mouth, two) in product(usual_first(words, "eyebrows"), shares(words.styles("mouths"))):
        tags = eyebrow.tags + mouth.tags
        for rule in words.data["together"]:
            if set(rule["of"]) <= set(tags):
                tags += tuple(rule["tags"])
        yield Outcome(one * two, (eyebrow.layer, mouth.layer), TagGroups(expression=tags))


def mimic(words: Vocabulary) -> Listed:
    """Return the aspect of eyebrows and mouth, whose value is their layers."""
    return Listed(list(mimics(words)))


def gazes(words: Vocabulary, extended: bool) -> Iterator[Outcome]:
    """Return every pair of eyes with every eyewear and none; if extended, also with coloured irises."""
    share, places = words.data["eyewear"]["share"], {"colour": words.palette("clothing")}
    worn = [(NOTHING, 1 - share), *((style, part * share) for style, part in shares(words.styles("eyewear", "styles")))]
    for (eyes, one), (eyewear, two) in product(usual_first(words, "eyes"), worn):
        plain = Outcome(
            one * two,
            Gaze(eyes.layer, eyewear.layer),
            TagGroups(expression=eyes.tags, clothing=eyewear.tags),
            places,
        )
        yield from coloured(words, plain) if extended else [plain]


def coloured(words: Vocabulary, plain: Outcome) -> Iterator[Outcome]:
    """Return eyes as they are and, where something of them can be seen, with coloured irises."""
    data = words.data["extension"]["irises"]
    gaze: Gaze = plain.value
    share = data["share"] if gaze.eyes in data["of"] and gaze.eyewear not in data["hidden by"] else 0.0
    yield plain._replace(weight=plain.weight * (1 - share))
    if share:
        yield Outcome(
            plain.weight * share,
            gaze._replace(irises=data["of"][gaze.eyes]),
            plain.tags.joined(TagGroups(expression=(data["tag"],))),
            {**plain.places, "eyes": words.irises()},
        )


def gaze(words: Vocabulary, extended: bool) -> Listed:
    """Return the aspect of eyes, and of what is worn before them."""
    return Listed(list(gazes(words, extended)))


def clothing(words: Vocabulary) -> Listed:
    """Return the aspect of clothes, whose value is a layer."""
    printed, places = words.data["clothes"]["print share"], {"colour": words.palette("clothing")}
    return Listed(
        [
            Outcome(part * share, style.layer, TagGroups(clothing=style.tags), places)
            for key, share in (("styles", 1 - printed), ("prints", printed))
            for style, part in shares(words.styles("clothes", key))
        ]
    )


def shot(words: Vocabulary) -> Listed:
    """Return the aspect of the camera's distance, whose value is the zoom and the shift."""
    shots = words.data["camera"]["shots"]
    return Listed(
        [
            Outcome(one.get("weight", 1.0), (one["zoom"], one["shift"]), TagGroups(pose=tuple(one["tags"])))
            for one in shots
        ]
    )


def tilt(words: Vocabulary) -> Listed:
    """Return the aspect of the camera's rotation, whose value is whether it is tilted."""
    data = words.data["camera"]["tilt"]
    tilted = Outcome(data["share"], True, TagGroups(pose=tuple(data["tags"])))
    return Listed([Outcome(1 - data["share"], False), tilted])
