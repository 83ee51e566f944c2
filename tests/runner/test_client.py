from __future__ import annotations

import json
import socket
import threading

import pytest

from tagloom.runner.errors import JobFailed, JobRefused, OutputMissing, ServerUnavailable
from tagloom.runner.jobs.job import Job
from tagloom.runner.server.client import Client

STATS = {"system": {"comfyui_version": "0.3.75", "argv": ["main.py"]}, "devices": []}
PAGE = (200, "text/html", b"<!doctype html><title>Welcome to nginx!</title>")
GRAPH = {"1": {"class_type": "KSampler", "inputs": {}}}
REFUSAL = {
    "error": {
        "type": "prompt_outputs_failed_validation",
        "message": "Prompt outputs failed validation",
        "details": "",
        "extra_info": {},
    },
    "node_errors": {
        "2": {
            "errors": [
                {
                    "type": "return_type_mismatch",
                    "message": "Return type mismatch between linked nodes",
                    "details": "images, received_type(LATENT) mismatch input_type(IMAGE)",
                    "extra_info": {"input_name": "images", "linked_node": ["1", 0]},
                }
            ],
            "dependent_outputs": ["2"],
            "class_type": "SaveImage",
        }
    },
}
UNKNOWN_CLASS = {
    "error": {
        "type": "invalid_prompt",
        "message": "Cannot execute because node NoSuchNode does not exist.",
        "details": "Node ID '#1'",
        "extra_info": {},
    },
    "node_errors": {},
}


def status(code: int, kind: str = "text/plain", body: bytes = b"") -> tuple[int, str, bytes]:
    return code, kind, body


def as_json(code: int, value: object) -> tuple[int, str, bytes]:
    return code, "application/json", json.dumps(value).encode()


def test_the_version_is_comfyui_s(serve):
    assert Client(serve({"GET /system_stats": STATS}).url).version() == "0.3.75"


def test_a_path_in_front_of_the_routes_is_kept(serve):
    server = serve({"GET /comfy/system_stats": STATS})
    assert Client(f"{server.url}/comfy").version() == "0.3.75"


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (status(404), ["404"]),
        (status(401), ["401"]),
        (status(500), ["500"]),
        (status(503, "text/html", b"<html>"), ["503"]),
        (PAGE, ["not as ComfyUI"]),
        (as_json(200, []), ["not as ComfyUI"]),
        (as_json(200, "text"), ["not as ComfyUI"]),
        (as_json(200, {}), ["not as ComfyUI"]),
        (as_json(200, {"system": None}), ["not as ComfyUI"]),
        (as_json(200, {"system": {}}), ["not as ComfyUI"]),
        (status(200, "application/json", b""), ["not as ComfyUI"]),
    ],
)
def test_what_does_not_answer_as_comfyui_does_is_refused_by_its_address(serve, answer, words):
    server = serve({"GET /system_stats": answer})
    with pytest.raises(ServerUnavailable) as caught:
        Client(server.url).version()
    assert server.url in str(caught.value)
    assert all(word in str(caught.value) for word in words)


def test_a_server_that_does_not_answer_is_named_with_the_ways_out():
    with socket.socket() as closed:  # bound, but nobody listens
        closed.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{closed.getsockname()[1]}"
        with pytest.raises(ServerUnavailable) as caught:
            Client(url).version()
    assert all(word in str(caught.value) for word in (url, "--server", "TAGLOOM_SERVER", "embedded"))
    assert "\n" not in str(caught.value)


def test_a_server_that_hangs_up_is_unavailable():
    with socket.create_server(("127.0.0.1", 0)) as server:
        thread = threading.Thread(target=lambda: server.accept()[0].close())
        thread.start()
        with pytest.raises(ServerUnavailable, match="no answer"):
            Client(f"http://127.0.0.1:{server.getsockname()[1]}").queued()
        thread.join()


def test_a_proxy_is_not_asked_about_the_loopback(serve, monkeypatch):
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    assert Client(serve({"GET /system_stats": STATS}).url).version() == "0.3.75"


def test_schemas(serve, schemas):
    server = serve({"GET /object_info/KSampler": {"KSampler": schemas["KSampler"]}, "GET /object_info/NoSuchNode": {}})
    client = Client(server.url)
    assert client.schema("KSampler") == schemas["KSampler"]
    assert client.schema("NoSuchNode") is None


def test_a_class_s_name_can_t_leave_its_route(serve):
    server = serve({"GET /object_info/..%2Fqueue%3Fx": {}})
    assert Client(server.url).schema("../queue?x") is None


@pytest.mark.parametrize(
    ("inputs", "expected"),
    [
        ({"required": {"ckpt_name": [["a", "b"], {}]}}, ["a", "b"]),
        ({"required": {"ckpt_name": [["a"]]}}, ["a"]),
        ({"required": {"ckpt_name": ["COMBO", {"options": ["a", "b"]}]}}, ["a", "b"]),
        ({"required": {"ckpt_name": [[], {}]}}, []),
        ({}, []),
    ],
)
def test_checkpoints_of_older_and_newer_servers(serve, inputs, expected):
    answer = {"CheckpointLoaderSimple": {"input": inputs}}
    assert Client(serve({"GET /object_info/CheckpointLoaderSimple": answer}).url).checkpoints() == expected


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (as_json(200, {"modelspec.title": "A title"}), {"modelspec.title": "A title"}),
        (status(404), {}),
        (PAGE, {}),
        (as_json(200, None), {}),
    ],
)
def test_a_checkpoint_s_metadata_is_empty_where_the_server_tells_none(serve, answer, expected):
    server = serve({"GET /view_metadata/checkpoints": answer})
    assert Client(server.url).checkpoint_metadata("folder/a b.safetensors") == expected
    assert server.asked[0][1].endswith("?filename=folder%2Fa+b.safetensors")


def test_uploading_sends_the_image_and_returns_its_name_there(serve, tmp_path, make_png):
    path = tmp_path / "base.png"
    path.write_bytes(make_png())
    server = serve({"POST /upload/image": {"name": "base (1).png", "subfolder": "tagloom", "type": "input"}})
    assert Client(server.url).upload(path, "tagloom") == "tagloom/base (1).png"
    ((_, _, body),) = server.asked
    assert make_png() in body
    assert b'name="image"; filename="base.png"' in body
    assert b"tagloom" in body


def test_a_server_without_subfolders_is_understood(serve, tmp_path):
    (tmp_path / "base.png").write_bytes(b"x")
    server = serve({"POST /upload/image": {"name": "base.png"}})
    assert Client(server.url).upload(tmp_path / "base.png", "tagloom") == "base.png"


def test_a_refused_upload_names_the_image(serve, tmp_path):
    (tmp_path / "base.png").write_bytes(b"x")
    server = serve({"POST /upload/image": status(413)})
    with pytest.raises(JobFailed, match=r"base\.png.*413"):
        Client(server.url).upload(tmp_path / "base.png", "tagloom")


def test_submitting_sends_graph_id_and_workflow(serve):
    server = serve({"POST /prompt": {"prompt_id": "id-1", "number": 1, "node_errors": {}}})
    Client(server.url).submit(GRAPH, "id-1", "client-1", {"nodes": []})
    ((_, _, body),) = server.asked
    assert json.loads(body) == {
        "prompt": GRAPH,
        "prompt_id": "id-1",
        "client_id": "client-1",
        "extra_data": {"extra_pnginfo": {"workflow": {"nodes": []}}},
    }


@pytest.mark.parametrize(
    ("reply", "words"),
    [
        (REFUSAL, ["node 2 (SaveImage)", "Return type mismatch", "received_type(LATENT)"]),
        (UNKNOWN_CLASS, ["NoSuchNode does not exist"]),
        ({"error": "out of luck"}, ["out of luck"]),
    ],
)
def test_a_refusal_names_the_node_and_the_reason(serve, reply, words):
    server = serve({"POST /prompt": as_json(400, reply)})
    with pytest.raises(JobRefused) as caught:
        Client(server.url).submit(GRAPH, "id-1", "client-1", {})
    assert "\n" not in str(caught.value)
    assert all(word in str(caught.value) for word in (server.url, *words))
    assert server.paths() == ["POST /prompt"]


def test_a_server_that_chooses_ids_itself_is_too_old(serve):
    """Its job is taken back at once; ComfyUI takes ids since 0.3.45."""
    queue = {"queue_running": [[0, "theirs", {}]], "queue_pending": []}
    reply = {"prompt_id": "theirs", "number": 1, "node_errors": {}}
    server = serve(
        {"POST /prompt": reply, "POST /queue": status(200), "GET /queue": queue, "POST /interrupt": status(200)}
    )
    with pytest.raises(JobRefused, match="update its ComfyUI"):
        Client(server.url).submit(GRAPH, "id-1", "client-1", None)
    assert json.loads(server.asked[-1][2]) == {"prompt_id": "theirs"}


def test_half_a_graph_is_told_of(serve):
    """Where the server accepts a part of the graph only, the reasons come back; whoever posted it decides."""
    reply = {"prompt_id": "id-1", "node_errors": REFUSAL["node_errors"]}
    (problem,) = Client(serve({"POST /prompt": reply}).url).submit(GRAPH, "id-1", "client-1", None)
    assert (problem.code, problem.node, problem.class_type) == ("partly-refused", "2", "SaveImage")


def test_a_job_without_a_workflow_sends_none(serve):
    server = serve({"POST /prompt": {"prompt_id": "id-1", "number": 1, "node_errors": {}}})
    assert Client(server.url).submit(GRAPH, "id-1", "client-1", None) == ()
    assert json.loads(server.asked[0][2])["extra_data"] == {}


@pytest.mark.parametrize(
    ("answer", "words"),
    [(PAGE, "not as ComfyUI"), (status(502, "text/html", b"<html>Bad gateway"), "502.*proxy"), (status(409), "409")],
)
def test_an_answer_that_leaves_open_whether_the_job_was_queued(serve, answer, words):
    with pytest.raises(ServerUnavailable, match=words) as caught:
        Client(serve({"POST /prompt": answer}).url).submit(GRAPH, "id-1", "client-1", {})
    assert caught.value.reached


def test_history(serve):
    entry = {"outputs": {}, "status": {"status_str": "success"}}
    server = serve({"GET /history/id-1": {"id-1": entry}, "GET /history/id-2": {}})
    client = Client(server.url)
    assert client.history("id-1") == entry
    assert client.history("id-2") is None


def test_the_queue_s_ids(serve):
    queue = {"queue_running": [[0, "a", {}, {}, []]], "queue_pending": [[1, "b", {}], [2, "c", {}]]}
    assert Client(serve({"GET /queue": queue}).url).queued() == ({"a"}, {"b", "c"})


@pytest.mark.parametrize(("running", "interrupted"), [("id-1", True), ("somebody-else", False)])
def test_cancelling_interrupts_only_a_job_of_its_own(serve, running, interrupted):
    queue = {"queue_running": [[0, running, {}]], "queue_pending": [[1, "another", {}]]}
    server = serve({"POST /queue": status(200), "GET /queue": queue, "POST /interrupt": status(200)})
    client = Client(server.url)
    client.cancel("id-1")
    posts = [(path, json.loads(body)) for method, path, body in server.asked if method == "POST"]
    assert posts[:2] == [("/api/jobs/id-1/cancel", {}), ("/queue", {"delete": ["id-1"]})]
    assert posts[2:] == ([("/interrupt", {"prompt_id": "id-1"})] if interrupted else [])
    client.cancel("id-1")
    assert server.paths().count("POST /api/jobs/id-1/cancel") == 1  # it is known not to be there


@pytest.mark.parametrize("answer", [{"cancelled": True}, as_json(404, {"error": "Job not found"})])
def test_a_server_with_the_jobs_api_is_asked_once(serve, answer):
    """ComfyUI 0.26 and later; not run against a real one."""
    server = serve({"POST /api/jobs/id-1/cancel": answer})
    Client(server.url).cancel("id-1")
    assert server.paths() == ["POST /api/jobs/id-1/cancel"]


def test_jobs_are_looked_up_in_history_queue_and_history_again(serve):
    """What moves from the queue to the history between two questions is not overlooked."""
    entry = {"outputs": {}, "status": {"status_str": "success"}}
    queue = {"queue_running": [[0, "b", {}]], "queue_pending": [[1, "c", {}], "x", [2], [3, None]]}
    server = serve({"GET /history/a": {"a": entry}, "GET /queue": queue, **{f"GET /history/{x}": {} for x in "bcd"}})
    seen = Client(server.url).look_up(["a", "b", "c", "d"])
    assert seen == ({"b"}, {"c"}, {"a": entry})
    asked = [f"GET /history/{name}" for name in "abcd"]
    assert server.paths() == [*asked, "GET /queue", "GET /history/d"]


def test_what_was_posted_is_read_from_the_history(serve):
    prompt = [3, "a", GRAPH, {"extra_pnginfo": {"workflow": {"nodes": []}}}, ["1"]]
    server = serve({"GET /history/a": {"a": {"prompt": prompt}}, "GET /history/b": {"b": {"prompt": 3}}})
    assert Client(server.url).posted("a") == Job(GRAPH, {"nodes": []}, "a")
    assert Client(server.url).posted("b") is None


def test_all_node_classes_are_asked_for_once_until_they_are_renewed(serve):
    server = serve({"GET /object_info": {"A": {"input": {}}, "B": 3}, "GET /object_info/C": {}})
    client = Client(server.url)
    assert client.schema("C") is None
    assert client.object_info() == {"A": {"input": {}}} == client.object_info()
    assert client.schema("A") == {"input": {}}
    assert client.schema("C") is None
    assert server.paths() == ["GET /object_info/C", "GET /object_info"]
    client.renew()
    client.object_info()
    assert server.paths().count("GET /object_info") == 2


def test_model_folders_and_names(serve):
    server = serve({"GET /models": ["checkpoints", "loras", 3], "GET /models/loras": ["a", None]})
    client = Client(server.url)
    assert (client.model_folders(), client.model_names("loras")) == (["checkpoints", "loras"], ["a"])
    assert client.model_names("no such") == []


def test_an_output_is_asked_for_as_the_history_names_it(serve, make_png, tmp_path):
    server = serve({"GET /view": (200, "image/png", make_png())})
    file = {"filename": "a b.png", "subfolder": "tagloom", "type": "output", "other": "x"}
    Client(server.url).download(file, tmp_path / "a.png")
    assert (tmp_path / "a.png").read_bytes() == make_png()
    assert server.asked[0][1] == "/view?filename=a+b.png&subfolder=tagloom&type=output"


def test_an_output_that_is_gone_fails_the_job(serve, tmp_path):
    with pytest.raises(OutputMissing, match=r"a\.png.*404"):
        Client(serve({}).url).download({"filename": "a.png"}, tmp_path / "a.png")
