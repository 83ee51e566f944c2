"""Conversion, against what ComfyUI's real editor sends (`graphToPrompt()` of its front end).

All of the official templates are compared by `python benchmarks/conversion.py`.
"""

import random
import re

import pytest
import requests
from playwright.sync_api import Page

from tagloom.runner.errors import WorkflowError
from tagloom.runner.graph.convert import to_api

from ...runner import class_cases, link_cases, subgraph_cases, widget_cases
from ...runner.widget_cases import NOW, first
from .corpus import OWN, Template, missing, templates
from .exports import exported, exporting, same

CASES = {**widget_cases.CASES, **link_cases.CASES, **subgraph_cases.CASES, **class_cases.CASES}
TITLES = {**widget_cases.TITLES, **class_cases.TITLES}
SAMPLE, SEED = 60, 0
LEAST = 150
"""Official templates whose node classes the server has, without torchaudio."""


@pytest.fixture(scope="module")
def known(server) -> dict:
    """The node classes of the server, its API nodes too, and some that are made up."""
    classes = requests.get(f"{server.url}/object_info", timeout=60).json()
    return classes | {name: {**schema, "name": name} for name, schema in class_cases.SCHEMAS.items()}


@pytest.fixture(scope="module")
def page(server, browser, known) -> Page:
    page = exporting(browser, server.url, known)
    yield page
    page.close()


def converted(document: dict, known: dict) -> dict:
    return to_api(document, known.get, first, NOW)


@pytest.mark.parametrize("name", CASES)
def test_a_trap_is_what_the_editor_sends(page, known, name):
    """The unit tests compare the same workflows with the same inputs."""
    workflow, inputs = CASES[name]
    sent = exported(page, workflow)
    assert same({key: node["inputs"] for key, node in sent.items()}, inputs)
    assert same(converted(workflow, known), sent)


@pytest.mark.parametrize("name", TITLES)
def test_titles_are_the_editor_s(page, known, name):
    workflow, titles = TITLES[name]
    sent = exported(page, workflow)
    assert {key: node["_meta"]["title"] for key, node in sent.items()} == titles
    assert same(converted(workflow, known), sent)


def differing(page: Page, known: dict, chosen: list[Template]) -> list[str]:
    """Return the names of those that we convert to something else than the editor sends."""
    return [each.name for each in chosen if not same(converted(each.document, known), exported(page, each.document))]


def test_tagloom_s_own_workflows_are_exactly_what_the_editor_sends(page, known):
    assert differing(page, known, [each for each in templates() if each.source == OWN]) == []


def test_a_sample_of_the_official_templates_is_exactly_what_the_editor_sends(page, known, figure):
    official = [each for each in templates() if each.source != OWN]
    possible = [each for each in official if not missing(each.document, known)]
    figure(f"templates whose node classes the server has: {len(possible)} of {len(official)}; {SAMPLE} are compared")
    assert len(possible) >= LEAST
    assert differing(page, known, random.Random(SEED).sample(possible, SAMPLE)) == []


def test_all_others_are_refused_with_every_class_that_is_missing(known):
    refused = [each for each in templates() if missing(each.document, known)]
    assert refused
    for each in refused:
        with pytest.raises(WorkflowError) as caught:
            converted(each.document, known)
        told = str(caught.value)
        assert [
            kind for kind in missing(each.document, known) if not re.search(rf"{re.escape(kind)} \(node", told)
        ] == []
