"""Speaks ComfyUI's HTTP API with one server. Every failure is a `RunnerError` that names the server and the fix."""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import quote

from ..errors import JobFailed, JobRefused, NotComfyUI, ServerUnavailable
from ..jobs.job import Job, Problem
from ..outputs.clean import one_line
from . import files
from .address import Address
from .refusals import node_problems, refusal
from .wire import READ, Reply, Wire

LOOKS = 20.0
"""Seconds that a question about jobs may take: it is asked again anyway."""
POSTS = 60.0
"""Seconds that the server may take to check a job and queue it."""
GATEWAYS = (408, 409, 425, 429, 502, 503, 504)
"""Answers of a proxy behind which the server may have acted all the same."""


class Seen(NamedTuple):
    """What a server says of its jobs: who runs and who waits, if the queue was asked, and entries of the history."""

    running: frozenset[str] | None
    waiting: frozenset[str] | None
    ended: dict[str, dict[str, Any]]


class Client:
    """One ComfyUI server. It may be used from several threads; each keeps a connection of its own."""

    def __init__(self, address: Address | str) -> None:
        """Take the server's address; nothing is sent yet.

        Raises:
            UsageError: if it is no http address.
        """
        self.address = address if isinstance(address, Address) else Address.from_url(address)
        self.url = self.address.url
        self.websocket_url = self.address.websocket_url
        self.is_local = self.address.is_local
        self._wire = Wire(self.address)
        self._schemas: dict[str, dict[str, Any]] = {}
        self._has_all_schemas = False
        self._cancels_by_job: bool | None = None
        self._lock = threading.Lock()

    def version(self) -> str:
        """Return the server's ComfyUI version; the first question to ask it."""
        try:
            return one_line(str(self._json("/system_stats")["system"]["comfyui_version"]), 100)
        except (KeyError, TypeError) as error:
            raise self._not_comfy() from error

    def renew(self) -> None:
        """Forget what was kept of the server: it may have been started anew, with other nodes."""
        with self._lock:
            self._schemas, self._has_all_schemas, self._cancels_by_job = {}, False, None

    def object_info(self) -> dict[str, dict[str, Any]]:
        """Return every node class's entry of `/object_info`; kept until `renew`."""
        if not self._has_all_schemas:
            answer = self._json("/object_info")
            with self._lock:
                self._schemas = {name: entry for name, entry in answer.items() if isinstance(entry, dict)}
                self._has_all_schemas = True
        return self._schemas

    def schema(self, class_type: str) -> dict[str, Any] | None:
        """Return a node class's entry of `/object_info`, or None if the server has no such node; kept until `renew`."""
        entry = self._schemas.get(class_type)
        return entry if entry is not None or self._has_all_schemas else self._fresh_schema(class_type)

    def checkpoints(self) -> list[str]:
        """Return the names of the checkpoints that the server offers now."""
        required = (self._fresh_schema("CheckpointLoaderSimple") or {}).get("input", {}).get("required", {})
        kind, *details = required.get("ckpt_name", [[]])
        return list(kind if isinstance(kind, list) else details[0]["options"])

    def model_folders(self) -> list[str]:
        """Return the names of ComfyUI's model folders there."""
        return _names(self._ask("GET", "/models"))

    def model_names(self, folder: str) -> list[str]:
        """Return the names of the models in one of ComfyUI's model folders; empty where it has no such folder."""
        return _names(self._ask("GET", f"/models/{quote(folder, safe='')}"))

    def checkpoint_metadata(self, name: str, folder: str = "checkpoints") -> dict[str, str]:
        """Return the metadata in a model's header; empty where the server tells none."""
        metadata = _value(self._ask("GET", f"/view_metadata/{quote(folder, safe='')}", {"filename": name}))
        metadata = metadata if isinstance(metadata, dict) else {}
        return {key: value for key, value in metadata.items() if isinstance(value, str)}

    def tagloom_models(self) -> list[Any] | None:
        """Return the list of models that Tagloom's own nodes make there, or None where the server lacks them."""
        answer = _value(self._ask("GET", "/tagloom/models"))
        models = answer.get("models") if isinstance(answer, dict) else None
        return models if isinstance(models, list) else None

    def upload(self, path: Path, subfolder: str) -> str:
        """Send an input file; return the name under which the server knows it, which may be another."""
        with path.open("rb") as file:
            fields = {"type": "input", "subfolder": subfolder}
            answer = self._ask("POST", "/upload/image", files={"image": (path.name, file)}, data=fields)
        if not answer.ok:
            raise JobFailed(f"{self.url} refused the image {path} ({answer.status} {answer.reason})")
        stored = self._parsed(answer)
        if not isinstance(stored.get("name"), str):
            raise self._not_comfy()
        return f"{stored['subfolder']}/{stored['name']}" if stored.get("subfolder") else str(stored["name"])

    def submit(
        self, graph: dict[str, Any], prompt_id: str, client_id: str, workflow: dict[str, Any] | None
    ) -> tuple[Problem, ...]:
        """Queue a graph in API format under an id of our own; `workflow` goes into the files that it saves.

        Returns:
            Why the server left outputs of the graph out; empty if it took all of it.

        Raises:
            JobRefused: if the server refuses it; the message names the node and the reason.
            ServerUnavailable: if no answer came; `reached` tells whether it may have been queued all the same.
        """
        extra = {} if workflow is None else {"extra_pnginfo": {"workflow": workflow}}
        body = {"prompt": graph, "prompt_id": prompt_id, "client_id": client_id, "extra_data": extra}
        answer = self._ask("POST", "/prompt", json=body, patience=POSTS)
        if answer.status in GATEWAYS:
            raise ServerUnavailable(
                f"{self.url} answered {answer.status} {answer.reason}; mend the proxy in front of it"
            )
        if answer.kind == "text/html" and answer.status < 500:
            raise self._not_comfy()
        if not answer.ok:
            told = refusal(self.url, answer.status, _value(answer._replace(status=200)))
            raise JobRefused(told.message, told.node, told.class_type)
        reply = self._parsed(answer)
        self._check_id(prompt_id, reply.get("prompt_id"))
        return node_problems(self.url, reply.get("node_errors"), "partly-refused")

    def history(self, prompt_id: str) -> dict[str, Any] | None:
        """Return a job's entry in the history, or None while it has none."""
        entry = self._json(f"/history/{quote(prompt_id, safe='')}", LOOKS).get(prompt_id)
        return entry if isinstance(entry, dict) else None

    def posted(self, prompt_id: str) -> Job | None:
        """Return an ended job's graph and workflow, as they were posted, from the history; None if it has none."""
        sent = (self.history(prompt_id) or {}).get("prompt")
        if not isinstance(sent, list) or len(sent) < 4 or not isinstance(sent[2], dict):
            return None
        info = sent[3].get("extra_pnginfo") if isinstance(sent[3], dict) else None
        workflow = info.get("workflow") if isinstance(info, dict) else None
        return Job(sent[2], workflow if isinstance(workflow, dict) else None, prompt_id)

    def queued(self) -> tuple[set[str], set[str]]:
        """Return the ids of the running and of the waiting jobs, anybody's."""
        queue = self._json("/queue", LOOKS)
        return _ids(queue.get("queue_running")), _ids(queue.get("queue_pending"))

    def look_up(self, prompt_ids: list[str]) -> Seen:
        """Return where jobs stand: history, queue, and the history again for what is in neither.

        The server moves a job from its queue to its history in one step, so what neither has is not there.
        """
        ended = {name: entry for name in prompt_ids if (entry := self.history(name))}
        if len(ended) == len(prompt_ids):
            return Seen(None, None, ended)
        running, waiting = self.queued()
        gone = [name for name in prompt_ids if name not in ended and name not in running | waiting]
        ended |= {name: entry for name in gone if (entry := self.history(name))}
        return Seen(frozenset(running), frozenset(waiting), ended)

    def cancel(self, prompt_id: str) -> None:
        """Take a job back, waiting or running; nobody else's is touched, on any version of ComfyUI."""
        if self._cancelled_by_job(prompt_id):
            return
        self._ask("POST", "/queue", json={"delete": [prompt_id]}, patience=LOOKS)
        if prompt_id in self.queued()[0]:  # older servers interrupt whatever runs, whatever id they are told
            self._ask("POST", "/interrupt", json={"prompt_id": prompt_id}, patience=LOOKS)

    def download(self, file: dict[str, str], to: Path, limit: int = files.FILE_LIMIT) -> str:
        """Write an output file to a new file `to`; return its SHA-256. Nothing is left of half a file.

        Args:
            file: the file as the history names it.
            to: where it shall lie; a path of our own choice, whatever the server calls it.
            limit: the most bytes that it may have.

        Raises:
            OutputMissing: if the server no longer has it.
            OutputBroken: if it does not come whole, or has more than `limit` bytes.
            SaveError: if it can't be written.
        """
        return files.fetch(self._wire, self.url, file, to, limit)

    def _check_id(self, ours: str, theirs: Any) -> None:
        """Make sure that a job was queued under our id; before ComfyUI 0.3.45 the server chose one of its own."""
        if isinstance(theirs, str) and theirs != ours:
            self.cancel(theirs)
            raise JobRefused(
                f"{self.url} gives jobs ids of its own, so none can be followed safely; update its ComfyUI"
            )

    def _fresh_schema(self, class_type: str) -> dict[str, Any] | None:
        entry = self._json(f"/object_info/{quote(class_type, safe='')}").get(class_type)
        if not isinstance(entry, dict):
            return None
        with self._lock:
            self._schemas[class_type] = entry
        return entry

    def _cancelled_by_job(self, prompt_id: str) -> bool:
        """Cancel by the jobs API (ComfyUI 0.26 on), which knows every state; return whether the server has it."""
        if self._cancels_by_job is False:
            return False
        route = f"/api/jobs/{quote(prompt_id, safe='')}/cancel"
        answer = self._ask("POST", route, json={}, patience=LOOKS)
        known = isinstance(_value(answer._replace(status=200)), dict)  # a server without the route answers no JSON
        if known or answer.status in (404, 405):
            self._cancels_by_job = known
        return known

    def _ask(self, method: str, route: str, query: Mapping[str, str] | None = None, **options: Any) -> Reply:
        return self._wire.ask(method, route, query, **options)

    def _json(self, route: str, patience: float = READ) -> dict[str, Any]:
        answer = self._ask("GET", route, patience=patience)
        if not answer.ok:
            raise ServerUnavailable(f"{self.url}{route} answered {answer.status} {answer.reason}")
        return self._parsed(answer)

    def _parsed(self, answer: Reply) -> dict[str, Any]:
        reply = _value(answer)
        if not isinstance(reply, dict):
            raise self._not_comfy()
        return reply

    def _not_comfy(self) -> NotComfyUI:
        return NotComfyUI(f"{self.url} answers, but not as ComfyUI does; mend the address")


def _value(answer: Reply) -> Any:
    """Return what an answer says in JSON; None where it is refused or no JSON."""
    try:
        return json.loads(answer.body) if answer.ok else None
    except (ValueError, RecursionError):
        return None


def _names(answer: Reply) -> list[str]:
    names = _value(answer)
    return [name for name in names if isinstance(name, str)] if isinstance(names, list) else []


def _ids(items: Any) -> set[str]:
    """Return the ids in one half of `/queue`, whose items are lists: number, id, graph and more."""
    rows = [item for item in items if isinstance(item, list) and len(item) > 1] if isinstance(items, list) else []
    return {row[1] for row in rows if isinstance(row[1], str)}
