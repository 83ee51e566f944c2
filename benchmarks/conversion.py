"""Compares the conversion of every official template, and of Tagloom's own workflows, with what the real editor sends.

Run it with: python benchmarks/conversion.py

It starts an embedded ComfyUI of its own with the API nodes on. Where torchaudio is not installed, an empty stand-in
lets the server load its audio nodes; nothing is run. Exits with 1 if a workflow differs, crashes or is refused wrongly.
"""

import os
import statistics
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

import requests
from playwright.sync_api import sync_playwright

from tagloom.runner.embedded import installations, processes
from tagloom.runner.errors import WorkflowError
from tagloom.runner.graph.convert import to_api
from tagloom.tests.comfy.editor.conftest import QUIET, chromium
from tagloom.tests.comfy.editor.corpus import Template, missing, templates
from tagloom.tests.comfy.editor.exports import exported, exporting, same
from tagloom.tests.runner.widget_cases import NOW, first

SHOWN = 20
"""Workflows of a kind, and missing classes, that are listed."""


class Outcome(NamedTuple):
    """What became of one workflow: `equal`, `differs`, `refused`, `wrongly refused`, `crashed` or `editor failed`."""

    template: Template
    state: str
    told: str
    seconds: float


@contextmanager
def server() -> Iterator[str]:
    """Start a ComfyUI in an empty home; give its address."""
    with tempfile.TemporaryDirectory() as folder:
        os.environ["TAGLOOM_HOME"] = folder
        if find_spec("torchaudio") is None:
            stand_in = Path(folder) / "stand_in" / "torchaudio"
            stand_in.mkdir(parents=True)
            (stand_in / "__init__.py").touch()
            os.environ["PYTHONPATH"] = os.pathsep.join(
                filter(None, (str(stand_in.parent), os.environ.get("PYTHONPATH")))
            )
        installation = replace(installations.embedded(), api_nodes=True)
        try:
            yield processes.ensure(installation, 900).url
        finally:
            processes.stop(installation)


def outcome(page, template: Template, known: dict) -> Outcome:
    """Convert a workflow and compare it with what the page sends."""
    lacking = missing(template.document, known)
    started = time.perf_counter()
    try:
        ours = to_api(template.document, known.get, first, NOW)
    except WorkflowError as error:
        seconds = time.perf_counter() - started
        named = lacking and all(f"{kind} (node" in str(error) for kind in lacking)
        return Outcome(template, "refused" if named else "wrongly refused", str(error), seconds)
    except Exception as error:
        return Outcome(template, "crashed", repr(error), time.perf_counter() - started)
    seconds = time.perf_counter() - started
    try:
        theirs = exported(page, template.document)
    except Exception as error:
        return Outcome(template, "editor failed", str(error), seconds)
    return Outcome(template, "equal" if same(ours, theirs) else "differs", "", seconds)


def report(outcomes: list[Outcome], known: dict) -> bool:
    """Print the figures; return whether all is as it should be."""
    print(f"node classes in /object_info: {len(known)}")
    for source in dict.fromkeys(each.template.source for each in outcomes):
        held = [each for each in outcomes if each.template.source == source]
        states = Counter(each.state for each in held)
        whole = len(held) - states["refused"]
        print(f"{source}: {len(held)} workflows, {whole} with all their classes there: {dict(states)}")
    lacking = Counter(kind for each in outcomes for kind in missing(each.template.document, known))
    print(
        f"missing classes: {len(lacking)}, most often " + ", ".join(f"{k} ({n})" for k, n in lacking.most_common(SHOWN))
    )
    times = [each.seconds * 1000 for each in outcomes]
    print(f"conversion: mean {statistics.mean(times):.1f} ms, largest {max(times):.1f} ms")
    wrong = [each for each in outcomes if each.state not in ("equal", "refused")]
    for each in wrong[:SHOWN]:
        print(f"  {each.state}: {each.template.source} {each.template.name} {each.told[:300]}")
    return not wrong


def main() -> bool:
    """Compare everything on one page of the editor."""
    with server() as url, sync_playwright() as playwright:
        known = requests.get(f"{url}/object_info", timeout=60).json()
        browser = playwright.chromium.launch(executable_path=chromium(playwright), args=QUIET)
        page = exporting(browser, url)
        outcomes = [outcome(page, each, known) for each in templates()]
        browser.close()
    return report(outcomes, known)


if __name__ == "__main__":
    sys.exit(not main())
