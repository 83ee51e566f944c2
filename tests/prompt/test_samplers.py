from __future__ import annotations

import re
from pathlib import Path

import pytest

from tagloom.prompt import UnknownSampler, resolve_sampler
from tagloom.prompt.resources import data
from tagloom.prompt.samplers import (
    comfy_samplers,
    comfy_schedulers,
    known_names,
    names_schedule,
    offered_samplers,
    offered_schedules,
    resolve_scheduler,
    sampler_remark,
)

TABLE = (Path(__file__).parent / "data" / "sampler_names.txt").read_text(encoding="utf-8")
NAMES = [line.split(" | ") for line in TABLE.splitlines() if not line.startswith("#")]
"""What is known of A1111, Forge, Civitai and k-diffusion, apart from the package's own table."""
ROWS = data("samplers")["samplers"]
TYPES = data("samplers")["schedule_types"]


@pytest.mark.parametrize(
    ("name", "sampler", "scheduler"),
    [
        ("Euler a", "euler_ancestral", "normal"),
        ("euler A", "euler_ancestral", "normal"),
        ("Eulera", "euler_ancestral", "normal"),
        ("Euler Ancestral", "euler_ancestral", "normal"),
        ("k_euler_a", "euler_ancestral", "normal"),
        ("Euler a Karras", "euler_ancestral", "karras"),
        ("Euler", "euler", "normal"),
        ("euler", "euler", None),
        ("euler_ancestral", "euler_ancestral", None),
        ("DPM++2M SDE Karras", "dpmpp_2m_sde", "karras"),
        ("DPM++ 2M SDE Karras", "dpmpp_2m_sde", "karras"),
        ("dpm++ 2m sde karras", "dpmpp_2m_sde", "karras"),
        ("DPM++ 2M SDE", "dpmpp_2m_sde", "normal"),
        ("DPM++ 2M Karras", "dpmpp_2m", "karras"),
        ("DPM++ 2M SGM Uniform", "dpmpp_2m", "sgm_uniform"),
        ("DPM++ 2M SDE Exponential", "dpmpp_2m_sde", "exponential"),
        ("k_dpmpp_2m", "dpmpp_2m", "normal"),
        ("k_dpmpp_2m_ka", "dpmpp_2m", "karras"),
        ("dpmpp_2m_sde/karras", "dpmpp_2m_sde", "karras"),
        ("dpmpp_2m", "dpmpp_2m", None),
        ("dpmpp_2m_karras", "dpmpp_2m", "karras"),
        ("DDIM", "ddim", "ddim_uniform"),
        ("ddim", "ddim", None),
        ("UniPC", "uni_pc", "normal"),
        ("LCM", "lcm", "sgm_uniform"),
        ("DPM++ 3M SDE Exponential", "dpmpp_3m_sde", "exponential"),
        ("DPM fast", "dpm_fast", "normal"),
        ("  Euler   a  ", "euler_ancestral", "normal"),
    ],
)
def test_names_that_people_write(name, sampler, scheduler):
    assert resolve_sampler(name) == (sampler, scheduler)


@pytest.mark.parametrize(("name", "sampler", "scheduler", "automatic"), NAMES, ids=[row[0] for row in NAMES])
def test_every_program_s_names(name, sampler, scheduler, automatic):
    """Alone, with A1111's schedule type Automatic, and with one of its own."""
    assert resolve_sampler(name) == (sampler, scheduler)
    assert resolve_sampler(name, "Automatic") == (sampler, automatic)
    assert resolve_sampler(name, "SGM Uniform") == (sampler, "sgm_uniform")


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row["name"])
def test_every_listed_name_and_alias_resolves(row):
    for name in [row["name"], row["name"].upper(), row["name"].replace(" ", ""), *row["aliases"]]:
        assert resolve_sampler(name) == (row["sampler"], row["scheduler"])
    assert row["sampler"] in comfy_samplers()


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row["name"])
def test_every_listed_name_takes_every_schedule_type_at_its_end(row):
    for shown, scheduler in TYPES.items():
        assert resolve_sampler(f"{row['name']} {shown}") == (row["sampler"], scheduler)


@pytest.mark.parametrize("name", comfy_samplers())
def test_comfyui_s_own_names_leave_the_scheduler_open(name):
    assert resolve_sampler(name) == (name, None)
    assert resolve_sampler(name, "beta") == (name, "beta")


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("dpmpp_2m", ("dpmpp_2m", "karras")),
        ("dpmpp_2m_sde_gpu", ("dpmpp_2m_sde_gpu", "exponential")),
        ("ddim", ("ddim", "ddim_uniform")),
        ("seeds_2", ("seeds_2", None)),
        ("DPM++ 2M Automatic", ("dpmpp_2m", "karras")),
        ("DPM++ 2M SDE Beta", ("dpmpp_2m_sde", "beta")),
        ("dpmpp_2m_sde/karras", ("dpmpp_2m_sde", "karras")),
    ],
)
def test_automatic_is_what_a1111_takes_for_the_sampler(name, expected):
    """A schedule in the name stays; what A1111 does not have stays open."""
    assert resolve_sampler(name, "automatic") == expected


@pytest.mark.parametrize(
    ("name", "expected"), [("DPM++ 2M Karras", True), ("k_lms_ka", True), ("Restart", False), ("euler", False)]
)
def test_whether_a_name_has_its_schedule(name, expected):
    assert names_schedule(name) == expected


@pytest.mark.parametrize(("schedule", "node"), [("Align Your Steps", "AlignYourStepsScheduler"), ("turbo", "SDTurbo")])
def test_schedules_without_an_equal_name_the_node_to_take(schedule, node):
    for resolve in (lambda: resolve_scheduler(schedule), lambda: resolve_sampler(f"Euler a {schedule}")):
        with pytest.raises(UnknownSampler, match=f"{node}.* or choose another"):
            resolve()


def test_automatic_alone_is_no_scheduler():
    with pytest.raises(UnknownSampler, match="give the sampler's name"):
        resolve_scheduler("Automatic")


@pytest.mark.parametrize("row", [row for row in ROWS if not row.get("exact", True)], ids=lambda row: row["name"])
def test_what_comfyui_has_no_equal_of_is_said(row):
    assert sampler_remark(row["name"]).startswith(f"ComfyUI has no {row['name']}; {row['sampler']} stands for it: ")
    assert not sampler_remark(row["sampler"]).startswith("ComfyUI has no")


@pytest.mark.parametrize(
    ("name", "remark"),
    [
        ("Euler a", ""),
        ("seeds_2", ""),
        ("Euler CFG++", "Euler CFG++: wants a low CFG, about 1 to 2"),
        ("euler_cfg_pp", "Euler CFG++: wants a low CFG, about 1 to 2"),
        ("DPM adaptive", "DPM adaptive: chooses its own number of steps"),
    ],
)
def test_remarks(name, remark):
    assert sampler_remark(name) == remark


def test_each_sampler_is_offered_once_or_under_several_known_names():
    offered = offered_samplers(comfy_samplers())
    assert len(offered) == len(set(offered))
    assert {resolve_sampler(name).sampler for name in offered} == set(comfy_samplers())
    assert {"Euler a", "DPM++ 2M SDE Karras", "uni_pc_bh2"} <= set(offered)
    assert not {"undefined", "euler_ancestral"} & set(offered)
    assert {name for name, *_ in NAMES if name[0].isupper() and "+" in name} - {"DPM++2M SDE Karras"} <= set(offered)


def test_each_scheduler_is_offered():
    assert {resolve_scheduler(name) for name in offered_schedules(comfy_schedulers())} == set(comfy_schedulers())
    assert offered_schedules([*comfy_schedulers(), "new_one"])[-1] == "new_one"
    assert "karras" not in offered_schedules(comfy_schedulers())


def test_a_scheduler_of_its_own_overrides_the_name_s():
    assert resolve_sampler("DPM++ 2M Karras", "SGM Uniform") == ("dpmpp_2m", "sgm_uniform")


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        *((name, name) for name in data("samplers")["schedulers"]),
        *TYPES.items(),
        ("KARRAS", "karras"),
        ("sgm uniform", "sgm_uniform"),
    ],
)
def test_schedulers(name, expected):
    assert resolve_scheduler(name) == expected
    assert expected in data("samplers")["schedulers"]


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("Euler b", "did you mean Euler"),
        ("DPM++ 2N SDE", "DPM++ 2M SDE"),
        ("euler_ancestrall", "euler_ancestral"),
        ("qqqq", "Euler a"),
        ("", "Euler a"),
        ("Karras", ""),
        ("/karras", ""),
        ("euler b/karras", ""),
    ],
)
def test_an_unknown_sampler_is_refused_with_the_nearest_names(name, hint):
    with pytest.raises(UnknownSampler, match=f"unknown sampler {re.escape(repr(name))}") as caught:
        resolve_sampler(name)
    assert hint in str(caught.value)


@pytest.mark.parametrize("name", ["karas", "zzz", ""])
def test_an_unknown_scheduler_is_refused_with_known_ones(name):
    with pytest.raises(UnknownSampler, match=f"unknown scheduler {name!r}.*karras"):
        resolve_sampler("Euler a", name)


@pytest.mark.parametrize(
    ("sampler", "scheduler", "expected"),
    [
        ("euler_ancestral", "normal", ("Euler a", "Normal")),
        ("dpmpp_2m_sde", "karras", ("DPM++ 2M SDE", "Karras")),
        ("heun", "karras", ("Heun", "Karras")),
        ("ipndm", "beta", ("IPNDM", "Beta")),
        ("seeds_2", "new_one", ("seeds_2", "new_one")),
    ],
)
def test_a1111_s_names_of_comfyui_s(sampler, scheduler, expected):
    """What A1111 lacks keeps ComfyUI's name, and what it only approximates is not named after it."""
    assert known_names(sampler, scheduler) == expected


@pytest.mark.parametrize("sampler", sorted({row["sampler"] for row in ROWS if row.get("exact", True)}))
def test_a1111_s_name_leads_back_to_the_sampler(sampler):
    shown, _ = known_names(sampler, "normal")
    assert resolve_sampler(shown).sampler == sampler
