"""Saving what jobs made: whole, never over another file, never elsewhere, once although a crash comes between."""

from __future__ import annotations

import errno
import hashlib
import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from PIL import Image

from tagloom.prompt.pictures.reading import read_picture
from tagloom.runner.errors import OutputBroken, SaveError, UsageError
from tagloom.runner.outputs import folders
from tagloom.runner.outputs.folders import check_folder
from tagloom.runner.outputs.names import read_template
from tagloom.runner.outputs.saving import Intended, Saving, plan_files, save, write
from tagloom.runner.outputs.thumbnails import size_of

from .saved_jobs import ended, fetched, picture


def names(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if not path.is_dir())


def saving(out: Path, template: str = "", **other: bool) -> Saving:
    return Saving(out, read_template(template) if template else None, **other)


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return tmp_path / "out"


@pytest.fixture
def spool(tmp_path: Path) -> Path:
    return tmp_path / "spool"


def test_every_kind_is_saved(out, spool):
    files = [
        fetched(spool, picture()),
        fetched(spool, b"GIF89a...", "a.gif", kind="gifs"),
        fetched(spool, b"\0\0\0\x18ftypmp42....", "a.mp4", kind="video"),
        fetched(spool, b"fLaC....", "a.flac", kind="audio"),
        fetched(spool, b"glTF....", "mesh_00001_.glb", kind="3d"),
    ]
    job = ended(*files, texts=("a \x1b[31mred\x1b[0m cat", "  "))
    saved = save(job, saving(out, texts=True), 3)
    assert [file.name for file in saved] == [
        f"00003-7{end}" for end in (".png", ".gif", ".mp4", ".flac", ".glb", ".txt")
    ]
    assert [(file.kind, file.position) for file in saved][3:] == [("audio", 4), ("3d", 5), ("text", 6)]
    assert (out / "00003-7.txt").read_text(encoding="utf-8") == "a red cat"
    assert (saved[0].width, saved[0].height, saved[3].width) == (16, 8, 0)
    for file in saved:
        assert hashlib.sha256(file.path.read_bytes()).hexdigest() == file.sha256
    assert names(out) == sorted(file.name for file in saved)


def test_texts_can_be_left_out(out, spool):
    job = ended(fetched(spool, picture()), texts=("told",))
    assert [file.kind for file in save(job, saving(out, texts=False), 1)] == ["images"]


def test_previews_count_only_where_nothing_else_was_made(out, spool):
    kept, preview = fetched(spool, picture(), node="9"), fetched(spool, picture(), node="5", kept=False)
    assert [file.node for file in save(ended(preview, kept), saving(out), 1)] == ["9"]
    assert [file.node for file in save(ended(preview), saving(out), 2)] == ["5"]


@pytest.mark.parametrize(
    ("name", "contents", "expected"),
    [
        ("a.exe", b"MZ\x90\0", "x.bin"),
        ("a.html", b"<html>", "x.bin"),
        ("a.sh", b"#!/bin/sh", "x.bin"),
        ("a.desktop", b"[Desktop Entry]", "x.bin"),
        ("a", b"", "x.bin"),
        ("a.exe", b"GIF89a", "x.gif"),
        ("a.obj", b"v 0 0 0", "x.obj"),
        ("a.latent", b"....", "x.latent"),
        ("a.mkv", b"\x1a\x45\xdf\xa3", "x.mkv"),
        ("a.svg", b"<svg xmlns='http://www.w3.org/2000/svg'><path d='M0 0'/></svg>", "x.svg"),
        ("a.svg", b"<svg><script>alert(1)</script></svg>", "x.svg.txt"),
        ("a.svg", b"<svg onload=alert(1)></svg>", "x.svg.txt"),
        ("a.svg", b"<svg><image href='http://a/b.png'/></svg>", "x.svg.txt"),
        ("a.svg", b"<svg><style>a{fill:url( 'http://a/b')}</style></svg>", "x.svg.txt"),
        ("a.svg", b"<!DOCTYPE svg SYSTEM 'http://a/b'><svg></svg>", "x.svg.txt"),
        ("a.svg", b"<svg><use href='#b' fill='url(#c)'/></svg>", "x.svg"),
        ("../../etc/passwd.png", picture(), "x.png"),
    ],
)
def test_the_ending_follows_the_contents(out, spool, name, contents, expected):
    (saved,) = save(ended(fetched(spool, contents, name), parameters=""), saving(out, "x"), 1)
    assert saved.name == expected
    assert names(out) == [expected]


def test_two_files_of_a_job_never_share_a_name(out, spool):
    files = [fetched(spool, picture()) for _ in range(3)]
    assert [file.name for file in save(ended(*files), saving(out), 1)] == [
        "00001-7.png",
        "00001-7-2.png",
        "00001-7-3.png",
    ]
    assert [file.name for file in save(ended(*files), saving(out, "{number}/{index}"), 1)] == [
        "1/1.png",
        "1/2.png",
        "1/3.png",
    ]


@pytest.mark.parametrize(
    ("values", "template", "expected"),
    [
        ({}, "", "00002-7.png"),
        ({"seed": 5}, "{seed}", "5.png"),
        ({"checkpoint": "a/b.safetensors"}, "{checkpoint}-{width}x{height}", "b-16x8.png"),
        ({"prefix": "../../evil"}, "{prefix}", "_.._evil.png"),
        ({"name": "..\\..\\x"}, "{name}/{number}", "_.._x/2.png"),
        ({}, "{stem}-{node}-{kind}-{ext}", "ComfyUI_00001_-9-images-png.png"),
        ({}, "{number}.png", "2.png"),
        ({}, "{number}.jpg", "2.jpg.png"),
    ],
)
def test_names_follow_the_job_and_the_file(out, spool, values, template, expected):
    assert save(ended(fetched(spool, picture()), values=values), saving(out, template), 2)[0].name == expected


def test_without_a_seed_the_prefix_counts(out, spool):
    job = ended(fetched(spool, picture()), values={"prefix": "up/big"}, graph={})
    assert save(job, saving(out), 1)[0].name == "00001-up_big.png"


def test_texts_beside_files_are_left_to_the_events(out, spool):
    job = ended(fetched(spool, picture()), texts=("a cat",))
    assert [file.name for file in save(job, saving(out), 1)] == ["00001-7.png"]
    assert [file.name for file in save(ended(texts=("a cat",)), saving(out), 2)] == ["00002-7.txt"]


def test_a_picture_that_is_none_is_no_result(out, spool):
    with pytest.raises(OutputBroken, match=r"something else as the picture a\.png"):
        save(ended(fetched(spool, b"<html><script>alert(1)</script>", "a.png")), saving(out), 1)
    assert not out.exists()


@pytest.mark.parametrize(
    ("template", "expected"), [("", "00042-7.png"), ("{seed}/{number}", "7/5.png"), ("{seed}", "7.png")]
)
def test_numbers_may_go_on_from_the_highest_there(out, spool, template, expected):
    for name in ("00041-1.png", "00002-1.png", "3/4.png"):
        folders.made(out, name).touch()
    assert save(ended(fetched(spool, picture())), saving(out, template).going_on(), 1)[0].name == expected


def test_nothing_is_overwritten(out, spool):
    out.mkdir()
    (out / "00001-7.png").write_bytes(b"other")
    (out / "00001-7-2.png").symlink_to("nowhere")
    assert save(ended(fetched(spool, picture())), saving(out), 1)[0].name == "00001-7-3.png"
    assert (out / "00001-7.png").read_bytes() == b"other"


@pytest.mark.parametrize("links", [True, False], ids=["hard links", "no hard links"])
def test_a_name_that_is_taken_meanwhile_is_left_to_the_other(out, spool, monkeypatch, links):
    if not links:
        monkeypatch.setattr(os, "link", no_links)
    job = ended(fetched(spool, picture()))
    planned = plan_files(job, saving(out), 1)
    out.mkdir()
    (out / "00001-7.png").write_bytes(b"" if not links else b"the other's")
    (saved,) = write(planned, saving(out))
    assert saved.name == "00001-7-2.png"
    assert names(out) == ["00001-7-2.png", "00001-7.png"]


def no_links(source: Path, target: Path) -> None:
    raise OSError(errno.EPERM, "Operation not permitted")


def test_a_link_that_leads_out_is_refused(out, spool, tmp_path):
    outside = tmp_path / "outside"
    outside.mkdir()
    out.mkdir()
    (out / "a").symlink_to(outside)
    with pytest.raises(SaveError, match="leads out of"):
        save(ended(fetched(spool, picture()), values={"name": "a"}), saving(out, "{name}/{number}"), 1)
    assert names(outside) == []


@pytest.mark.parametrize("name", ["../x.png", "a/../../x.png", "/etc/x.png", "a/..", "C:x", ""])
def test_a_name_from_elsewhere_leads_nowhere(out, name):
    """A journal that somebody changed."""
    with pytest.raises(SaveError, match="is no name below"):
        folders.made(out, name)
    assert not (out.parent / "x.png").exists()


def test_a_folder_that_is_a_link_itself_will_do(out, spool, tmp_path):
    (tmp_path / "real").mkdir()
    out.symlink_to(tmp_path / "real")
    assert save(ended(fetched(spool, picture())), saving(out, "a/{number}"), 1)[0].path == out / "a" / "1.png"


@pytest.mark.parametrize("crash", ["before", "after", "empty"])
def test_after_a_crash_the_same_name_is_written_once(out, spool, monkeypatch, crash):
    """The job is done again under another id, so its picture differs from the one that was saved before."""
    planned = plan_files(ended(fetched(spool, picture())), saving(out), 1)
    journal = [(each.intended.name, each.intended.sha256) for each in planned]
    if crash == "after":
        write(planned, saving(out))
    elif crash == "empty":
        out.mkdir()
        (out / "00001-7.png").touch()
    again = ended(fetched(spool, picture(size=(8, 8))), job_id="job-2")
    earlier = [Intended(*each) for each in journal]
    (saved,) = write(plan_files(again, saving(out), 1, earlier=earlier), saving(out), earlier)
    assert names(out) == [saved.name] == ["00001-7.png"]
    assert saved.width == (16 if crash == "after" else 8)
    assert hashlib.sha256(saved.path.read_bytes()).hexdigest() == saved.sha256


def test_two_crashes_leave_one_file_too(out, spool):
    """Saved, but not noted so; then done again, noted what is intended, but not saved."""
    planned = plan_files(ended(fetched(spool, picture())), saving(out), 1)
    write(planned, saving(out))
    again = ended(fetched(spool, picture()), job_id="job-2")
    for _ in range(2):
        earlier = [each.intended for each in planned]
        planned = plan_files(again, saving(out), 1, earlier=earlier)
    write(planned, saving(out), earlier)
    assert names(out) == ["00001-7.png"]


def test_after_a_crash_somebody_elses_file_is_left_alone(out, spool):
    job = ended(fetched(spool, picture()))
    earlier = [each.intended for each in plan_files(job, saving(out), 1)]
    out.mkdir()
    (out / "00001-7.png").write_bytes(b"other")
    (saved,) = write(plan_files(job, saving(out), 1, earlier=earlier), saving(out), earlier)
    assert saved.name == "00001-7-2.png"
    assert (out / "00001-7.png").read_bytes() == b"other"


def test_planning_writes_nothing(out, spool):
    plan_files(ended(fetched(spool, picture())), saving(out), 1)
    assert not out.exists()


def test_a_failing_write_leaves_nothing(out, spool, monkeypatch):
    def full(path: Path, contents: bytes) -> int:
        with path.open("wb") as file:
            file.write(contents[:3])
        raise OSError(errno.ENOSPC, "No space left on device")

    planned = plan_files(ended(fetched(spool, picture())), saving(out), 1)
    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(SaveError, match="No space left on device; free some space"):
        write(planned, saving(out))
    assert names(out) == []


def test_an_interrupted_write_leaves_nothing(out, spool, monkeypatch):
    def interrupted(source: Path, target: Path) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "link", interrupted)
    with pytest.raises(KeyboardInterrupt):
        save(ended(fetched(spool, picture())), saving(out), 1)
    assert names(out) == []


def test_files_and_folders_are_on_the_disk_when_saving_returns(out, spool, monkeypatch):
    """A journal says `saved` then, and the power may fail the moment after; new folders are kept once."""
    synced = []
    real = os.fsync
    monkeypatch.setattr(os, "fsync", lambda handle: (synced.append(os.fstat(handle).st_ino), real(handle)))
    (saved,) = save(ended(fetched(spool, picture())), saving(out, "a/{number}"), 1)
    numbers = [place.stat().st_ino for place in (out.parent, out, saved.path, out / "a")]
    assert synced == numbers
    (second,) = save(ended(fetched(spool, picture())), saving(out, "a/{number}"), 2)
    assert synced[4:] == [second.path.stat().st_ino, (out / "a").stat().st_ino]


@pytest.mark.parametrize("contents", [picture()[:-20], picture("WEBP")[:-9], picture("JPEG")[:-30]])
def test_a_picture_that_is_cut_off_is_an_error(out, spool, contents):
    with pytest.raises(OutputBroken, match="gave no whole picture"):
        save(ended(fetched(spool, contents)), saving(out), 1)
    assert not out.exists()


@pytest.mark.parametrize("kind", ["PNG", "WEBP", "JPEG"])
def test_pictures_hold_all_that_made_them(out, spool, kind):
    (saved,) = save(ended(fetched(spool, picture(kind))), saving(out), 1, core="0.3.75")
    reading = read_picture(saved.path)
    assert reading.prompt == "a cat" and reading.settings.steps == 4
    texts = reading.texts
    assert '"seed": 7' in texts["prompt"] and '"widgets_values"' in texts["workflow"]
    assert '"job": "job-1"' in texts["tagloom"] and '"comfyui": "0.3.75"' in texts["tagloom"]
    with Image.open(saved.path) as opened:
        opened.load()
        assert opened.size == (16, 8)


def test_many_at_the_same_time_all_survive(out, tmp_path):
    jobs = [ended(fetched(tmp_path / str(number), picture(size=(8 + number, 8)))) for number in range(32)]
    with ThreadPoolExecutor(8) as threads:
        saved = list(threads.map(lambda job: save(job, saving(out), 1)[0], jobs))
    assert len({file.path for file in saved}) == 32
    assert [size_of(file.path)[0] for file in saved] == [8 + number for number in range(32)]


@pytest.mark.parametrize("there", ["out", "out/deeper", "out/much/deeper"])
def test_a_folder_below_a_file_is_refused_before_anything_is_made(tmp_path, there):
    (tmp_path / "out").write_bytes(b"a file")
    with pytest.raises(UsageError, match=r"is a file.*choose a folder with --out"):
        check_folder(tmp_path / there)


def test_a_folder_that_is_not_there_yet_will_do(tmp_path):
    check_folder(tmp_path / "not" / "there")
    assert list(tmp_path.iterdir()) == []
