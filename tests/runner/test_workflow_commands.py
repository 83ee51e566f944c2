"""`tagloom workflow ...` and `tagloom run`, as they are called."""

from __future__ import annotations

import io
import json
import sys

import pytest
from PIL import Image

from tagloom.runner.cli import main
from tagloom.runner.graph.workflows import shipped, shipped_names

from .plain_graph import node as api_node
from .plain_graph import plain, two_passes

TAGS = "Tags to Image"
KSAMPLER = "KSampler.seed=77"


@pytest.fixture
def info(schemas, tmp_path):
    """A file with a server's classes."""
    file = tmp_path / "object_info.json"
    file.write_text(json.dumps(schemas), encoding="utf-8")
    return str(file)


@pytest.fixture
def save(tmp_path):
    """Return a function that writes a workflow to a file and returns its path."""

    def write(document, name="flow.json"):
        file = tmp_path / name
        file.write_text(json.dumps(document), encoding="utf-8")
        return str(file)

    return write


@pytest.fixture
def server(fault_server, schemas):
    started = fault_server()
    started.object_info = schemas
    return started


def test_the_shipped_workflows_are_listed_with_their_inputs(ask):
    told = ask("workflow", "list")
    assert [entry["name"] for entry in told.event["workflows"]] == shipped_names()
    assert set(told.event["workflows"][0]["inputs"]) == set(shipped(shipped_names()[0])["extra"]["tagloom"]["inputs"])
    assert all(name in told.text for name in shipped_names())


def test_a_workflow_is_shown(ask, info):
    told = ask("workflow", "show", TAGS.lower(), "--object-info", info)
    inputs = {entry["name"]: entry["places"] for entry in told.event["inputs"]}
    assert inputs["seed"] == [{"node": "13", "input": "seed", "value": 4}]
    assert inputs["steps"][0] == {"node": "13", "input": "steps", "value": ["4", 2]}
    assert told.event["models"] == ["checkpoints/tagloom-tiny.safetensors"]
    assert told.event["outputs"] == ["15", "17"]
    assert "  seed              13.seed = 4\n" in told.text
    assert "13.steps from node 4, output 2" in told.text


def test_a_graph_is_shown_without_a_server(ask, save):
    told = ask("workflow", "show", save(plain()))
    assert told.event["format"] == "api"
    assert "3: First pass (KSampler)\n      seed = 5\n" in told.text


def test_short_names_are_shown_where_they_are_certain(ask, save, info):
    told = ask("workflow", "show", save(two_passes()), "--object-info", info)
    names = {entry["name"] for entry in told.event["inputs"]}
    assert {"positive", "negative", "width", "height", "checkpoint", "prefix"} <= names
    assert not {"seed", "steps", "denoise"} & names


def test_a_workflow_is_converted_with_values_in_it(ask, info):
    told = ask("workflow", "convert", TAGS, "--object-info", info, "--set", KSAMPLER)
    assert json.loads(told.text) == told.event["graph"]
    assert told.event["graph"]["13"]["inputs"]["seed"] == 77


def test_a_converted_workflow_is_written_to_a_file(ask, info, tmp_path):
    out = tmp_path / "api.json"
    told = ask("workflow", "convert", TAGS, "--object-info", info, "-o", str(out))
    assert json.loads(out.read_text(encoding="utf-8")) == told.event["graph"]
    missing = ask("workflow", "convert", TAGS, "--object-info", info, "-o", str(tmp_path / "no" / "api.json"))
    assert (missing.code, missing.event["type"]) == (5, "error")


def test_a_converted_workflow_is_run_like_the_workflow(ask, info, tmp_path):
    """What `convert` writes can be converted again, and stays the same."""
    out = str(tmp_path / "api.json")
    first = ask("workflow", "convert", TAGS, "--object-info", info, "-o", out)
    assert ask("workflow", "convert", out, "--object-info", info).event["graph"] == first.event["graph"]


def test_check_tells_all_problems_and_ends_with_5(ask, save, info):
    graph = plain()
    graph["3"]["inputs"]["steps"] = 0
    told = ask("workflow", "check", save(graph), "--object-info", info, "--set", "cfg=x", "--set", "checkpoint=no")
    assert told.code == 5
    assert [(each["node"], each["input"]) for each in told.event["problems"]] == [
        ("3", "cfg"),
        ("4", "ckpt_name"),
        ("3", "steps"),
    ]
    assert told.text.splitlines()[0] == "node 3 (First pass): cfg: 'x' is no FLOAT; give a number"
    assert told.notes == "3 problems\n"


def test_check_has_nothing_against_a_good_workflow(ask, save, info):
    told = ask("workflow", "check", save(plain()), "--object-info", info)
    assert (told.code, told.text, told.notes) == (0, "", "nothing keeps it from running\n")
    assert told.event == {"type": "checked", "problems": [], "warnings": []}


def test_missing_classes_are_problems_too(ask, save, info):
    document = {"nodes": [{"id": 1, "type": "Nowhere", "properties": {"cnr_id": "pack"}}], "links": []}
    told = ask("workflow", "check", save(document), "--object-info", info)
    assert told.code == 5
    assert told.text == "node 1 (Nowhere): the server has no node Nowhere; install the pack pack\n"


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        (["show", "tags to imag"], 2, "did you mean Tags to Image,"),
        (["check", TAGS, "--set", "stepz=3"], 2, "the workflow has no input 'stepz'; did you mean steps"),
        (["check", TAGS, "--set", "steps"], 2, "is not NAME=VALUE"),
        (["check", TAGS, "--values", "none.yaml"], 2, "none.yaml can't be read"),
    ],
)
def test_what_is_written_wrongly_is_told(ask, info, words, code, told):
    found = ask("workflow", *words, "--object-info", info)
    assert (found.code, found.event["type"]) == (code, "error")
    assert told in found.event["message"]


@pytest.mark.parametrize("contents", [b"[1]", b"{", b"\xff"])
def test_a_file_that_is_no_object_info_is_told(ask, tmp_path, contents):
    file = tmp_path / "info.json"
    file.write_bytes(contents)
    found = ask("workflow", "show", TAGS, "--object-info", str(file))
    assert (found.code, found.event["type"]) == (5, "error")


def test_values_come_from_standard_input_and_the_environment(ask, save, info, monkeypatch):
    monkeypatch.setenv("TAGLOOM_SET_STEPS", "7")
    words = ["workflow", "convert", save(plain()), "--object-info", info, "--values", "-"]
    graph = ask(*words, stdin="cfg: 3\nFirst pass: {seed: 8}\n").event["graph"]
    assert {name: graph["3"]["inputs"][name] for name in ("steps", "cfg", "seed")} == {"steps": 7, "cfg": 3, "seed": 8}


def run(capsys, *words):
    """Return the exit code, and the events of `tagloom run`."""
    code = main(["run", *words, "--json"])
    told = capsys.readouterr()
    return code, [json.loads(line) for line in told.out.splitlines()]


def test_a_run_saves_pictures_with_seeds_that_count_up(capsys, save, server, tmp_path):
    out = str(tmp_path / "out")
    code, events = run(capsys, save(plain()), "--server", server.url, "--count", "3", "--seed", "7", "--out", out)
    assert code == 0, events
    images = [event for event in events if event["type"] == "image"]
    assert sorted(event["seed"] for event in images) == [7, 8, 9]
    assert len(server.posted) == 3
    plan = next(event for event in events if event["type"] == "plan")
    assert plan["jobs"] == 3
    with Image.open(images[0]["path"]) as picture:
        assert picture.text["parameters"].startswith("1girl\nNegative prompt: blurry\nSteps: 20")
        assert f"Seed: {images[0]['seed']}, " in picture.text["parameters"]


def test_a_picture_of_an_editor_s_workflow_opens_as_it_was_run(capsys, save, server, tmp_path):
    words = [TAGS, "--server", server.url, "--set", "steps=9", "--seed", "5", "--out", str(tmp_path / "out")]
    code, events = run(capsys, *words)
    assert code == 0, events
    (image,) = (event for event in events if event["type"] == "image")
    with Image.open(image["path"]) as picture:
        document = json.loads(picture.text["workflow"])
    sampler = next(each for each in document["nodes"] if each["type"] == "KSampler")
    assert sampler["widgets_values"][:3] == [5, "randomize", 9]


def test_a_dry_run_posts_nothing_and_prints_the_graph(capsys, save, server, tmp_path):
    image = tmp_path / "photo.png"
    Image.new("RGB", (64, 32)).save(image)
    graph = plain() | {"20": api_node("LoadImage", image="x.png"), "21": api_node("PreviewImage", images=["20", 0])}
    words = [save(graph), "--server", server.url, "--set", "steps=4", "--set", f"image={image}", "--dry-run"]
    code, events = run(capsys, *words)
    assert (code, server.posted, server.uploads) == (0, [], [])
    assert events[-1]["graph"]["3"]["inputs"]["steps"] == 4
    assert events[-1]["graph"]["20"]["inputs"]["image"] == "tagloom/photo.png"
    code = main(["run", *words])
    assert json.loads(capsys.readouterr().out)["3"]["inputs"]["steps"] == 4


def test_a_file_is_uploaded_for_its_run(capsys, save, server, tmp_path):
    image = tmp_path / "photo.png"
    Image.new("RGB", (64, 32)).save(image)
    graph = plain() | {"20": api_node("LoadImage", image="x.png"), "21": api_node("PreviewImage", images=["20", 0])}
    words = [
        save(graph),
        "--server",
        server.url,
        "--set",
        f"image={image}",
        "--count",
        "2",
        "--out",
        str(tmp_path / "o"),
    ]
    code, events = run(capsys, *words)
    assert code == 0, events
    assert len(server.posted) == 2
    assert len(server.uploads) == 1


def test_nothing_is_posted_where_preflight_finds_something(capsys, save, server, tmp_path):
    graph = plain()
    graph["3"]["inputs"]["steps"] = 0
    code, events = run(capsys, save(graph), "--server", server.url, "--out", str(tmp_path / "out"))
    assert (code, events[-1]["code"], server.posted) == (5, "not-runnable", [])
    assert "steps: 0 is out of range" in events[-1]["message"]


def test_what_preflight_finds_can_be_passed_over(capsys, save, server, tmp_path):
    """A node may check its values itself, which no schema tells."""
    graph = plain()
    graph["3"]["inputs"]["steps"] = 0
    words = [save(graph), "--server", server.url, "--out", str(tmp_path / "out"), "--unchecked"]
    code, events = run(capsys, *words)
    assert (code, len(server.posted)) == (0, 1)
    assert "steps: 0 is out of range" in next(event["message"] for event in events if event["type"] == "warning")


def test_a_server_that_can_t_run_it_is_left_out_with_its_reason(capsys, save, fault_server, schemas, tmp_path):
    good, bare = fault_server(), fault_server()
    good.object_info = schemas
    out = str(tmp_path / "out")
    words = [save(plain()), "--server", bare.url, "--server", good.url, "--out", out]
    code, events = run(capsys, *words)
    assert code == 0, events
    assert any("the server has no node KSampler" in event["message"] for event in events if event["type"] == "warning")
    assert (len(good.posted), len(bare.posted)) == (1, 0)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--count", "0"], "count is 0"),
        (["--seed", "x"], "--seed is 'x'"),
        (["--seed", "-1"], "--seed is '-1'"),
        (["--set", "seeds=3"], "did you mean seed"),
    ],
)
def test_what_can_t_be_run_as_it_is_written_is_told(capsys, save, server, tmp_path, words, told):
    words = [*words[:1], f"={words[1]}"] if words[1].startswith("-") else words
    words = ["".join(words)] if words[-1].startswith("=") else words
    code, events = run(capsys, save(plain()), "--server", server.url, "--out", str(tmp_path / "out"), *words)
    assert (code, server.posted) == (2, [])
    assert told in events[-1]["message"]


def test_a_random_seed_is_told(capsys, save, server, tmp_path):
    words = [save(plain()), "--server", server.url, "--seed", "random", "--out", str(tmp_path / "out")]
    seeds = {next(e["seed"] for e in run(capsys, *words)[1] if e["type"] == "image") for _ in range(2)}
    assert len(seeds) == 2


def test_standard_input_is_bounded(ask, save, info, monkeypatch):
    monkeypatch.setattr(sys, "stdin", io.StringIO())
    told = ask("workflow", "check", save(plain()), "--object-info", info, "--values", "-", stdin="a" * (5 * 1024**2))
    assert "larger than 4 MB" in told.event["message"]
