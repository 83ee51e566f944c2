"""What can go wrong in the runner. Each class carries the command line's exit code and a code for `--json`.

RunnerError               1  failed
├── UsageError            2  the request itself is wrong
├── EmbeddedMissing       1  the embedded ComfyUI is not installed
├── ServerStartError      1  a server of ours did not come up
├── ServerUnavailable     1  a server does not answer, or not as ComfyUI does
├── WorkflowError         1  a workflow that can't be converted or run there
├── JobFailed             1  the server refused or failed a job
├── SaveError             1  a picture can't be written
└── Cancelled           130  interrupted by the user
"""

from __future__ import annotations


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


class ServerStartError(RunnerError):
    """A server that Tagloom started ended or hung before it answered."""

    code = "server-start"


class ServerUnavailable(RunnerError):
    """A server that can't be reached, or whose answers are not ComfyUI's."""

    code = "server-unavailable"


class WorkflowError(RunnerError):
    """A workflow that the converter does not understand, or that a server can't run."""

    code = "workflow"


class JobFailed(RunnerError):
    """The server refused a job, or it failed there."""

    code = "job-failed"


class SaveError(RunnerError):
    """A picture that was made can't be written to disk."""

    code = "save-failed"


class Cancelled(RunnerError):
    """The user interrupted the command."""

    code = "cancelled"
    exit_code = 130
