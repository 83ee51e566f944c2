"""Records what a real ComfyUI sends and keeps for small jobs, with ids and times taken out, as `recorded.json`.

Run it with: python tests/runner/fault_server/record.py URL  (of a server that has the tiny checkpoint)
"""

from __future__ import annotations

import json
import sys
import uuid
from pathlib import Path
from typing import Any

import requests
import websocket

NAME = uuid.uuid4().hex
CLIENT = str(uuid.uuid4())
SECRET = {"traceback": [], "sid": "CLIENT", "client_id": "CLIENT"}


def node(class_type: str, **inputs: Any) -> dict[str, Any]:
    """Return a node in API format."""
    return {"class_type": class_type, "inputs": inputs}


def image(color: int) -> dict[str, Any]:
    """Return a node that makes a picture."""
    return node("EmptyImage", width=64, height=64, batch_size=1, color=color)


def saved(source: str, prefix: str = f"folder/{NAME}") -> dict[str, Any]:
    """Return a node that saves a picture."""
    return node("SaveImage", images=[source, 0], filename_prefix=prefix)


def graphs(checkpoint: str) -> dict[str, dict[str, Any]]:
    """Return the jobs by their names, in the order in which they are done."""
    sampler = {"seed": 1, "steps": 2, "cfg": 1.0, "sampler_name": "euler", "scheduler": "normal", "denoise": 1.0}
    ends = {"model": ["1", 0], "positive": ["2", 0], "negative": ["2", 0], "latent_image": ["3", 0]}
    slow = {"1": node("EmptyImage", width=4096, height=4096, batch_size=1, color=5), "12": saved("11")}
    for number in range(2, 12):
        scale = {"upscale_method": "lanczos", "width": 4096 - number, "height": 4096, "crop": "disabled"}
        slow[str(number)] = node("ImageScale", image=[str(number - 1), 0], **scale)
    return {
        "success": {"1": image(1), "2": saved("1")},
        "cached": {"1": image(1), "2": saved("1")},
        "failure": {"1": image(2), "2": saved("1", f"../../out{NAME}")},
        "sampler": {
            "1": node("CheckpointLoaderSimple", ckpt_name=checkpoint),
            "2": node("CLIPTextEncode", text=NAME, clip=["1", 1]),
            "3": node("EmptyLatentImage", width=64, height=64, batch_size=1),
            "4": node("KSampler", **ends, **sampler),
            "5": node("VAEDecode", samples=["4", 0], vae=["1", 2]),
            "6": saved("5", f"folder/tiny{NAME}"),
        },
        "interrupted": slow,
    }


def refused(tiny: dict[str, Any]) -> dict[str, Any]:
    """Return what is refused, whole or in part, by names of what is wrong with it."""
    unknown = {**tiny, "1": node("CheckpointLoaderSimple", ckpt_name="nope.safetensors")}
    return {
        "no-prompt": None,
        "unknown-class": {"1": node("NoSuchNode")},
        "no-outputs": {"1": image(1)},
        "invalid": {"1": image(-1), "2": saved("1")},
        "missing-input": {"2": node("SaveImage", filename_prefix="x")},
        "bad-link": {"2": saved("11")},
        "value-not-in-list": unknown,
        "type": {"3": tiny["3"], "6": saved("3")},
        "no-class": {"1": {"inputs": {}}},
        "partial": {"1": image(9), "2": saved("1"), "3": image(-9), "4": saved("3")},
    }


def clean(value: Any, start: int) -> Any:
    """Return a value with times since `start`, and without what differs from run to run."""
    if isinstance(value, dict):
        times = {name: value[name] - start for name in ("timestamp", "create_time") if name in value}
        return {name: SECRET.get(name, clean(inner, start)) for name, inner in value.items()} | times
    return [clean(inner, start) for inner in value] if isinstance(value, list) else value


def record(url: str, socket: websocket.WebSocket, name: str, graph: dict[str, Any]) -> dict[str, Any]:
    """Do a job; return its frames and its entry in the history."""
    job_id, frames, interrupted = str(uuid.uuid4()), [], False
    body = {"prompt": graph, "prompt_id": job_id, "client_id": CLIENT}
    requests.post(f"{url}/prompt", json=body, timeout=60).raise_for_status()
    while not frames or frames[-1]["type"] != "executing" or frames[-1]["data"]["node"] is not None:
        message = json.loads(socket.recv())
        if message["type"] not in ("feature_flags",) and "sid" not in message["data"]:
            frames.append(message)
        if name == "interrupted" and message["type"] == "executing" and not interrupted:
            interrupted = bool(requests.post(f"{url}/interrupt", json={"prompt_id": job_id}, timeout=60))
    entry = requests.get(f"{url}/history/{job_id}", timeout=60).json()[job_id]
    start = entry["status"]["messages"][0][1]["timestamp"]
    told = {"frames": frames, "history": {"outputs": entry["outputs"], "status": entry["status"]}}
    return json.loads(json.dumps(clean(told, start)).replace(job_id, "JOB").replace(NAME, "NAME"))


def main(url: str) -> None:
    """Write the recording; what the server says of its own folders is to be taken out by hand."""
    system = requests.get(f"{url}/system_stats", timeout=60).json()["system"]
    loader = requests.get(f"{url}/object_info/CheckpointLoaderSimple", timeout=60).json()["CheckpointLoaderSimple"]
    jobs = graphs(loader["input"]["required"]["ckpt_name"][0][0])
    socket = websocket.create_connection(f"ws{url[4:]}/ws?clientId={CLIENT}", suppress_origin=True, timeout=60)
    told: dict[str, Any] = {"core": f"ComfyUI {system['comfyui_version']}"}
    for name, graph in jobs.items():
        told[name] = record(url, socket, name, graph)
    socket.close()
    told["refusals"] = {}
    for name, graph in refused(jobs["sampler"]).items():
        answer = requests.post(f"{url}/prompt", json={} if graph is None else {"prompt": graph}, timeout=60)
        body = json.loads(answer.text.replace(NAME, "NAME"))
        told["refusals"][name] = {"status": answer.status_code, "body": clean(body, 0)}
    (Path(__file__).parent / "recorded.json").write_text(json.dumps(told, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1])
