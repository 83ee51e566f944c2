"""What every test shares."""

import os
from collections.abc import Callable

import pytest
from hypothesis import settings

from tagloom.runner.embedded import processes

settings.register_profile("ci", derandomize=True, deadline=None)
settings.register_profile("here", deadline=None)
settings.load_profile("ci" if os.environ.get("CI") else "here")

SETTINGS = ("TAGLOOM_FAMILIES", "TAGLOOM_IDLE", "TAGLOOM_SERVER", "TAGLOOM_TAGS")


@pytest.fixture(autouse=True, scope="session")
def _apart_from_the_machine():
    """No setting of the machine reaches a test, and the servers that ended by themselves are reaped."""
    for name in SETTINGS:
        os.environ.pop(name, None)
    yield
    for process in processes._started:
        process.poll()


FIGURES: list[str] = []


@pytest.fixture
def figure() -> Callable[[str], None]:
    """A function that takes down a figure, to be printed below the test results."""
    return FIGURES.append


def pytest_terminal_summary(terminalreporter) -> None:
    """Print what was measured."""
    if FIGURES:
        terminalreporter.section("figures")
        for text in FIGURES:
            terminalreporter.line(text)
