"""`tagloom generate` against the real ComfyUI: what it saves, and what it leaves behind."""

import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import requests
from PIL import Image

from tagloom.prompt.hashing import hash_file
from tagloom.runner import Client, Request, cli
from tagloom.runner.fleet.executor import Changed
from tagloom.runner.places import PACKAGE
from tagloom.runner.server import client as server_client
from tagloom.runner.targets import Target

TAGS = "1girl, solo, fox girl, orange hair, smirk, black jacket, forest, fire, burning"


def inputs_of(graph, class_type):
    """Return the inputs of the one node of a class."""
    (inputs,) = [node["inputs"] for node in graph.values() if node["class_type"] == class_type]
    return inputs


def test_the_command_saves_pictures_with_all_that_made_them(server, tmp_path, capsys):
    out = tmp_path / "pictures"
    assert cli.main(["generate", TAGS, "--seed", "7", "--count", "2", "--out", str(out)]) == 0
    printed = capsys.readouterr()
    first, second = printed.out.splitlines()
    assert first == f"{out / '00001-7.png'}  256x256  seed 7"
    assert second == f"{out / '00002-8.png'}  256x256  seed 8"
    with Image.open(out / "00002-8.png") as image:
        image.load()
        assert image.size == (256, 256)
        texts = image.info
    graph, workflow = json.loads(texts["prompt"]), json.loads(texts["workflow"])
    assert inputs_of(graph, "KSampler")["seed"] == 8
    (enhancer,) = [node for node in workflow["nodes"] if node["type"] == "TagloomPromptEnhancer"]
    assert enhancer["widgets_values"][0] == TAGS
    tiny = hash_file(PACKAGE / "tiny" / "tagloom-tiny.safetensors").auto_v2
    assert texts["parameters"].splitlines() == [
        f"masterpiece, best quality, very aesthetic, absurdres, {TAGS}",
        "Negative prompt: worst quality, low quality, lowres, blurry, jpeg artifacts, watermark, signature, username",
        "Steps: 20, Sampler: Euler a, Schedule type: Normal, CFG scale: 4, Seed: 8, Size: 256x256, "
        f'Model hash: {tiny}, Model: tagloom-tiny, Clip skip: 2, Hashes: {{"model": "{tiny}"}}, Version: ComfyUI',
    ]


def test_nothing_of_ours_stays_on_the_server(server, installation, pictures, tmp_path):
    base = tmp_path / "base.png"
    Image.new("RGB", (256, 256), "red").save(base)
    ours = [installation.folder / name / "tagloom" for name in ("output", "input")]

    def files() -> set[Path]:
        return {path for folder in ours for path in folder.rglob("*") if path.is_file()}

    before = files()
    pictures(TAGS, steps=1, image=base)
    assert all(folder.is_dir() for folder in ours)
    assert files() <= before


def test_the_settings_reach_the_sampler(server, tmp_path):
    """Every setting of the command line stands in the picture's own graph."""
    request = Request(
        positive="1girl",
        negative="blue hair",
        enhance=False,
        steps=3,
        cfg=5.5,
        sampler="DPM++2M SDE Karras",
        clip_skip=3,
        seed=2**64 - 1,
        size="224x288",
    )
    (job,) = Client(out=tmp_path).run(request)
    with Image.open(job.files[0].path) as image:
        assert image.size == (224, 288)
        graph = json.loads(image.info["prompt"])
        parameters = image.info["parameters"]
    sampler = inputs_of(graph, "KSampler")
    assert (sampler["steps"], sampler["cfg"], sampler["seed"]) == (3, 5.5, 2**64 - 1)
    assert (sampler["sampler_name"], sampler["scheduler"]) == ("dpmpp_2m_sde", "karras")
    assert inputs_of(graph, "CLIPSetLastLayer")["stop_at_clip_layer"] == -3
    assert parameters.startswith("1girl\nNegative prompt: blue hair\nSteps: 3, Sampler: DPM++ 2M SDE, ")


def test_same_seed_same_pixels(pictures):
    first, again, other = (pictures(TAGS, seed=seed)[0] for seed in (11, 11, 12))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


def test_a_server_without_the_pack_makes_the_same_picture(pictures, monkeypatch):
    """The workflow in core nodes, its prompts worked out by the runner, gives the very same pixels."""
    with_pack = pictures(TAGS, seed=5)
    schema = server_client.Client.schema
    monkeypatch.setattr(
        server_client.Client, "schema", lambda self, name: None if name.startswith("Tagloom") else schema(self, name)
    )
    assert np.array_equal(pictures(TAGS, seed=5), with_pack)


def test_a_remote_server_tells_its_family_by_name(server, pictures):
    """Without access to the file, its name and the server's metadata must do."""
    remote = Target(server_client.Client(server.url))
    assert remote.detect("tagloom-tiny.safetensors").confidence == "guess"
    assert pictures("1girl", on=server.url, steps=1).shape == (1, 256, 256, 3)


def test_a_proxy_has_no_business_on_the_loopback(pictures, monkeypatch):
    """Many an office sets one for everything."""
    for name in ("http_proxy", "HTTP_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    assert pictures("1girl", steps=1).shape == (1, 256, 256, 3)


def test_json_events(server, tmp_path, capsys):
    assert cli.main(["generate", "1girl", "--steps", "4", "--json", "--out", str(tmp_path)]) == 0
    events = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    kinds = [event["type"] for event in events]
    assert kinds[:2] == ["warning", "plan"]
    assert kinds.count("progress") == 4
    assert kinds[-3:] == ["image", "job", "done"]
    assert {event["schema"] for event in events} == {"tagloom/1"}
    assert events[0]["message"] == "steps 4 is outside Tagloom Tiny's usual range, 12 to 40"
    assert (events[-1]["images"], events[-1]["image_tokens"]) == (1, 1)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--checkpoint", "tagloom-tyni"], "did you mean tagloom-tiny.safetensors?"),
        (["--family", "ilustrious"], "did you mean illustrious"),
    ],
)
def test_bad_names_are_told_in_one_line(server, tmp_path, capsys, arguments, says):
    out = tmp_path / "pictures"
    assert cli.main(["generate", "1girl", *arguments, "--out", str(out)]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert says in line
    assert not out.exists()


def test_ctrl_c_takes_back_its_own_jobs_and_no_others(server, tmp_path):
    """Interrupted in mid-run: exit code 130, nothing half-written, and another's waiting job still runs."""
    arguments = ["generate", "1girl", "--steps", "60", "--count", "3", "--json", "--out", str(tmp_path / "pictures")]
    command = [sys.executable, "-m", "tagloom.runner", *arguments]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    # Where the tests themselves run in the background, Ctrl-C is switched off: switch it on again for the command.
    with subprocess.Popen(command, **pipes, preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL)) as process:
        for line in process.stdout:
            if json.loads(line)["type"] == "progress":
                break
        other = Client(out=tmp_path / "other").submit(Request(positive="1boy", steps=1, seed=1))
        while not any(isinstance(event, Changed) for event in other.events()):
            pass
        process.send_signal(signal.SIGINT)
        saved = other.result(timeout=60)
        rest, errors = process.communicate(timeout=60)
    assert process.returncode == 130
    assert json.loads(rest.splitlines()[-1])["code"] == "cancelled"
    assert errors == ""
    assert len(saved) == 1
    assert list((tmp_path).glob("pictures/*.part")) == []
    deadline = time.monotonic() + 30
    while requests.get(f"{server.url}/prompt", timeout=10).json()["exec_info"]["queue_remaining"]:
        assert time.monotonic() < deadline, "a cancelled job is still there"
        time.sleep(0.1)
