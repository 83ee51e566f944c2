from __future__ import annotations

from dataclasses import replace

import pytest

from tagloom.runner.errors import ServerUnavailable
from tagloom.runner.jobs.job import State
from tagloom.runner.jobs.session import Session
from tagloom.runner.server.client import Client

from .following import QUICK, ends, job


def test_jobs_finish_in_the_server_s_order_and_each_once(fault_server):
    server, jobs = fault_server(), [job() for _ in range(20)]
    with Session(Client(server.url), QUICK) as session:
        for wanted in jobs:
            session.submit(wanted)
        assert session.open_jobs == tuple(wanted.id for wanted in jobs)
        outcomes = ends(session, len(jobs))
        assert session.open_jobs == ()
    assert [outcome.job_id for outcome in outcomes] == [wanted.id for wanted in jobs] == server.posted == server.done


def test_the_connection_stands_before_anything_is_posted_and_shares_its_name(fault_server):
    """Else the first events would be missed, or sent to somebody else."""
    names = []
    server = fault_server(
        behave=lambda run: (names.append((run.job.client_id, run.server.sockets[0].client_id)), run.succeed())
    )
    with Session(Client(server.url), QUICK) as session:
        session.submit(job())
        session.submit(job())
        ends(session, 2)
    assert len(set(names)) == 1 and len(set(names[0])) == 1
    assert server.asked[0] == "GET /ws"


def test_a_job_that_is_done_at_once_costs_one_question(fault_server):
    """The last event comes after the history was written: nothing is polled."""
    server = fault_server()
    with Session(Client(server.url)) as session:
        session.submit(job())
        ends(session)
    assert len([path for path in server.asked if path.startswith("GET /history")]) <= 2
    assert "GET /queue" not in server.asked


def test_flags_are_the_first_word(fault_server):
    """Only then does the server send previews with the id of their job."""
    server = fault_server()
    with Session(Client(server.url), QUICK) as session:
        session.submit(job())
        ends(session)
        (socket,) = server.sockets
        assert '"supports_preview_metadata": true' in socket.received[0]


@pytest.mark.parametrize(
    "answer", [(404, "text/plain", b"404: Not Found"), (200, "text/html", b"<html>"), (401, "text/html", b"")]
)
def test_a_server_without_a_websocket_is_unavailable_before_anything_is_posted(fault_server, answer):
    server = fault_server()
    server.answers["GET /ws"] = answer
    words = rf"no websocket at {server.url.replace('http', 'ws')}/ws \(.*{answer[0]}"
    with pytest.raises(ServerUnavailable, match=words), Session(Client(server.url)):
        pass
    assert server.posted == []


def test_a_websocket_that_redirects_gets_no_secrets(fault_server):
    server, other = fault_server(), fault_server()
    server.answers["GET /ws"] = (302, "text/plain", b"", {"Location": f"{other.url}/ws"})
    with pytest.raises(ServerUnavailable, match="no websocket at"), Session(Client(server.url)):
        pass
    assert other.asked == []


def test_a_websocket_that_is_lost_for_good_leaves_the_history(fault_server):
    """As behind a proxy that lets no more through: jobs that are posted without it are done all the same."""
    server = fault_server()
    with Session(Client(server.url), QUICK) as session:
        server.answers["GET /ws"] = (404, "text/plain", b"404: Not Found")
        server.drop()
        while server.sockets:
            session.poll(0.01)
        session.submit(job())
        assert ends(session)[0].state is State.DONE


def test_a_session_that_has_nothing_to_do_waits_in_peace(fault_server):
    server = fault_server()
    with Session(Client(server.url), QUICK) as session:
        for _ in range(3):
            assert session.poll(0.05) == []
    assert server.asked == ["GET /ws"]


def test_a_graph_goes_in_as_it_is_and_can_be_read_back(fault_server):
    server, wanted = fault_server(), job()
    with Session(Client(server.url), QUICK) as session:
        session.submit(wanted)
        ends(session)
    assert Client(server.url).posted(wanted.id) == wanted


PATIENT = replace(QUICK, look=(50.0, 50.0), blind=(50.0, 50.0))
"""Asks about no job by itself before a test has failed."""


def test_every_connection_begins_with_a_question(fault_server):
    """The job ended while there was none."""

    def behave(run):
        run.begin()
        run.server.answers["GET /ws"] = (503, "text/plain", b"")
        run.server.drop()
        run.server.pause(0.1)
        run.end(tell=False)
        del run.server.answers["GET /ws"]

    with Session(Client(fault_server(behave=behave).url), PATIENT) as session:
        session.submit(job())
        assert ends(session)[0].state is State.DONE


def test_a_change_of_the_queue_is_a_sign_for_jobs_whose_events_go_elsewhere(fault_server):
    """They go to the name under which the job was posted, and that connection is gone."""

    def behave(run):
        run.begin()
        run.server.drop()
        while not run.server.sockets:
            run.server.pause(0.01)
        run.server.pause(0.2)
        run.end()

    with Session(Client(fault_server(behave=behave).url), PATIENT) as session:
        session.submit(job())
        assert ends(session)[0].state is State.DONE
