"""The prompt language and what it knows: tags, model families, samplers, sizes, text tokens.

Everything here is a pure function of its arguments and of the files under `data/`, which are read at first use.
Neither ComfyUI nor torch is needed. The nodes, the runner and the command line all call these functions.

The names below are imported at first use, so that `import tagloom.prompt` costs next to nothing; `lint` and `easy` are
packages of their own.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:  # for type checkers and editors
    from .compose import *
    from .counting import *
    from .encoding import *
    from .errors import *
    from .explanation import *
    from .families import *
    from .lint import check as check
    from .lists import *
    from .loras import *
    from .pictures import *
    from .report import *
    from .samplers import *
    from .sizes import *
    from .syntax import *
    from .tags import *
    from .wildcards import *

HOMES = {
    "compose": "Changed Composed compose_negative describe enhance format_prompt merge remove_repeats sort_tags tidy",
    "counting": "CHUNK ENCODERS Accounting account count_text_tokens",
    "encoding": "EncodedPart comfyui_chunks encoded_parts encoded_report encoded_text has_weights plain_text",
    "errors": "ChoiceError CountingUnavailable CyclicWildcard ExpansionTooLarge HeaderError PictureError ProfileError "
    "PromptError SizeError TagListError UnknownDialect UnknownFamily UnknownLora UnknownSampler UnknownWildcard "
    "WildcardFileError",
    "loras": "LoraUse find_lora lora_uses without_loras",
    "explanation": "Explanation explain",
    "families": "Detection FOLDERS Family Header ListedModel ModelFile add_families_folder all_families chosen detect "
    "detect_file families_folders family_ids get_family leave_out list_models listed_from_json profile_problems "
    "read_header",
    "pictures": "PictureReading parse_picture read_picture",
    "lint": "check",
    "lists": "DIALECTS LAYOUTS as_list",
    "report": "TagReport tag_report",
    "samplers": "Sampling resolve_sampler",
    "sizes": "Size nearest_size parse_size size_for",
    "naming": "canonical",
    "syntax": "Conversion Kind Segment Tag Tree attention convert get_dialect misreadings parse "
    "parse_tags render schedule sub_prompts",
    "tags": "GROUPS Vocabulary vocabulary",
    "wildcards": "Expanded WildcardFolders combinations expand matrix",
}
"""Where each public name lives."""


def at_first_use(package: str, namespace: dict[str, Any], homes: Mapping[str, str]) -> Callable[[str], Any]:
    """Return a package's `__getattr__` (PEP 562), which imports a public name from its home, once.

    Args:
        package: the package's name.
        namespace: its globals, in which a name is kept from then on.
        homes: the modules below it, each with the names that live there, parted by spaces.
    """
    home_of = {name: home for home, names in homes.items() for name in names.split()}

    def imported(name: str) -> Any:
        if name not in home_of:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        value = getattr(importlib.import_module(f".{home_of[name]}", package), name)
        namespace[name] = value
        return value

    return imported


__getattr__ = at_first_use(__name__, globals(), HOMES)


def __dir__() -> list[str]:
    """Return the public names."""
    return sorted(name for names in HOMES.values() for name in names.split())
