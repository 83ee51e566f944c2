"""Hashes of model files: the right ones, and each file read once."""

from __future__ import annotations

import hashlib
import json
import os
import struct
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tagloom.prompt import hashing
from tagloom.prompt.hashing import HashCache, Hashes, hash_file

DATA = bytes(range(256)) * 9000
"""More than is read at a time."""


def safetensors(data: bytes = DATA, note: str = "") -> bytes:
    header = json.dumps({"__metadata__": {"note": note}}).encode()
    return struct.pack("<Q", len(header)) + header + data


def sha256(contents: bytes) -> str:
    return hashlib.sha256(contents).hexdigest()


@pytest.fixture
def model(tmp_path) -> Path:
    path = tmp_path / "model.safetensors"
    path.write_bytes(safetensors())
    return path


@pytest.fixture
def read(monkeypatch) -> list[str]:
    """The names of the files that were hashed."""
    names: list[str] = []

    def counted(path: Path) -> Hashes:
        names.append(path.name)
        return hash_file(path)

    monkeypatch.setattr(hashing, "hash_file", counted)
    return names


@pytest.fixture
def cache(tmp_path):
    """A function that opens the cache anew, as a restart does."""
    return lambda: HashCache(tmp_path / "user" / "hashes.json")


@pytest.mark.parametrize("data", [b"", b"x", DATA], ids=["none", "little", "much"])
def test_a_safetensors_file_has_both_hashes(tmp_path, data):
    path = tmp_path / "a.SafeTensors"
    path.write_bytes(safetensors(data))
    found = hash_file(path)
    assert found == (sha256(safetensors(data)), sha256(data))
    assert (found.auto_v2, found.auto_v3) == (sha256(safetensors(data))[:10], sha256(data)[:12])


def test_the_header_does_not_change_the_tensors_hash(tmp_path):
    found = []
    for note in ("", "trained again"):
        path = tmp_path / "a.safetensors"
        path.write_bytes(safetensors(note=note))
        found.append(hash_file(path))
    assert found[0].auto_v3 == found[1].auto_v3
    assert found[0].auto_v2 != found[1].auto_v2


@pytest.mark.parametrize(
    ("name", "contents"),
    [
        ("a.ckpt", safetensors()),
        ("a.safetensors", b""),
        ("a.safetensors", b"short"),
        ("a.safetensors", struct.pack("<Q", 2**63) + b"rest"),
        ("a.safetensors", struct.pack("<Q", 100) + b"a header that is cut off"),
    ],
)
def test_another_or_broken_file_has_one_hash(tmp_path, name, contents):
    path = tmp_path / name
    path.write_bytes(contents)
    found = hash_file(path)
    assert found == (sha256(contents), "")
    assert found.auto_v3 == sha256(contents)[:12]


@given(st.binary(max_size=300))
def test_any_bytes_have_the_hash_that_hashlib_gives(tmp_path_factory, contents):
    path = tmp_path_factory.mktemp("any") / "a.safetensors"
    path.write_bytes(contents)
    assert hash_file(path).whole == sha256(contents)


def test_nothing_is_hashed_twice(model, cache, read):
    """Neither by one cache nor after a restart."""
    first = cache()
    found = first.of(model)
    assert found == hash_file(model)
    assert first.of(model) == cache().of(model) == found
    assert read == ["model.safetensors"]


def test_threads_that_ask_at_once_hash_once(model, cache, read):
    shared = cache()
    with ThreadPoolExecutor(8) as pool:
        assert len({*pool.map(shared.of, [model] * 32)}) == 1
    assert len(read) == 1


def test_what_another_process_hashed_is_known(model, cache, read):
    ours, theirs = cache(), cache()
    assert ours.of(model.with_name("missing")) is None
    assert theirs.of(model) == ours.of(model)
    assert len(read) == 1


def test_two_caches_keep_each_other_s_entries(model, cache, read):
    other = model.with_name("other.pt")
    other.write_bytes(b"other")
    ours, theirs = cache(), cache()
    ours.of(model)
    theirs.of(other)
    fresh = cache()
    assert fresh.of(model) and fresh.of(other)
    assert read == ["model.safetensors", "other.pt"]


@pytest.mark.parametrize("change", ["contents", "time", "replaced"])
def test_a_file_that_changed_is_hashed_again(model, cache, read, change):
    before = cache().of(model)
    stat = model.stat()
    if change == "contents":
        model.write_bytes(safetensors(b"other"))
    elif change == "time":
        os.utime(model, ns=(stat.st_atime_ns, stat.st_mtime_ns + 1_000_000_000))
    else:  # another file of the same size and time
        new = model.with_name("new")
        new.write_bytes(safetensors(DATA[::-1]))
        os.utime(new, ns=(stat.st_atime_ns, stat.st_mtime_ns))
        new.replace(model)
    assert (cache().of(model) == before) == (change == "time")
    assert len(read) == 2


def test_a_missing_file_has_no_hash(tmp_path, cache):
    assert cache().of(tmp_path / "missing.safetensors") is None
    assert cache().of(tmp_path) is None


@pytest.mark.parametrize(
    "contents",
    [
        "",
        "{",
        "[]",
        "null",
        '{"files": []}',
        '{"files": {"a": [1, 2, 3]}}',
        '{"files": {"a": ["1", 2, 3, "x", ""]}}',
        '{"files": {"a": [1, 2, 3, 4, 5]}}',
        "[" * 100_000,
    ],
)
def test_a_broken_cache_is_written_anew(tmp_path, model, cache, read, contents):
    file = tmp_path / "user" / "hashes.json"
    file.parent.mkdir()
    file.write_text(contents)
    assert cache().of(model) == cache().of(model)
    assert len(read) == 1


def test_a_cache_that_can_t_be_written_serves_all_the_same(tmp_path, model, read):
    (tmp_path / "user").write_text("a file where the folder should be")
    cache = HashCache(tmp_path / "user" / "hashes.json")
    assert cache.of(model) == cache.of(model) == hash_file(model)
    assert len(read) == 1


def test_a_failing_write_leaves_the_old_cache(tmp_path, model, cache, monkeypatch):
    cache().of(model)
    file = tmp_path / "user" / "hashes.json"
    before = file.read_bytes()

    def full(self: Path, contents: bytes) -> int:
        raise OSError("no space left")

    monkeypatch.setattr(Path, "write_bytes", full)
    (other := model.with_name("other.pt")).touch()
    assert cache().of(other) is not None
    assert file.read_bytes() == before
    assert [path.name for path in file.parent.iterdir()] == ["hashes.json"]


def test_hashing_is_announced_once(model, tmp_path):
    told: list[Path] = []
    cache = HashCache(tmp_path / "hashes.json", told.append)
    cache.of(model)
    cache.of(model)
    assert told == [model.resolve()]


def test_a_file_that_changes_meanwhile_is_not_kept(model, cache, monkeypatch):
    """It is being copied, perhaps: the hash is that of a part."""

    def slow(path: Path) -> Hashes:
        found = hash_file(path)
        path.write_bytes(safetensors(b"more"))
        return found

    monkeypatch.setattr(hashing, "hash_file", slow)
    opened = cache()
    part = opened.of(model)
    monkeypatch.setattr(hashing, "hash_file", hash_file)
    assert opened.of(model) != part
