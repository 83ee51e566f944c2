"""What every test shares: nothing of the machine's own settings reaches a test."""

import os

import pytest

SETTINGS = ("TAGLOOM_SERVER", "TAGLOOM_IDLE")


@pytest.fixture(autouse=True, scope="session")
def _no_settings_from_outside():
    for name in SETTINGS:
        os.environ.pop(name, None)
