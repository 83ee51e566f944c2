"""Splits a description into clauses of words; quoted text stays whole."""

from __future__ import annotations

import re
from typing import NamedTuple

from ..naming import canonical
from ..tags.vocabulary import vocabulary
from ..tags.words import lexicon
from .nouns import BODY_PARTS

PIECE = re.compile(r"\"[^\"\n]{1,300}\"|“[^”\n]{1,300}”|\n|[^\s]+")
ENDS = ",;.!?:，。、"
INNER = re.compile("[,;，。、]+")
AROUND = "()[]{}\"“”'‘’…—–!?.,;:"

CONTRACTED = frozenset({"it", "she", "he", "there", "that", "who"})


class Word(NamedTuple):
    """A word as it is written and as it is read (small, in American spelling); `quoted` text is no word to read."""

    text: str
    name: str
    quoted: bool = False


def clauses(text: str) -> list[list[Word]]:
    """Return the words of each part between commas, full stops and the like."""
    found: list[list[Word]] = [[]]
    for match in PIECE.finditer(text):
        piece = match[0]
        if len(piece) > 2 and piece[0] in '"“' and piece[-1] in '"”':
            found[-1].append(Word(piece, piece, quoted=True))
        elif piece == "\n":
            found.append([])
        else:
            _add(piece, found)
    return [clause for clause in found if clause]


def _add(piece: str, found: list[list[Word]]) -> None:
    """Add what stands between two spaces: an emoticon, or words with punctuation."""
    known = vocabulary().spellings
    name = canonical(piece)
    if not piece.isalpha() and (name in known or name.rstrip(ENDS) in known):
        whole = piece if name in known else piece.rstrip(ENDS)
        found[-1].append(Word(whole, name if name in known else name.rstrip(ENDS)))
        found += [[]] if whole != piece else []
        return
    parts = INNER.split(piece)
    for place, part in enumerate(parts):
        if place:
            found.append([])
        if part.strip(ENDS):
            _add_word(part, name if len(parts) == 1 else canonical(part), found[-1])
    if piece[-1] in ENDS and parts[-1]:
        found.append([])


def _add_word(part: str, name: str, clause: list[Word]) -> None:
    name = name.strip(AROUND)
    if name.endswith(("'s", "’s")) and name[:-2] not in CONTRACTED:
        name = name[:-2]
    name = lexicon().spelling.get(name, name)
    if name in BODY_PARTS and clause and not clause[-1].quoted:
        before = clause.pop()
        clause.append(Word(f"{before.text} {part}", f"{before.name}-{name}"))
    else:
        clause.append(Word(part, name))
