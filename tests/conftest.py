"""What every test shares."""

import os

import pytest
from hypothesis import settings

from tagloom.runner import processes

settings.register_profile("ci", derandomize=True, deadline=None)
settings.register_profile("here", deadline=None)
settings.load_profile("ci" if os.environ.get("CI") else "here")

SETTINGS = ("TAGLOOM_SERVER", "TAGLOOM_IDLE")


@pytest.fixture(autouse=True, scope="session")
def _apart_from_the_machine():
    """No setting of the machine reaches a test, and the servers that ended by themselves are reaped."""
    for name in SETTINGS:
        os.environ.pop(name, None)
    yield
    for process in processes._started:
        process.poll()
