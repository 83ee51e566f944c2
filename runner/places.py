"""Where the runner keeps things: below the platform's cache folder, or below `TAGLOOM_HOME`."""

from __future__ import annotations

import os
from pathlib import Path

import platformdirs

from .errors import UsageError

PACKAGE = Path(__file__).resolve().parent.parent
"""The folder of the package, which is also the node pack."""


def home() -> Path:
    """Return the folder of everything that the runner keeps."""
    chosen = os.environ.get("TAGLOOM_HOME")
    return Path(chosen).expanduser().resolve() if chosen else platformdirs.user_cache_path("tagloom", appauthor=False)


def models() -> Path:
    """Return the folder into which users of the embedded ComfyUI put models of their own."""
    return home() / "models"


def families() -> Path:
    """Return the folder of the user's own model families: among the user's settings, or below `TAGLOOM_HOME`."""
    if os.environ.get("TAGLOOM_HOME"):
        return home() / "families"
    return platformdirs.user_config_path("tagloom", appauthor=False) / "families"


def wildcard_folders() -> list[Path]:
    """Return the folders in which wildcards are looked up: among the user's settings, or below `TAGLOOM_HOME`."""
    if os.environ.get("TAGLOOM_HOME"):
        return [home() / "wildcards"]
    return [platformdirs.user_config_path("tagloom", appauthor=False) / "wildcards"]


def tag_lists() -> Path:
    """Return the file of the imported lists of names: `TAGLOOM_TAGS`, or one in the home folder."""
    return Path(os.environ.get("TAGLOOM_TAGS") or home() / "tags.sqlite3")


def idle_minutes(text: str | None = None) -> float:
    """Return after how many idle minutes a server of ours stops: `text`, else `TAGLOOM_IDLE`, else 10; 0 is never.

    Raises:
        UsageError: if that is no such number.
    """
    text = text or os.environ.get("TAGLOOM_IDLE") or "10"
    try:
        minutes = float(text)
    except ValueError:
        minutes = -1
    if not 0 <= minutes < float("inf"):
        raise UsageError(f"idle minutes can't be {text!r}; give a number such as 10, or 0 for never")
    return minutes
