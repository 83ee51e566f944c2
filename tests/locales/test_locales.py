"""The locale files: what ComfyUI's editor shows of the nodes, in English and translated.

Write them anew, after a text or a translation has changed, by running this file with TAGLOOM_WRITE_SNAPSHOT=1.
"""

import json
import os
import re
from pathlib import Path

import pytest

from tagloom.runner.graph.workflows import SNAPSHOT
from tagloom.runner.places import PACKAGE

LOCALES = PACKAGE / "locales"
TRANSLATED = ("ja", "zh")
NODES = json.loads(SNAPSHOT.read_text(encoding="utf-8"))
SYNTAX = re.compile(r"[!-&(-~]*[{}|@][!-&(-~]*")
"""A word with characters that mean something in the front end's messages (vue-i18n)."""
EXAMPLES = re.compile(
    r"<[^>]+>|\[[^]]+\]|\{[^}]+\}|__\w+__|%[^%]+%|:3|;\)|re:zero|\+\+|\b(?:A1111|AND|BREAK|CLIP|ComfyUI|compel)\b"
)
"""What a translation leaves as it is: examples of syntax, and names."""

Place = tuple[str, ...]


def places() -> dict[Place, str]:
    """Return every English text of the nodes, by its place in nodeDefs.json."""
    found: dict[Place, str] = {}
    for node, schema in NODES.items():
        found |= {(node, key): schema[key] for key in ("display_name", "description")}
        for section in ("required", "optional"):
            for name, (_, options) in schema["input"].get(section, {}).items():
                found |= slot((node, "inputs", name), name, options["tooltip"])
        for index, name in enumerate(schema["output_name"]):
            found |= slot((node, "outputs", str(index)), name, schema["output_tooltips"][index])
    return found


def slot(place: Place, name: str, tooltip: str) -> dict[Place, str]:
    return {(*place, "name"): name, (*place, "tooltip"): tooltip}


def exactly(place: Place, text: str) -> str:
    """Return the key of a translation for one place only."""
    return f"{text} ({'.'.join(place)})"


def translations(language: str) -> dict[str, str]:
    return json.loads((LOCALES / language / "texts.json").read_text(encoding="utf-8"))


def texts(language: str) -> dict[Place, str]:
    """Return every text in a language, an empty one where there is none."""
    if language == "en":
        return places()
    known = translations(language)
    return {place: known.get(exactly(place, text), known.get(text, "")) for place, text in places().items()}


def message(place: Place, text: str) -> str:
    """Return a text as nodeDefs.json holds it, an empty one where the schema's own must do.

    Front ends read syntax in names and descriptions, so it is quoted. In tooltips, older ones read it and newer ones
    do not: only texts without it look alike in both.
    """
    if place[-1] == "tooltip":
        return "" if SYNTAX.search(text) else text
    return SYNTAX.sub(lambda word: f"{{'{word[0]}'}}", text)


def node_defs(language: str) -> dict:
    """Return what nodeDefs.json must hold."""
    tree: dict = {}
    for (*branches, leaf), text in texts(language).items():
        if held := message((leaf,), text):
            twig = tree
            for branch in branches:
                twig = twig.setdefault(branch, {})
            twig[leaf] = held
    return tree


def write(path: Path, data: dict) -> None:
    if os.environ.get("TAGLOOM_WRITE_SNAPSHOT"):
        path.write_text(json.dumps(data, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


@pytest.mark.parametrize("language", TRANSLATED)
def test_every_text_is_translated_and_no_other(language):
    """An English text that was changed is missing in its new form and surplus in its old one."""
    known = translations(language)
    specials = {place: exactly(place, text) for place, text in places().items()}
    keys = [specials[place] if specials[place] in known else text for place, text in places().items()]
    write(LOCALES / language / "texts.json", {key: known.get(key, "") for key in keys})
    missing = {".".join(place): places()[place] for place, text in texts(language).items() if not text}
    assert (missing, sorted(translations(language).keys() - set(keys))) == ({}, [])


@pytest.mark.parametrize("language", ["en", *TRANSLATED])
def test_the_file_holds_the_texts_as_the_front_end_reads_them(language):
    path = LOCALES / language / "nodeDefs.json"
    write(path, node_defs(language))
    assert json.loads(path.read_text(encoding="utf-8")) == node_defs(language)


@pytest.mark.parametrize("language", TRANSLATED)
def test_a_translation_keeps_the_examples(language):
    """Except in tooltips with syntax of the front end's, which a translation must put into words."""
    english = places()
    for place, translated in texts(language).items():
        text = english[place]
        if place[-1] == "tooltip":
            assert not SYNTAX.search(translated), f"{place}: no {{, }}, | or @ in a tooltip"
            text = SYNTAX.sub("", text)
        lost = [example for example in EXAMPLES.findall(text) if example not in translated]
        assert not lost, f"{place}: {translated}"


@pytest.mark.parametrize("language", TRANSLATED)
def test_a_translation_says_that_it_is_not_reviewed(language):
    """Whoever reviews one as a native speaker takes the mark out, here too."""
    main = json.loads((LOCALES / language / "main.json").read_text(encoding="utf-8"))
    assert main == {"tagloom": {"translation": "not yet reviewed by a native speaker"}}
