"""Talks HTTP to one ComfyUI server. Every failure becomes a `RunnerError` that names the server and the fix."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

import requests

from ..errors import JobFailed, ServerUnavailable, UsageError

TIMEOUT = (5, 60)
"""Seconds to connect, and to wait for an answer."""
LOOPBACK = {"localhost", "127.0.0.1", "::1"}


class Client:
    """One ComfyUI server; `url` may have a path in front of the routes, behind a proxy."""

    def __init__(self, url: str) -> None:
        """Take the server's address; nothing is sent yet.

        Raises:
            UsageError: if it is no http address.
        """
        try:
            parts = urlsplit(url if "//" in url else f"http://{url}")
            _ = parts.port  # raises for one that is none
        except ValueError:
            parts = urlsplit("")
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise UsageError(f"server address {url!r} is not understood; write for example http://127.0.0.1:8188")
        self.url = parts.geturl().rstrip("/")
        self.websocket_url = f"ws{self.url.removeprefix('http')}/ws"
        self._session = requests.Session()
        self.is_local = parts.hostname in LOOPBACK
        if self.is_local:
            self._session.trust_env = False  # a proxy has no business on the loopback

    def version(self) -> str:
        """Return the server's ComfyUI version; the first question to ask it."""
        try:
            return str(self._json("/system_stats")["system"]["comfyui_version"])
        except (KeyError, TypeError) as error:
            raise self._not_comfy() from error

    def schema(self, class_type: str) -> dict[str, Any] | None:
        """Return a node class's entry of `/object_info`, or None if the server has no such node."""
        entry = self._json(f"/object_info/{quote(class_type, safe='')}").get(class_type)
        return entry if isinstance(entry, dict) else None

    def checkpoints(self) -> list[str]:
        """Return the names of the checkpoints that the server offers."""
        schema = self.schema("CheckpointLoaderSimple") or {}
        kind, *details = schema.get("input", {}).get("required", {}).get("ckpt_name", [[]])
        return list(kind if isinstance(kind, list) else details[0]["options"])

    def model_names(self, folder: str) -> list[str]:
        """Return the names of the models in one of ComfyUI's model folders; empty where it has no such folder."""
        answer = self._get(f"/models/{quote(folder, safe='')}")
        try:
            names = answer.json() if answer.ok else []
        except ValueError:
            return []
        return [name for name in names if isinstance(name, str)] if isinstance(names, list) else []

    def checkpoint_metadata(self, name: str, folder: str = "checkpoints") -> dict[str, str]:
        """Return the metadata in a model's header; empty where the server tells none."""
        answer = self._get(f"/view_metadata/{quote(folder, safe='')}", filename=name)
        try:
            metadata = dict(answer.json()) if answer.ok else {}
        except (ValueError, TypeError):
            return {}
        return {key: value for key, value in metadata.items() if isinstance(value, str)}

    def tagloom_models(self) -> list[Any] | None:
        """Return the list of models that Tagloom's own nodes make there, or None where the server lacks them."""
        answer = self._get("/tagloom/models")
        try:
            models = answer.json().get("models") if answer.ok else None
        except (ValueError, AttributeError):
            return None
        return models if isinstance(models, list) else None

    def upload(self, path: Path, subfolder: str) -> str:
        """Send an input image; return the name under which the server knows it."""
        with path.open("rb") as file:
            fields = {"type": "input", "subfolder": subfolder}
            answer = self._send("POST", "/upload/image", files={"image": (path.name, file)}, data=fields)
        if not answer.ok:
            raise JobFailed(f"{self.url} refused the image {path} ({answer.status_code} {answer.reason})")
        stored = self._parsed(answer)
        return f"{stored['subfolder']}/{stored['name']}" if stored.get("subfolder") else str(stored["name"])

    def submit(self, graph: dict[str, Any], prompt_id: str, client_id: str, workflow: dict[str, Any]) -> None:
        """Queue a graph in API format under an id of our own; `workflow` goes into the files that it saves.

        Raises:
            JobFailed: if the server refuses it; the message names the node and the reason.
        """
        body = {
            "prompt": graph,
            "prompt_id": prompt_id,
            "client_id": client_id,
            "extra_data": {"extra_pnginfo": {"workflow": workflow}},
        }
        answer = self._send("POST", "/prompt", json=body)
        reply = self._parsed(answer)
        if not answer.ok or reply.get("node_errors"):
            if answer.ok:  # part of the graph was accepted: half a picture is nobody's wish
                self.cancel([prompt_id])
            raise JobFailed(_refusal(self.url, reply))

    def history(self, prompt_id: str) -> dict[str, Any] | None:
        """Return a job's entry in the history, or None while it has none."""
        entry = self._json(f"/history/{prompt_id}").get(prompt_id)
        return entry if isinstance(entry, dict) else None

    def queued(self) -> tuple[set[str], set[str]]:
        """Return the ids of the running and of the waiting jobs, anybody's."""
        queue = self._json("/queue")
        return {item[1] for item in queue["queue_running"]}, {item[1] for item in queue["queue_pending"]}

    def cancel(self, prompt_ids: list[str]) -> None:
        """Take jobs out of the queue, and interrupt the one of them that runs; nobody else's is touched."""
        self._send("POST", "/queue", json={"delete": prompt_ids})
        running, _ = self.queued()
        for prompt_id in running.intersection(prompt_ids):
            self._send("POST", "/interrupt", json={"prompt_id": prompt_id})

    def view(self, file: dict[str, str]) -> bytes:
        """Return the bytes of an output file, as the history names it."""
        wanted = {key: file.get(key, "") for key in ("filename", "subfolder", "type")}
        answer = self._get("/view", **wanted)
        if not answer.ok:
            raise JobFailed(f"{self.url} no longer has its output {wanted['filename']} ({answer.status_code})")
        return answer.content

    def _get(self, route: str, **query: str) -> requests.Response:
        return self._send("GET", route, params=query)

    def _send(self, method: str, route: str, **options: Any) -> requests.Response:
        try:
            return self._session.request(method, f"{self.url}{route}", timeout=TIMEOUT, **options)
        except requests.RequestException as error:
            raise ServerUnavailable(
                f"no answer from {self.url} ({type(error).__name__}); is ComfyUI running there? Start it, mend the "
                "address in --server or TAGLOOM_SERVER, or leave both out to use the embedded ComfyUI"
            ) from error

    def _json(self, route: str) -> dict[str, Any]:
        answer = self._get(route)
        if not answer.ok:
            raise ServerUnavailable(f"{self.url}{route} answered {answer.status_code} {answer.reason}")
        return self._parsed(answer)

    def _parsed(self, answer: requests.Response) -> dict[str, Any]:
        try:
            reply = answer.json()
        except ValueError as error:
            raise self._not_comfy() from error
        if not isinstance(reply, dict):
            raise self._not_comfy()
        return reply

    def _not_comfy(self) -> ServerUnavailable:
        return ServerUnavailable(f"{self.url} answers, but not as ComfyUI does; mend the address")


def _refusal(url: str, reply: dict[str, Any]) -> str:
    reasons = []
    for node, entry in (reply.get("node_errors") or {}).items():
        for error in entry.get("errors", []):
            reasons.append(f"node {node} ({entry.get('class_type')}): {error.get('message')}: {error.get('details')}")
    if not reasons:
        error = reply.get("error")
        reasons = [str(error.get("message", error) if isinstance(error, dict) else error)]
    return f"{url} refused the job: {'; '.join(reasons)}"
