"""A workflow's runs as tasks: seeds, files, prefixes, what a server must have, and what is known of the picture."""

from __future__ import annotations

import pickle

import pytest

from tagloom.runner.errors import NotRunnable, UsageError
from tagloom.runner.fleet.tasks import Model
from tagloom.runner.graph.convert import to_api
from tagloom.runner.graph.reading import Document
from tagloom.runner.graph.workflows import own_schemas, shipped
from tagloom.runner.server.client import Client
from tagloom.runner.uploads import local_file, local_files
from tagloom.runner.workflow_ground import ground_of, made_ground
from tagloom.runner.workflow_tasks import made_task, seeded, workflow_tasks

from .drawing import node, workflow
from .plain_graph import node as api_node
from .plain_graph import plain, two_passes

TAGS = "Tags to Image"


def api(graph):
    return Document("api", graph, "graph.json")


def ui(document, name="flow.json"):
    return Document("ui", document, name)


class Server(Client):
    """A server of these classes that notes down what is uploaded, and how often it is asked for a class."""

    def __init__(self, schemas):
        super().__init__("http://test:8188")
        self.classes = schemas
        self.uploads = []

    def schema(self, class_type):
        return self.classes.get(class_type)

    def checkpoint_metadata(self, name, folder="checkpoints"):
        return {}

    def upload(self, path, subfolder):
        self.uploads.append((path.name, subfolder, path.read_bytes()))
        return f"{subfolder}/{path.name}"


@pytest.fixture
def server(schemas):
    return Server(schemas)


@pytest.fixture
def bare(core_schemas):
    """A server without the pack."""
    return Server(core_schemas)


def test_a_job_saves_under_its_own_name_and_remembers_the_graph_s(server):
    prepared = made_task(api(plain()), {"steps": 3}).prepare(server, "job-1")
    assert prepared.job.id == "job-1"
    assert prepared.job.graph["9"]["inputs"]["filename_prefix"] == "tagloom/job-1"
    assert prepared.values["prefix"] == "ComfyUI"
    assert prepared.job.graph["3"]["inputs"]["steps"] == 3
    assert prepared.job.workflow is None


def test_what_the_graph_tells_is_known(server):
    prepared = made_task(api(plain()), {"seed": 9, "sampler": "Euler a", "size": "64x128"}).prepare(server, "j")
    expected = {"seed": 9, "positive": "1girl", "negative": "blurry", "width": 64, "height": 128, "steps": 20}
    expected |= {"cfg": 7.0, "sampler": "euler_ancestral", "scheduler": "normal", "denoise": 1.0}
    assert prepared.values == expected | {"checkpoint": "tagloom-tiny.safetensors", "prefix": "ComfyUI"}
    assert prepared.parameters == (
        "1girl\nNegative prompt: blurry\nSteps: 20, Sampler: Euler a, Schedule type: Normal, CFG scale: 7, Seed: 9, "
        "Size: 64x128, Model: tagloom-tiny, Version: ComfyUI"
    )


def test_what_is_made_in_the_run_is_not_told(server):
    graph = plain()
    graph["3"]["inputs"] |= {"seed": ["20", 0], "positive": ["20", 1]}
    graph["20"] = api_node("Maker", other="not this", seed=1)
    prepared = made_task(api(graph), {}).prepare(server, "j")
    assert {"seed", "positive"} & prepared.values.keys() == set()
    assert prepared.parameters == ""


def test_a_picture_opens_as_it_was_run(server, schemas):
    task = made_task(ui(shipped(TAGS)), {"seed": 7, "steps": 9, "positive": "1girl, smile"})
    prepared = task.prepare(server, "j")
    again = to_api(prepared.job.workflow, schemas.get)
    assert again.pop("15")["inputs"]["filename_prefix"] == "Tagloom"
    assert again == {key: entry for key, entry in prepared.job.graph.items() if key != "15"}
    assert (prepared.values["seed"], prepared.values["steps"]) == (7, 9)
    assert "1girl, smile" in prepared.values["positive"]


def test_a_server_without_the_pack_gets_core_nodes_and_the_same_is_known(server, bare):
    task = made_task(ui(shipped(TAGS)), {"seed": 7})
    with_pack, without = task.prepare(server, "j"), task.prepare(bare, "j")
    assert {entry["class_type"][:7] for entry in without.job.graph.values()} & {"Tagloom"} == set()
    assert (with_pack.values, with_pack.parameters) == (without.values, without.parameters)
    assert "Size: 256x256" in without.parameters
    assert with_pack.job.workflow == without.job.workflow


def test_seeds_count_up_from_the_first(schemas):
    ground = made_ground(api(plain()), schemas.get)
    assert [row["seed"] for row in seeded(ground, {}, 3, None)] == [5, 6, 7]
    assert [row["seed"] for row in seeded(ground, {"seed": "9"}, 2, None)] == [9, 10]
    assert [row["seed"] for row in seeded(ground, {"seed": 9, "steps": 1}, 2, 2**64 - 1)] == [2**64 - 1, 0]
    assert seeded(ground, {"steps": 1}, 1, None) == [{"steps": 1}]


def test_several_seeds_are_no_certain_one(schemas):
    ground = made_ground(api(two_passes()), schemas.get)
    assert seeded(ground, {}, 1, None) == [{}]
    with pytest.raises(UsageError, match="could be any of 2 inputs"):
        seeded(ground, {}, 2, None)


def test_the_picture_s_seed_is_the_one_that_was_given(server):
    """Not the second pass's, which the workflow keeps."""
    prepared = made_task(ui(shipped("High-Resolution Second Pass")), {"seed": 77}).prepare(server, "j")
    assert prepared.values["seed"] == 77
    assert "Seed: 77" in prepared.parameters


def test_a_task_says_what_it_needs(schemas):
    rows = [{}, {"steps": 40, "size": "1024x1024"}, {"batch": 2, "size": "1024x1024"}]
    tasks = [*workflow_tasks(api(plain()), rows, schemas.get)]
    assert [task.key for task in tasks] == ["1", "2", "3"]
    assert {task.needs.models for task in tasks} == {(Model("checkpoints", "tagloom-tiny.safetensors"),)}
    assert {task.needs.group for task in tasks} == {"tagloom-tiny.safetensors"}
    assert tasks[0].needs.classes == {entry["class_type"] for entry in plain().values()}
    assert [round(task.needs.units, 3) for task in tasks] == [0.375, 2.0, 2.0]


def test_tagloom_s_own_nodes_are_no_need(schemas):
    (task,) = workflow_tasks(ui(shipped(TAGS)), [{}], schemas.get)
    assert not [name for name in task.needs.classes if name.startswith("Tagloom")]
    (task,) = workflow_tasks(ui(shipped("Prompt Matrix")), [{}], schemas.get)
    assert "TagloomPromptMatrix" in task.needs.classes


def test_a_task_travels(schemas, server, tmp_path, make_png):
    file = tmp_path / "photo.png"
    file.write_bytes(make_png(64, 32))
    (task,) = workflow_tasks(ui(shipped("Base Image to Image")), [{"image": str(file)}], schemas.get)
    there = pickle.loads(pickle.dumps(task))
    file.unlink()
    prepared = there.prepare(server, "j")
    assert server.uploads[0][2] == make_png(64, 32)
    assert prepared.job.graph["9"]["inputs"]["image"].endswith("/photo.png")
    assert prepared.values["steps"] == 20  # which is known, as the picture's size is


def test_a_file_is_sent_once_to_each_server(schemas, server, tmp_path, make_png):
    for name in ("a.png", "b.png"):
        (tmp_path / name).write_bytes(make_png())
    rows = [{"image": str(tmp_path / name)} for name in ("a.png", "a.png", "b.png")]
    tasks = [*workflow_tasks(ui(shipped("Base Image to Image")), rows, schemas.get)]
    names = [task.prepare(server, "j").job.graph["9"]["inputs"]["image"] for task in tasks]
    assert [name for name, _, _ in server.uploads] == ["a.png", "b.png"]
    assert names[0] == names[1] != names[2]
    tasks[0].prepare(Server(schemas), "j")
    assert len(server.uploads) == 2


def test_names_of_files_start_from_the_table_s_folder(schemas, tmp_path, make_png):
    (tmp_path / "a.png").write_bytes(make_png())
    (task,) = workflow_tasks(ui(shipped("Base Image to Image")), [{"image": "a.png"}], schemas.get, folder=tmp_path)
    assert [*task.files] == ["a.png"]


def test_only_pictures_are_sent_as_pictures(tmp_path, make_png):
    """A table of somebody else's must not make us send any file that it names."""
    secret = tmp_path / "secret.txt"
    secret.write_text("key")
    assert local_files([str(secret), "1girl", 5, None, "x" * 5000 + ".png", "\0.png"]) == {}
    disguised = tmp_path / "secret.png"
    disguised.write_text("key")
    with pytest.raises(UsageError, match="can't be read as a picture"):
        local_file(disguised)


def test_a_text_that_is_a_file_s_name_stays_a_text(schemas, server, tmp_path, monkeypatch, make_png):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "photo.png").write_bytes(make_png())
    (task,) = workflow_tasks(api(plain()), [{"positive": "photo.png"}], schemas.get)
    assert task.prepare(server, "j").job.graph["6"]["inputs"]["text"] == "photo.png"
    assert server.uploads == []


def test_a_file_that_is_nowhere_is_told(schemas):
    with pytest.raises(UsageError, match=r"'foto\.jpg' is neither a file here nor one of the server's"):
        [*workflow_tasks(ui(shipped("Base Image to Image")), [{"image": "foto.jpg"}], schemas.get)]


def test_a_workflow_is_converted_once_for_a_server(server):
    document = ui(shipped(TAGS))
    assert ground_of(server, document) is ground_of(server, document)
    assert ground_of(Server(server.classes), document) is not ground_of(server, document)


def test_random_choices_in_a_workflow_s_texts_follow_the_seed(server):
    document = ui(workflow(node(1, "CLIPTextEncode", "{a|b|c|d|e|f}"), node(2, "KSampler", *range(7))))
    texts = [
        made_task(document, {"2.seed": 1, "seed": seed}).prepare(server, "j").job.graph["1"]["inputs"]["text"]
        for seed in (1, 1, 2, 3, 4)
    ]
    assert texts[0] == texts[1]
    assert len({*texts}) > 1


def test_missing_classes_are_refused_when_a_task_is_prepared(server):
    with pytest.raises(NotRunnable, match=r"http://test:8188: node 1 \(Nowhere\): the server has no node Nowhere"):
        made_task(ui(workflow(node(1, "Nowhere"))), {}).prepare(server, "j")


def test_the_pack_s_own_checkpoint_list_is_the_server_s(bare):
    bare.classes = {**bare.classes, "CheckpointLoaderSimple": {"input": {"required": {"ckpt_name": [["mine.ckpt"]]}}}}
    known = made_ground(ui(shipped("The Whole Specification")), bare.schema).schemas
    assert known("TagloomModelPicker")["input"]["required"]["ckpt_name"] == [["mine.ckpt"]]
    assert own_schemas()["TagloomModelPicker"]["input"]["required"]["ckpt_name"] != [["mine.ckpt"]]
