"""Cases (n) and (o) of the acceptance list: clocks that jump."""

from __future__ import annotations

import time
from dataclasses import replace

import pytest

from tagloom.runner.jobs.job import State
from tagloom.runner.jobs.session import Session
from tagloom.runner.jobs.silence import GAP, Clock
from tagloom.runner.server.client import Client

from .following import QUICK, ends, job, until


class Hands:
    """Two clocks that are set by hand, besides what passes."""

    def __init__(self) -> None:
        self.real, self.wall, self.steady = time.monotonic, 0.0, 0.0

    def clock(self) -> Clock:
        return Clock(lambda: self.real() + self.wall, lambda: self.real() + self.steady)


@pytest.mark.parametrize(
    ("wall", "steady", "counted", "jumped"),
    [
        (1.0, 1.0, 1.0, False),
        (8 * 3600, 0.1, GAP, True),  # asleep, and only the wall's clock knows
        (8 * 3600, 8 * 3600, GAP, True),  # asleep, and both clocks know
        (-3600, 1.0, 1.0, True),  # set back
        (3601, 1.0, GAP, True),  # set forward
        (5.0, 1.0, 1.0, False),  # corrected a little
        (-5.0, 0.0, 0.0, False),
        (60.0, 60.0, GAP, False),  # nobody listened for a minute
    ],
)
def test_what_passes_by_two_clocks(wall, steady, counted, jumped):
    times = {"wall": 1e9, "steady": 5.0}
    clock = Clock(lambda: times["wall"], lambda: times["steady"])
    times = {"wall": 1e9 + wall, "steady": 5.0 + steady}
    assert clock.tick() is jumped
    assert clock.now == pytest.approx(counted)


@pytest.mark.parametrize(("wall", "steady"), [(8 * 3600, 0), (8 * 3600, 8 * 3600), (-3600, 0)])
def test_a_job_outlives_a_jump_of_the_clocks(fault_server, wall, steady):
    """A laptop slept while the job went on, or its clock was set: nothing is given up, and the end is found."""
    server = fault_server(behave=lambda run: (run.begin(), run.server.pause(0.2), run.end(tell=False)))
    hands, patient = Hands(), replace(QUICK, silence=60, idle=60, patience=60, look=(50, 50))
    with Session(Client(server.url), patient, hands.clock()) as session:
        session.submit(job())
        until(session, State.RUNNING)
        while not server.done:
            assert session.poll(0.05) == []
        hands.wall, hands.steady = wall, steady
        (outcome,) = ends(session)
    assert outcome.state is State.DONE


def test_a_silence_that_lasts_is_noticed_on_jumping_clocks_too(fault_server):
    server = fault_server(behave=lambda run: (run.begin(), run.server.pause(3600)))
    hands = Hands()
    with Session(Client(server.url), replace(QUICK, silence=100), hands.clock()) as session:
        session.submit(job())
        until(session, State.RUNNING)
        polls = 0
        while session.down is None:
            hands.wall += 3600
            session.poll(0.01)
            polls += 1
        assert session.down.code == "server-stuck"
        assert 4 <= polls <= 6  # 30 seconds each time
