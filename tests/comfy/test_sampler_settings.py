"""Sampler Settings and Base Image in the real server: their names against its own lists, and whole graphs with them."""

import pytest
import requests

from tagloom.prompt import resolve_sampler
from tagloom.prompt.resources import data
from tagloom.prompt.samplers import offered_samplers, offered_schedules, resolve_scheduler

ROWS = data("samplers")["samplers"]


@pytest.fixture(scope="module")
def core(server) -> dict:
    """The inputs of the server's KSampler."""
    answer = requests.get(f"{server.url}/object_info/KSampler", timeout=60).json()
    return answer["KSampler"]["input"]["required"]


@pytest.fixture(scope="module")
def node(server) -> dict:
    """The inputs of Sampler Settings."""
    answer = requests.get(f"{server.url}/object_info/TagloomSamplerSettings", timeout=60).json()
    return answer["TagloomSamplerSettings"]["input"]["required"]


def test_every_known_name_leads_to_a_sampler_and_a_scheduler_of_the_server(core):
    """Each alias, alone, with Automatic and with every schedule type."""
    samplers, schedulers = core["sampler_name"][0], core["scheduler"][0]
    for row in ROWS:
        for name in (row["name"], *row["aliases"], *(f"{row['name']} {ending}" for ending in row.get("with", []))):
            for schedule in (None, "Automatic", *data("samplers")["schedule_types"]):
                found = resolve_sampler(name, schedule)
                assert found.sampler in samplers, name
                assert found.scheduler in schedulers, name


def test_the_server_s_own_lists_are_known_and_offered(core, node):
    samplers, schedulers = core["sampler_name"][0], core["scheduler"][0]
    assert {resolve_sampler(name).sampler for name in samplers} == set(samplers)
    assert node["sampler"][1]["options"] == ["family", *offered_samplers(samplers)]
    assert {resolve_sampler(name).sampler for name in node["sampler"][1]["options"][1:]} == set(samplers)
    assert node["schedule"][1]["options"] == ["automatic", *offered_schedules(schedulers)]
    assert {resolve_scheduler(name) for name in node["schedule"][1]["options"][1:]} == set(schedulers)


def graph(**settings) -> dict:
    """A picture of 64x64 in the settings of the node, with its report."""
    chosen = {"sampler": "family", "schedule": "automatic", "steps": 2, "cfg": 0.0, "denoise": ["3", 1], **settings}
    base = {"shape": "square", "fit": "crop", "strength": "similar", "denoise": 0.6, "batch_size": 2, "grow_mask": 0}
    names = ("sampler_name", "scheduler", "steps", "cfg", "denoise")
    sampled = {"seed": 1} | {name: ["2", place] for place, name in enumerate(names)}
    return {
        "1": {
            "class_type": "TagloomModelPicker",
            "inputs": {"ckpt_name": "tagloom-tiny.safetensors", "family": "auto"},
        },
        "2": {"class_type": "TagloomSamplerSettings", "inputs": {"family": ["1", 3], **chosen}},
        "3": {
            "class_type": "TagloomBaseImage",
            "inputs": {"vae": ["1", 2], "family": ["1", 3], **base, "width": 64, "height": 64},
        },
        "4": {"class_type": "CLIPTextEncode", "inputs": {"clip": ["1", 1], "text": "1girl"}},
        "5": {
            "class_type": "KSampler",
            "inputs": sampled
            | {"model": ["1", 0], "positive": ["4", 0], "negative": ["4", 0], "latent_image": ["3", 0]},
        },
        "6": {"class_type": "VAEDecode", "inputs": {"samples": ["5", 0], "vae": ["1", 2]}},
        "7": {"class_type": "PreviewImage", "inputs": {"images": ["6", 0]}},
        "8": {"class_type": "PreviewAny", "inputs": {"source": ["2", 6]}},
        "9": {"class_type": "PreviewAny", "inputs": {"source": ["3", 6]}},
        "10": {"class_type": "TagloomFamilyProfile", "inputs": {"model": ["1", 0], "family": "auto"}},
    }


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({}, "euler"),
        ({"sampler": "DPM++ 2M", "schedule": "automatic", "cfg": 4.0}, "dpmpp_2m, karras, 2 steps, CFG 4, denoise 1"),
        ({"sampler": "DPM++2M SDE Karras"}, "dpmpp_2m_sde, karras, 2 steps"),
        ({"sampler": "k_euler_a", "schedule": "SGM Uniform"}, "euler_ancestral, sgm_uniform, 2 steps"),
        ({"sampler": "Restart"}, "ComfyUI has no Restart; heun stands for it"),
        ({"sampler": ["10", 1], "schedule": ["10", 2]}, "2 steps"),
    ],
)
def test_a_graph_samples_with_the_settings(outputs, settings, said):
    """Its sampler and schedule may be written in other ways than the list's, and come from other nodes."""
    shown = outputs(graph(**settings))
    assert len(shown["7"]["images"]) == 2
    assert said in shown["8"]["text"][0]
    assert "steps 2 is outside Tagloom Tiny's usual range" in shown["8"]["text"][0]


def test_the_latent_to_start_from_comes_from_base_image(outputs):
    nodes = graph()
    nodes["3"]["inputs"]["batch_size"] = 3
    shown = outputs(nodes)
    assert len(shown["7"]["images"]) == 3
    assert shown["9"]["text"][0] == "- no base image: an empty picture of 64x64, denoise 1"


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"sampler": "Euler b"}, "unknown sampler 'Euler b'; did you mean"),
        ({"schedule": "karas"}, "unknown scheduler 'karas'; did you mean karras"),
        ({"schedule": "Turbo"}, "SDTurboScheduler"),
    ],
)
def test_an_unknown_name_is_refused_before_the_run(server, settings, message):
    answer = requests.post(f"{server.url}/prompt", json={"prompt": graph(**settings)}, timeout=60).json()
    assert message in answer["node_errors"]["2"]["errors"][0]["details"]
