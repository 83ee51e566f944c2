"""What loading the pack adds to ComfyUI's start: its import, its extension, and every node's schema.

Run it with: python benchmarks/startup.py [ROUNDS]. Each round is a fresh process that has imported all that ComfyUI
has imported before it loads custom nodes, as ComfyUI does.
"""

import statistics
import subprocess
import sys

from tagloom.runner.embedded import installations
from tagloom.runner.places import PACKAGE

ROUND = """
import asyncio, importlib.util, sys, time
tree, pack = sys.argv[1:]
sys.argv = ["main.py", "--cpu"]
sys.path.insert(0, tree)
import comfy.options
comfy.options.enable_args_parsing()
import utils.extra_config
import execution, server, nodes, comfy.samplers, folder_paths, comfy_api.latest
started = time.perf_counter()
spec = importlib.util.spec_from_file_location("a_pack", pack + "/__init__.py", submodule_search_locations=[pack])
module = importlib.util.module_from_spec(spec)
sys.modules["a_pack"] = module
spec.loader.exec_module(module)
async def load():
    extension = await module.comfy_entrypoint()
    return [node.GET_SCHEMA() for node in await extension.get_node_list()]
count = len(asyncio.run(load()))
assert count > 20, count
print((time.perf_counter() - started) * 1000, "yaml" in sys.modules)
"""


def main(rounds: int) -> None:
    """Print the median and the largest of some rounds, in milliseconds."""
    tree = installations.unpack(installations.embedded())
    times = []
    for _ in range(rounds):
        done = subprocess.run(
            [sys.executable, "-c", ROUND, str(tree), str(PACKAGE)], check=True, capture_output=True, text=True
        )
        times.append(float(done.stdout.split()[-2]))
    median = statistics.median(times)
    print(f"loading the pack, {rounds} fresh processes: median {median:.1f} ms, most {max(times):.1f} ms")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 7)
