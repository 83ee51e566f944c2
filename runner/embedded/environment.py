"""What a server of ours inherits of who pays on it: the same files from any folder, and what a running one has."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

import psutil

from ..places import home
from .installations import Installation
from .server_state import RunningServer, process_of

USER, WALLET, PLANS, HOME = "TAGLOOM_USER", "TAGLOOM_WALLET", "TAGLOOM_PLANS", "TAGLOOM_HOME"


def inherited() -> dict[str, str]:
    """Return what is to be set for a server besides, which runs in another folder: paths, made absolute."""
    found = {WALLET: _wallet(os.environ.get(WALLET, "")), PLANS: _absolute(os.environ.get(PLANS, ""))}
    if os.environ.get(HOME):
        found[HOME] = str(home())
    return {name: value for name, value in found.items() if value}


def kept(installation: Installation, server: RunningServer) -> list[str]:
    """Return the variables by which a running server counts image tokens otherwise than one started here would."""
    process = process_of(installation, server)
    try:
        there = process.environ() if process else {}
    except (psutil.Error, OSError):  # it has ended, or may not be looked into
        there = {}
    if not there:
        return []
    here = os.environ | inherited()
    if not _user(here) and not _user(there):
        return []  # nobody pays on either
    pairs = {USER: (_user(here), _user(there))}
    pairs |= {name: (here.get(name, ""), there.get(name, "")) for name in (WALLET, PLANS)}
    return [name for name, (new, old) in pairs.items() if new != old]


def _user(environment: Mapping[str, str]) -> str:
    return environment.get(USER, "").strip()


def _wallet(text: str) -> str:
    """Return a wallet's file, or its URL with an absolute file."""
    if "://" not in text:
        return _absolute(text)
    scheme, divider, file = text.partition(":///")
    is_file = scheme in ("sqlite", "sqlite+pysqlite") and file and not file.startswith((":", "file:"))
    return f"{scheme}{divider}{_absolute(file)}" if is_file else text


def _absolute(text: str) -> str:
    return str(Path(text).expanduser().absolute()) if text else ""
