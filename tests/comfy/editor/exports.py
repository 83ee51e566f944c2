"""What ComfyUI's real editor sends for a workflow, and whether that is what we send."""

from __future__ import annotations

import json
from typing import Any

from playwright.sync_api import Browser, Page

from ...runner.widget_cases import NOW
from .pages import opened

QUIET = "() => { Math.random = () => 0; window.app.canvas.pause_rendering = true }"
"""The first option of each random choice, and no drawing, which takes most of the time."""
EXPORTED = """async workflow => {
    const quiet = {showMissingNodesDialog: false, showMissingModelsDialog: false}
    await window.app.loadGraphData(workflow, true, false, null, quiet)
    await new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))
    return JSON.stringify((await window.app.graphToPrompt()).output)
}"""
"""Reroutes look at their links once more in the frame after loading."""


def exporting(browser: Browser, url: str, classes: dict[str, Any] | None = None) -> Page:
    """Return a page of the editor for many exports; `classes` stand for the server's."""
    page = opened(browser, url, fixed=NOW, classes=classes, viewport={"width": 400, "height": 300})
    page.evaluate(QUIET)
    return page


def exported(page: Page, workflow: dict[str, Any]) -> dict[str, Any]:
    """Return the graph that the editor sends for a workflow."""
    return json.loads(page.evaluate(EXPORTED, workflow))


def same(ours: Any, theirs: Any) -> bool:
    """Return whether two JSON values are equal; numbers are JavaScript's, where 1 is 1.0 and True is no number."""
    if isinstance(ours, dict) and isinstance(theirs, dict):
        return ours.keys() == theirs.keys() and all(same(value, theirs[key]) for key, value in ours.items())
    if isinstance(ours, list) and isinstance(theirs, list):
        return len(ours) == len(theirs) and all(map(same, ours, theirs))
    if any(isinstance(value, bool) or value is None for value in (ours, theirs)):
        return ours is theirs
    if isinstance(ours, (int, float)) and isinstance(theirs, (int, float)):
        return float(ours) == float(theirs)
    return type(ours) is type(theirs) and ours == theirs
