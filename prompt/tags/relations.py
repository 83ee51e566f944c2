"""How tags relate: what a tag implies, and which tags contradict one another."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from typing import Any, NamedTuple

from .listing import names_of, tag_data


class Contradiction(NamedTuple):
    """Two tags that no picture can show both, and what they disagree on, such as `hair length`."""

    first: str
    second: str
    subject: str


class _Rule(NamedTuple):
    """No two tags of `tags` go together, or none of `tags` with one of `against`; a tag of `excuses` permits both."""

    subject: str
    tags: frozenset[str]
    against: frozenset[str]
    excuses: frozenset[str]


class Relations:
    """Answers for canonical names; a name that nothing is known of implies and contradicts nothing."""

    def __init__(self, implications: dict[str, tuple[str, ...]], rules: Iterable[_Rule]) -> None:
        """Take what each tag implies, nearest first and followed to the end, and the rules of contradiction."""
        self._implications = implications
        self._implied_by: dict[str, list[str]] = defaultdict(list)
        for tag, implied in implications.items():
            for name in implied:
                self._implied_by[name].append(tag)
        self._rules_of: dict[str, list[_Rule]] = defaultdict(list)
        for rule in rules:
            for name in rule.tags | rule.against:
                self._rules_of[name].append(rule)

    def implied(self, name: str) -> tuple[str, ...]:
        """Return all that a tag implies: `cat ears` implies `animal ears`."""
        return self._implications.get(name, ())

    def conflicts(self, name: str) -> frozenset[str]:
        """Return the tags that contradict a tag, or contradict one that it implies."""
        found: set[str] = set()
        for own in (name, *self.implied(name)):
            for rule in self._rules_of.get(own, ()):
                for other in _opposed(rule, own):
                    found |= {other, *self._implied_by.get(other, ())}
        return frozenset(found)

    def contradictions(self, names: Collection[str]) -> tuple[Contradiction, ...]:
        """Return the contradicting pairs among the tags of one prompt, in their order, without the excused ones."""
        unique = list(dict.fromkeys(names))
        meant = {name: {name, *self.implied(name)} for name in unique}
        present = set().union(*meant.values())
        return tuple(self._contradictions(unique, meant, present))

    def _contradictions(
        self, names: list[str], meant: dict[str, set[str]], present: set[str]
    ) -> Iterator[Contradiction]:
        holders: dict[str, list[str]] = defaultdict(list)
        for second in names:
            for first, subject in self._clashes(meant[second], holders, present).items():
                if first not in meant[second] and second not in meant[first]:
                    yield Contradiction(first, second, subject)
            for own in meant[second]:
                holders[own].append(second)

    def _clashes(self, own_names: set[str], holders: dict[str, list[str]], present: set[str]) -> dict[str, str]:
        """Return the earlier tags that clash with one that means `own_names`, each with the subject."""
        found: dict[str, str] = {}
        for own in sorted(own_names):
            for rule in self._rules_of.get(own, ()):
                if not rule.excuses & present:
                    for other in sorted(_opposed(rule, own) & holders.keys()):
                        found.update((first, rule.subject) for first in holders[other] if first not in found)
        return found


def read_relations(tags: Collection[str]) -> Relations:
    """Read implications and contradictions of these tags from `implications.yaml` and `conflicts.yaml`."""
    return Relations(_implications(tags), [_rule(part) for part in tag_data("conflicts")["rules"]])


def _rule(part: dict[str, str]) -> _Rule:
    lists = (frozenset(names_of(part.get(key, ""))) for key in ("tags", "against", "unless"))
    return _Rule(part["subject"], *lists)


def _opposed(rule: _Rule, name: str) -> frozenset[str]:
    if not rule.against:
        return rule.tags - {name}
    return rule.against if name in rule.tags else rule.tags


def _implications(tags: Collection[str]) -> dict[str, tuple[str, ...]]:
    contents = tag_data("implications")
    direct = {tag: names_of(implied) for tag, implied in contents["tags"].items()}
    for tag, implied in _by_rule(tags, contents["rules"]):
        direct.setdefault(tag, []).append(implied)
    return {tag: _followed(tag, direct) for tag in direct}


def _by_rule(tags: Collection[str], rules: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Go through the implications that a tag's words give: `red dress` is a `dress`, `torn shirt` is `torn clothes`."""
    endings = {ending: ending for ending in names_of(rules["endings"])} | rules["kinds"]
    beginnings, with_rest = rules["beginnings"], rules["with rest"]
    exceptions = set(names_of(rules["except"]))
    known = set(tags)
    for tag in tags:
        if tag in exceptions:
            continue
        for beginning, rest in _parts(tag):
            found = (endings.get(rest), beginnings.get(beginning), rest if beginning == with_rest else None)
            yield from ((tag, implied) for implied in found if implied is not None and implied in known)


def _parts(tag: str) -> Iterator[tuple[str, str]]:
    """Cut a tag in two at each of its spaces."""
    space = tag.find(" ")
    while space > 0:
        yield tag[:space], tag[space + 1 :]
        space = tag.find(" ", space + 1)


def _followed(tag: str, direct: dict[str, list[str]]) -> tuple[str, ...]:
    """Return all that a tag implies, directly or not, nearest first; a circle ends where it began."""
    found: dict[str, None] = {}
    waiting = [tag]
    while waiting:
        nearest = [name for current in waiting for name in direct.get(current, ()) if name not in found]
        found.update(dict.fromkeys(nearest))
        waiting = nearest
    found.pop(tag, None)  # `striped clothes` begins with what implies it
    return tuple(found)
