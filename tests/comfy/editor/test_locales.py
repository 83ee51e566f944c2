"""The translations in ComfyUI's real editor."""

import json
import re
from collections.abc import Iterator

import pytest
import requests
from playwright.sync_api import Page

from tagloom.runner.places import PACKAGE

from .pages import opened

MESSAGES = """keys => {
    const {$t} = document.querySelector("#vue-app").__vue_app__.config.globalProperties
    return keys.map(key => $t(`nodeDefs.${key}`))
}"""
LABELS = """type => {
    const node = window.LiteGraph.createNode(type)
    const name = slot => slot.label ?? slot.localized_name ?? slot.name
    return [node.title, ...[...node.inputs, ...node.outputs].map(name)]
}"""


def held(language: str) -> dict:
    """Return a language's file."""
    return json.loads((PACKAGE / "locales" / language / "nodeDefs.json").read_text(encoding="utf-8"))


def leaves(tree: dict, *above: str) -> Iterator[tuple[str, str]]:
    """Yield every text of a file with its key."""
    for key, value in tree.items():
        if isinstance(value, dict):
            yield from leaves(value, *above, key)
        else:
            yield ".".join((*above, key)), re.sub(r"\{'(.*?)'\}", r"\1", value)


@pytest.fixture(scope="module", params=["en", "ja", "zh"])
def language(request) -> str:
    return request.param


@pytest.fixture(scope="module")
def page(server, browser, language) -> Page:
    """An editor that takes a language's texts for English.

    The front end of ComfyUI 0.3.75 (1.32.9) forgets what packs bring in other languages when it loads its own; 1.33.13
    and later ones keep it (Comfy-Org/ComfyUI_frontend, pull request 7214).
    """
    texts = requests.get(f"{server.url}/i18n", timeout=10).json()[language]
    page = opened(browser, server.url, {"en": texts})
    yield page
    page.close()


def test_every_text_is_shown_as_it_is_meant(page, language):
    """Braces and lines are read as syntax by the front end where they are not quoted."""
    wanted = dict(leaves(held(language)))
    assert dict(zip(wanted, page.evaluate(MESSAGES, list(wanted)), strict=True)) == wanted
    assert not [error for error in page.errors if "compil" in error or "SyntaxError" in error]


def test_a_node_has_its_title_and_names_in_the_language(page, language):
    node = held(language)["TagloomTextEncode"]
    slots = [slot["name"] for section in ("inputs", "outputs") for slot in node[section].values()]
    title, *names = page.evaluate(LABELS, "TagloomTextEncode")
    assert (title, sorted(names)) == (node["display_name"], sorted(slots))
