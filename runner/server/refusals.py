"""Says why a server did not queue a job, from what it answered; every shape that ComfyUI has used is known."""

from __future__ import annotations

from typing import Any

from ..jobs.job import Problem
from ..outputs.clean import one_line

MOST = 5
"""Reasons that are told of one refusal."""


def node_problems(url: str, node_errors: Any, code: str) -> tuple[Problem, ...]:
    """Return a problem for each error in an answer's `node_errors`; empty for anything else."""
    found = []
    for node, entry in node_errors.items() if isinstance(node_errors, dict) else ():
        errors = entry.get("errors") if isinstance(entry, dict) else None
        for error in errors if isinstance(errors, list) else ():
            class_type = one_line(str(entry.get("class_type", "")), 100)
            where = f"node {one_line(str(node), 100)} ({class_type})"
            found.append(Problem(code, f"{where}: {_reason(error)}", one_line(str(node), 100), class_type))
    return tuple(found)


def refusal(url: str, status: int, reply: Any) -> Problem:
    """Return the one problem that tells a whole refusal in one line."""
    reply = reply if isinstance(reply, dict) else {}
    nodes = node_problems(url, reply.get("node_errors"), "job-refused")
    if nodes:
        told = "; ".join(problem.message for problem in nodes[:MOST])
        more = f"; and {len(nodes) - MOST} more" if len(nodes) > MOST else ""
        return nodes[0]._replace(message=f"{url} refused the job: {told}{more}")
    error = reply.get("error")
    details = error.get("extra_info") if isinstance(error, dict) else None
    details = details if isinstance(details, dict) else {}
    node, class_type = (one_line(str(details.get(name, "")), 100) for name in ("node_id", "class_type"))
    reason = _reason(error) if error else f"it answered {status}; look into its log"
    return Problem("job-refused", f"{url} refused the job: {reason}", node, class_type)


def _reason(error: Any) -> str:
    if not isinstance(error, dict):
        return one_line(str(error))
    message, details = (one_line(str(error.get(name) or "")) for name in ("message", "details"))
    return f"{message}: {details}" if details and details != message else message or "no reason was given"
