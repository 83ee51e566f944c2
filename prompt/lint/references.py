"""Rules on LoRAs, embeddings and wildcards."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator

from ..errors import nearest_names
from ..syntax import Kind
from ..syntax.edits import Edit
from .finding import Spot, Suggestion, quoted
from .prompt import Prompt

NUMBER = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)")
LORA = re.compile(r"<(lora|lyco):", re.IGNORECASE)
BROKEN = re.compile(r"<(?:lora|lyco|hypernet):([^<>]*)(>?)", re.IGNORECASE)
"""In a text whose references are blanked out: the beginning of one that is none."""
NAME_AND_STRENGTH = re.compile(r"[^<>,:\n\r]+:[0-9]*\.?[0-9]+")


def lora_form(prompt: Prompt) -> Iterator[Spot]:
    """Find LoRA references that are not written as `<lora:name:0.8>`."""
    for node in prompt.of_kind(Kind.LORA):
        kind, _, rest = str(node.value).partition(":")
        name, *values = rest.split(":")
        strength = next((value for value in values[:2] if "=" not in value), "1")
        if kind.lower() not in ("lora", "lyco", "hypernet"):
            continue
        if not name.strip():
            yield Spot(
                node.start, node.end, f"{quoted(prompt.tree.source(node))} names no LoRA; write '<lora:name:0.8>'"
            )
        elif not NUMBER.fullmatch(strength.strip()):
            message = f"{quoted(strength)} is no strength of a LoRA; write a number, as in '<lora:{name}:0.8>'"
            yield Spot(node.start, node.end, message)
    yield from _broken(prompt)


def _broken(prompt: Prompt) -> Iterator[Spot]:
    """Find `<lora:x:1` that is never closed, and `<lora:>`."""
    for match in BROKEN.finditer(prompt.masked):
        start, end = match.span()
        if match[2] and not match[1].strip():
            yield Spot(start, end, f"{quoted(match[0])} names no LoRA; write '<lora:name:0.8>'")
        elif not match[2]:
            message = (
                "nothing closes this '<', so it begins no reference and is encoded as text; write '<lora:name:0.8>'"
            )
            inner = NAME_AND_STRENGTH.match(prompt.masked, match.start(1), end)
            closed = (Suggestion("a closed reference", (Edit(inner.end(), inner.end(), ">"),)),) if inner else ()
            yield Spot(start, start + 1, message, suggestions=closed)


def begins_reference(prompt: Prompt, start: int, end: int) -> bool:
    """Return whether a reference that is none begins between two places."""
    return "<" in prompt.text[start:end] and BROKEN.search(prompt.masked, start, end) is not None


def lora_in_comfyui(prompt: Prompt) -> Iterator[Spot]:
    """Find LoRA references in a dialect whose own encoder takes them for words; once for the prompt."""
    found = prompt.of_kind(Kind.LORA)
    if found and not prompt.dialect.a1111:
        node = found[0]
        message = (
            f"{prompt.dialect.name} reads {quoted(prompt.tree.source(node))} as words and loads no LoRA; "
            "load it with a LoRA loader"
        )
        yield Spot(node.start, node.end, message)


def lora_in_schedule(prompt: Prompt) -> Iterator[Spot]:
    """Find LoRA references inside prompt editing."""
    nodes = prompt.tree.nodes
    for node in prompt.of_kind(Kind.LORA):
        if nodes[node.parent].kind in (Kind.SCHEDULE, Kind.ALTERNATION):
            message = (
                f"A1111 loads {quoted(prompt.tree.source(node))} for the whole picture: a LoRA can't be scheduled; "
                "write it outside of the brackets"
            )
            yield Spot(node.start, node.end, message)


def missing_names(prompt: Prompt) -> Iterator[Spot]:
    """Find LoRAs, embeddings and wildcards that are not there, where the caller says which are."""
    setting = prompt.setting
    for kind, known, what in (
        (Kind.LORA, setting.loras, "LoRA"),
        (Kind.EMBEDDING, setting.embeddings, "embedding"),
        (Kind.WILDCARD, setting.wildcards, "wildcard"),
    ):
        if known is not None:
            yield from _missing(prompt, kind, known, what)


def _missing(prompt: Prompt, kind: Kind, known: Collection[str], what: str) -> Iterator[Spot]:
    there = {_plain(name) for name in known}
    for node in prompt.of_kind(kind)[:1000]:
        name = str(node.value)
        if kind is Kind.LORA:
            if not LORA.match(prompt.text, node.start):
                continue
            name = name.split(":")[1]
        if _plain(name) not in there and "*" not in name:
            hint = nearest_names(name[:200], known) or "see which there are"
            yield Spot(node.start, node.end, f"there is no {what} {quoted(name)}; {hint}")


def _plain(name: str) -> str:
    """Return a file's name as it is compared: without folder mark, ending and case."""
    return re.sub(r"\.(?:safetensors|pt|ckpt|txt|yaml)\Z", "", name.replace("\\", "/").casefold())
