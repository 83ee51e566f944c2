from __future__ import annotations

import os
from pathlib import Path

import pytest

from tagloom.runner.embedded import preparation
from tagloom.runner.embedded.installations import Installation
from tagloom.runner.errors import EmbeddedMissing


@pytest.mark.skipif(os.name == "nt", reason="the stand-in for Python is a shell script")
@pytest.mark.parametrize(("code", "options"), [(0, []), (preparation.NO_GPU, ["--cpu"])])
def test_without_a_gpu_the_server_runs_on_the_cpu(tmp_path, code, options):
    assert preparation.device_options(python_that(tmp_path, f"exit {code}")) == options


@pytest.mark.skipif(os.name == "nt", reason="the stand-in for Python is a shell script")
def test_a_python_without_torch_is_named_with_its_error(tmp_path):
    server = python_that(tmp_path, "echo Traceback >&2; echo 'ModuleNotFoundError: torch' >&2; exit 1")
    with pytest.raises(EmbeddedMissing) as caught:
        preparation.device_options(server)
    assert all(word in str(caught.value) for word in (str(server.python), "ModuleNotFoundError: torch"))
    assert "\n" not in str(caught.value)


def python_that(folder: Path, does: str) -> Installation:
    python = folder / "python"
    python.write_text(f"#!/bin/sh\n{does}\n")
    python.chmod(0o755)
    return Installation(folder, python, folder / "server", embedded=False)
