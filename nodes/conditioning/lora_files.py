"""LoRA files: found by the names that prompts use, each loaded once."""

from collections import OrderedDict
from collections.abc import Iterable
from functools import cache
from pathlib import Path

import comfy.utils
import folder_paths

from ... import prompt
from ...prompt import HeaderError, PromptError
from ...prompt.families import read_header
from .identities import Identity, identity_of

FOLDER = "loras"
MOST_KEPT = 4
"""LoRA files kept in memory for the next run, if the last one did not need more."""
OUTPUT_NAME = "ss_output_name"
"""What training scripts write into a file's metadata: the name that A1111 gives a LoRA in its list."""

_loaded: OrderedDict[Identity, dict] = OrderedDict()


def identity(file: str) -> Identity:
    """Return what tells a LoRA file from any other, and from itself after a change."""
    return identity_of(FOLDER, file)


def files() -> list[str]:
    """Return ComfyUI's LoRA files."""
    return folder_paths.get_filename_list(FOLDER)


def find(name: str) -> str:
    """Return the file that a prompt means, or raise `UnknownLora` with the nearest names."""
    return prompt.find_lora(name, files(), _aliases)


def _aliases() -> dict[str, str]:
    found = {}
    for file in files():
        name = _output_name(*identity(file))
        if name:
            found.setdefault(name, file)
    return found


@cache
def _output_name(path: str, size: int, changed: int) -> str:
    try:
        return read_header(Path(path)).metadata.get(OUTPUT_NAME, "")
    except HeaderError:
        return ""


def load(file: str) -> dict:
    """Return a LoRA file's tensors; a file that did not change is not read again while it is kept."""
    key = identity(file)
    if key not in _loaded:
        try:
            _loaded[key] = comfy.utils.load_torch_file(key[0], safe_load=True)
        except Exception as error:  # whatever a broken file brings about
            raise PromptError(f"the LoRA {file} can't be read ({error}); replace the file") from error
    _loaded.move_to_end(key)
    return _loaded[key]


def forget_others(used: Iterable[str]) -> None:
    """Keep the files of this run, and few besides."""
    most = max(MOST_KEPT, len(set(used)))
    while len(_loaded) > most:
        _loaded.popitem(last=False)
