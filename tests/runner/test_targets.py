from __future__ import annotations

import hashlib
import json
import struct
import sys
from pathlib import Path
from typing import Any

import pytest

from tagloom.prompt import UnknownFamily
from tagloom.runner.embedded import installations, processes
from tagloom.runner.embedded.installations import Installation
from tagloom.runner.embedded.server_state import RunningServer
from tagloom.runner.errors import EmbeddedMissing, ServerUnavailable, UsageError
from tagloom.runner.server.client import Client
from tagloom.runner.targets import Target, open_target

PONY, SDXL, ODD = "ponyDiffusionV6XL.safetensors", "sub/sd_xl_base.safetensors", "model.safetensors"


class FakeClient:
    """A server that offers checkpoints, and knows what some of their headers say."""

    url = "http://test:8188"

    def __init__(self, *names: str, metadata: dict[str, dict[str, str]] | None = None) -> None:
        self._names = names
        self._metadata = metadata or {}

    def checkpoints(self) -> list[str]:
        return list(self._names)

    def checkpoint_metadata(self, name: str) -> dict[str, str]:
        return self._metadata.get(name, {})


def target(*names: str, installation: Installation | None = None, **options: Any) -> Target:
    return Target(FakeClient(*names, **options), installation)  # type: ignore[arg-type]


@pytest.fixture
def embedded(tmp_path: Path) -> Installation:
    return Installation(tmp_path / "tree", Path(sys.executable), tmp_path / "server", embedded=True)


def write_header(path: Path, width: int) -> None:
    shapes = {"input_blocks.0.0.weight": [320, 4, 3, 3], "input_blocks.4.1.attn2.to_k.weight": [640, width]}
    header = json.dumps({f"model.diffusion_model.{name}": {"shape": shape} for name, shape in shapes.items()}).encode()
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(struct.pack("<Q", len(header)) + header)


@pytest.mark.parametrize(
    ("there", "wanted", "chosen"),
    [
        ([PONY], None, PONY),
        ([PONY], PONY, PONY),
        ([PONY, SDXL], SDXL, SDXL),
        ([PONY, SDXL], "sd_xl_base.safetensors", SDXL),
        ([PONY, SDXL], "sd_xl_base", SDXL),
        ([PONY, SDXL], "PONYdiffusionv6xl", PONY),
        ([PONY, r"sub\sd_xl_base.safetensors"], "sd_xl_base", r"sub\sd_xl_base.safetensors"),
        (["a.ckpt", "b.ckpt"], "a", "a.ckpt"),
        (["x/a.safetensors", "a.safetensors"], "a.safetensors", "a.safetensors"),
    ],
)
def test_the_checkpoint_is_the_wanted_or_the_only_one(there, wanted, chosen):
    """A name may be given without its folder, its ending and its case, where that is clear."""
    assert target(*there).choose_checkpoint(wanted) == chosen


@pytest.mark.parametrize(
    ("there", "wanted", "words"),
    [
        ([], None, ["has no checkpoint", "models/checkpoints"]),
        ([], PONY, ["has no checkpoint"]),
        ([PONY, ODD], None, ["--checkpoint", f"{PONY} (pony_v6)", f"{ODD} (family unknown)"]),
        ([PONY, SDXL], "ponyDifusion", ["'ponyDifusion'", f"did you mean {PONY}"]),
        ([PONY, SDXL], "zzz", ["'zzz'", PONY, SDXL]),
        ([PONY], "", ["has no checkpoint ''"]),
        (["x/a.safetensors", "y/a.safetensors"], "a", ["x/a.safetensors", "y/a.safetensors"]),
    ],
)
def test_an_unclear_choice_is_refused_with_what_is_there(there, wanted, words):
    with pytest.raises(UsageError) as caught:
        target(*there).choose_checkpoint(wanted)
    assert all(word in str(caught.value) for word in ("http://test:8188", *words))
    assert "\n" not in str(caught.value)


def test_a_header_that_can_be_read_comes_before_the_name(embedded):
    write_header(embedded.models / "checkpoints" / PONY, width=768)
    assert target(PONY, installation=embedded).detect(PONY).family == "sd15"


def test_the_tiny_checkpoint_is_found_in_the_package(embedded):
    found = target("tagloom-tiny.safetensors", installation=embedded).detect("tagloom-tiny.safetensors")
    assert (found.family, found.confidence) == ("tagloom_tiny", "certain")


def test_a_checkout_s_own_models_are_read(tmp_path):
    checkout = Installation(tmp_path / "tree", Path(sys.executable), tmp_path / "server", embedded=False)
    write_header(checkout.tree / "models" / "checkpoints" / "sub" / ODD, width=2048)
    assert target(installation=checkout).detect(f"sub/{ODD}").family == "sdxl"


def test_on_another_machine_the_server_tells_the_metadata():
    remote = target(ODD, metadata={ODD: {"modelspec.title": "Illustrious XL"}})
    assert remote.detect(ODD).family == "illustrious"
    assert remote.detect(PONY).family == "pony_v6"


def test_a_file_that_can_t_be_read_leaves_its_name(embedded):
    assert target(PONY, installation=embedded).detect(PONY).confidence == "guess"


def test_nothing_known_is_refused():
    with pytest.raises(UnknownFamily, match="choose it yourself"):
        target(ODD).detect(ODD)


@pytest.mark.parametrize(("is_embedded", "kept"), [(True, False), (False, True), (None, True)])
def test_only_the_embedded_server_s_folders_are_tidied(tmp_path, is_embedded, kept):
    ours = [tmp_path / "output" / "tagloom" / "job_00001_.png", tmp_path / "input" / "tagloom" / "job" / "base.png"]
    others = [tmp_path / "output" / "tagloom" / "another.png", tmp_path / "output" / "job.png"]
    for path in (*ours, *others):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    installation = None if is_embedded is None else Installation(tmp_path, Path("python"), tmp_path, is_embedded)
    target(installation=installation).forget(["job"])
    assert [path.exists() for path in ours] == [kept, kept]
    assert all(path.exists() for path in others)


def test_forgetting_what_is_gone_is_no_error(embedded):
    target(installation=embedded).forget(["job"])


def test_a_user_s_own_server_comes_first(serve, monkeypatch, tmp_path):
    monkeypatch.setattr(processes, "ensure", lambda *arguments, **options: pytest.fail("a server was started"))
    server = serve({"GET /system_stats": {"system": {"comfyui_version": "0.3.75"}}})
    opened = open_target(server.url, tmp_path, 60, pytest.fail)
    assert (opened.client.url, opened.installation) == (server.url, None)
    assert server.paths() == ["GET /system_stats"]


def test_a_server_that_is_no_comfyui_is_refused_at_once(serve):
    with pytest.raises(ServerUnavailable, match="404"):
        open_target(serve({}).url, None, 60, pytest.fail)


@pytest.mark.embedded
@pytest.mark.parametrize("own", [True, False])
def test_without_a_server_one_is_started(serve, monkeypatch, tmp_path, own):
    """From the user's checkout if one is named, else the embedded one."""
    server = serve({"GET /system_stats": {"system": {"comfyui_version": "0.3.75"}}})
    asked = []

    def ensure(installation: Installation, idle_seconds: float, announce: Any) -> RunningServer:
        asked.append((installation, idle_seconds))
        return RunningServer(1, int(server.url.rsplit(":", 1)[1]), idle_seconds)

    monkeypatch.setattr(processes, "ensure", ensure)
    for name in ("main.py", "folder_paths.py"):
        (tmp_path / name).touch()
    opened = open_target(None, tmp_path if own else None, 60, pytest.fail)
    assert isinstance(opened.client, Client)
    assert asked == [(opened.installation, 60)]
    assert opened.installation == (installations.checkout(tmp_path) if own else installations.embedded())


def test_with_neither_server_nor_extra_the_way_out_is_told(monkeypatch):
    monkeypatch.setattr(installations.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(EmbeddedMissing, match="--server or --comfyui"):
        open_target(None, None, 60, pytest.fail)


def test_a_checkpoint_on_this_machine_has_a_hash(tmp_path, monkeypatch):
    """A1111's; one that lies elsewhere has none."""
    monkeypatch.setenv("TAGLOOM_HOME", str(tmp_path / "home"))
    here = Installation(tmp_path, Path(sys.executable), tmp_path / "folder", embedded=True)
    file = here.checkpoint_folders[0] / "sub" / "a.ckpt"
    file.parent.mkdir(parents=True)
    file.write_bytes(b"a model")
    assert target(installation=here).model_hash("sub/a.ckpt") == hashlib.sha256(b"a model").hexdigest()[:10]
    assert target(installation=here).model_hash("b.ckpt") == target().model_hash("sub/a.ckpt") == ""
