"""Reads the command line's arguments, and says in one line what is wrong with them."""

from __future__ import annotations

import argparse
import re
import shlex
from collections.abc import Sequence
from typing import Any, NoReturn

from .errors import UsageError

MISSING = "the following arguments are required"
NO_VALUE = "expected one argument"
COMMAND = "COMMAND"
LONG_OPTION = re.compile(r"--[a-z]")
LONGEST_SHOWN = 60


class Parser(argparse.ArgumentParser):
    """Says what is wrong without the usage text in front, and what to do about a text that begins with a dash."""

    def __init__(self, **options: Any) -> None:
        """Take what an `ArgumentParser` takes; options may not be abbreviated."""
        super().__init__(**{"allow_abbrev": False, **options})
        self.set_defaults(command=self.prog)
        self._words: list[str] = []

    def parse_known_args(  # type: ignore[override]  # the one that is overridden has three signatures
        self, args: Sequence[str] | None = None, namespace: Any = None
    ) -> Any:
        """Remember the arguments, for what `error` says about them."""
        self._words = [] if args is None else list(args)
        return super().parse_known_args(args, namespace)

    def error(self, message: str) -> NoReturn:
        """Raise what is wrong.

        Raises:
            UsageError: always.
        """
        raise UsageError(f"{message}; {self._dash_hint(message)}see {self.prog} --help")

    def _dash_hint(self, message: str) -> str:
        """Return how to write a text that begins with a dash, such as `-_-`, where it was taken for an option."""
        place = next((place for place, word in enumerate(self._words) if self._is_text(word)), None)
        if place is None:
            return ""
        text = shlex.quote(self._words[place])
        if len(text) > LONGEST_SHOWN:
            text = "..."
        before = self._words[place - 1] if place else ""
        if message.endswith(NO_VALUE) and before in self._option_string_actions:
            return f"a value that begins with a dash is written behind '=': {before}={text}; "
        if MISSING in message and not message.endswith(COMMAND):
            return f"a text that begins with a dash is written behind '--': {self.prog} -- {text}; "
        return ""

    def _is_text(self, word: str) -> bool:
        """Return whether a word looks like an option and is none, nor a mistyped one such as `--dialekt`."""
        option = word.partition("=")[0]
        dashed = len(word) > 1 and word[0] == "-" and word != "--" and LONG_OPTION.match(word) is None
        return dashed and option not in self._option_string_actions
