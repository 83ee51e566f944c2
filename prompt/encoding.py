"""What is encoded of a prompt: which texts, with which AND weights, in which part of the run, in which chunks.

The node that encodes and the runner that writes the same in ComfyUI's own nodes both go by this.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from .collector import uncollected
from .errors import PromptError
from .syntax import Kind, Tree, attention, convert, get_dialect, parse, schedule, sub_prompts
from .syntax.conversion import attention_in

FINE = 1_000_000
"""Steps of a run in which every share of it ends with a step."""
COMFYUI = "comfyui"


class Stretch(NamedTuple):
    """A text and the part of the run that it is encoded for.

    Attributes:
        text: in the prompt's own dialect, without AND, schedules, references and comments.
        begin: where the part begins: a share of the model's time (0 to 1), or the steps before it if these are known.
        end: where it ends, likewise.
    """

    text: str
    begin: float
    end: float


@dataclass(frozen=True)
class EncodedPart:
    """What stands between two ANDs: its weight, and its texts in the order of the run, which cover all of it."""

    weight: float
    stretches: tuple[Stretch, ...]


@uncollected
def encoded_parts(
    text: str, dialect: str = "a1111", tag_aware: bool = True, steps: int | None = None
) -> tuple[EncodedPart, ...]:
    """Return the texts that stand for a prompt.

    Args:
        text: any string.
        dialect: one of `DIALECTS`; all but A1111's have one part and one text.
        tag_aware: whether tags that look like syntax are kept as tags.
        steps: how many steps are sampled; None: shares of the model's time are all that can be said.

    Raises:
        UnknownDialect: if there is no such dialect.
        PromptError: without steps, for what changes at steps of a number: `[a:b:10]`, `[a|b]`; with steps, for a
            schedule that would change behind the last one.
    """
    if not get_dialect(dialect).a1111:
        return (EncodedPart(1.0, (Stretch(text, 0, 1 if steps is None else steps),)),)
    _check_steps(parse(text, dialect, tag_aware), steps)
    parts = sub_prompts(text, dialect, tag_aware)
    return tuple(EncodedPart(part.weight, _stretches(part.text, dialect, tag_aware, steps)) for part in parts)


def _stretches(text: str, dialect: str, tag_aware: bool, steps: int | None) -> tuple[Stretch, ...]:
    found: list[Stretch] = []
    scale = 1 if steps is not None else FINE
    begin = 0.0
    for stage in schedule(text, steps or FINE, dialect=dialect, tag_aware=tag_aware):
        end = stage.end_step / scale
        if found and found[-1].text == stage.text:
            begin = found.pop().begin
        found.append(Stretch(stage.text, begin, end))
        begin = end
    return tuple(found)


def _check_steps(tree: Tree, steps: int | None) -> None:
    for node in tree.of_kind(Kind.SCHEDULE, Kind.ALTERNATION):
        shown, when = tree.source(node), str(node.value)
        if steps is None and node.kind is Kind.ALTERNATION:
            raise PromptError(f"{shown} changes at every step: connect a node Sampling Steps, which knows the steps")
        if node.kind is Kind.ALTERNATION or "." in when:
            continue
        if steps is None:
            raise PromptError(
                f"{shown} changes at step {when}: connect a node Sampling Steps, which knows the steps, or write a "
                "share of the run such as 0.5"
            )
        if float(when) >= steps:
            raise PromptError(f"{shown} would change at step {when}, but there are only {steps}; take a smaller number")


def comfyui_chunks(text: str, dialect: str = "a1111", tag_aware: bool = True) -> tuple[str, ...]:
    """Return a text in ComfyUI's dialect, in the parts between its BREAKs, which begin chunks of their own."""
    if not get_dialect(dialect).a1111:
        return (convert(text, dialect, COMFYUI, tag_aware).text,)
    parts = between_breaks(text, dialect, tag_aware)
    return tuple(attention_in(part, dialect, COMFYUI, tag_aware) for part in parts)


def between_breaks(text: str, dialect: str = "a1111", tag_aware: bool = True) -> tuple[str, ...]:
    """Return the parts between BREAKs; in brackets it is a word, as it is in all dialects but A1111's."""
    if not get_dialect(dialect).a1111 or "BREAK" not in text:
        return (text,)
    breaks = [node for node in parse(text, dialect, tag_aware).of_kind(Kind.BREAK) if node.parent == 0]
    starts = [0, *(node.end for node in breaks)]
    ends = [*(node.start for node in breaks), len(text)]
    return tuple(text[start:end].strip() for start, end in zip(starts, ends, strict=True))


def encoded_text(
    parts: tuple[EncodedPart, ...], dialect: str = "a1111", tag_aware: bool = True, steps: int | None = None
) -> str:
    """Return what is encoded, in ComfyUI's dialect: a line for each text, with what it counts for if there are several.

    A BREAK stands where a chunk ends. Dialect and steps are those that the parts were made with.
    """
    several = len(parts) > 1 or len(parts[0].stretches) > 1 or parts[0].weight != 1
    lines: list[str] = []
    for number, part in enumerate(parts):
        if several:
            lines.append(f"{'AND, ' if number else ''}weight {part.weight:g}:")
        for stretch in part.stretches:
            written = " BREAK ".join(comfyui_chunks(stretch.text, dialect, tag_aware))
            lines.append(f"{_when(stretch, steps)}: {written}" if len(part.stretches) > 1 else written)
    return "\n".join(lines)


def _when(stretch: Stretch, steps: int | None) -> str:
    if steps is None:
        return f"{stretch.begin:.4g} to {stretch.end:.4g} of the model's time"
    first = f"{stretch.begin + 1:g}"
    return f"step {first}" if stretch.end - stretch.begin == 1 else f"steps {first} to {stretch.end:g}"


def plain_text(text: str, dialect: str = "a1111", tag_aware: bool = True) -> str:
    """Return a text without weights and BREAKs, for encoders that read neither; escapes are resolved."""
    parts = between_breaks(text, dialect, tag_aware)
    return " ".join("".join(segment.text for segment in attention(part, dialect, tag_aware)) for part in parts)


def has_weights(text: str, dialect: str = "a1111", tag_aware: bool = True) -> bool:
    """Return whether a prompt has brackets or numbers that weigh, or a BREAK."""
    return bool(parse(text, dialect, tag_aware).of_kind(Kind.ATTENTION, Kind.BREAK))


def encoded_report(
    text: str,
    dialect: str = "a1111",
    tag_aware: bool = True,
    steps: int | None = None,
    notes: tuple[str, ...] = (),
) -> str:
    """Return in words what is not encoded of a prompt, and what is encoded otherwise than its writer may think.

    `notes` are more lines to say, about the model; empty ones are left out.
    """
    found = [*_lost(text, dialect, tag_aware, steps), *filter(None, notes)]
    return "\n".join(found) or "nothing is lost"


def _lost(text: str, dialect: str, tag_aware: bool, steps: int | None) -> list[str]:
    if not get_dialect(dialect).a1111:
        return [loss.message for loss in convert(text, dialect, COMFYUI, tag_aware).losses]
    tree = parse(text, dialect, tag_aware)
    lines = [
        f"{tree.source(node)} is not loaded here: the node LoRA Tags in front of this one loads it"
        for node in tree.of_kind(Kind.LORA)
    ]
    if steps is None and tree.of_kind(Kind.SCHEDULE):
        lines.append(
            "prompt editing counts in shares of the model's time, which are not those of the steps: connect a node "
            "Sampling Steps for exact steps"
        )
    return lines
