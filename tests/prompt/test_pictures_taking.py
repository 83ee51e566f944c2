"""A picture's settings in ComfyUI's terms, whichever program wrote them."""

from __future__ import annotations

import json

import pytest

from tagloom.prompt import Size, parse_picture
from tagloom.prompt.pictures import PictureReading, Settings
from tagloom.prompt.pictures.taking import in_dialect, taken
from tagloom.prompt.samplers import comfy_samplers, comfy_schedulers
from tagloom.prompt.sampling_settings import Core, SamplerSettings

OWN = Size(1664, 2432)
CORE = Core(comfy_samplers(), comfy_schedulers())
NOVELAI = (
    *("k_euler", "k_euler_ancestral", "k_dpm_2", "k_dpm_2_ancestral", "k_dpm_fast", "k_dpm_adaptive", "k_dpmpp_2m"),
    *("k_dpmpp_2m_sde", "k_dpmpp_2s_ancestral", "k_dpmpp_sde", "k_heun", "k_lms", "ddim", "ddim_v3", "plms"),
)


def reading(**settings) -> PictureReading:
    return PictureReading("a1111", "a1111", "a", "b", Settings(**settings), {}, ("first",))


def test_a_picture_of_a1111_s(make):
    found = taken(parse_picture(make.png({"parameters": make.parameters})), OWN, CORE)
    assert (found.positive, found.negative) == (
        "1girl, (fox girl:1.2), <lora:foxes_v2:0.8>",
        "lowres, (bad hands:1.1)",
    )
    assert (found.seed, found.size) == (1234567890, Size(832, 1216))
    assert found.settings == SamplerSettings("dpmpp_2m", "karras", 28, 5.5, 0.4)
    assert found.remarks == ()


def test_a_picture_of_comfyui_s(make):
    found = taken(parse_picture(make.png({"prompt": json.dumps(make.graph())})), OWN, CORE)
    assert (found.positive, found.settings) == ("a fox", SamplerSettings("euler", "normal", 20, 8.0, 1.0))


def test_a_picture_of_novelai_s(make):
    comment = {"prompt": "a", "uc": "b", "steps": 28, "sampler": "k_dpmpp_2s_ancestral", "noise_schedule": "native"}
    more = {"scale": 5.0, "seed": 9, "width": 832, "height": 1216}
    found = taken(parse_picture(make.png({"Comment": json.dumps(comment | more)})), OWN, CORE)
    assert found.settings == SamplerSettings("dpmpp_2s_ancestral", "normal", 28, 5.0, 1.0)
    assert (found.seed, found.size, found.remarks) == (9, Size(832, 1216), ())


@pytest.mark.parametrize("name", NOVELAI)
@pytest.mark.parametrize("schedule", ["", "native", "karras", "exponential", "polyexponential"])
def test_novelai_s_names_are_known(name, schedule):
    found = taken(reading(sampler=name, scheduler=schedule, steps=1, cfg=1.0, seed=1), OWN, CORE)
    assert found.remarks == ("first",)
    assert found.settings.sampler in CORE.samplers and found.settings.scheduler in CORE.schedulers


@pytest.mark.parametrize(
    ("sampler", "scheduler", "expected", "words"),
    [
        ("Euler a", "", ("euler_ancestral", "normal"), ""),
        ("DPM++ 2M Karras", "", ("dpmpp_2m", "karras"), ""),
        ("DPM++ 2M", "Automatic", ("dpmpp_2m", "karras"), ""),
        ("euler", "", ("euler", "normal"), ""),
        ("euler", "beta", ("euler", "beta"), ""),
        ("res_2s", "beta57", ("euler", "normal"), "unknown sampler 'res_2s'"),
        ("DPM++ 2M", "beta57", ("dpmpp_2m", "normal"), "unknown scheduler 'beta57'"),
        ("nai_smea", "native", ("euler", "normal"), "unknown sampler 'nai_smea'"),
        ("", "karras", ("euler", "normal"), "names no sampler"),
    ],
)
def test_samplers(sampler, scheduler, expected, words):
    found = taken(reading(sampler=sampler, scheduler=scheduler, steps=1, cfg=1.0, seed=1), OWN, CORE)
    assert (found.settings.sampler, found.settings.scheduler) == expected
    assert words in "; ".join(found.remarks)
    assert len(found.remarks) == (1 if not words else 2 if "names no" in words else 3)


def test_samplers_of_the_running_comfyui_count():
    newer = Core((*CORE.samplers, "res_2s"), (*CORE.schedulers, "beta57"))
    found = taken(reading(sampler="res_2s", scheduler="beta57", steps=1, cfg=1.0, seed=1), OWN, newer)
    assert (found.settings.sampler, found.settings.scheduler, found.remarks) == ("res_2s", "beta57", ("first",))
    older = Core(("euler",), ("normal",))
    found = taken(reading(sampler="DPM++ 2M", scheduler="Karras", steps=1, cfg=1.0, seed=1), OWN, older)
    assert (found.settings.sampler, found.settings.scheduler) == ("euler", "normal")
    assert "this ComfyUI has no dpmpp_2m" in found.remarks[1]


def test_a_picture_without_settings_has_defaults_and_says_so(make):
    found = taken(parse_picture(make.png()), OWN, CORE)
    assert found[:5] == ("", "", 0, SamplerSettings("euler", "normal", 0, 0.0, 1.0), OWN)
    assert [words in " ".join(found.remarks) for words in ("no settings are written", "names no sampler", "steps")]
    assert found.remarks[-1] == "not written in the picture, so 0: seed, steps, cfg"


def test_another_dialect():
    written = in_dialect(PictureReading("a1111", "a1111", "((a)), [b]", "[c]", Settings(), {}, ()), "comfyui")
    assert (written.dialect, written.prompt, written.negative) == ("comfyui", "(a:1.21), (b:0.9091)", "(c:0.9091)")
    assert in_dialect(written, "comfyui") is written
