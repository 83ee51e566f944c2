"""A real browser: Chromium as the machine has it, or fetched once where it has none."""

import os
import shutil
import subprocess
import sys

import pytest
from playwright.sync_api import Browser, Playwright, sync_playwright

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
QUIET = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


@pytest.fixture(scope="module")
def browser() -> Browser:
    """A headless Chromium; it is closed before other tests, which could run no asyncio loop beside Playwright's."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(playwright), args=QUIET)
        yield browser
        browser.close()


def chromium(playwright: Playwright) -> str:
    """Return a Chromium: the machine's own, Playwright's, or one installed now (as root by apt-get)."""
    found = _installed(playwright)
    if found is None and shutil.which("apt-get") and hasattr(os, "geteuid") and os.geteuid() == 0:
        subprocess.run(["apt-get", "update", "-qq"], check=False)
        subprocess.run(["apt-get", "install", "-y", "-qq", "--no-install-recommends", "chromium"], check=False)
        found = _installed(playwright)
    if found is None:
        subprocess.run([sys.executable, "-m", "playwright", "install", "chromium"], check=False)
        found = _installed(playwright)
    if found is None:
        pytest.fail("these tests need Chromium; install it (apt install chromium) and run them again")
    return found


def _installed(playwright: Playwright) -> str | None:
    own = playwright.chromium.executable_path
    return next(filter(None, map(shutil.which, NAMES)), own if os.path.exists(own) else None)  # noqa: PTH110
