"""What `tagloom generate` costs beside the sampling, with the server up: whole commands against ComfyUI's own time.

Run it with: python benchmarks/generate.py [ROUNDS]
"""

import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import requests

from tagloom.runner.embedded import installations, processes

TAGS = "1girl, fox girl, orange hair, smirk, black jacket, forest, fire, burning"


def command(out: str, seed: int) -> float:
    """Return the seconds that one whole command takes, from its start to its end."""
    started = time.perf_counter()
    arguments = ["generate", TAGS, "--seed", str(seed), "--out", out]
    subprocess.run([sys.executable, "-m", "tagloom.runner", *arguments], check=True, capture_output=True)
    return time.perf_counter() - started


def execution(url: str) -> float:
    """Return the seconds that ComfyUI itself needed for its last job, by the history's own clock."""
    (entry,) = requests.get(f"{url}/history?max_items=1", timeout=10).json().values()
    times = {kind: data["timestamp"] for kind, data in entry["status"]["messages"]}
    return (times["execution_success"] - times["execution_start"]) / 1000


def main(rounds: int) -> None:
    """Print the medians of some rounds, the first one left out."""
    server = processes.ensure(installations.embedded(), 600)
    rows = []
    with tempfile.TemporaryDirectory() as out:
        for seed in range(rounds + 1):
            rows.append((command(out, seed), execution(server.url)))
        saved = len(list(Path(out).glob("*.png")))
    assert saved == rounds + 1
    whole, own = (statistics.median(column) for column in zip(*rows[1:], strict=True))
    print(f"one image of 256x256, 20 steps, median of {rounds} rounds:")
    print(f"  the whole command   {whole:.2f} s")
    print(f"  ComfyUI's own time  {own:.2f} s")
    print(f"  on top of it        {whole - own:.2f} s")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 10)
