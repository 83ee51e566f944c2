"""All rules, each with its code, how grave it is, what it is about and what the fix does; the README shows the same."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import NamedTuple

from . import (
    borders,
    brackets,
    choices,
    commas,
    family,
    misread,
    novelai,
    numbers,
    order,
    placed,
    references,
    repeats,
    scheduling,
    spelling,
    subjects,
    unknown,
    weights,
)
from .finding import Severity, Spot
from .prompt import Prompt

NO_FIX = "–"


class Rule(NamedTuple):
    """A rule: its code, the usual severity, what it finds, what its fix does, and the function that finds it."""

    code: str
    severity: Severity
    what: str
    fix: str
    find: Callable[[Prompt], Iterable[Spot]]


RULES = (
    Rule("TL101", "warning", "capital letters in a tag", "small letters", spelling.capitals),
    Rule("TL102", "info", "underscores instead of spaces", "spaces, where the tag is known", spelling.underscores),
    Rule("TL103", "warning", "several tags without commas between them", "commas", commas.run_together),
    Rule("TL104", "warning", "a line's end without a comma", "a comma", commas.line_ends),
    Rule("TL105", "info", "a comma with nothing before it", "taken out", commas.empty_tags),
    Rule("TL106", "warning", "full-width punctuation, letters or digits", "plain ones *", spelling.full_width),
    Rule("TL107", "warning", "a repeated tag", "taken out * where the weights differ", repeats.repeated),
    Rule("TL108", "info", "a tag that another one implies", NO_FIX, repeats.implied),
    Rule("TL201", "error", "a weight that is no finite number", "escaped brackets *", weights.not_finite),
    Rule("TL202", "warning", "a negative weight", NO_FIX, weights.negative),
    Rule("TL203", "warning", "a weight of zero", NO_FIX, weights.zero),
    Rule("TL204", "warning", "a weight above 2 or below 0.3", "the nearest of these, or escapes *", weights.far_out),
    Rule("TL205", "warning", "a number that programs read differently", "a plain number *", numbers.odd_numbers),
    Rule("TL206", "error", "several weights in one bracket", "a bracket for each tag *", placed.several_in_bracket),
    Rule("TL207", "error", "a weight without brackets", "brackets *", placed.bare_number),
    Rule("TL208", "error", "a number at the end that weights the whole prompt", "brackets *", placed.whole_prompt),
    Rule("TL209", "warning", "a colon without a number", "taken out", numbers.no_number),
    Rule("TL210", "warning", "brackets that hold nothing", "taken out", numbers.empty_brackets),
    Rule("TL211", "error", "a weight without its colon", "a colon *", numbers.missing_colon),
    Rule("TL212", "error", "a weight in square brackets", "round brackets *", placed.square_brackets),
    Rule("TL213", "error", "a weight in NovelAI's notation", "brackets *", novelai.colon_weights),
    Rule("TL301", "error", "a closing bracket that closes nothing", "escaped, or opened *", brackets.stray),
    Rule("TL302", "error", "an opening bracket that nothing closes", "closed or escaped *", brackets.unclosed),
    Rule("TL303", "warning", "brackets that are text in the dialect", "its own brackets *", brackets.text_brackets),
    Rule("TL304", "warning", "a tag that the dialect reads as syntax", "escapes, a comma", misread.tags_as_syntax),
    Rule("TL305", "warning", "a name's brackets read as weight", "escapes *", misread.qualified_names),
    Rule("TL306", "warning", "a backslash that escapes nothing", "taken out", misread.backslashes),
    Rule("TL307", "error", "a variant that is never closed or opened", NO_FIX, choices.broken_variants),
    Rule("TL401", "error", "BREAK inside brackets", "brackets on each side", borders.break_in_brackets),
    Rule("TL402", "info", "BREAK or AND that the encoder reads as a word", NO_FIX, borders.words_in_comfyui),
    Rule("TL403", "warning", "AND that splits more than its neighbours", NO_FIX, borders.takes_all),
    Rule("TL404", "error", "AND inside brackets", NO_FIX, borders.and_in_brackets),
    Rule("TL405", "warning", "AND with nothing on one side", "taken out *", borders.empty_parts),
    Rule("TL406", "warning", "a weight of AND's part that is far out", NO_FIX, borders.part_weights),
    Rule("TL407", "warning", "prompt editing that never comes", NO_FIX, scheduling.out_of_range),
    Rule("TL408", "info", "prompt editing that may be a name", NO_FIX, scheduling.ambiguous),
    Rule("TL409", "info", "prompt editing that the encoder reads as text", NO_FIX, scheduling.not_read),
    Rule("TL410", "warning", "a bar that undoes all prompt editing", NO_FIX, scheduling.lone_bar),
    Rule("TL411", "warning", "square brackets that are no prompt editing", NO_FIX, scheduling.broken),
    Rule("TL412", "error", "a LoRA without name or strength", NO_FIX, references.lora_form),
    Rule("TL413", "info", "a LoRA that the encoder reads as words", NO_FIX, references.lora_in_comfyui),
    Rule("TL414", "warning", "a LoRA inside prompt editing", NO_FIX, references.lora_in_schedule),
    Rule("TL415", "error", "a LoRA, embedding or wildcard that is not there", NO_FIX, references.missing_names),
    Rule("TL501", "warning", "a tag that is probably misspelt", NO_FIX, unknown.misspelt),
    Rule("TL502", "info", "tags that nothing is known of", NO_FIX, unknown.new_names),
    Rule("TL503", "info", "several characters", NO_FIX, subjects.several_characters),
    Rule("TL504", "warning", "tags that contradict one another", NO_FIX, subjects.contradictions),
    Rule("TL505", "warning", "a tag in both prompts", NO_FIX, subjects.in_both),
    Rule("TL506", "warning", "poor quality in the positive prompt", NO_FIX, subjects.poor_quality),
    Rule("TL507", "warning", "good quality in the negative prompt", NO_FIX, subjects.good_quality),
    Rule("TL508", "info", "tags out of the usual order", NO_FIX, order.order),
    Rule("TL601", "warning", "a quality tag of another family", "taken out", family.foreign_quality),
    Rule("TL602", "info", "a word with a remark in the family's profile", NO_FIX, family.remarks),
    Rule("TL603", "info", "more than 7 quality tags", NO_FIX, family.too_many),
    Rule("TL604", "warning", "quality tags for a family of sentences", "taken out", family.quality_for_sentences),
    Rule("TL605", "info", "tags for a family of sentences", NO_FIX, family.tags_for_sentences),
    Rule("TL606", "info", "sentences for a family of tags", NO_FIX, family.sentences_for_tags),
    Rule("TL607", "warning", "weights that the family ignores", NO_FIX, family.ignored_weights),
    Rule("TL608", "warning", "a negative prompt that the family ignores", NO_FIX, family.ignored_negative),
    Rule("TL609", "warning", "a score word without its underscore", "an underscore", spelling.score_words),
)
"""In the order of their codes. A `*` marks fixes that may change effective weights."""
