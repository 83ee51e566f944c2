"""Tasks for the executors' tests: graphs without models, some with a fault of their own."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Any

from tagloom.runner.errors import WorkflowError
from tagloom.runner.fleet.tasks import Needs, Prepared
from tagloom.runner.jobs.job import Job


@dataclass(frozen=True)
class Picture:
    """Saves a picture; `fault` says what goes wrong while it is made out."""

    key: str
    needs: Needs = field(default_factory=Needs)
    fault: str = ""

    def prepare(self, client: Any, job_id: str) -> Prepared:
        if self.fault == "refused":
            raise WorkflowError("node 3 (KSampler) can't be filled in")
        if self.fault == "broken":
            raise ZeroDivisionError("a mistake")
        if self.fault == "slow":
            time.sleep(1.0)
        saved = {"class_type": "SaveImage", "inputs": {"images": ["1", 0], "filename_prefix": f"tagloom/{job_id}"}}
        empty = {"class_type": "EmptyImage", "inputs": {"width": 8, "height": 8, "batch_size": 1, "color": 0}}
        return Prepared(Job({"1": empty, "2": saved}, {"nodes": []}, job_id), {"seed": self.key}, f"Seed: {self.key}")
