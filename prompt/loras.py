"""LoRA references of a prompt: which file each one means, and in which part of the run it acts."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import NamedTuple

from .encoding import encoded_parts
from .errors import PromptError, UnknownLora, nearest_names
from .references import LORAS, Reference, references_in
from .syntax import Kind, Tree, parse
from .syntax.edits import Edit, apply_edits
from .syntax.tree import GROUPS

ENDINGS = (".safetensors", ".pt", ".ckpt", ".bin", ".pth", ".sft")
FIRST_MARK = 0xE000
"""Of Unicode's private characters, which stand for references while a schedule is worked out."""
MOST = 1000
"""LoRA references in one prompt; more is a mistake, and there are no more private characters than 6,400."""
Span = tuple[float, float]


class LoraUse(NamedTuple):
    """A LoRA and the parts of the run in which it acts.

    Attributes:
        reference: what the prompt says; both strengths are numbers.
        spans: the parts, each from and to a share of the model's time (0 to 1), or steps if these are known; None: it
            acts from beginning to end.
    """

    reference: Reference
    spans: tuple[Span, ...] | None = None


def lora_uses(
    text: str, dialect: str = "a1111", tag_aware: bool = True, steps: int | None = None, scheduled: bool = True
) -> tuple[LoraUse, ...]:
    """Return the LoRAs of a prompt in their order.

    A reference inside prompt editing, `[<lora:a:1>::0.5]`, acts where its place is encoded. A1111 itself loads it for
    the whole run: so does `scheduled=False`.

    Args:
        text: any string.
        dialect: one of `DIALECTS`; references are read in all of them, schedules in A1111's.
        tag_aware: whether tags that look like syntax are kept as tags.
        steps: how many steps are sampled; None: shares of the model's time are all that can be said.
        scheduled: whether prompt editing counts.

    Raises:
        UnknownDialect: if there is no such dialect.
        PromptError: for a strength that is no number, or a schedule that can't be worked out (see `encoded_parts`).
    """
    tree = parse(text, dialect, tag_aware)
    references = [found for found in references_in(tree) if found.kind in LORAS]
    if len(references) > MOST:
        raise PromptError(f"the prompt names {len(references)} LoRAs; at most {MOST} are read")
    for reference in references:
        if reference.strength is None or reference.text_encoder is None:
            raise PromptError(f"{reference.text} has a strength that is no number; write <lora:{reference.name}:0.8>")
    if not scheduled or not any(_is_scheduled(tree, node.parent) for node in tree.of_kind(Kind.LORA)):
        return tuple(LoraUse(reference) for reference in references)
    return _timed(text, references, dialect, tag_aware, steps)


def _is_scheduled(tree: Tree, parent: int) -> bool:
    while parent >= 0:
        node = tree.nodes[parent]
        if node.kind in (Kind.SCHEDULE, Kind.ALTERNATION):
            return True
        parent = node.parent
    return False


def _timed(
    text: str, references: list[Reference], dialect: str, tag_aware: bool, steps: int | None
) -> tuple[LoraUse, ...]:
    """Put a character of no meaning in each reference's place, and look where it is encoded."""
    free = (mark for mark in map(chr, range(FIRST_MARK, FIRST_MARK + 6400)) if mark not in text)
    marks = [mark for mark, _ in zip(free, references, strict=False)]
    if len(marks) < len(references):
        raise PromptError("the prompt is full of private characters, so its scheduled LoRAs can't be told apart")
    edits = [Edit(found.start, found.end, mark) for found, mark in zip(references, marks, strict=True)]
    parts = encoded_parts(apply_edits(text, edits), dialect, tag_aware, steps)
    whole = (0.0, float(1 if steps is None else steps))
    uses = []
    for reference, mark in zip(references, marks, strict=True):
        spans = _joined((own.begin, own.end) for part in parts for own in part.stretches if mark in own.text)
        uses.append(LoraUse(reference, None if spans == (whole,) else spans))
    return tuple(uses)


def _joined(spans: Iterable[Span]) -> tuple[Span, ...]:
    """Return the parts of the run in order, those that touch as one."""
    found: list[Span] = []
    for begin, end in sorted(spans):
        if found and begin <= found[-1][1]:
            before = found.pop()
            begin, end = before[0], max(end, before[1])
        found.append((begin, end))
    return tuple(found)


def without_loras(text: str, dialect: str = "a1111", tag_aware: bool = True) -> str:
    """Return a prompt without its LoRA references and the brackets that hold nothing else; commas stay, as in A1111."""
    tree = parse(text, dialect, tag_aware)
    named = {(found.start, found.end) for found in references_in(tree) if found.kind in LORAS}
    loras = [index for index, node in enumerate(tree.nodes) if (node.start, node.end) in named]
    emptied = _emptied(tree, set(loras))
    outermost = (index for index in sorted({*loras, *emptied}) if tree.nodes[index].parent not in emptied)
    return apply_edits(text, [Edit(tree.nodes[index].start, tree.nodes[index].end, "") for index in outermost])


def _emptied(tree: Tree, loras: set[int]) -> set[int]:
    """Return the groups that hold LoRA references and nothing besides."""
    full = {0}
    for index, node in enumerate(tree.nodes):
        if node.kind not in GROUPS and node.kind not in (Kind.EDGE, Kind.SPACE) and index not in loras:
            _mark(tree, node.parent, full)
    holding: set[int] = set()
    for index in loras:
        _mark(tree, tree.nodes[index].parent, holding)
    return holding - full


def _mark(tree: Tree, index: int, marked: set[int]) -> None:
    """Mark a group and those around it."""
    while index >= 0 and index not in marked:
        marked.add(index)
        index = tree.nodes[index].parent


def find_lora(name: str, files: Iterable[str], aliases: Callable[[], Mapping[str, str]] = dict) -> str:
    """Return the file that a reference's name means, as ComfyUI lists it.

    Case, the file's ending, the kind of slashes and the folder need not be written; what is written must fit.

    Args:
        name: as the prompt has it.
        files: the LoRA files, by their names in ComfyUI's folder `loras`.
        aliases: gives the names that files go by in A1111 (`ss_output_name` of their metadata), each with its file;
            asked for only if no file has the name.

    Raises:
        UnknownLora: if no file has that name, with the nearest ones, or if several have it.
    """
    files = tuple(files)
    wanted = _plain(name)
    for fitting in (
        [file for file in files if file.replace("\\", "/") == name.strip().replace("\\", "/")],
        [file for file in files if _stem(file) == _stem(name)],
        [file for file in files if _plain(file) == wanted],
        [file for file in files if _plain(file).endswith(f"/{wanted}")],
    ):
        if len(fitting) == 1:
            return fitting[0]
        if fitting:
            raise UnknownLora(
                f"{name!r} is the name of several LoRAs: {', '.join(fitting)}; write the folder and the ending too"
            )
    known = {_plain(alias): file for alias, file in aliases().items()}
    if wanted in known:
        return known[wanted]
    stems = {_stem(file).rpartition("/")[2] for file in files}
    hint = nearest_names(name, stems | {_stem(file) for file in files})
    if not hint:
        hint = "there is none at all" if not files else "look at its spelling, or put the file there"
    raise UnknownLora(f"the LoRA {name!r} is not in ComfyUI's folder models/loras; {hint}")


def without_ending(file: str) -> str:
    """Return a model file's name without its ending, with forward slashes."""
    file = file.replace("\\", "/")
    ending = next((own for own in ENDINGS if file.lower().endswith(own)), "")
    return file[: len(file) - len(ending)]


def _stem(file: str) -> str:
    return without_ending(file.strip())


def _plain(file: str) -> str:
    return _stem(file).casefold()
