"""What can go wrong in the runner. Each class carries the command line's exit code and a code for `--json`.

RunnerError               1  failed
├── UsageError            2  the request itself is wrong
├── EmbeddedMissing       4  the embedded ComfyUI is not installed
├── ServerStartError      4  a server of ours did not come up
├── ServerUnavailable     4  a server does not answer
│   ├── NotComfyUI        4  something else answers in its place
│   └── Unauthorized      4  it wants a key
├── WorkflowError         5  a workflow that can't be converted or run there
│   └── NotRunnable       5  preflight found what the server lacks or would refuse
├── JobFailed             1  the server refused or failed a job
│   ├── JobRefused        1  it was not queued
│   ├── OutputMissing     1  a file that the job made is gone from the server
│   └── OutputBroken      1  a file did not come whole, or is beyond all bounds
├── JournalError          1  a batch's journal can't be used
├── SaveError             1  a picture can't be written
├── ConversionError       1  a model can't be converted to another layout
├── WalletMissing         1  what the wallet needs is not installed
└── Cancelled           130  interrupted by the user
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from .codes import CODES as CODES
from .codes import Meaning as Meaning


class RunnerError(Exception):
    """A failure that the user is told in one line: what is wrong, where, and what to do."""

    code = "failed"
    exit_code = 1


class UsageError(RunnerError):
    """The request can't be carried out as it is written."""

    code = "usage"
    exit_code = 2


class EmbeddedMissing(RunnerError):
    """The embedded ComfyUI, or something that it needs, is not installed."""

    code = "embedded-missing"
    exit_code = 4


class ServerStartError(RunnerError):
    """A server that Tagloom started ended or hung before it answered."""

    code = "server-start"
    exit_code = 4


class ServerUnavailable(RunnerError):
    """A server that can't be reached, or whose answers are not ComfyUI's.

    Attributes:
        reached: whether the question may have reached the server, so that it may have acted on it.
    """

    code = "server-unavailable"
    exit_code = 4

    def __init__(self, message: str, reached: bool = True) -> None:
        super().__init__(message)
        self.reached = reached


class NotComfyUI(ServerUnavailable):
    """Something answers at the address that does not speak as ComfyUI does: a proxy, or another program."""

    code = "not-comfyui"


class Unauthorized(ServerUnavailable):
    """The server, or a proxy in front of it, wants a key, or another one."""

    code = "unauthorized"


class WorkflowError(RunnerError):
    """A workflow that the converter does not understand, or that a server can't run."""

    code = "workflow"
    exit_code = 5


class NotRunnable(WorkflowError):
    """A workflow that a server can't run: it lacks nodes or models, or would refuse values.

    Attributes:
        faults: each of them, as `graph.faults.Fault`.
    """

    code = "not-runnable"

    def __init__(self, message: str, faults: Sequence[Any] = ()) -> None:
        super().__init__(message)
        self.faults = tuple(faults)


class JobFailed(RunnerError):
    """The server refused a job, or it failed there."""

    code = "job-failed"


class JobRefused(JobFailed):
    """The server did not queue a job.

    Attributes:
        node: the id of the first node that it names, or nothing.
        class_type: that node's class.
    """

    code = "job-refused"

    def __init__(self, message: str, node: str = "", class_type: str = "") -> None:
        super().__init__(message)
        self.node, self.class_type = node, class_type


class OutputMissing(JobFailed):
    """The server names a file among a job's outputs that it no longer has, as when the job was in its cache."""

    code = "output-missing"


class OutputBroken(JobFailed):
    """A file did not come whole from the server, or is larger than allowed."""

    code = "output-broken"


class JournalError(RunnerError):
    """A batch's journal that is damaged, in use, of a newer version, or can't be written."""

    code = "journal"


class SaveError(RunnerError):
    """A picture that was made can't be written to disk."""

    code = "save-failed"


class ConversionError(RunnerError):
    """A model that is damaged or of a layout that can't be converted, or no room for the converted one."""

    code = "model-conversion"


class WalletMissing(RunnerError):
    """What the wallet of image tokens needs is not installed. Its own errors are in `tagloom.wallet.errors`."""

    code = "wallet-missing"


class Cancelled(RunnerError):
    """The user interrupted the command."""

    code = "cancelled"
    exit_code = 130
