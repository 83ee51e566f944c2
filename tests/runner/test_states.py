from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tagloom.runner.errors import CODES
from tagloom.runner.jobs.entries import ended_as
from tagloom.runner.jobs.job import Problem, State
from tagloom.runner.jobs.states import (
    Absent,
    Accepted,
    GivenUp,
    Hint,
    Hinted,
    Listed,
    Recorded,
    Refused,
    Standing,
    Taken,
    after,
)

NEW = Standing("id", "http://test:8188")
LEFT_OUT = Problem("partly-refused", "node 3: too small")
OUTPUTS = {"2": {"images": [{"filename": "a.png", "subfolder": "", "type": "output"}]}}


def entry(status: str, *messages: tuple[str, dict[str, Any]]) -> dict[str, Any]:
    told = [[kind, data] for kind, data in messages]
    return {"outputs": OUTPUTS, "status": {"status_str": status, "completed": status == "success", "messages": told}}


GOOD = entry("success", ("execution_start", {"timestamp": 1000}), ("execution_success", {"timestamp": 3500}))
BAD = entry("error", ("execution_error", {"node_id": "1", "node_type": "X", "exception_message": "no"}))
CUT = entry("error", ("execution_interrupted", {"node_id": "1"}))
JUNK = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
ENTRIES = st.sampled_from([GOOD, BAD, CUT]) | st.fixed_dictionaries(
    {},
    optional={
        "outputs": JUNK,
        "status": JUNK
        | st.fixed_dictionaries(
            {"status_str": st.sampled_from(["success", "error"]) | JUNK, "messages": st.lists(st.lists(JUNK)) | JUNK}
        ),
    },
)
SEEN = st.one_of(
    st.builds(Accepted, st.sampled_from([(), (LEFT_OUT,)])),
    st.builds(Refused, st.sampled_from([State.FAILED, State.LOST]), st.just(Problem("job-refused", "no"))),
    st.builds(Hinted, st.sampled_from(Hint), st.sampled_from([None, Problem("node-blocked", "stop")])),
    st.builds(Listed, st.booleans()),
    st.builds(Recorded, ENTRIES),
    st.builds(Absent, st.floats(0, 20)),
    st.just(Taken()),
    st.just(GivenUp(Problem("server-stuck", "dead"))),
)


def follow(*seen: Any, start: Standing = NEW) -> Standing:
    for one in seen:
        start = after(start, one)
    return start


@given(st.lists(SEEN), st.lists(SEEN))
def test_an_end_is_final(before, later):
    """Whatever is seen in whatever order, nothing follows an end, and what is no end goes only forward."""
    order = list(State)
    standing = NEW
    for one in before + later:
        moved = after(standing, one)
        assert order.index(moved.state) >= order.index(standing.state) or standing.state.ended
        assert not standing.state.ended or moved is standing
        assert moved.state.ended == (moved.outcome is not None)
        standing = moved


@given(st.lists(SEEN), ENTRIES)
def test_the_history_has_the_last_word(before, told):
    """A job that has not ended ends as the history says, whatever was hinted."""
    standing = follow(*before)
    ended = after(standing, Recorded(told))
    assert ended.state.ended
    if not standing.state.ended:
        assert ended.outcome == ended_as("id", NEW.url, told, standing.left_out, standing.cancelling)


@given(st.lists(st.builds(Hinted, st.sampled_from(Hint), st.none()) | st.builds(Listed, st.booleans())))
def test_hints_and_queues_alone_end_nothing(seen):
    assert not follow(Accepted(), *seen).state.ended


@given(st.lists(SEEN))
def test_every_end_says_why_it_is_none_that_was_wished_for(seen):
    outcome = follow(*seen).outcome
    if outcome is not None:
        assert outcome.job_id == "id"
        assert (outcome.state is State.DONE) == (outcome.problem is None)
        assert outcome.problem is None or (outcome.problem.code in CODES and outcome.problem.message.isprintable())


@pytest.mark.parametrize(
    ("seen", "state", "code"),
    [
        ([Accepted()], State.QUEUED, None),
        ([Accepted(), Listed(False)], State.QUEUED, None),
        ([Accepted(), Listed(True)], State.RUNNING, None),
        ([Listed(True), Accepted()], State.RUNNING, None),
        ([Hinted(Hint.RUNS), Accepted()], State.RUNNING, None),
        ([Accepted(), Hinted(Hint.LEAVES)], State.RUNNING, None),
        ([Accepted(), Recorded(GOOD)], State.DONE, None),
        ([Accepted((LEFT_OUT,)), Recorded(GOOD)], State.PARTIAL, "partly-refused"),
        ([Accepted(), Hinted(Hint.RUNS, Problem("node-blocked", "x")), Recorded(GOOD)], State.PARTIAL, "node-blocked"),
        ([Accepted((LEFT_OUT,)), Recorded(BAD)], State.FAILED, "job-failed"),
        ([Accepted(), Recorded(CUT)], State.CANCELLED, "interrupted"),
        ([Accepted(), Taken(), Recorded(CUT)], State.CANCELLED, "cancelled"),
        ([Accepted(), Taken(), Recorded(GOOD)], State.DONE, None),
        ([Accepted(), Taken(), Absent(0)], State.CANCELLED, "cancelled"),
        ([Taken(), Absent(0)], State.SUBMITTED, None),  # it may still arrive
        ([Taken(), Absent(11)], State.CANCELLED, "cancelled"),
        ([Accepted(), Absent(1)], State.QUEUED, None),
        ([Accepted(), Absent(2)], State.LOST, "job-lost"),
        ([Accepted(), Hinted(Hint.LEAVES), Absent(9)], State.RUNNING, None),
        ([Accepted(), Hinted(Hint.LEAVES), Absent(10)], State.LOST, "no-result"),
        ([Absent(9)], State.SUBMITTED, None),
        ([Absent(10)], State.LOST, "post-unanswered"),
        ([Refused(State.FAILED, Problem("job-refused", "x")), Recorded(GOOD)], State.FAILED, "job-refused"),
        ([GivenUp(Problem("server-stuck", "x")), Recorded(GOOD)], State.LOST, "server-stuck"),
    ],
)
def test_observations_lead_to_states(seen, state, code):
    standing = follow(*seen)
    problem = standing.outcome.problem if standing.outcome else None
    assert (standing.state, problem and problem.code) == (state, code)


@pytest.mark.parametrize(
    ("messages", "seconds"),
    [
        ([("execution_start", {"timestamp": 1000}), ("execution_success", {"timestamp": 3500})], 2.5),
        ([("execution_start", {"timestamp": 1000}), ("execution_error", {"timestamp": 1500})], 0.5),
        ([("execution_start", {"timestamp": 5000}), ("execution_success", {"timestamp": 1000})], 0.0),
        ([("execution_start", {"timestamp": 0}), ("execution_success", {"timestamp": 10**400})], None),
        ([("execution_start", {"timestamp": "x"}), ("execution_success", {"timestamp": 1})], None),
        ([("execution_start", {"timestamp": 1000})], None),
        ([], None),
    ],
)
def test_how_long_the_server_worked(messages, seconds):
    assert ended_as("id", NEW.url, entry("success", *messages)).seconds == seconds


def test_a_node_s_inputs_are_not_told():
    """They may hold keys."""
    error = {"node_id": "1", "node_type": "X", "exception_message": "no", "current_inputs": {"api_key": ["secret"]}}
    outcome = ended_as("id", NEW.url, entry("error", ("execution_error", error)))
    assert "secret" not in repr(outcome.problem)
