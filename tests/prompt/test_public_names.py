"""`tagloom.prompt` offers its names without importing anything for them before they are used."""

from __future__ import annotations

import importlib
import json
import subprocess
import sys
from collections import Counter

import pytest

import tagloom.prompt
from tagloom.prompt import errors

NAMES = [(home, name) for home, names in tagloom.prompt.HOMES.items() for name in names.split()]

WHAT_IS_LOADED = """
import sys
before = set(sys.modules)
STATEMENT
import json
print(json.dumps(sorted(set(sys.modules) - before)))
"""


def loaded(statement: str) -> set[str]:
    """Return the modules that a statement loads in a fresh interpreter."""
    source = WHAT_IS_LOADED.replace("STATEMENT", statement)
    done = subprocess.run([sys.executable, "-c", source], capture_output=True, text=True, check=True)
    return set(json.loads(done.stdout))


@pytest.mark.parametrize(("home", "name"), NAMES, ids=[name for _, name in NAMES])
def test_every_public_name_is_its_home_s(home, name):
    module = importlib.import_module(f"tagloom.prompt.{home}")
    assert getattr(tagloom.prompt, name) is getattr(module, name)
    offered = getattr(module, "__all__", None) or [other for other in vars(module) if not other.startswith("_")]
    assert name in offered  # so that type checkers find it through `from .home import *`


def test_no_name_has_two_homes():
    assert max(Counter(name for _, name in NAMES).values()) == 1


def test_dir_lists_the_public_names():
    assert dir(tagloom.prompt) == sorted(name for _, name in NAMES)


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match=r"module 'tagloom\.prompt' has no attribute 'prase'"):
        tagloom.prompt.prase  # noqa: B018
    with pytest.raises(ImportError, match="prase"):
        from tagloom.prompt import prase  # noqa: F401


def test_a_name_is_looked_up_once(monkeypatch):
    monkeypatch.delitem(vars(tagloom.prompt), "parse", raising=False)
    first = tagloom.prompt.parse
    monkeypatch.setattr("tagloom.prompt.importlib.import_module", lambda *names: pytest.fail("looked up again"))
    assert tagloom.prompt.parse is first


def test_sub_packages_keep_their_own_names():
    """A public name must not hide a package: `tagloom.prompt.easy` is that, with a function of the name in it."""
    assert not {name for _, name in NAMES} & {
        "compose",
        "counting",
        "easy",
        "families",
        "lint",
        "syntax",
        "tags",
        "wildcards",
    }
    assert importlib.import_module("tagloom.prompt.easy").easy.__name__ == "easy"
    assert importlib.import_module("tagloom.prompt.lint").lint.__name__ == "lint"


def test_the_errors_that_are_public_are_errors_of_ours():
    for name in tagloom.prompt.HOMES["errors"].split():
        assert issubclass(getattr(errors, name), errors.PromptError)


def test_importing_the_package_loads_nothing_else():
    """Neither YAML nor SQLite nor tokenizers, nor any part of it."""
    modules = loaded("import tagloom.prompt")
    assert {name for name in modules if name.startswith("tagloom")} == {"tagloom", "tagloom.prompt"}
    assert not {"yaml", "sqlite3", "tokenizers"} & modules


@pytest.mark.parametrize("name", ["parse", "attention", "convert", "enhance", "account", "expand", "get_family"])
def test_importing_a_name_reads_no_data(name):
    """What reads YAML or SQLite does so at first use."""
    assert not {"yaml", "sqlite3", "tokenizers"} & loaded(f"from tagloom.prompt import {name}")


@pytest.mark.parametrize(
    ("home", "name"),
    [
        ("lint", "lint"),
        ("lint", "fix"),
        ("compose", "sort_tags"),
        ("compose", "enhance"),
        ("compose", "compose_negative"),
        ("compose", "tidy"),
        ("easy", "easy"),
    ],
)
def test_a_family_can_be_given_by_its_id(home, name):
    function = getattr(importlib.import_module(f"tagloom.prompt.{home}"), name)
    of_pony = function("score_9, Smile", family=tagloom.prompt.get_family("pony_v6"))
    assert function("score_9, Smile", family="pony_v6") == of_pony
    with pytest.raises(errors.UnknownFamily, match="pony_v6"):
        function("score_9, Smile", family="pony_v66")
