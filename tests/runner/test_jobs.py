from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
import websocket

import tagloom.runner.jobs.session as jobs
from tagloom.runner.errors import JobFailed, ServerUnavailable
from tagloom.runner.jobs.session import Finished, Job, JobStream, Progress

FIRST, SECOND, THIRD = (Job({"1": {}}, {"nodes": []}, name) for name in ("first", "second", "third"))
OUTPUTS = {"9": {"images": [{"filename": "a.png", "subfolder": "", "type": "output"}]}}
DONE = {"status": {"status_str": "success", "completed": True, "messages": []}, "outputs": OUTPUTS}
CLOSED = websocket.WebSocketConnectionClosedException("Connection to remote host was lost.")


class FakeClient:
    """A server without a network: its history can be scripted, and it notes what it is told."""

    url = "http://test:8188"
    websocket_url = "ws://test:8188/ws"
    is_local = True

    def __init__(self) -> None:
        self.submitted: list[str] = []
        self.cancelled: list[str] = []
        self.seen: list[list[str]] = []
        self.client_ids, self.refused, self.unreachable = set[str](), set[str](), set[str]()
        self.late = 0
        self.entries: dict[str, dict[str, Any]] = {}
        self.running: set[str] = set()

    def submit(self, graph: dict[str, Any], prompt_id: str, client_id: str, workflow: dict[str, Any]) -> None:
        if prompt_id in self.refused:
            raise JobFailed("refused")
        self.submitted.append(prompt_id)
        self.client_ids.add(client_id)
        self.running.add(prompt_id)

    def note_submitted(self) -> None:
        self.seen.append(list(self.submitted))

    def history(self, prompt_id: str) -> dict[str, Any] | None:
        if prompt_id in self.entries and self.late > 0:
            self.late -= 1
            return None
        return self.entries.get(prompt_id)

    def queued(self) -> tuple[set[str], set[str]]:
        return self.running - set(self.entries), set()

    def cancel(self, prompt_ids: list[str]) -> None:
        self.cancelled.extend(prompt_ids)
        if self.unreachable.intersection(prompt_ids):
            raise ServerUnavailable("gone")
        self.running -= set(prompt_ids)


class FakeSocket:
    """Gives its script's frames one by one: texts and bytes as they are, errors raised, functions called first."""

    def __init__(self, script: list[Any]) -> None:
        self.script = list(script)
        self.closed = False

    def recv(self) -> str | bytes:
        if not self.script:
            raise websocket.WebSocketTimeoutException("timed out")
        frame = self.script.pop(0)
        if callable(frame):
            frame()
            return self.recv()
        if isinstance(frame, Exception):
            raise frame
        return frame

    def settimeout(self, seconds: float) -> None:
        assert seconds == jobs.SILENCE

    def close(self) -> None:
        self.closed = True


def event(kind: str, job: Job = FIRST, **data: Any) -> str:
    return json.dumps({"type": kind, "data": {"prompt_id": job.id, **data}})


def left(job: Job) -> str:
    return event("executing", job, node=None)


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jobs, "WITHOUT_WEBSOCKET", 0.001)
    monkeypatch.setattr(jobs, "HISTORY_DELAY", 0.2)


@pytest.fixture
def client() -> FakeClient:
    return FakeClient()


@pytest.fixture
def connect(monkeypatch: pytest.MonkeyPatch, client: FakeClient) -> Callable[..., FakeSocket]:
    """Return a function that makes the next connection one to a scripted socket."""

    def scripted(*script: Any) -> FakeSocket:
        made = FakeSocket(list(script))

        def create(address: str, **options: Any) -> FakeSocket:
            assert client.submitted == []  # connected before anything is submitted
            made.address = address  # type: ignore[attr-defined]
            assert options["timeout"] == jobs.CONNECT_TIMEOUT
            return made

        monkeypatch.setattr(websocket, "create_connection", create)
        return made

    return scripted


def run(client: FakeClient, *wanted: Job) -> list[Progress | Finished]:
    with JobStream(client) as stream:  # type: ignore[arg-type]
        return list(stream.run(wanted))


def finish(client: FakeClient, *done: Job) -> Callable[[], None]:
    return lambda: client.entries.update({job.id: DONE for job in done})


def test_a_job_s_steps_and_its_end(client, connect):
    socket = connect(
        event("execution_start"),
        event("executing", node="3"),
        event("progress", value=1, max=2),
        event("progress", value=2, max=2),
        finish(client, FIRST),
        left(FIRST),
    )
    assert run(client, FIRST) == [Progress(FIRST, 1, 2), Progress(FIRST, 2, 2), Finished(FIRST, OUTPUTS)]
    assert socket.closed
    assert client.cancelled == []


def test_the_connection_and_the_jobs_share_one_client_id(client, connect):
    """Else the server would send the events to somebody else."""
    socket = connect(finish(client, FIRST), left(FIRST))
    run(client, FIRST)
    (client_id,) = client.client_ids
    assert socket.address == f"ws://test:8188/ws?clientId={client_id}"


def test_two_jobs_are_at_the_server_and_finish_in_their_own_order(client, connect):
    """One runs and one waits; the third is submitted when the first is done."""
    connect(
        lambda: client.note_submitted(),
        finish(client, FIRST),
        left(FIRST),
        event("progress", THIRD, value=1, max=1),
        finish(client, THIRD),
        event("execution_success", THIRD),
        finish(client, SECOND),
        left(SECOND),
    )
    events = run(client, FIRST, SECOND, THIRD)
    assert client.seen == [["first", "second"]]
    assert client.submitted == ["first", "second", "third"]
    assert [(type(found).__name__, found.job.id) for found in events] == [
        ("Finished", "first"),
        ("Progress", "third"),
        ("Finished", "third"),
        ("Finished", "second"),
    ]


def test_two_events_for_one_end_give_one_result(client, connect):
    connect(finish(client, FIRST), event("execution_success"), left(FIRST), finish(client, SECOND), left(SECOND))
    assert [found.job.id for found in run(client, FIRST, SECOND)] == ["first", "second"]


def test_a_history_that_comes_late_is_waited_for(client, connect):
    client.late = 3
    connect(finish(client, FIRST), left(FIRST))
    assert run(client, FIRST) == [Finished(FIRST, OUTPUTS)]
    assert client.late == 0


def test_a_history_that_never_comes_fails_the_job(client, connect):
    connect(left(FIRST))
    with pytest.raises(JobFailed, match="shows no result"):
        run(client, FIRST)


def test_a_silence_asks_the_history(client, connect):
    """The event that would have told the end was lost."""
    connect(event("progress", value=1, max=9), finish(client, FIRST))
    assert run(client, FIRST) == [Progress(FIRST, 1, 9), Finished(FIRST, OUTPUTS)]


@pytest.mark.parametrize("error", [CLOSED, ConnectionResetError("reset"), websocket.WebSocketProtocolException("?")])
def test_a_lost_websocket_leaves_the_history(client, connect, error):
    client.late = 1
    client.entries = {"first": DONE, "second": DONE}
    connect(event("progress", value=1, max=9), error)
    events = run(client, FIRST, SECOND)
    assert events[0] == Progress(FIRST, 1, 9)
    assert sorted(found.job.id for found in events[1:]) == ["first", "second"]
    assert client.cancelled == []


def test_a_job_that_is_neither_queued_nor_done_is_lost(client, connect):
    connect(client.running.clear)
    with pytest.raises(JobFailed, match="lost a job"):
        run(client, FIRST)


def test_a_job_that_ends_between_two_questions_is_not_lost(client, connect):
    """It is gone from the queue when that is asked, and in the history when that is asked again."""
    client.late = 1
    connect(client.running.clear, finish(client, FIRST))
    assert run(client, FIRST) == [Finished(FIRST, OUTPUTS)]


def test_a_failed_job_names_the_node_and_the_error(client, connect):
    error = {"node_id": "10", "node_type": "KSampler", "exception_message": "CUDA out of memory.\nTried to allocate\n"}
    messages = [["execution_start", {"prompt_id": "first"}], ["execution_error", error]]
    client.entries["first"] = {"status": {"status_str": "error", "messages": messages}, "outputs": {}}
    connect(event("execution_error"))
    with pytest.raises(JobFailed) as caught:
        run(client, FIRST, SECOND)
    assert str(caught.value) == "node 10 (KSampler) failed on http://test:8188: CUDA out of memory. Tried to allocate"
    assert client.cancelled == ["second"]


@pytest.mark.parametrize(
    ("entry", "words"),
    [
        ({"status": {"status_str": "error", "messages": [["execution_interrupted", {}]]}}, "interrupted"),
        ({"status": {"status_str": "error", "messages": []}}, "look into the server's log"),
        ({"status": {}}, "look into the server's log"),
        ({}, "look into the server's log"),
    ],
)
def test_other_ends_than_success_fail_the_job(client, connect, entry, words):
    client.entries["first"] = entry
    connect(event("execution_interrupted"))
    with pytest.raises(JobFailed, match=words):
        run(client, FIRST)


@pytest.mark.parametrize(
    "frame",
    [
        *("", "not JSON", "{", b"\x00\x00\x00\x01a preview", "null", "[]", "5", '"text"', "{}"),
        '{"type": "status", "data": {"status": {"exec_info": {"queue_remaining": 1}}, "sid": "x"}}',
        '{"type": "unknown", "data": {"prompt_id": "first"}}',
        *('{"type": "unknown"}', '{"type": "unknown", "data": null}', '{"type": "unknown", "data": "text"}'),
        '{"type": "crystools.monitor", "data": [1, 2]}',
        *('{"data": {"prompt_id": "first"}}', '{"type": null, "data": {"prompt_id": "first"}}'),
        '{"type": "unknown", "data": {"prompt_id": ["first"]}}',
        '{"type": "progress", "data": {"prompt_id": "first"}}',
        '{"type": "progress", "data": {"prompt_id": "first", "value": null, "max": null}}',
        '{"type": "progress_state", "data": {"prompt_id": "first", "nodes": {}}}',
        '{"type": "executing", "data": {"prompt_id": "first", "node": "3"}}',
        UnicodeDecodeError("utf-8", b"\xff", 0, 1, "invalid start byte"),
    ],
    ids=lambda frame: str(frame)[:60],
)
def test_frames_that_mean_nothing_here_are_passed_over(client, connect, frame):
    connect(frame, event("progress", value=1, max=2), finish(client, FIRST), left(FIRST))
    assert run(client, FIRST) == [Progress(FIRST, 1, 2), Finished(FIRST, OUTPUTS)]


def test_other_people_s_events_are_passed_over(client, connect):
    stranger = Job({}, {}, "stranger")
    connect(event("progress", stranger, value=1, max=2), left(stranger), finish(client, FIRST), left(FIRST))
    assert run(client, FIRST) == [Finished(FIRST, OUTPUTS)]


def test_an_error_takes_back_what_is_unfinished(client, connect):
    socket = connect(finish(client, FIRST), left(FIRST), event("progress", SECOND, value=1, max=9))
    with pytest.raises(KeyboardInterrupt), JobStream(client) as stream:  # type: ignore[arg-type]
        for found in stream.run([FIRST, SECOND, THIRD]):
            if isinstance(found, Progress):
                raise KeyboardInterrupt
    assert client.cancelled == ["second", "third"]
    assert socket.closed


def test_a_reader_that_stops_early_takes_back_what_is_unfinished(client, connect):
    connect(finish(client, FIRST), left(FIRST))
    with JobStream(client) as stream:  # type: ignore[arg-type]
        assert next(iter(stream.run([FIRST, SECOND]))) == Finished(FIRST, OUTPUTS)
    assert client.cancelled == ["second"]


def test_a_server_that_is_gone_does_not_hide_why_the_block_was_left(client, connect):
    client.unreachable = {"second"}
    connect(event("progress", value=1, max=9))
    with pytest.raises(KeyboardInterrupt), JobStream(client) as stream:  # type: ignore[arg-type]
        next(iter(stream.run([FIRST, SECOND])))
        raise KeyboardInterrupt
    assert client.cancelled == ["first", "second"]


def test_a_refused_job_takes_those_before_it_back(client, connect):
    client.refused = {"second"}
    connect()
    with pytest.raises(JobFailed, match="refused"):
        run(client, FIRST, SECOND, THIRD)
    assert client.submitted == ["first"]
    assert "first" in client.cancelled
    assert "third" not in client.cancelled


@pytest.mark.parametrize(
    "error",
    [ConnectionRefusedError(111, "refused"), websocket.WebSocketBadStatusException("Handshake status 403", 403)],
)
def test_a_server_without_a_websocket_is_unavailable(client, monkeypatch, error):
    def refuse(address: str, **options: Any) -> None:
        raise error

    monkeypatch.setattr(websocket, "create_connection", refuse)
    with pytest.raises(ServerUnavailable, match=r"no websocket at ws://test:8188/ws \("):
        run(client, FIRST)
    assert client.submitted == []
