"""What a run tells while it goes on: lines for people, and a table of its losses."""

from __future__ import annotations

import sys
import time
from datetime import timedelta
from pathlib import Path
from typing import TextIO

from ...prompt.whole_files import replace_file
from .plan import Plan
from .state import Counts

TABLE = "losses.csv"
HEAD = "step,loss,learning_rate,seconds\n"


class Progress:
    """Writes lines to a stream, and the losses into a run's folder."""

    def __init__(self, folder: Path, plan: Plan, stream: TextIO | None = None) -> None:
        self._table = folder / TABLE
        self._plan = plan
        self._stream = stream or sys.stderr
        self._last = (0, 0.0)

    def say(self, text: str) -> None:
        """Write a line."""
        self._stream.write(f"{time.strftime('%H:%M:%S')}  {text}\n")
        self._stream.flush()

    def begin(self, counts: Counts) -> None:
        """Start the table, or cut it back to where the run goes on."""
        self._last = (counts.step, counts.seconds)
        lines = self._table.read_text(encoding="utf-8").splitlines()[1:] if counts.step and self._table.exists() else []
        kept = [line for line in lines if line.split(",")[0].isdecimal() and int(line.split(",")[0]) <= counts.step]
        replace_file(self._table, (HEAD + "".join(f"{line}\n" for line in kept)).encode())

    def step(self, counts: Counts, rate: float) -> None:
        """Tell how far the run is."""
        with self._table.open("a", encoding="utf-8") as table:
            table.write(f"{counts.step},{counts.loss:.6f},{rate:.3g},{counts.seconds:.1f}\n")
        steps, seconds = counts.step - self._last[0], counts.seconds - self._last[1]
        self._last = (counts.step, counts.seconds)
        of = f"/{self._plan.steps}" if self._plan.steps else ""
        left = timedelta(seconds=round(self._left(counts)))
        speed = steps / seconds if seconds else 0.0
        self.say(f"step {counts.step}{of}  loss {counts.loss:.5f}  rate {rate:.2g}  {speed:.2f} it/s  {left} left")

    def _left(self, counts: Counts) -> float:
        done = self._plan.progress(counts.step, counts.seconds)
        return counts.seconds * (1 - done) / done if done else 0.0
