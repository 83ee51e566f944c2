"""What is learnt of servers: what they have, and how fast they are."""

from __future__ import annotations

import pytest

from tagloom.runner.fleet.facts import facts
from tagloom.runner.fleet.speeds import TYPICAL_LOAD, UNKNOWN_RATIO, Speeds
from tagloom.runner.server.client import Client


def loader(spec: object) -> dict[str, object]:
    return {"input": {"required": {"ckpt_name": spec}}}


@pytest.mark.parametrize(
    ("schema", "offered"),
    [
        (loader([["a", "b"]]), {"a", "b"}),
        (loader([["a"], {"tooltip": "x"}]), {"a"}),
        (loader(["COMBO", {"options": ["a", "b"]}]), {"a", "b"}),
        (loader(["COMBO", {"options": "ab"}]), set()),
        (loader(["COMBO", 3]), set()),
        (loader(["COMBO"]), set()),
        (loader([["a", 3, None]]), {"a"}),
        (loader([]), set()),
        (loader(None), set()),
        ({"input": {"required": [1]}}, set()),
        ({"input": None}, set()),
    ],
)
def test_models_are_what_folders_and_loaders_offer(fault_server, schema, offered):
    server = fault_server()
    server.object_info = {"CheckpointLoaderSimple": schema}
    server.models = {"checkpoints": ["in-folder"], "unknown": ["x"], "custom_nodes": ["y"], "text_encoders": ["t5"]}
    found = facts(Client(server.url))
    assert found.version == "0.3.75"
    assert found.classes == {"CheckpointLoaderSimple"}
    assert found.models["checkpoints"] == {"in-folder"} | offered
    assert found.models["unknown"] == {"x"}
    assert found.models["clip"] == found.models["text_encoders"] == {"t5"}
    assert "custom_nodes" not in found.models
    assert "GET /models/custom_nodes" not in server.asked


def test_a_server_s_first_job_is_told_apart_into_load_and_work():
    speeds = Speeds()
    assert (speeds.speed("a"), speeds.load("a")) == (1.0, TYPICAL_LOAD)
    speeds.measured("a", units=10, seconds=7, loaded=True)
    assert speeds.load("a") == TYPICAL_LOAD
    speeds.measured("a", units=10, seconds=2, loaded=False)
    assert (speeds.speed("a"), speeds.load("a")) == (5.0, 5.0)
    speeds.measured("a", units=10, seconds=3, loaded=True)
    assert speeds.load("a") == pytest.approx(5 + 0.3 * (1 - 5))


def test_the_newest_measurement_counts_most():
    speeds = Speeds()
    for seconds in [1.0] * 10 + [10.0] * 10:
        speeds.measured("a", 1.0, seconds, loaded=False)
    assert 0.1 < speeds.speed("a") < 0.13


def test_unknown_speeds_are_feared():
    """A server that is not measured may be slow where it would hold a job up, and fast where it would be held up."""
    speeds = Speeds()
    assert speeds.at_least("new") == 1.0
    assert speeds.at_most("new", beside="other") == UNKNOWN_RATIO
    speeds.measured("a", 4.0, 1.0, loaded=False)
    assert speeds.at_least("new") == 4.0 / UNKNOWN_RATIO
    assert speeds.at_most("new", beside="a") == 4.0 * UNKNOWN_RATIO
    assert speeds.at_least("a") == speeds.at_most("a", beside="new") == speeds.speed("new") == 4.0


@pytest.mark.parametrize(("units", "seconds"), [(0.0, 0.0), (0.0, 5.0), (1e12, 1e-9)])
def test_odd_measurements_break_nothing(units, seconds):
    speeds = Speeds()
    for loaded in (True, False, True):
        speeds.measured("a", units, seconds, loaded)
    assert speeds.at_least("a") > 0
    assert speeds.load("a") >= 0
