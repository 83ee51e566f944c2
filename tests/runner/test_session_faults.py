"""What servers and networks do to one job, and how it ends: the cases of the acceptance list, by their letters.

They run against the fault server, which sends what ComfyUI 0.3.75 was recorded to send. What is said of 0.3.45, 0.3.64
and 0.33 follows their source and was not run against those cores. `tests/comfy/test_faults.py` does some for real.
"""

from __future__ import annotations

import json
import threading
import time
from dataclasses import replace

import pytest

from tagloom.runner.errors import CODES, ServerUnavailable
from tagloom.runner.jobs import link
from tagloom.runner.jobs.job import State
from tagloom.runner.jobs.session import Session
from tagloom.runner.server.client import Client

from .fault_server import GENERATIONS, Run
from .fault_server.refusals import REFUSALS
from .fault_server.server import RECORDED
from .following import QUICK, end_of_one, ends, job, until


def code(outcome):
    return outcome.problem and outcome.problem.code


@pytest.mark.parametrize("generation", GENERATIONS)
def test_a_job_is_done(fault_server, generation):
    outcome = end_of_one(fault_server(generation).url)
    assert (outcome.state, outcome.problem) == (State.DONE, None)
    assert outcome.outputs["2"]["images"][0]["subfolder"] == "tests"
    assert 0 <= outcome.seconds < 1


@pytest.mark.parametrize("late", [0.0, 0.05, 1.0])
def test_a_history_that_is_late_is_waited_for(fault_server, late):
    """Case (a)."""
    server = fault_server(behave=lambda run: (run.begin(), run.end(late=late)))
    assert end_of_one(server.url).state is State.DONE


def test_a_history_that_never_comes_loses_the_job(fault_server):
    """Case (a), beyond its limit."""
    server = fault_server(behave=lambda run: (run.begin(), run.end(late=3600)))
    outcome = end_of_one(server.url, options=replace(QUICK, waits=QUICK.waits._replace(leaving=0.3)))
    assert (outcome.state, code(outcome)) == (State.LOST, "no-result")


def test_a_job_that_ended_before_anybody_listened_is_found_in_the_history(fault_server):
    """Case (b): posted by an earlier process, and done before this one connects."""
    server, wanted = fault_server(), job()
    Client(server.url).submit(wanted.graph, wanted.id, "somebody", None)
    while wanted.id not in server.done:
        time.sleep(0.01)
    with Session(Client(server.url), QUICK) as session:
        session.adopt(wanted.id)
        (outcome,) = ends(session)
    assert outcome.state is State.DONE
    assert server.posted == [wanted.id]


def test_a_websocket_that_breaks_off_leaves_the_history(fault_server):
    """Case (c): the job ends while nobody listens, and no event is sent again."""

    def behave(run):
        run.begin()
        run.server.drop()
        run.end(tell=False)

    server = fault_server(behave=behave)
    assert end_of_one(server.url).state is State.DONE


def test_a_new_connection_has_a_new_name(fault_server):
    """Case (c): an old name would let the server drop the new socket with the old one."""
    server = fault_server(behave=lambda run: (run.begin(), run.server.drop(), run.server.pause(0.3), run.end()))
    names = []
    with Session(Client(server.url), QUICK) as session:
        session.submit(job())
        ends(session, then=lambda event: names.extend(socket.client_id for socket in server.sockets))
        session.submit(job())
        ends(session, then=lambda event: names.extend(socket.client_id for socket in server.sockets))
    assert len(set(names)) >= 2


def test_a_socket_that_is_evicted_silently_is_not_relied_on(fault_server):
    """Case (d): it stays open, and nothing comes any more."""

    def behave(run):
        run.begin()
        for socket in run.server.sockets:
            socket.mute = True
        run.end()

    assert end_of_one(fault_server(behave=behave).url).state is State.DONE


def test_a_dead_connection_is_noticed_by_its_pings(fault_server, monkeypatch):
    """Case (d): what does not answer a ping is closed, and opened anew."""
    monkeypatch.setattr(link, "PING", 0.1)
    server = fault_server()
    with Session(Client(server.url), QUICK) as session:
        (first,) = server.sockets
        first.mute = True
        deadline = time.monotonic() + 5
        while server.sockets in ([first], []) and time.monotonic() < deadline:
            session.poll(0.05)
        assert server.sockets and first not in server.sockets[-1:]


def test_a_restarted_server_lost_the_job(fault_server):
    """Case (e): killed while it works; its history is empty when it is back."""
    server = fault_server(behave=lambda run: (run.begin(), run.server.pause(3600)))
    with Session(Client(server.url), QUICK) as session:
        session.submit(job())
        until(session, State.RUNNING)
        restarting = threading.Thread(target=server.restart, kwargs={"after": 0.3})
        restarting.start()
        (outcome,) = ends(session)
        restarting.join()
        assert (outcome.state, code(outcome)) == (State.LOST, "job-lost")
        server.behave = Run.succeed
        session.submit(job())  # the session lives on
        assert ends(session)[0].state is State.DONE
    assert len(server.posted) == 2


def test_a_server_that_never_comes_back_ends_the_session(fault_server):
    """Case (e)."""
    server = fault_server(behave=lambda run: (run.begin(), run.server.pause(3600)))
    with Session(Client(server.url), replace(QUICK, patience=0.5)) as session:
        session.submit(job())
        until(session, State.RUNNING)
        server.stop()
        (outcome,) = ends(session)
        assert (outcome.state, code(outcome)) == (State.LOST, "server-unavailable")
        assert session.down.code == "server-unavailable"
        with pytest.raises(ServerUnavailable, match="no answer"):
            session.poll(0)
        with pytest.raises(ServerUnavailable, match="no answer"):
            session.submit(job())
    server.start()


@pytest.mark.parametrize(
    ("behave", "options"),
    [
        (lambda run: (run.begin(), run.server.pause(3600)), {"silence": 0.6}),
        (lambda run: (setattr(run.server, "running", None), run.server.pause(3600)), {"silence": 0.6}),
    ],
    ids=["a job that never ends", "a job that vanishes"],
)
def test_a_server_that_answers_and_does_not_work_is_given_up(fault_server, behave, options):
    """Case (f): every answer is 200, but no event comes and nothing is finished."""
    server = fault_server(behave=behave)
    with Session(Client(server.url), replace(QUICK, **options, waits=QUICK.waits._replace(known=60))) as session:
        session.submit(job())
        session.submit(job())
        outcomes = ends(session, 2)
    assert {(outcome.state, code(outcome)) for outcome in outcomes} == {(State.LOST, "server-stuck")}
    assert session.down.code == "server-stuck"


def test_a_worker_that_is_dead_is_given_up_before_its_silence_is(fault_server):
    """Case (f): jobs wait, and none runs."""
    server = fault_server()
    server.answers["POST /prompt"] = _queued_for_ever
    with Session(Client(server.url), replace(QUICK, idle=0.5)) as session:
        session.submit(job())
        (outcome,) = ends(session)
    assert (outcome.state, code(outcome)) == (State.LOST, "server-stuck")
    assert "leaves its queue alone" in outcome.problem.message


def _queued_for_ever(server, body):
    from .fault_server.server import Posted

    given = json.loads(body)
    server.pending.append(Posted(given["prompt_id"], given["prompt"], given["client_id"], {}))
    return 200, "application/json", json.dumps({"prompt_id": given["prompt_id"], "node_errors": {}}).encode()


@pytest.mark.parametrize("answer", ["drop", (504, "text/html", b"<html>Gateway timeout")])
def test_a_post_without_an_answer_is_looked_up_and_not_repeated(fault_server, answer):
    """Case (g): the server took it."""

    def taken_in_silence(server, body):
        from .fault_server.server import Posted

        given = json.loads(body)
        server.queue(Posted(given["prompt_id"], given["prompt"], given["client_id"], {}))
        return answer

    server = fault_server()
    server.answers["POST /prompt"] = taken_in_silence
    wanted = job()
    assert end_of_one(server.url, wanted).state is State.DONE
    assert server.posted == [wanted.id]


def test_a_post_without_an_answer_that_never_arrived_is_lost(fault_server):
    """Case (g): the caller may post it again, under another id."""
    server = fault_server()
    server.answers["POST /prompt"] = "drop"
    outcome = end_of_one(server.url)
    assert (outcome.state, code(outcome)) == (State.LOST, "post-unanswered")
    assert server.asked.count("POST /prompt") == 1


def partly_accepted(server, body):
    from .fault_server.server import Posted

    given = json.loads(body)
    server.queue(Posted(given["prompt_id"], given["prompt"], given["client_id"], {}))
    return (
        200,
        "application/json",
        json.dumps({**RECORDED["refusals"]["partial"]["body"], "prompt_id": given["prompt_id"]}).encode(),
    )


def test_a_graph_of_which_outputs_are_left_out_fails_and_is_taken_back(fault_server):
    """Case (h)."""
    server = fault_server(behave=lambda run: (run.server.pause(0.5), run.succeed()))
    server.answers["POST /prompt"] = partly_accepted
    wanted = job()
    outcome = end_of_one(server.url, wanted)
    assert (outcome.state, code(outcome)) == (State.FAILED, "partly-refused")
    assert outcome.problem.node == "3"
    assert "node 3 (EmptyImage): Value -9 smaller than min of 0: color" in outcome.problem.message
    while server.running or server.pending:
        time.sleep(0.01)
    assert server.interrupts == [wanted.id] or wanted.id not in server.done


def test_a_graph_of_which_outputs_are_left_out_is_partly_done_where_that_is_accepted(fault_server):
    """Case (h)."""
    server = fault_server()
    server.answers["POST /prompt"] = partly_accepted
    outcome = end_of_one(server.url, options=replace(QUICK, accept_partial=True))
    assert (outcome.state, code(outcome)) == (State.PARTIAL, "partly-refused")
    assert outcome.outputs


@pytest.mark.parametrize(("name", "body"), REFUSALS, ids=[name for name, _ in REFUSALS])
def test_a_refusal_fails_the_job_with_the_server_s_reason(fault_server, name, body):
    """Case (i): each 400 that 0.3.75 was recorded to give, and what is known of newer ones."""
    server = fault_server()
    server.answers["POST /prompt"] = (400, "application/json", json.dumps(body).encode())
    outcome = end_of_one(server.url)
    assert (outcome.state, code(outcome)) == (State.FAILED, "job-refused")
    message = outcome.problem.message
    assert message.startswith(f"{server.url} refused the job: ") and "\n" not in message
    for node, entry in body.get("node_errors", {}).items():
        assert entry is None or f"node {node} (" in message
    if name == "missing_node_type":
        assert (outcome.problem.node, outcome.problem.class_type) == ("7", "NoSuchNode")
    assert server.asked.count("POST /prompt") == 1


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        ({}, "job-failed"),
        ({"exception_type": "torch.OutOfMemoryError", "exception_message": "Allocation on device 0"}, "out-of-memory"),
        ({"exception_message": "CUDA out of memory. Tried to allocate 2 GiB"}, "out-of-memory"),
        ({"exception_message": "[enforce fail] DefaultCPUAllocator: can't allocate memory"}, "out-of-memory"),
        ({"exception_message": "\x1b]0;mine\x07bad\nnews", "node_id": 7}, "job-failed"),
    ],
)
def test_a_node_that_fails_is_named_with_its_error(fault_server, error, expected):
    """Case (j)."""
    server = fault_server(behave=lambda run: (run.begin("failure"), run.fail(**error)))
    outcome = end_of_one(server.url)
    assert (outcome.state, code(outcome)) == (State.FAILED, expected)
    assert outcome.problem.class_type == "SaveImage"
    assert outcome.problem.node == str(error.get("node_id", "2"))
    assert outcome.problem.message.isprintable()


def test_a_job_that_somebody_else_interrupts_says_so(fault_server):
    """Case (j)."""
    server = fault_server(behave=lambda run: (run.begin(), run.server.pause(3600)))
    with Session(Client(server.url), QUICK) as session:
        session.submit(job())
        until(session, State.RUNNING)
        server.interrupt(None)
        (outcome,) = ends(session)
    assert (outcome.state, code(outcome)) == (State.CANCELLED, "interrupted")


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ((401, "text/html", b"<html>who are you?"), "unauthorized"),
        ((403, "text/plain", b"no"), "unauthorized"),
        ((302, "text/html", b"", {"Location": "https://sign.example/in?next=secret"}), "not-comfyui"),
        ((200, "text/html", b"<html>Welcome to nginx!"), "not-comfyui"),
        ((503, "text/html", b"<html>Back soon"), "server-unavailable"),
    ],
)
def test_a_proxy_s_answers_in_place_of_comfyui_s(fault_server, answer, expected):
    """Case (p): while a job is followed, they end the session after a while, with the reason."""
    server = fault_server(behave=lambda run: (run.begin(), run.server.pause(3600)))
    with Session(Client(server.url), replace(QUICK, patience=0.4)) as session:
        wanted = job()
        session.submit(wanted)
        until(session, State.RUNNING)
        server.answers |= {f"GET /history/{wanted.id}": answer, "GET /queue": answer}
        (outcome,) = ends(session)
    assert (outcome.state, code(outcome)) == (State.LOST, expected)
    assert "secret" not in outcome.problem.message
    assert expected in CODES


def test_a_proxy_that_wants_a_key_when_a_job_is_posted(fault_server):
    """Case (p): the job was never there."""
    server = fault_server()
    server.answers["POST /prompt"] = (401, "text/html", b"<html>who are you?")
    outcome = end_of_one(server.url)
    assert (outcome.state, code(outcome)) == (State.LOST, "unauthorized")


def test_leaving_a_session_takes_back_its_own_jobs_only(fault_server):
    """Case (s), as far as one server goes: what runs and what waits; somebody else's stays."""
    server = fault_server(behave=lambda run: (run.begin(), run.server.pause(3600)))
    mine, waiting, other = job(), job(), job()
    with pytest.raises(KeyboardInterrupt), Session(Client(server.url), QUICK) as session:
        session.submit(mine)
        until(session, State.RUNNING)
        Client(server.url).submit(other.graph, other.id, "somebody", None)
        session.submit(waiting)
        raise KeyboardInterrupt
    assert server.interrupts == [mine.id]
    assert [posted.id for posted in server.pending] == [] and server.running.id == other.id


def test_what_others_post_to_a_dead_server_does_not_hide_that_it_is_dead(fault_server):
    """Case (f): the queue grows, and nothing leaves it."""
    server = fault_server(behave=lambda run: (run.begin(), run.server.pause(3600)))
    with Session(Client(server.url), replace(QUICK, silence=1.0)) as session:
        session.submit(job())
        until(session, State.RUNNING)
        deadline = time.monotonic() + 10
        while session.down is None:
            assert time.monotonic() < deadline
            other = job()
            Client(server.url).submit(other.graph, other.id, "somebody", None)
            session.poll(0.2)
    assert session.down.code == "server-stuck"
