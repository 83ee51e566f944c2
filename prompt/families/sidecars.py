"""Reads what model managers write beside a model: its base model, its name, its trained words, its hashes.

Known are Civitai Helper's `.civitai.info`, Stability Matrix's `.cm-info.json`, LoRA Manager's `.metadata.json`, and the
`.json` of A1111's and Forge's model cards.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

ENDINGS = (".civitai.info", ".cm-info.json", ".metadata.json", ".json")
LARGEST = 8_000_000
"""Bytes of a sidecar that is read; managers keep pictures' descriptions in theirs."""
BASES = ("baseModel", "BaseModel", "base_model", "sd version")
NAMES = ("ModelName", "model_name", "modelName")
WORDS = ("trainedWords", "TrainedWords", "trained_words", "activation text")
UNSAID = {"", "unknown", "other"}


class Sidecar(NamedTuple):
    """What one file beside a model says; what it does not say is empty. `trouble` says why it could not be read."""

    file: str
    base: str = ""
    name: str = ""
    words: tuple[str, ...] = ()
    hashes: tuple[str, ...] = ()
    trouble: str = ""


def read_sidecars(model: Path) -> tuple[Sidecar, ...]:
    """Return what the files beside a model say, those first whose base model is CivitAI's own."""
    paths = (model.with_name(model.stem + ending) for ending in ENDINGS)
    return tuple(sidecar for path in paths for sidecar in _read(path))


def _read(path: Path) -> Iterator[Sidecar]:
    try:
        if path.stat().st_size > LARGEST:
            yield Sidecar(path.name, trouble=f"is longer than {LARGEST} bytes")
            return
        values = json.loads(path.read_text(encoding="utf-8-sig"))
    except FileNotFoundError:
        return
    except (OSError, ValueError, RecursionError) as error:
        yield Sidecar(path.name, trouble=f"is no readable JSON ({type(error).__name__})")
        return
    if isinstance(values, dict):
        yield _sidecar(path.name, values)


def _sidecar(file: str, values: Mapping[str, Any]) -> Sidecar:
    nested = values.get("civitai")  # where LoRA Manager keeps CivitAI's own answer
    tables = [nested, values] if isinstance(nested, dict) else [values]
    bases = [text for table in tables for text in _texts(table, BASES) if text.casefold() not in UNSAID]
    names = [text for table in tables for text in (*_texts(_table(table, "model"), ("name",)), *_texts(table, NAMES))]
    words = [word for table in tables for word in _words(table)]
    hashes = [text for table in tables for text in _hashes(table)]
    return Sidecar(file, next(iter(bases), ""), next(iter(names), ""), tuple(words), tuple(hashes))


def _words(table: Mapping[str, Any]) -> Iterator[str]:
    for key in WORDS:
        value = table.get(key)
        for text in value if isinstance(value, list) else [value]:
            if isinstance(text, str):
                yield from filter(None, (word.strip().casefold() for word in text.split(",")))


def _hashes(table: Mapping[str, Any]) -> Iterator[str]:
    files = table.get("files")
    entries = [_table(file, "hashes") for file in files if isinstance(file, dict)] if isinstance(files, list) else []
    for entry in (*entries, _table(table, "Hashes"), table):
        yield from (text.lower() for text in _texts(entry, ("SHA256", "sha256", "AutoV2")))


def _texts(table: Mapping[str, Any], keys: tuple[str, ...]) -> list[str]:
    return [value.strip() for value in map(table.get, keys) if isinstance(value, str) and value.strip()]


def _table(table: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    value = table.get(key)
    return value if isinstance(value, dict) else {}
