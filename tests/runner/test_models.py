from __future__ import annotations

import json
import struct
from pathlib import Path
from typing import Any

import pytest

from tagloom.runner import cli
from tagloom.runner.embedded import processes
from tagloom.runner.jobs.job import new_id
from tagloom.runner.models import list_folders, list_server
from tagloom.runner.request import Request
from tagloom.runner.request_tasks import RequestTask

VERSION = {"system": {"comfyui_version": "0.3.75"}}
CONTEXT = "model.diffusion_model.input_blocks.4.1.transformer_blocks.0.attn2.to_k.weight"
LOADER = {"CheckpointLoaderSimple": {"input": {"required": {"ckpt_name": [["ponyXL.safetensors", "x.safetensors"]]}}}}


@pytest.fixture(autouse=True)
def no_server(monkeypatch: pytest.MonkeyPatch) -> None:
    """None is started."""
    monkeypatch.setattr(processes, "ensure", lambda *arguments, **options: pytest.fail("a server was started"))


def model(path: Path, width: int = 2048) -> Path:
    """Write a model's header: SDXL's, or that of a UNet of another width."""
    shapes = {"model.diffusion_model.input_blocks.0.0.weight": [320, 4, 3, 3], CONTEXT: [640, width]}
    header = json.dumps({name: {"shape": shape} for name, shape in shapes.items()}).encode()
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(struct.pack("<Q", len(header)) + header)
    return path


def listed(capsys: pytest.CaptureFixture[str], *arguments: str) -> dict[str, Any]:
    assert cli.main(["models", "--json", *arguments]) == 0
    (line,) = capsys.readouterr().out.splitlines()
    event = json.loads(line)
    assert (event["schema"], event["type"]) == ("tagloom/1", "models")
    return event


def test_the_embedded_comfyui_s_models_are_listed_without_it(home, capsys):
    model(home / "models" / "checkpoints" / "sub" / "ponyDiffusionV6XL.safetensors")
    model(home / "models" / "unet" / "odd.safetensors", width=1024)
    (home / "models" / "checkpoints" / "notes.txt").write_text("no model")
    assert cli.main(["models"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "checkpoints:"
    assert lines[1].startswith(
        f"  {Path('sub', 'ponyDiffusionV6XL.safetensors')}: Pony Diffusion V6 XL, advanced (likely"
    )
    assert lines[2].startswith("  tagloom-tiny.safetensors: Tagloom Tiny, advanced (certain")
    assert lines[3] == "diffusion_models:"
    assert "Stable Diffusion 2" in lines[4] and "unknown" in lines[4]
    assert len(lines) == 5


def test_json(home, capsys):
    event = listed(capsys)
    (tiny,) = event["models"]
    assert event["place"] == str(home / "models")
    assert (tiny["name"], tiny["family"], tiny["confidence"]) == ("tagloom-tiny.safetensors", "tagloom_tiny", "certain")
    assert (tiny["use"], tiny["error"], tiny["folder"]) == ("advanced", "", "checkpoints")
    assert tiny["evidence"]


def test_a_checkout_s_models_and_its_extra_folders(tmp_path, capsys):
    tree, other = tmp_path / "comfy", tmp_path / "other"
    model(tree / "models" / "checkpoints" / "a_pony.safetensors")
    model(other / "ckpt" / "animagine-xl-4.0.safetensors")
    model(other / "ckpt" / "a_pony.safetensors", width=1024)
    model(tree / "near" / "illustriousXL.safetensors")
    for name in ("main.py", "folder_paths.py"):
        (tree / name).touch()
    (tree / "extra_model_paths.yaml").write_text(
        f"mine:\n  base_path: {other}\n  checkpoints: |\n    ckpt\n    missing\nhere:\n  unet: near\nodd: 5\n"
    )
    event = listed(capsys, "--comfyui", str(tree))
    found = {entry["name"]: (entry["folder"], entry["family"]) for entry in event["models"]}
    assert found == {
        "a_pony.safetensors": ("checkpoints", "pony_v6"),
        "animagine-xl-4.0.safetensors": ("checkpoints", "animagine_40"),
        "illustriousXL.safetensors": ("diffusion_models", "illustrious"),
    }


@pytest.mark.parametrize("text", ["", "[", "- a", "\0", "a: {checkpoints: 5, base_path: [1]}"])
def test_odd_extra_paths_stop_nothing(tmp_path, text):
    for name in ("main.py", "folder_paths.py"):
        (tmp_path / name).touch()
    (tmp_path / "extra_model_paths.yaml").write_text(text)
    assert list_folders(tmp_path).models == []


def test_no_models_and_no_comfyui(tmp_path, capsys):
    assert cli.main(["models", "--comfyui", str(tmp_path)]) == 2
    for name in ("main.py", "folder_paths.py"):
        (tmp_path / name).touch()
    assert cli.main(["models", "--comfyui", str(tmp_path)]) == 0
    assert capsys.readouterr().out == f"no models in {tmp_path / 'models'}\n"


def test_a_link_that_leads_back_ends(home):
    folder = home / "models" / "checkpoints"
    model(folder / "a.safetensors")
    (folder / "round").symlink_to(folder, target_is_directory=True)
    assert sorted(entry.name for entry in list_folders(None).models) == ["a.safetensors", "tagloom-tiny.safetensors"]


def test_a_server_with_the_pack_tells_all_itself(serve, capsys):
    entries = [{"name": "a", "folder": "checkpoints", "family": "pony_v6", "family_name": "Pony", "use": "advanced",
                "confidence": "likely", "evidence": ["tensor shapes"], "remarks": []}]  # fmt: skip
    server = serve({"GET /system_stats": VERSION, "GET /tagloom/models": {"schema": "tagloom/1", "models": entries}})
    assert cli.main(["models", "--server", server.url]) == 0
    assert capsys.readouterr().out == "checkpoints:\n  a: Pony, advanced (likely: tensor shapes)\n"
    assert server.paths() == ["GET /system_stats", "GET /tagloom/models"]


@pytest.mark.parametrize("odd", [{}, {"models": 5}, {"models": [5]}, [1], "x"])
def test_another_server_is_asked_for_names_and_metadata(serve, monkeypatch, capsys, odd):
    """Without the pack, or with one that answers nonsense, it is less sure."""
    server = serve(
        {
            "GET /system_stats": VERSION,
            "GET /tagloom/models": odd,
            "GET /object_info/CheckpointLoaderSimple": LOADER,
            "GET /models/diffusion_models": ["flux1-dev.safetensors", 5],
            "GET /view_metadata/checkpoints": {"modelspec.title": "Illustrious XL", "n": 5},
        }
    )
    monkeypatch.setenv("TAGLOOM_SERVER", server.url)
    event = listed(capsys)
    assert event["place"] == server.url
    found = {entry["name"]: (entry["folder"], entry["family"], entry["confidence"]) for entry in event["models"]}
    assert found == {
        "ponyXL.safetensors": ("checkpoints", "pony_v6", "guess"),
        "x.safetensors": ("checkpoints", "illustrious", "guess"),
        "flux1-dev.safetensors": ("diffusion_models", "flux1_dev", "guess"),
    }


def test_a_server_without_that_folder(serve):
    server = serve({"GET /system_stats": VERSION, "GET /object_info/CheckpointLoaderSimple": LOADER})
    assert [entry.name for entry in list_server(server.url).models] == ["ponyXL.safetensors", "x.safetensors"]


def test_a_user_s_own_family_is_known_and_a_broken_one_is_told(home, capsys):
    families = home / "families"
    families.mkdir(parents=True)
    (families / "my_merge.yaml").write_text("extends: illustrious")
    model(home / "models" / "checkpoints" / "my-merge.safetensors")
    assert {entry["family"] for entry in listed(capsys)["models"]} == {"my_merge", "tagloom_tiny"}
    (families / "my_merge.yaml").write_text("extends: illustrious\nuse: no")
    assert cli.main(["models"]) == 0
    printed = capsys.readouterr()
    assert "warning: " in printed.err and "my_merge.yaml: use " in printed.err


def test_a_faster_kind_brings_its_settings_to_the_sampler(core_schemas):
    """Its family's id alone would bring the usual ones; what is asked for comes before both."""

    class Client:
        url = "http://test:8188"
        schema = staticmethod(core_schemas.get)

        def checkpoints(self) -> list[str]:
            return ["juggernautXL_lightning.safetensors"]

        def checkpoint_metadata(self, name: str) -> dict[str, str]:
            return {}

    task = RequestTask("1", Request("a cat", cfg=2, seed=1))
    values = task.prepare(Client(), new_id()).values  # type: ignore[arg-type]
    assert values["family"] == "sdxl"
    settings = {name: values[name] for name in ("steps", "cfg", "sampler", "scheduler")}
    assert settings == {"steps": 8, "cfg": 2, "sampler": "euler", "scheduler": "sgm_uniform"}
