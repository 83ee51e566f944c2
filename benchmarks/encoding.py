"""Times the node Encode Prompt against CLIPTextEncode on the same 300 tags, in one process, with the tiny model.

Usage: python benchmarks/encoding.py [ROUNDS]; needs the extra `embedded`. Each figure is the fastest round's.
"""

from __future__ import annotations

import json
import random
import subprocess
import sys

TAGS = 300


def prompt() -> str:
    """Return 300 tags, a third of them weighted, by a fixed seed."""
    from tagloom.prompt import vocabulary

    draw = random.Random(0)
    names = [entry.name for entry in vocabulary() if entry.name.replace(" ", "").isalnum()]
    return ", ".join(draw.choice(("{}", "{}", "({}:1.2)")).format(draw.choice(names)) for _ in range(TAGS))


def main(rounds: int) -> None:
    """Print the figures."""
    from tagloom.runner.embedded import installations
    from tagloom.runner.places import PACKAGE

    script = PACKAGE / "tests" / "comfy" / "real_encoding.py"
    command = [sys.executable, script, installations.embedded().tree, PACKAGE, "none", "none"]
    job = {"seconds": [prompt(), rounds]}
    done = subprocess.run(command, input=json.dumps(job), capture_output=True, text=True, check=False)
    lines = [line for line in done.stdout.splitlines() if line.startswith("answer ")]
    if not lines:
        sys.exit(done.stderr[-2000:])
    times = json.loads(lines[0].removeprefix("answer "))["seconds"]
    peer = times.pop("CLIPTextEncode")
    print(f"CLIPTextEncode: {peer * 1000:.1f} ms")
    for name, seconds in times.items():
        print(f"Encode Prompt, {name}: {seconds * 1000:.1f} ms, {seconds / peer:.2f} times as long")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 15)
