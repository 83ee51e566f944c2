"""Reads the YAML files under `data/`: at first use, once."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

DATA = Path(__file__).parent / "data"


def load_yaml(path: Path) -> Any:
    """Parse one YAML file. PyYAML is imported here, so that importing `prompt` stays cheap."""
    import yaml

    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    return yaml.load(path.read_text(encoding="utf-8"), Loader=loader)


@cache
def data(name: str) -> Any:
    """Return the contents of `data/<name>.yaml`; the caller must not change them."""
    return load_yaml(DATA / f"{name}.yaml")
