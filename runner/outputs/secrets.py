"""Takes secrets out of graphs, workflows and settings before they go into a file that others may get."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

REMOVED = "[removed]"
NAMES = re.compile(
    r"(?:^|[_\-. ])(?:api[_-]?key|apikey|secret(?:[_-]?key)?|password|passwd|passphrase|authorization|bearer"
    r"|credentials?|private[_-]?key|access[_-]?key|session[_-]?id|cookies?"
    r"|(?:auth|access|refresh|api|hf|bot|id|github|civitai|user)[_-]?token|webhook(?:[_-]?url)?)"
    r"(?:$|[_\-. ](?:comfy[_-]?org|value|string|text|\d+)$)|^token$",
    re.IGNORECASE,
)
"""Names of inputs that hold secrets: `api_key`, `auth_token_comfy_org`, `openai_api_key`; not `max_tokens`."""
SHORTEST = 6
"""Letters: what is shorter, as `none` or `mean`, is a choice and no secret."""
VALUES = re.compile(
    r"(?<![\w-])(?:sk-[\w-]{16,}|hf_\w{16,}|gh[pousr]_\w{20,}|github_pat_\w{20,}|comfyui-[0-9a-f]{32,}|xox[abeprs]-[\w-]{10,}"
    r"|AKIA[0-9A-Z]{16}|AIza[\w-]{30,}|r8_\w{20,}|eyJ[\w-]{10,}\.eyJ[\w-]{10,}\.[\w-]+)"
    r"|(?i:\bbearer\s+(?=[\w.~+/=-]*\d)[\w.~+/=-]{20,})"
)
"""Keys and tokens that are known by how they look."""
IN_ADDRESS = re.compile(r"(?P<scheme>\b[a-z][a-z0-9+.-]{1,20}://)[^\s/@\"'<>]{1,300}@", re.IGNORECASE)
"""A user's name and password in an address."""
IN_QUERY = re.compile(
    r"(?P<name>[?&](?:api_?key|token|access_token|auth|key|secret|password|sig|signature|x-amz-[\w-]+)=)[^\s&#\"'<>]+",
    re.IGNORECASE,
)
LONGEST_JSON = 16 * 1024 * 1024
"""Characters of a text that is gone through by its names; of a longer one only what looks like a secret is removed."""
DEEPEST = 60
"""Levels of lists and objects that are gone through; what lies below is left out."""


def without_secrets(value: Any, known: frozenset[str] | None = None) -> Any:
    """Return plain data (as from JSON) without secrets: under the names that they have, and by how they look.

    Args:
        value: a graph, a workflow, settings; it is left as it is, and what is returned is new where anything changed.
        known: values that are secret wherever they stand, as `secrets_in` gives them; None looks for them in `value`.
    """
    return _stripped(value, secrets_in(value) if known is None else known, DEEPEST)


def secrets_in(value: Any) -> frozenset[str]:
    """Return the texts that stand under names of secrets; a workflow of the editor holds them without names."""
    return frozenset(_named(value, DEEPEST))


def text_without_secrets(text: str, known: frozenset[str] = frozenset()) -> str:
    """Return a text without what looks like a secret; one that is JSON is gone through by its names, too."""
    if text.lstrip()[:1] in ("{", "[") and len(text) <= LONGEST_JSON:
        try:
            document = json.loads(text)
            stripped = without_secrets(document, known | secrets_in(document))
            return text if stripped == document else json.dumps(stripped)
        except (ValueError, RecursionError):
            pass  # a text of another kind that begins so
    return _stripped_text(text, known)


def _named(value: Any, levels: int) -> Iterator[str]:
    if levels == 0:
        return
    if isinstance(value, Mapping):
        for name, inner in value.items():
            if isinstance(inner, str) and len(inner) >= SHORTEST and NAMES.search(str(name)):
                yield inner
            elif isinstance(inner, Mapping | list | tuple):
                yield from _named(inner, levels - 1)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from _named(inner, levels - 1)


def _stripped(value: Any, known: frozenset[str], levels: int) -> Any:
    if isinstance(value, str):
        return _stripped_text(value, known)
    if not isinstance(value, Mapping | list | tuple):
        return value
    if levels == 0:
        return None
    if isinstance(value, Mapping):
        return {name: _stripped(inner, known, levels - 1) for name, inner in value.items()}
    return [_stripped(inner, known, levels - 1) for inner in value]


def _stripped_text(text: str, known: frozenset[str]) -> str:
    if text in known:
        return REMOVED
    for secret in known:
        if secret in text:
            text = text.replace(secret, REMOVED)
    if "://" in text:
        text = IN_QUERY.sub(rf"\g<name>{REMOVED}", IN_ADDRESS.sub(rf"\g<scheme>{REMOVED}@", text))
    return VALUES.sub(REMOVED, text)
