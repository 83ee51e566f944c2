"""Pages of ComfyUI's real editor, which collect their errors."""

from datetime import datetime

import requests
from playwright.sync_api import Browser, Page

OPEN = "async workflow => { await window.app.loadGraphData(workflow, true, true, 'test') }"
EXPORT = "async () => (await window.app.graphToPrompt()).output"
EMPTY = {"last_node_id": 0, "last_link_id": 0, "nodes": [], "links": [], "groups": [], "config": {}, "version": 0.4}
"""A workflow of nothing."""


def opened(
    browser: Browser,
    url: str,
    i18n: dict | None = None,
    fixed: datetime | None = None,
    classes: dict | None = None,
    **options,
) -> Page:
    """Return a page of the editor.

    `i18n` stands for what the server says of translations, `classes` for its `/object_info`, `fixed` for the time.
    """
    page = browser.new_page(**options)
    if classes is not None:
        page.route("**/object_info", lambda route: route.fulfill(json=classes))
    if fixed is not None:
        page.clock.set_fixed_time(fixed)
    page.errors = []
    page.on("console", lambda message: page.errors.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: page.errors.append(str(error)))
    if i18n is not None:
        page.route("**/i18n", lambda route: route.fulfill(json=i18n))
    page.goto(url)
    page.wait_for_function("window.app && window.app.graph && window.app.extensionManager", timeout=60000)
    page.wait_for_timeout(1500)
    return page


def emptied(browser: Browser, url: str, in_vue: bool, width: int, height: int) -> Page:
    """Return a page with an empty graph, in one of the editor's two ways of drawing nodes.

    What it says of an empty graph is kept apart, in `of_nothing`.
    """
    settings = {
        "Comfy.TutorialCompleted": True,
        "Comfy.VueNodes.Enabled": in_vue,
        "Comfy.Workflow.ShowMissingNodesWarning": True,
        "Comfy.Workflow.ShowMissingModelsWarning": True,
    }
    requests.post(f"{url}/settings", json=settings, timeout=10).raise_for_status()
    page = opened(browser, url, viewport={"width": width, "height": height})
    page.evaluate(OPEN, EMPTY)
    page.wait_for_timeout(1500)
    page.of_nothing = {text.splitlines()[0] for text in complaints(page)}
    return page


def complaints(page: Page) -> list[str]:
    """Return the console's errors, without those of a machine that is offline and of files that are optional."""
    known = ("Failed to load resource", "api.comfy.org")
    return [text for text in page.errors if not any(mark in text for mark in known)]
