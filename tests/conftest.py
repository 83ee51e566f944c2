"""What every test shares: nothing of the machine's own settings reaches a test."""

import os

import pytest
from hypothesis import settings

settings.register_profile("ci", derandomize=True, deadline=None)
settings.register_profile("here", deadline=None)
settings.load_profile("ci" if os.environ.get("CI") else "here")

SETTINGS = ("TAGLOOM_SERVER", "TAGLOOM_IDLE")


@pytest.fixture(autouse=True, scope="session")
def _no_settings_from_outside():
    for name in SETTINGS:
        os.environ.pop(name, None)
