"""The server that shall work: the user's own, one started from the user's checkout, or the embedded one."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from ..prompt import Detection, detect
from ..prompt.errors import UnknownFamily, nearest_names
from ..prompt.families import detect_file
from ..prompt.hashing import HashCache
from .embedded import installations
from .embedded.preparation import OURS
from .errors import RunnerError, UsageError
from .fleet.eligibility import loose_name
from .fleet.servers import ServerEntry
from .places import home
from .server.address import Address
from .server.client import Client

FOLDER = OURS


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
            name for name in there if loose_name(name) == loose_name(wanted)
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
        if self.installation is not None and self.installation.embedded:
            tidy(self.installation, job_ids)

    def _family_name(self, checkpoint: str) -> str:
        try:
            return self.detect(checkpoint).family
        except UnknownFamily:
            return "family unknown"


def tidy(installation: installations.Installation, job_ids: Iterable[str]) -> None:
    """Delete what jobs left in the input and output folders of the embedded ComfyUI."""
    for job_id in job_ids:
        shutil.rmtree(installation.root / "input" / FOLDER / job_id, ignore_errors=True)
        for file in (installation.root / "output" / FOLDER).glob(f"{job_id}*"):
            file.unlink(missing_ok=True)


def open_target(
    server: str | None, comfyui: Path | None, idle_seconds: float, announce: Callable[[str], None]
) -> Target:
    """Return the server to work on, started if it is one of ours; see `open_entry`."""
    address = None if server is None else Address.from_url(server)
    return open_entry(ServerEntry("", address, None if server else comfyui, idle_seconds), announce)


def open_entry(entry: ServerEntry, announce: Callable[[str], None] = lambda text: None) -> Target:
    """Return a server, which answers, with its files if they are on this machine; one of ours is started.

    Raises:
        ServerUnavailable: if it does not answer as ComfyUI does.
        ServerStartError: if one of ours does not start.
        EmbeddedMissing: if it is the embedded one, and that is not installed.
    """
    installation = entry.installation if entry.address is None else None
    target = Target(Client(entry.open(announce)), installation)
    target.client.version()
    return target


def answering(
    entries: Sequence[ServerEntry], announce: Callable[[str], None], warn: Callable[[str], None]
) -> Iterator[Target]:
    """Yield the servers that answer, each started when it is asked for if it is one of ours.

    Args:
        entries: the servers.
        announce: called with what is being done where it takes time.
        warn: called with why one of several is left out.

    Raises:
        RunnerError: if none answers.
    """
    problem: RunnerError | None = None
    found = False
    for entry in entries:
        try:
            target = open_entry(entry, announce)
        except RunnerError as error:
            problem = problem or error
            if len(entries) > 1:
                warn(str(error))
        else:
            found = True
            yield target
    if problem and not found:
        raise problem
