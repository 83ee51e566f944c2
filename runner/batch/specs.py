"""What a batch shall do: a table or a YAML file, with defaults, a grid and seeds, made out as rows."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import yaml

from ..errors import UsageError
from .grids import Axis, axis, combined
from .rows import COUNT, SEED, Row, Value, repeated, whole, with_defaults, with_seeds
from .tables import mapping_row, read_prompts, read_table, read_text

YAML_ENDINGS = (".yaml", ".yml")
KEYS = ("workflow", "table", "prompts", "defaults", "rows", "grid", "seeds")
MOST_LEVELS = 20
MOST_SEEDS = 100_000
LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass(frozen=True)
class Spec:
    """What a batch shall do.

    Attributes:
        rows: what each job is, before the grid; without any, the grid alone says it.
        axes: the grid.
        defaults: what a row has where it says nothing itself.
        count: how many jobs of each, with seeds that count up.
        workflow: the workflow's file or name, if one is given; otherwise rows are requests as for `generate`.
        folder: where the paths in the rows begin.
    """

    rows: tuple[Row, ...] = ()
    axes: tuple[Axis, ...] = ()
    defaults: Mapping[str, Value] = field(default_factory=dict)
    count: int = 1
    workflow: str | None = None
    folder: Path = Path()

    def made_out(self, choose: Callable[[], int], seed: str | None = SEED) -> list[Row]:
        """Return a row for each job, in their order: each row with each cell of the grid, seed by seed.

        Args:
            choose: gives a seed to each row that has none; the cells of a grid share it.
            seed: the column that seeds are in; None where the workflow has none.

        Raises:
            UsageError: for what does not go together, or is too much.
        """
        filled = with_defaults(self.rows or (Row({}, "the batch"),), self._defaults())
        if seed is not None and all(one.name != seed for one in self.axes):
            filled = with_seeds(filled, choose, seed)
        elif seed is None and (self.count > 1 or any(row.values.get(COUNT) is not None for row in filled)):
            raise UsageError(
                "this workflow has no seed to count up; leave the count out, or set a seed's input by name"
            )
        return repeated(combined(filled, self.axes), self.count, seed or SEED)

    def _defaults(self) -> dict[str, Value]:
        """Return the defaults without those that the grid says."""
        names = {one.name for one in self.axes}
        return {name: value for name, value in self.defaults.items() if name not in names}


def read_spec(path: Path) -> Spec:
    """Return what a file says: a table, prompts, or YAML.

    Raises:
        UsageError: if it can't be read, or says what is not understood.
    """
    if path.suffix.casefold() not in YAML_ENDINGS:
        return Spec(rows=tuple(read_table(path)), folder=path.parent)
    found = _parsed(read_text(path), ascii(str(path))[1:-1])
    return _spec({"rows": found} if isinstance(found, list) else found, ascii(str(path))[1:-1], path.parent)


def _spec(found: Any, where: str, folder: Path) -> Spec:
    if not isinstance(found, dict):
        raise UsageError(f"{where} is neither a list of rows nor a mapping with {', '.join(KEYS)}")
    unknown = next((key for key in found if key not in KEYS), None)
    if unknown is not None:
        raise UsageError(f"{where}: {str(unknown)[:40]!a} is not understood; there are {', '.join(KEYS)}")
    spec = Spec(
        rows=tuple(_rows(found, where, folder)),
        axes=_axes(found.get("grid") or {}, where),
        defaults=mapping_row(found.get("defaults") or {}, f"{where} defaults").values,
        count=1 if found.get("seeds") is None else whole(found["seeds"], "seeds", where, 1, MOST_SEEDS),
        workflow=_workflow(found.get("workflow"), where, folder),
        folder=folder,
    )
    if not spec.rows and not spec.axes:
        raise UsageError(f"{where} has no rows, so there is nothing to do")
    return spec


def _rows(found: Mapping[str, Any], where: str, folder: Path) -> list[Row]:
    given = [key for key in ("rows", "table", "prompts") if found.get(key) is not None]
    if len(given) > 1:
        raise UsageError(f"{where} has {given[0]} and {given[1]}; keep one of them")
    if not given:
        return []
    value = found[given[0]]
    if given[0] == "rows":
        if not isinstance(value, list):
            raise UsageError(f"{where}: rows is no list; begin each row with a dash")
        return [mapping_row(row, f"{where} row {number}") for number, row in enumerate(value, 1)]
    if not isinstance(value, str):
        raise UsageError(f"{where}: {given[0]} is no path of a file")
    return read_prompts(folder / value) if given[0] == "prompts" else read_table(folder / value)


def _axes(found: Any, where: str) -> tuple[Axis, ...]:
    if not isinstance(found, dict):
        raise UsageError(f"{where}: grid is no mapping; write for example cfg: [4, 6, 8]")
    return tuple(axis(name, values, f"{where} grid") for name, values in found.items())


def _workflow(found: Any, where: str, folder: Path) -> str | None:
    """Return a workflow's path from here where the file lies beside the batch's, and otherwise as it is written."""
    if found is not None and not isinstance(found, str):
        raise UsageError(f"{where}: workflow is no path of a file")
    return str(folder / found) if found and (folder / found).is_file() else found


class _Loader(LOADER):  # type: ignore[misc]  # which of PyYAML's two it is shows at run time
    """The safe loader; a name that is there twice is an error, not the last of them."""

    def construct_mapping(self, node: Any, deep: bool = False) -> dict[Any, Any]:
        """Return a mapping's names and values.

        Raises:
            UsageError: if a name is there twice, or is no single value.
        """
        names = [key.value for key, _ in node.value]
        for place, name in enumerate(names):
            where = f"line {node.value[place][0].start_mark.line + 1}"
            if not isinstance(name, str):
                raise UsageError(f"{where}: a name is no text; put it in quotes")
            if name in names[:place]:
                raise UsageError(f"{where}: {name[:40]!a} is there twice; take one of them out")
        return {
            self.construct_object(key, deep=True): self.construct_object(value, deep=True) for key, value in node.value
        }


def _parsed(text: str, where: str) -> Any:
    try:
        _look_through(text, where)
        return yaml.load(text, Loader=_Loader)
    except UsageError as error:
        raise UsageError(f"{where} {error}" if not str(error).startswith(where) else str(error)) from None
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        mark = getattr(error, "problem_mark", None)
        problem = getattr(error, "problem", None) or (str(error).splitlines() or [""])[0]
        line = f" line {mark.line + 1}" if mark else ""
        raise UsageError(f"{where}{line} is no YAML ({problem}); put texts with : or # in quotes") from None


def _look_through(text: str, where: str) -> None:
    """Refuse what can make a small file large, or too deep to read."""
    level = 0
    for event in yaml.parse(text, Loader=LOADER):
        line = event.start_mark.line + 1 if event.start_mark else 0
        if isinstance(event, yaml.AliasEvent):
            raise UsageError(
                f"{where} line {line} uses an anchor (*{str(event.anchor)[:40]}); write it out, or use defaults"
            )
        level += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if level > MOST_LEVELS:
            raise UsageError(f"{where} line {line} nests more than {MOST_LEVELS} levels")


def with_options(spec: Spec, axes: tuple[Axis, ...], given: Mapping[str, Value], count: int | None) -> Spec:
    """Return what a file says with what the command line adds: more of a grid, defaults before its own, a count.

    Raises:
        UsageError: for a name that is given and in the grid: one of them would count for nothing.
    """
    both = next((axis.name for axis in axes if axis.name in given), None)
    if both is not None:
        raise UsageError(f"{both} is in the grid and given besides (--set, or a TAGLOOM_SET_ variable); leave one out")
    return replace(
        spec,
        axes=(*spec.axes, *axes),
        defaults={**spec.defaults, **given},
        count=spec.count if count is None else count,
    )
