"""The project's own rules: formatting, lint, types, and what no file may hold."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
TYPED = ("tagloom.prompt", "tagloom.runner", "tagloom.wallet")
ROOMS = {
    "prompt": (),
    "wallet": (),
    "nodes": ("prompt", "wallet"),
    "runner": ("prompt", "wallet"),
    "tiny/loader": (),
    "tiny/scenes": (),
    "tiny/training": ("tiny/scenes", "prompt", "runner/conversion", "runner/errors"),
    "tiny/evaluation": ("tiny/scenes", "prompt", "runner"),
}
"""What each room may import of ours."""
WITHOUT_TORCH = ("prompt", "wallet", "runner")
LONGEST, LONGEST_TESTS = 300, 400
"""Lines that a file may have."""


def tracked(*patterns: str) -> list[Path]:
    listed = subprocess.run(
        ["git", "ls-files", "-z", *patterns], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout
    return [ROOT / name for name in listed.split("\0") if name and (ROOT / name).exists()]


@pytest.mark.parametrize("command", [["check"], ["format", "--check"]], ids=" ".join)
def test_ruff(command):
    done = subprocess.run([sys.executable, "-m", "ruff", *command, "."], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout


def test_mypy(tmp_path):
    """Strict, under the package's own name, whatever the clone's folder is called."""
    (tmp_path / "tagloom").symlink_to(ROOT, target_is_directory=True)
    packages = [part for name in TYPED for part in ("-p", name)]
    command = [sys.executable, "-m", "mypy", "--config-file", ROOT / "pyproject.toml", "--no-incremental", *packages]
    environment = os.environ | {"MYPYPATH": str(tmp_path)}
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout


def outward(path: Path, room: str) -> set[str]:
    """Return the places of ours, outside its room, that a file imports from: `prompt/families`, ..."""
    found = set()
    for dots, module, names in re.findall(
        r"^[ \t]*from (\.+)([\w.]*) import \(?([\w, ]*)", path.read_text(encoding="utf-8"), re.MULTILINE
    ):
        base = path.parents[len(dots) - 1].relative_to(ROOT).joinpath(*module.split("."))
        found |= {base.as_posix()} if module else {(base / name.strip()).as_posix() for name in names.split(",")}
    return {place for place in found if not f"{place}/".startswith(f"{room}/")}


def test_rooms_import_only_what_they_may():
    """Nodes and runner never one another, and who works without torch never torch."""
    for room, others in ROOMS.items():
        for path in tracked(f"{room}/*.py"):
            for place in outward(path, room):
                assert any(f"{place}/".startswith(f"{other}/") for other in others), f"{path} imports {place}"
            if room in WITHOUT_TORCH:
                source = path.read_text(encoding="utf-8")
                assert not re.search(r"^\s*(?:import|from) (?:torch|comfy|numpy|diffusers)\b", source, re.MULTILINE), (
                    path
                )


def test_files_stay_small():
    for path in tracked("*.py"):
        most = LONGEST_TESTS if path.is_relative_to(ROOT / "tests") else LONGEST
        assert len(path.read_text(encoding="utf-8").splitlines()) <= most, f"{path} has outgrown its subject"


def test_no_file_names_a_registry_or_a_machine():
    for path in tracked("*.py", "*.toml", "*.md", "*.yaml", "*.json", "NOTICE", ".ci/run"):
        text = path.read_text(encoding="utf-8")
        assert not re.search(r"\b(?:pypi|pythonhosted|npmjs)\.(?:org|com)\b", text.replace(r"\.", "")), path
