"""Contact sheets: which job lies where, what is written on them, and whose files they replace."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image

from tagloom.runner.errors import SaveError
from tagloom.runner.jobs.job import State
from tagloom.runner.outputs import own_files
from tagloom.runner.outputs import sheet as sheet_module
from tagloom.runner.outputs.results import Result, varying
from tagloom.runner.outputs.saving import Saved
from tagloom.runner.outputs.sheet import contact_sheet
from tagloom.runner.outputs.sheet_pages import MOST_TILES, arranged

RED = (220, 30, 40)


def result(number: int, *files: Saved, **other: object) -> Result:
    known = {"asked": {}, "values": {"seed": 100 + number}, **other}
    return Result(number, files=files, **known)


def file(name: str = "a.png", folder: Path = Path("out"), kind: str = "images", position: int = 1) -> Saved:
    return Saved(folder / name, name, "0" * 64, kind, "9", position, 64, 32)


def red(folder: Path, name: str, size: tuple[int, int] = (64, 32)) -> Saved:
    folder.mkdir(exist_ok=True)
    Image.new("RGB", size, RED).save(folder / name)
    return file(name, folder)


def grid(*cells: tuple[float, str]) -> list[Result]:
    return [result(n, file(), asked={"cfg": cfg, "sampler": name}) for n, (cfg, name) in enumerate(cells, 1)]


def numbers(page) -> list[list[int | None]]:
    return [[tile and tile.result.number for tile in row] for row in page.tiles]


def test_a_grid_has_its_axes_at_its_edges():
    (page,) = arranged(grid((4, "Euler"), (4, "DPM"), (6, "Euler"), (6, "DPM")), ["cfg", "sampler"])
    assert page.columns == ("cfg: 4", "cfg: 6") and page.rows == ("sampler: Euler", "sampler: DPM")
    assert numbers(page) == [[1, 3], [2, 4]]
    assert page.tiles[0][0].caption == ("#1, seed 101",)


def test_a_grid_may_have_holes_and_one_axis():
    (page,) = arranged(grid((4, "Euler"), (6, "DPM")), ["cfg", "sampler"])
    assert numbers(page) == [[1, None], [None, 2]]
    (page,) = arranged(grid((4, "Euler"), (6, "Euler")), ["sampler", "cfg"])
    assert (page.columns, page.rows, numbers(page)) == (("cfg: 4", "cfg: 6"), (), [[1, 2]])


def test_what_varies_besides_the_axes_makes_rows():
    jobs = [
        result(n, file(), asked={"cfg": cfg, "prompt": text})
        for n, (text, cfg) in enumerate([("a", 4), ("a", 6), ("b", 4), ("b", 6)], 1)
    ]
    (page,) = arranged(jobs, ["cfg"])
    assert page.rows == ("prompt: a", "prompt: b") and numbers(page) == [[1, 2], [3, 4]]


@pytest.mark.parametrize(
    "jobs",
    [
        grid((4, "Euler"), (4, "Euler")),
        [*grid((4, "Euler"), (6, "Euler")), result(3, file())],
        grid(*((cfg, "Euler") for cfg in range(40))),
    ],
    ids=["twice in a cell", "one without the axis", "too many columns"],
)
def test_what_is_no_grid_lies_in_order(jobs):
    pages = arranged(jobs, ["cfg"])
    assert not pages[0].columns
    assert [tile.result.number for page in pages for row in page.tiles for tile in row if tile] == [
        job.number for job in jobs
    ]


def test_jobs_in_order_say_what_tells_them_apart():
    jobs = [
        result(n, file(), asked={"prompt": text, "steps": 4}) for n, text in enumerate(["a\x1b[31m cat", "a dog"], 1)
    ]
    (page,) = arranged(jobs)
    assert [tile.caption for tile in page.tiles[0] if tile] == [
        ("#1, seed 101", "prompt: a cat"),
        ("#2, seed 102", "prompt: a dog"),
    ]


def test_each_file_and_each_job_without_one_has_a_tile():
    (page,) = arranged([result(1, file(), file(position=2)), result(2, state=State.FAILED, problem="no")])
    assert [tile.caption[0] for row in page.tiles for tile in row if tile] == [
        "#1, seed 101 (1 of 2)",
        "#1, seed 101 (2 of 2)",
        "#2, seed 102",
    ]


def test_many_jobs_need_several_pages(tmp_path):
    jobs = [result(number) for number in range(2 * MOST_TILES + 1)]
    assert [sum(tile is not None for row in page.tiles for tile in row) for page in arranged(jobs)] == [
        MOST_TILES,
        MOST_TILES,
        1,
    ]
    few = [replace(job, state=State.FAILED, problem="no") for job in jobs[:: MOST_TILES - 1]]
    assert [path.name for path in contact_sheet(few, tmp_path)] == ["contact-sheet.png"]
    paths = contact_sheet(jobs, tmp_path, run="r2")
    assert [path.name for path in paths] == ["contact-sheet_2.png", "contact-sheet_2-2.png", "contact-sheet_2-3.png"]
    assert all(path.stat().st_size for path in paths)


def test_a_sheet_has_an_end(tmp_path, monkeypatch):
    monkeypatch.setattr(sheet_module, "MOST_PAGES", 1)
    assert len(contact_sheet([result(number) for number in range(MOST_TILES + 1)], tmp_path)) == 1


def test_secrets_are_on_no_sheet():
    jobs = [result(n, asked={"api_key": f"my very own secret {n}"}) for n in (1, 2)]
    (page,) = arranged(jobs)
    assert page.tiles[0][0].caption == ("#1, seed 101", "api_key: [removed]")


def test_pictures_are_on_the_sheet(tmp_path):
    jobs = [
        result(1, red(tmp_path, "a.png")),
        result(2, red(tmp_path, "b.png", (900, 300))),
        result(3, file("song.flac", tmp_path, "audio")),
        result(4, state=State.FAILED, problem="out of memory; 風景 \x1b[31m"),
        result(5, file("gone.png", tmp_path)),
    ]
    (path,) = contact_sheet(jobs, tmp_path, title="A title")
    with Image.open(path) as opened:
        sheet = opened.copy()
    counted = {colour: count for count, colour in sheet.getcolors(2**20)}
    near = sum(
        count for colour, count in counted.items() if all(abs(a - b) < 12 for a, b in zip(colour, RED, strict=True))
    )
    assert 0.95 < near / (64 * 32 + 384 * 128) < 1.05
    assert max(sheet.size) < 2000


def test_a_runs_own_sheet_is_replaced_and_no_other(tmp_path):
    (tmp_path / "contact-sheet.png").write_bytes(b"somebody else's")
    first = contact_sheet([result(1)], tmp_path, run="a")
    assert contact_sheet([result(1), result(2)], tmp_path, run="a") == first == (tmp_path / "contact-sheet_2.png",)
    assert contact_sheet([result(1)], tmp_path, run="a.b")[0].name == "contact-sheet_3.png"
    assert (tmp_path / "contact-sheet.png").read_bytes() == b"somebody else's"


def test_a_link_is_not_followed(tmp_path):
    (tmp_path / "outside.png").write_bytes(own_files.mark_of("").encode())
    out = tmp_path / "out"
    out.mkdir()
    (out / "contact-sheet.png").symlink_to(tmp_path / "outside.png")
    assert contact_sheet([result(1)], out)[0].name == "contact-sheet_2.png"


def test_a_name_taken_meanwhile_is_left_to_the_other(tmp_path):
    def late(part: Path) -> None:
        part.write_bytes(b"ours")
        (tmp_path / "x.png").write_bytes(b"theirs")

    with pytest.raises(SaveError, match="another program's file"):
        own_files.put(tmp_path / "x.png", late, "mark")
    assert [path.name for path in tmp_path.iterdir()] == ["x.png"]


def test_a_folder_that_can_t_be_written_is_an_error(tmp_path):
    (tmp_path / "out").write_bytes(b"a file")
    with pytest.raises(SaveError, match="can't write"):
        contact_sheet([result(1)], tmp_path / "out")


def test_no_jobs_make_no_sheet(tmp_path):
    assert contact_sheet([], tmp_path) == ()


@pytest.mark.parametrize(
    ("asked", "values", "expected"),
    [
        ([{"a": 1, "b": 1}, {"a": 1, "b": 2}], [{"c": 1}, {"c": 2}], ["b"]),
        ([{}, {}], [{"c": 1, "d": 4.0}, {"c": 2, "d": 4.0}], ["c"]),
        ([{"a": 1}], [{}], []),
        ([{"a": [1]}, {"a": [2]}], [{}, {}], ["a"]),
    ],
)
def test_what_varies(asked, values, expected):
    jobs = [Result(n, asked=one, values=other) for n, (one, other) in enumerate(zip(asked, values, strict=True))]
    assert varying(jobs) == expected
