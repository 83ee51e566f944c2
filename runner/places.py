"""Where the runner keeps things: below the platform's cache folder, or below `TAGLOOM_HOME`."""

from __future__ import annotations

import os
from pathlib import Path

import platformdirs

PACKAGE = Path(__file__).resolve().parent.parent
"""The folder of the package, which is also the node pack."""


def home() -> Path:
    """Return the folder of everything that the runner keeps."""
    chosen = os.environ.get("TAGLOOM_HOME")
    return Path(chosen).expanduser().resolve() if chosen else platformdirs.user_cache_path("tagloom", appauthor=False)


def idle_minutes() -> float:
    """Return after how many idle minutes a server of ours stops: `TAGLOOM_IDLE`, or 10."""
    return float(os.environ.get("TAGLOOM_IDLE", "10"))
