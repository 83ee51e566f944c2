"""Prepares a ComfyUI that Tagloom starts: its folders, the extensions linked into it, and the device it shall use."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

from ..errors import EmbeddedMissing
from ..places import PACKAGE, models
from .installations import Installation

OURS = "tagloom"
"""Our folder among a server's inputs and outputs."""
KEPT_SECONDS = 7 * 24 * 3600.0
"""For how long what jobs left there is kept: a batch may be resumed."""
NO_GPU = 3
FIND_GPU = f"""
import sys, torch
mps = getattr(torch.backends, "mps", None)
xpu = getattr(torch, "xpu", None)
found = torch.cuda.is_available() or (mps and mps.is_available()) or (xpu and xpu.is_available())
sys.exit(0 if found else {NO_GPU})
"""
MODEL_FOLDERS = (
    "checkpoints",
    "loras",
    "vae",
    "embeddings",
    "text_encoders",
    "diffusion_models",
    "controlnet",
    "clip_vision",
    "upscale_models",
)
"""ComfyUI's names of the folders that the embedded server offers to its user."""


def prepare(installation: Installation, tree: Path) -> None:
    """Make the folders and links that the server finds its models and extensions through."""
    nodes = installation.folder / "custom_nodes"
    for folder in (nodes, *(installation.folder / name for name in ("input", "output", "temp", "user"))):
        folder.mkdir(parents=True, exist_ok=True)
    _link(nodes / "tagloom_keepalive", PACKAGE / "runner" / "keepalive")
    if installation.embedded:
        _sweep(installation.folder)
        _link(nodes / "tagloom_tiny", PACKAGE / "tiny" / "loader")
        shutil.copy(tree / "input" / "example.png", installation.folder / "input")  # as every ComfyUI has it
        for name in MODEL_FOLDERS:
            (models() / name).mkdir(parents=True, exist_ok=True)
        paths = {name: str(models() / name) for name in MODEL_FOLDERS}
        paths["checkpoints"] += f"\n{PACKAGE / 'tiny'}"
        paths["loras"] += f"\n{PACKAGE / 'loras'}"  # not below tiny/: ComfyUI would list it as a checkpoint
    else:
        paths = {"custom_nodes": str(nodes)}
    if installation.embedded or not _has_tagloom(installation.tree / "custom_nodes"):
        _link(nodes / "tagloom", PACKAGE)
    else:
        _unlink(nodes / "tagloom")
    paths_file(installation).write_text(json.dumps({"tagloom": paths}), encoding="utf-8")  # JSON is YAML


def _sweep(folder: Path) -> None:
    """Delete what jobs of long ago left there: uploaded files, which jobs share, and results nobody fetched."""
    oldest = time.time() - KEPT_SECONDS
    for place in ("input", "output"):
        for left in (folder / place / OURS).glob("*"):
            if left.stat().st_mtime < oldest:
                shutil.rmtree(left) if left.is_dir() else left.unlink()


def _has_tagloom(custom_nodes: Path) -> bool:
    for project in custom_nodes.glob("*/pyproject.toml"):
        text = project.read_text(encoding="utf-8", errors="replace")
        if project.parent.suffix != ".disabled" and re.search(r'^name\s*=\s*"tagloom"', text, re.MULTILINE):
            return True
    return False


def _link(link: Path, target: Path) -> None:
    if link.exists() and link.resolve() == target.resolve():
        return
    _unlink(link)
    if sys.platform == "win32":
        import _winapi

        _winapi.CreateJunction(str(target), str(link))
    else:
        link.symlink_to(target, target_is_directory=True)


def _unlink(link: Path) -> None:
    if link.is_symlink():
        link.unlink()
    elif link.exists():  # a junction: removing it leaves its target alone
        link.rmdir()


def device_options(installation: Installation) -> list[str]:
    """Return `--cpu` where torch finds no GPU. Only torch itself knows, and ComfyUI must be its first importer."""
    probe = subprocess.run([installation.python, "-c", FIND_GPU], capture_output=True, text=True, check=False)
    if probe.returncode not in (0, NO_GPU):
        reason = (probe.stderr.strip().splitlines() or ["no message"])[-1]
        raise EmbeddedMissing(f"torch does not work in {installation.python}: {reason}")
    return ["--cpu"] if probe.returncode == NO_GPU else []


def paths_file(installation: Installation) -> Path:
    """Return the file that tells the server where models and extensions are; it also marks the server as ours."""
    return installation.folder / "model_paths.yaml"
