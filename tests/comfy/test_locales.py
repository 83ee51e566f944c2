"""The locale files as ComfyUI's server gives them to its editor."""

import json

import pytest
import requests

from tagloom.runner.places import PACKAGE


@pytest.mark.parametrize("language", ["en", "ja", "zh"])
def test_the_server_gives_the_editor_a_language(server, language):
    given = requests.get(f"{server.url}/i18n", timeout=10).json()[language]["nodeDefs"]
    held = json.loads((PACKAGE / "locales" / language / "nodeDefs.json").read_text(encoding="utf-8"))
    assert given == held
