from __future__ import annotations

import errno
import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tagloom.runner.errors import SaveError, UsageError
from tagloom.runner.saving import check_folder, save


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_pictures_are_numbered(tmp_path):
    paths = [save(tmp_path / "a" / "out", seed, b"x") for seed in (7, 7, 2**64 - 1)]
    assert [path.name for path in paths] == ["00001-7.png", "00002-7.png", f"00003-{2**64 - 1}.png"]
    assert names(tmp_path / "a" / "out") == [path.name for path in paths]
    assert paths[0].read_bytes() == b"x"


@pytest.mark.parametrize(
    ("there", "expected"),
    [
        (["00041-1.png"], "00042-7.png"),
        (["00002-1.png", "00010-1.png", "00003-1.png"], "00011-7.png"),
        (["99999-1.png"], "100000-7.png"),
        (["123456-1.png"], "123457-7.png"),
        (["notes.txt", "00007.png", "12-3.png", "x00009-1.png", "00009-1.jpg", "00009-a.png"], "00001-7.png"),
    ],
)
def test_numbers_go_on_from_the_highest_there(tmp_path, there, expected):
    for name in there:
        (tmp_path / name).write_bytes(b"old")
    assert save(tmp_path, 7, b"new").name == expected
    assert all((tmp_path / name).read_bytes() == b"old" for name in there)


def test_a_name_that_another_command_takes_meanwhile_is_left_to_it(tmp_path, monkeypatch):
    link = os.link

    def late(source: Path, target: Path) -> None:
        if Path(target).name == "00001-7.png":
            Path(target).write_bytes(b"the other's")
        link(source, target)

    monkeypatch.setattr(os, "link", late)
    assert save(tmp_path, 7, b"ours").name == "00002-7.png"
    assert (tmp_path / "00001-7.png").read_bytes() == b"the other's"
    assert names(tmp_path) == ["00001-7.png", "00002-7.png"]


def no_links(source: Path, target: Path) -> None:
    raise OSError(errno.EPERM, "Operation not permitted")


def test_a_file_system_without_hard_links_will_do(tmp_path, monkeypatch):
    monkeypatch.setattr(os, "link", no_links)
    assert [save(tmp_path, 7, contents).read_bytes() for contents in (b"a", b"b")] == [b"a", b"b"]
    assert names(tmp_path) == ["00001-7.png", "00002-7.png"]


def test_without_hard_links_nothing_is_overwritten_either(tmp_path, monkeypatch):
    def late(source: Path, target: Path) -> None:
        if Path(target).name == "00001-7.png":
            Path(target).write_bytes(b"the other's")
        no_links(source, target)

    monkeypatch.setattr(os, "link", late)
    path = save(tmp_path, 7, b"ours")
    assert (tmp_path / "00001-7.png").read_bytes() == b"the other's"
    assert path.read_bytes() == b"ours"


def test_a_failing_write_leaves_nothing(tmp_path, monkeypatch):
    def full(path: Path, contents: bytes) -> int:
        with path.open("wb") as file:
            file.write(contents[:3])
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(SaveError, match=r"No space left on device; free some space"):
        save(tmp_path, 7, b"contents")
    assert names(tmp_path) == []


def test_an_interrupted_write_leaves_nothing(tmp_path, monkeypatch):
    def interrupted(source: Path, target: Path) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "link", interrupted)
    with pytest.raises(KeyboardInterrupt):
        save(tmp_path, 7, b"contents")
    assert names(tmp_path) == []


def test_a_folder_that_can_t_be_made_is_an_error(tmp_path):
    (tmp_path / "out").write_bytes(b"a file")
    with pytest.raises(SaveError, match="out"):
        save(tmp_path / "out", 7, b"contents")
    assert (tmp_path / "out").read_bytes() == b"a file"


@pytest.mark.parametrize("seeds", [[7] * 64, list(range(64))], ids=["one seed", "many seeds"])
def test_pictures_saved_at_the_same_time_all_survive(tmp_path, seeds):
    contents = [f"picture {number}".encode() for number in range(len(seeds))]
    with ThreadPoolExecutor(16) as threads:
        paths = list(threads.map(save, [tmp_path] * len(seeds), seeds, contents))
    assert [path.read_bytes() for path in paths] == contents
    assert len(set(paths)) == len(seeds)
    assert names(tmp_path) == sorted(path.name for path in paths)


@pytest.mark.parametrize("there", ["out", "out/deeper", "out/much/deeper"])
def test_a_folder_below_a_file_is_refused_before_anything_is_made(tmp_path, there):
    (tmp_path / "out").write_bytes(b"a file")
    with pytest.raises(UsageError, match=r"is a file.*choose a folder with --out"):
        check_folder(tmp_path / there)


def test_a_folder_that_is_not_there_yet_will_do(tmp_path):
    check_folder(tmp_path / "not" / "there")
    assert names(tmp_path) == []
