"""Bad input in the real server: the error that ComfyUI's dialog shows names what is wrong and what to do."""

import time

import pytest
import requests

from tagloom.runner.graph.workflows import Workflow, shipped

CASES = [
    ("<lora:tagloom-cyanotyp:1>, 1girl", "TagloomLoraTags", ["'tagloom-cyanotyp'", "did you mean tagloom-cyanotype?"]),
    ("<lora:tagloom-cyanotype:x>", "TagloomLoraTags", ["<lora:tagloom-cyanotype:x>", "<lora:tagloom-cyanotype:0.8>"]),
    ("a [day:night:30] sky", "TagloomTextEncode", ["[day:night:30]", "there are only 20", "take a smaller number"]),
    ("[<lora:tagloom-cyanotype:1>::40]", "TagloomLoraTags", ["would change at step 40", "there are only 20"]),
]
"""A prompt, the node that refuses it, and what it says."""


@pytest.fixture
def refusal(target, server):
    """A function that runs a graph and returns what the server tells the editor's dialog: the node and the words."""

    def run(graph: dict) -> tuple[str, str]:
        answer = requests.post(f"{server.url}/prompt", json={"prompt": graph}, timeout=30).json()
        if answer.get("node_errors"):
            ((node_id, found),) = answer["node_errors"].items()
            return graph[node_id]["class_type"], " ".join(error["details"] for error in found["errors"])
        deadline = time.monotonic() + 120
        route = f"{server.url}/history/{answer['prompt_id']}"
        while not (entry := requests.get(route, timeout=30).json().get(answer["prompt_id"])):
            assert time.monotonic() < deadline, "it does not end"
            time.sleep(0.1)
        assert entry["status"]["status_str"] == "error"
        (told,) = [told for kind, told in entry["status"]["messages"] if kind == "execution_error"]
        return told["node_type"], told["exception_message"]

    return run


def graph(target, **values) -> dict:
    workflow = Workflow(shipped("Tags to Image"), target.client.schema)
    for name, value in values.items():
        workflow.set(name, value)
    return workflow.api()


@pytest.mark.parametrize(("prompt", "node", "words"), CASES)
def test_the_tag_and_the_fix_are_named(target, refusal, prompt, node, words):
    found, said = refusal(graph(target, positive=prompt))
    assert found == node
    assert [word for word in words if word not in said] == []


def test_and_without_a_negative_prompt_is_told(target, refusal):
    """KSampler can't do it, and says so before it begins."""
    unlinked = graph(target, positive="fire AND ice")
    for node in unlinked.values():
        node["inputs"].pop("negative", None) if node["class_type"] == "TagloomTextEncode" else None
    found, said = refusal(unlinked)
    assert found == "TagloomTextEncode"
    assert "connect the negative prompt's conditioning to negative" in said


def test_an_adaptive_sampler_is_refused(target, refusal):
    found, said = refusal(graph(target, positive="[a|b]", sampler="dpm_adaptive"))
    assert (found, "dpm_adaptive chooses its own steps" in said) == ("TagloomSamplingSteps", True)


def test_an_unknown_family_is_told(target, refusal):
    found, said = refusal(graph(target, family="ilustrious"))
    assert (found, "ilustrious" in said) == ("TagloomFamilyProfile", True)
