"""The server that shall work: the user's own, one started from the user's checkout, or the embedded one."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from ..prompt import Detection, detect
from ..prompt.errors import UnknownFamily, nearest_names
from ..prompt.families import detect_file
from ..prompt.hashing import HashCache
from .embedded import installations, processes
from .errors import UsageError
from .places import home
from .server.client import Client

FOLDER = "tagloom"
"""Our folder among a server's inputs and outputs."""


@dataclass(frozen=True)
class Target:
    """A server to work on; `installation` is known where Tagloom started it and can see its files."""

    client: Client
    installation: installations.Installation | None = None

    def choose_checkpoint(self, wanted: str | None) -> str:
        """Return the checkpoint to use: the wanted one, or the only one there.

        Raises:
            UsageError: if it is missing, or the choice is not clear; the message lists what is there.
        """
        there = self.client.checkpoints()
        if not there:
            raise UsageError(f"{self.client.url} has no checkpoint; put one into its models/checkpoints folder")
        if wanted is None and len(there) == 1:
            return there[0]
        if wanted is None:
            listed = "; ".join(f"{name} ({self._family_name(name)})" for name in there)
            raise UsageError(f"{self.client.url} has several checkpoints; choose one with --checkpoint: {listed}")
        fitting = [name for name in there if wanted == name] or [
            name for name in there if _plain(name) == _plain(wanted)
        ]
        if len(fitting) != 1:
            hint = nearest_names(wanted, there, cutoff=0.4) or f"there are {', '.join(there[:20])}"
            raise UsageError(f"{self.client.url} has no checkpoint {wanted!r}; {hint}")
        return fitting[0]

    def detect(self, checkpoint: str) -> Detection:
        """Return a checkpoint's family: from its file where that can be read, else from what the server tells.

        Raises:
            UnknownFamily: if nothing speaks for any family.
        """
        file = self._file(checkpoint)
        if file is not None:
            return detect_file(file, checkpoint)
        return detect(checkpoint, metadata=self.client.checkpoint_metadata(checkpoint))

    def model_hash(self, checkpoint: str) -> str:
        """Return a checkpoint's hash as A1111 writes it, or nothing where its file is not on this machine."""
        file = self._file(checkpoint)
        hashes = file and HashCache(home() / "hashes.json").of(file)
        return hashes.auto_v2 if hashes else ""

    def _file(self, checkpoint: str) -> Path | None:
        folders = self.installation.checkpoint_folders if self.installation else ()
        return next((folder / checkpoint for folder in folders if (folder / checkpoint).is_file()), None)

    def forget(self, job_ids: Iterable[str]) -> None:
        """Delete what these jobs left in the server's input and output folders, where those are ours to tidy."""
        if self.installation is None or not self.installation.embedded:
            return
        for job_id in job_ids:
            shutil.rmtree(self.installation.root / "input" / FOLDER / job_id, ignore_errors=True)
            for file in (self.installation.root / "output" / FOLDER).glob(f"{job_id}*"):
                file.unlink(missing_ok=True)

    def _family_name(self, checkpoint: str) -> str:
        try:
            return self.detect(checkpoint).family
        except UnknownFamily:
            return "family unknown"


def open_target(
    server: str | None, comfyui: Path | None, idle_seconds: float, announce: Callable[[str], None]
) -> Target:
    """Return the server to work on, started if it is one of ours.

    Raises:
        ServerUnavailable: if the user's server does not answer as ComfyUI does.
        ServerStartError: if one of ours does not start.
        EmbeddedMissing: if there is neither server nor checkout, and the embedded one is not installed.
    """
    if server is not None:
        target = Target(Client(server))
    else:
        installation = installations.checkout(comfyui) if comfyui else installations.embedded()
        running = processes.ensure(installation, idle_seconds, announce=announce)
        target = Target(Client(running.url), installation)
    target.client.version()
    return target


def _plain(name: str) -> str:
    """Return a checkpoint's name without folders, ending and case."""
    return Path(name.replace("\\", "/")).name.removesuffix(".safetensors").removesuffix(".ckpt").casefold()
