"""The package as it is installed: from a wheel, on every Python there is, and editable from the clone."""

import os
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from PIL import Image

import tagloom

ROOT = Path(__file__).parents[2]
PYTHONS = ("3.10", "3.11", "3.12", "3.13")
PURE = ("tests/prompt", "tests/wallet", "tests/runner")
"""The suites that need neither ComfyUI nor torch, but for the tests that are marked."""
MARKED = "not embedded and not ray and not postgresql"
TOOLS = ("pytest", "pytest-xdist", "hypothesis", "jsonschema", "numpy")
LONG = (
    "*_properties.py",
    "*_robustness.py",
    "*_hard.py",
    "*_draws.py",
    "*_kill.py",
    "*_soak.py",
    "*_paying_crashes.py",
)
"""Their files of many generated prompts, and of many kills: those run once, on the Python of the whole suite."""
BETWEEN = {"3.12": ("tests/wallet", "tests/runner/test_batch_journal.py", "tests/runner/test_api.py")}
"""Pythons between the oldest and the newest: what differs in these differs in the newest, too. They run a part."""


def run(*command: object, **options) -> str:
    """Run a command; return its output, or fail with it."""
    done = subprocess.run(
        [str(part) for part in command], capture_output=True, text=True, check=False, **{"cwd": ROOT, **options}
    )
    assert done.returncode == 0, f"{command}\n{done.stdout[-4000:]}\n{done.stderr[-4000:]}"
    return done.stdout


def uv() -> str:
    """Return uv: it is in the test group."""
    return shutil.which("uv", path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")


def interpreter(version: str) -> str | None:
    """Return a Python of this version, from the PATH or from pyenv."""
    command = [uv(), "python", "find", "--no-python-downloads", version]
    found = subprocess.run(command, capture_output=True, text=True, check=False)
    if found.returncode == 0:
        return found.stdout.strip()
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv"))
    return next((str(path) for path in pyenv.glob(f"versions/{version}.*/bin/python")), None)


@pytest.fixture(scope="session")
def wheel(tmp_path_factory) -> Path:
    """The wheel, built from what git tracks."""
    source, out = tmp_path_factory.mktemp("source"), tmp_path_factory.mktemp("wheel")
    files = run("git", "ls-files", "-z", "--cached", "--others", "--exclude-standard").split("\0")
    for name in filter(None, files):
        if (ROOT / name).is_file():
            (source / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, source / name)
    run(uv(), "build", "--quiet", "--wheel", "--out-dir", out, source)
    (built,) = out.glob("*.whl")
    return built


def test_the_wheel_holds_what_runs_and_nothing_else(wheel):
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
    for needed in (
        "tagloom/__init__.py",
        "tagloom/locales/zh/nodeDefs.json",
        "tagloom/loras/tagloom-cyanotype.safetensors",
        "tagloom/prompt/data/easy/sentences.yaml",
        "tagloom/prompt/data/families/illustrious.yaml",
        "tagloom/prompt/data/families/README.md",
        "tagloom/prompt/data/tags/clothing.yaml",
        "tagloom/prompt/data/words/grammar.yaml",
        "tagloom/prompt/lint/README.md",
        "tagloom/prompt/data/clip/merges.txt.gz",
        "tagloom/runner/keepalive/__init__.py",
        "tagloom/tiny/loader/architecture.py",
        "tagloom/tiny/evaluation/questions.yaml",
        "tagloom/tiny/scenes/data/layers.npz",
        "tagloom/tiny/scenes/data/vocabulary.yaml",
        "tagloom/tiny/tagloom-tiny.safetensors",
        "tagloom/subgraphs/Tag Prompt.json",
        "tagloom/wallet/data/plans.yaml",
        "tagloom/wallet/migrations/versions/0001_ledger.py",
        "tagloom/web/docs/TagloomTagReport.md",
        "tagloom/workflows/Tags to Image.json",
        "tagloom/workflows/Tags to Image.jpg",
    ):
        assert needed in names
    programs = [
        name for name in run("git", "ls-files", "*.py").splitlines() if not re.match(r"tests/|benchmarks/", name)
    ]
    assert {f"tagloom/{name}" for name in programs} <= names
    assert not [name for name in names if re.match(r"tagloom/(tests|benchmarks|build)/", name)]
    assert not [name for name in names if not name.startswith("tagloom")]


def test_the_base_has_no_torch(wheel):
    """Nothing pulls torch in, nor anything else that is heavy, unless an extra is asked for."""
    with zipfile.ZipFile(wheel) as archive:
        (metadata,) = (archive.read(name).decode() for name in archive.namelist() if name.endswith("/METADATA"))
    base = {
        re.split(r"[ <>=;]", line.removeprefix("Requires-Dist: "))[0]
        for line in metadata.splitlines()
        if line.startswith("Requires-Dist: ") and "extra ==" not in line
    }
    light = {"filelock", "pillow", "platformdirs", "psutil", "pyyaml", "requests", "tqdm", "websocket-client"}
    assert base == light


@pytest.mark.parametrize("version", PYTHONS)
def test_the_pure_rooms_on_every_python(wheel, tmp_path, version):
    """The wheel is installed, without ComfyUI and torch, and its tests pass there.

    On the Python of this suite they ran already.
    """
    python = interpreter(version)
    if python is None:
        pytest.skip(f"there is no Python {version} on this machine")
    run(uv(), "venv", "--quiet", "--python", python, tmp_path / "venv")
    scripts = tmp_path / "venv" / ("Scripts" if os.name == "nt" else "bin")
    packages = [
        f"tagloom[count,wallet] @ {wheel.as_uri()}",
        "pytest",
        "hypothesis",
        "pytest-xdist",
        "jsonschema",
        "numpy",
    ]
    run(uv(), "pip", "install", "--quiet", "--python", scripts / "python", *packages)
    where = run(scripts / "python", "-c", "import tagloom; print(tagloom.__file__)", cwd=tmp_path)
    assert str(tmp_path / "venv") in where
    assert run(scripts / "tagloom", "--version", cwd=tmp_path).strip() == "0.1.0"
    if f"{sys.version_info.major}.{sys.version_info.minor}" != version:
        left = [f"--ignore-glob={pattern}" for pattern in LONG]
        options = ("-q", "-p", "no:cacheprovider", "-n", 3, "--dist", "worksteal", "-m", MARKED, *left)
        run(scripts / "pytest", *options, *BETWEEN.get(version, PURE))


def test_the_wheel_makes_a_picture(wheel, tmp_path):
    """The installed package starts its own ComfyUI with its own nodes and tiny model."""
    site = tmp_path / "site"
    run(uv(), "pip", "install", "--quiet", "--python", sys.executable, "--no-deps", "--target", site, wheel)
    environment = os.environ | {"PYTHONPATH": str(site), "TAGLOOM_HOME": str(tmp_path / "home")}
    command = (sys.executable, "-m", "tagloom.runner")
    options = {"env": environment, "cwd": tmp_path}
    try:
        run(*command, "generate", "1girl, blue hair", "--seed", 1, "--steps", 12, **options)
        (link,) = tmp_path.glob("home/embedded/*/custom_nodes/tagloom")
        assert link.resolve() == (site / "tagloom").resolve()
        with Image.open(tmp_path / "output" / "00001-1.png") as image:
            assert image.size == (256, 256)
    finally:
        run(*command, "server", "stop", **options)


def test_an_editable_install_is_the_clone():
    """The environment of these tests has the clone itself as the package, whatever its folder is called."""
    assert Path(tagloom.__file__).parent == ROOT
