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


def idle_minutes() -> float:
    """Return after how many idle minutes a server of ours stops: `TAGLOOM_IDLE`, or 10.

    Raises:
        UsageError: if that is no number.
    """
    text = os.environ.get("TAGLOOM_IDLE", "10")
    try:
        return float(text)
    except ValueError as error:
        raise UsageError(f"TAGLOOM_IDLE is {text!r}; give a number of minutes, 0 for never") from error
