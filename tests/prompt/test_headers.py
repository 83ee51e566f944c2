from __future__ import annotations

import io
import json
import struct
from pathlib import Path
from typing import Any

import pytest

from tagloom.prompt import Header, HeaderError, UnknownFamily, detect, read_header
from tagloom.prompt.families import detect_file
from tagloom.prompt.families.headers import LONGEST_HEADER, read_layout

SDXL = {
    "model.diffusion_model.input_blocks.0.0.weight": (320, 4, 3, 3),
    "model.diffusion_model.input_blocks.4.1.transformer_blocks.0.attn2.to_k.weight": (640, 2048),
}


def write(path: Path, shapes: dict[str, Any], metadata: dict[str, str] | None = None) -> Path:
    """Write a safetensors header without tensors behind it."""
    entries: dict[str, Any] = {
        name: {"dtype": "F16", "shape": list(shape), "data_offsets": [0, 0]} for name, shape in shapes.items()
    }
    if metadata is not None:
        entries["__metadata__"] = metadata
    return write_raw(path, json.dumps(entries).encode())


def write_raw(path: Path, header: bytes) -> Path:
    path.write_bytes(struct.pack("<Q", len(header)) + header)
    return path


def test_a_header_gives_shapes_and_metadata(tmp_path):
    path = write(tmp_path / "a.safetensors", SDXL, {"modelspec.title": "A title"})
    assert read_header(path) == Header(SDXL, {"modelspec.title": "A title"})


def test_a_layout_tells_where_each_tensor_lies(tmp_path):
    entries = {"a": ("F16", [2], [4, 8]), "b": ("F32", [], [0, 4]), "c": ("U8", [0, 3], [8, 8])}
    keys = ("dtype", "shape", "data_offsets")
    header = {name: dict(zip(keys, entry, strict=True)) for name, entry in entries.items()}
    path = write_raw(tmp_path / "a.safetensors", json.dumps(header).encode())
    start = path.stat().st_size
    path.write_bytes(path.read_bytes() + bytes(8))
    expected = {"a": ("F16", (2,), start + 4, 4), "b": ("F32", (), start, 4), "c": ("U8", (0, 3), start + 8, 0)}
    assert read_layout(path) == (expected, {})


def test_a_header_without_metadata_has_none(tmp_path):
    assert read_header(write(tmp_path / "a.safetensors", SDXL)).metadata == {}


@pytest.mark.parametrize(
    "contents",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b"\x08\0\0", id="cut off in the length"),
        pytest.param(struct.pack("<Q", 100) + b'{"a":', id="cut off in the header"),
        pytest.param(struct.pack("<Q", 2**63) + b"{}", id="huge length"),
        pytest.param(struct.pack("<Q", LONGEST_HEADER + 1) + b"{}", id="length over the limit"),
        pytest.param(struct.pack("<Q", 0), id="no header"),
        pytest.param(struct.pack("<Q", 4) + b"null", id="null"),
        pytest.param(struct.pack("<Q", 2) + b"[]", id="list"),
        pytest.param(struct.pack("<Q", 8) + b'{"a": 1}', id="entry without a shape"),
        pytest.param(struct.pack("<Q", 12) + b'{"a":{"b":1}', id="cut off bracket"),
        pytest.param(struct.pack("<Q", 9) + b'{"a": {}}', id="empty entry"),
        pytest.param(struct.pack("<Q", 4) + b"\xff\xfe\xfd\xfc", id="no UTF-8"),
        pytest.param(struct.pack("<Q", 100_000) + b"[" * 100_000, id="deeply nested"),
        pytest.param(b"PK\x03\x04" + b"\0" * 100, id="a .ckpt file"),
    ],
)
def test_broken_files_are_refused_by_name(tmp_path, contents):
    path = tmp_path / "broken.safetensors"
    path.write_bytes(contents)
    with pytest.raises(HeaderError, match=r"broken\.safetensors"):
        read_header(path)


@pytest.mark.parametrize("metadata", ["[1]", '"text"', '{"modelspec.title": 5}', '{"modelspec.title": null}'])
def test_metadata_that_is_no_table_of_texts_tells_nothing(tmp_path, metadata):
    """It ends in one of the two refusals, not in a crash."""
    path = write_raw(tmp_path / "a.safetensors", f'{{"__metadata__": {metadata}}}'.encode())
    with pytest.raises((HeaderError, UnknownFamily)):
        detect("model.safetensors", read_header(path))


@pytest.mark.parametrize("shape", ['"ab"', '["a", "b"]', "[[1], [2]]", "[null, null]", "[]"])
def test_shapes_that_are_no_numbers_tell_nothing(tmp_path, shape):
    entry = f'"input_blocks.0.0.weight": {{"shape": {shape}}}, "attn2.to_k.weight": {{"shape": {shape}}}'
    path = write_raw(tmp_path / "a.safetensors", f"{{{entry}}}".encode())
    with pytest.raises((HeaderError, UnknownFamily)):
        detect_file(path)


@pytest.mark.parametrize("name", ["missing.safetensors", "."])
def test_missing_files_and_folders_are_refused(tmp_path, name):
    with pytest.raises(HeaderError):
        read_header(tmp_path / name)


class CountingFile(io.FileIO):
    """A file that counts what is read of it."""

    taken = 0

    def readinto(self, buffer: Any) -> int | None:
        got = super().readinto(buffer)
        type(self).taken += got or 0
        return got

    def readall(self) -> bytes:
        raise AssertionError("the whole file is read")


def test_kilobytes_are_read_of_gigabytes(tmp_path, monkeypatch):
    """A sparse file of 8 GB costs its header and at most one block more; a second look costs nothing."""
    path = write(tmp_path / "ponyDiffusionV6XL.safetensors", SDXL)
    header = path.stat().st_size
    with path.open("ab") as file:
        file.truncate(8 * 2**30)
    monkeypatch.setattr(CountingFile, "taken", 0)
    opened = Path.open

    def counted(self: Path, mode: str = "r", *rest: Any, **options: Any) -> Any:
        return io.BufferedReader(CountingFile(self)) if mode == "rb" else opened(self, mode, *rest, **options)

    monkeypatch.setattr(Path, "open", counted)
    assert detect_file(path).family == "pony_v6"
    once = CountingFile.taken
    assert header <= once <= header + 2 * io.DEFAULT_BUFFER_SIZE
    assert detect_file(path).family == "pony_v6"
    assert CountingFile.taken == once


def test_a_file_that_changed_is_read_again(tmp_path):
    path = write(tmp_path / "model.safetensors", SDXL)
    assert detect_file(path).family == "sdxl"
    write(path, {"double_layers.0.attn.w1q.weight": (3072, 3072), "second": (1,)})
    assert detect_file(path).family == "pony_v7"
