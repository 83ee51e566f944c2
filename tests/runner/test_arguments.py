"""A text that begins with a dash is taken for an option: then the error says how to write it."""

from __future__ import annotations

import pytest

COMMANDS = ("check", "fix", "explain", "convert", "sort", "describe", "count", "expand", "easy")


@pytest.mark.parametrize("command", COMMANDS)
def test_a_prompt_that_begins_with_a_dash_is_told_how_to_be_written(ask, command):
    told = ask("prompt", command, "-_-")
    assert told.code == 2
    assert f"written behind '--': tagloom prompt {command} -- -_-; see" in told.notes


@pytest.mark.parametrize(
    ("arguments", "hinted"),
    [
        (["check", "-1::(a)::"], "tagloom prompt check -- '-1::(a)::';"),
        (["check", "-_-" * 100], "tagloom prompt check -- ...;"),
        (["check", "x", "--negative", "-_-"], "'=': --negative=-_-;"),
        (["check"], None),
        (["check", "--dialekt"], None),
        (["check", "x", "-w"], None),
        (["-_-"], None),
    ],
)
def test_dashes_are_spoken_of_where_a_text_may_be_meant(ask, arguments, hinted):
    told = ask("prompt", *arguments)
    assert told.code == 2
    assert hinted in told.notes if hinted else "dash" not in told.notes


def test_what_the_hint_says_works(ask):
    assert ask("prompt", "sort", "--", "-_-").text == "-_-\n"
    assert ask("prompt", "check", "1girl", "--negative=-_-").code == 0
