"""What a websocket may send besides, and what a session makes of it; case (m) of the acceptance list."""

from __future__ import annotations

import json
import struct

import pytest

from tagloom.runner.jobs.events import JobChanged, JobEnded, JobPreviewed, JobStepped
from tagloom.runner.jobs.job import State
from tagloom.runner.jobs.session import Session
from tagloom.runner.server import channel
from tagloom.runner.server.channel import Channel, ChannelLost
from tagloom.runner.server.client import Client

from .fault_server.sockets import BINARY, CLOSE, TEXT
from .following import QUICK, end_of_one, ends, job


def code(outcome):
    return outcome.problem and outcome.problem.code


def previewing(run):
    run.begin()
    (socket,) = run.server.sockets
    about = json.dumps({"prompt_id": run.job.id, "node_id": "3"}).encode()
    run.step(1, 4, "3")
    socket.send_frame(BINARY, struct.pack(">II", 4, len(about)) + about + b"\xff\xd8\xff whose job is known")
    socket.send_frame(BINARY, struct.pack(">II", 1, 2) + b"\x89PNG\r\n\x1a\n of the job that runs")
    run.end()


def test_a_job_s_events_in_their_order(fault_server):
    server, wanted, events = fault_server(behave=previewing), job(), []
    with Session(Client(server.url), QUICK) as session:
        session.submit(wanted)
        ends(session, then=events.append)
    assert events[:-1] == [
        JobChanged(wanted.id, State.QUEUED),
        JobChanged(wanted.id, State.RUNNING),
        JobStepped(wanted.id, 1, 4, "3"),
        JobPreviewed(wanted.id, "3", b"\xff\xd8\xff whose job is known"),
        JobPreviewed(wanted.id, "", b"\x89PNG\r\n\x1a\n of the job that runs"),
    ]
    assert isinstance(events[-1], JobEnded) and events[-1].job_id == wanted.id


def test_a_node_that_blocks_others_leaves_outputs_out(fault_server):
    """The job goes on after that error, which the history does not keep."""

    def behave(run):
        run.begin()
        blocked = {"exception_type": "ExecutionBlocked", "exception_message": "Execution Blocked: not today"}
        run.tell("execution_error", {"prompt_id": "JOB", "node_id": "2", "node_type": "Save", **blocked})
        run._told.clear()
        run.server.pause(0.1)
        run.end()

    outcome = end_of_one(fault_server(behave=behave).url)
    assert (outcome.state, code(outcome)) == (State.PARTIAL, "node-blocked")
    assert "not today" in outcome.problem.message


def noise(run):
    """Case (m): what may come besides: unknown kinds, broken JSON, null outputs, and huge frames."""
    run.begin()
    (socket,) = run.server.sockets
    run.tell("executed", {"node": "1", "output": None, "prompt_id": "JOB"})
    run.tell("crystools.monitor", {"cpu": 3})
    for text in (b"{", b"[]", b"null", b'{"type": 3}', b'{"type": "executing"}', b'{"type": "progress", "data": []}'):
        socket.send_frame(TEXT, text)
    socket.send_frame(TEXT, b"\xff\xfe" + b"x" * 20_000_000)
    socket.send_frame(TEXT, b"[" * 100_000)
    for binary in (b"", b"\0", b"\0\0\0\1", b"\0\0\0\4\xff\xff\xff\xff{}", b"\0\0\0\4\0\0\0\2{}x", b"\0\0\0\7unknown"):
        socket.send_frame(BINARY, binary)
    run.tell("progress", {"prompt_id": "JOB", "value": "x", "max": None, "node": 1})
    socket.send_frame(TEXT, b'{"type": "exec', fin=False)
    socket.send_frame(0, b'ution_start", "data": {"prompt_id": "nobody"}}')
    run.end()


def test_what_nobody_understands_is_passed_over(fault_server):
    assert end_of_one(fault_server(behave=noise).url).state is State.DONE


@pytest.mark.parametrize("length", [2**40, 2**63 - 1])
def test_a_frame_without_an_end_is_not_read(fault_server, length):
    """The connection is given up, and the history tells the end."""

    def behave(run):
        run.begin()
        run.server.sockets[0].send_frame(TEXT, b"x", length=length)
        run.end()

    assert end_of_one(fault_server(behave=behave).url).state is State.DONE


def test_a_close_frame_is_obeyed(fault_server):
    def behave(run):
        run.begin()
        run.server.sockets[0].send_frame(CLOSE, b"\x03\xe8")
        run.end(tell=False)

    assert end_of_one(fault_server(behave=behave).url).state is State.DONE


def lost(opened):
    """Read until the connection is given up; return why."""
    with pytest.raises(ChannelLost) as caught:
        for _ in range(1000):
            opened.receive()
            opened.wait(0.01)
    opened.close()
    return str(caught.value)


def test_a_frame_or_message_beyond_all_bounds_ends_the_connection(fault_server, monkeypatch):
    """Before it is read, whether its header says so or its parts add up to it."""
    server = fault_server()
    opened = Channel(Client(server.url).address)
    server.sockets[-1].send_frame(TEXT, b"x", length=channel.FRAME_LIMIT + 1)
    assert "too long" in lost(opened)
    monkeypatch.setattr(channel, "FRAME_LIMIT", 1000)
    opened = Channel(Client(server.url).address)
    for opcode in (TEXT, 0, 0):
        server.sockets[-1].send_frame(opcode, b"x" * 400, fin=False)
    assert "too long" in lost(opened)
