"""Bodies of the 400s with which servers refuse a job: recorded ones, those of newer servers, and nonsense."""

from __future__ import annotations

from typing import Any

from .server import RECORDED

NEWER: dict[str, dict[str, Any]] = {
    "missing_node_type": {"node_id": "7", "class_type": "NoSuchNode", "node_title": "Mine"},
    "invalid_prompt_id": {},
    "prompt_no_outputs": {},
}
"""Shapes of 0.33, which were not recorded."""
REFUSALS: list[tuple[str, Any]] = [
    *((name, entry["body"]) for name, entry in RECORDED["refusals"].items() if entry["status"] == 400),
    *(
        (
            kind,
            {"error": {"type": kind, "message": f"{kind} it is", "details": "", "extra_info": info}, "node_errors": {}},
        )
        for kind, info in NEWER.items()
    ),
    ("error as text", {"error": "out of luck"}),
    ("nothing", {}),
    ("errors of a wrong kind", {"error": 3, "node_errors": {"1": None, "2": {"errors": [None, {"message": None}]}}}),
]
