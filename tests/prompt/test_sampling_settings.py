from __future__ import annotations

import pytest

from tagloom.prompt import UnknownSampler, all_families, get_family
from tagloom.prompt.samplers import comfy_samplers, comfy_schedulers, offered_samplers, offered_schedules
from tagloom.prompt.sampling_settings import Core, SamplerSettings, out_of_range, settle

families = pytest.mark.parametrize("family", all_families(), ids=lambda family: family.id)
SDXL, FLUX = get_family("illustrious"), get_family("flux1_dev")


@families
def test_nothing_chosen_is_what_the_family_recommends(family):
    settled = settle(family)
    assert settled.settings == (*family.settings()[:4], 1.0)
    assert [type(value) for value in settled.settings] == [str, str, int, float, float]
    assert not [remark for remark in settled.remarks if "also wants" not in remark]


@pytest.mark.parametrize(
    ("options", "sampler", "scheduler"),
    [
        ({"schedule": "Karras"}, SDXL.sampler, "karras"),
        ({"sampler": "DPM++ 2M"}, "dpmpp_2m", "karras"),
        ({"sampler": "DPM++ 2M", "schedule": "Automatic"}, "dpmpp_2m", "karras"),
        ({"sampler": "DPM++ 2M Karras"}, "dpmpp_2m", "karras"),
        ({"sampler": "DPM++ 2M SDE"}, "dpmpp_2m_sde", "exponential"),
        ({"sampler": "DPM++ 2M SDE", "schedule": "karras"}, "dpmpp_2m_sde", "karras"),
        ({"sampler": "DPM++ 2M SDE Karras", "schedule": "Beta"}, "dpmpp_2m_sde", "beta"),
        ({"sampler": "Euler a"}, "euler_ancestral", "normal"),
        ({"sampler": "seeds_2"}, "seeds_2", SDXL.scheduler),
        ({"sampler": "LCM"}, "lcm", "sgm_uniform"),
    ],
)
def test_names_become_comfyui_s(options, sampler, scheduler):
    assert settle(SDXL, **options).settings[:2] == (sampler, scheduler)


@families
@pytest.mark.parametrize("sampler", ["family", "DPM++ 2M", "DPM++ 3M SDE", "DDIM", "er_sde"])
def test_automatic_never_spoils_a_family_s_pictures(family, sampler):
    assert settle(family, sampler).settings.scheduler not in family.avoid_schedulers


def test_what_is_left_out_for_the_family_is_said():
    settled = settle(FLUX, "DPM++ 2M")
    assert settled.settings[:2] == ("dpmpp_2m", FLUX.scheduler)
    expected = "A1111 takes karras for DPM++ 2M, which spoils Flux.1 dev's pictures: it is left out for simple"
    assert expected in settled.remarks


@pytest.mark.parametrize("options", [{"sampler": "DPM++ 2M Karras"}, {"schedule": "karras"}])
def test_a_schedule_that_is_asked_for_is_taken_with_a_warning(options):
    settled = settle(FLUX, **options)
    assert settled.settings.scheduler == "karras"
    assert "scheduler karras spoils Flux.1 dev's pictures; take simple" in settled.remarks


def test_numbers_override_the_family_s():
    settled = settle(SDXL, steps=3, cfg=31, denoise=0.4)
    assert settled.settings == SamplerSettings(SDXL.sampler, SDXL.scheduler, 3, 31.0, 0.4)
    steps, cfg = SDXL.steps[1:], SDXL.cfg[1:]
    assert settled.remarks == (
        f"steps 3 is outside Illustrious XL's usual range, {steps[0]:g} to {steps[1]:g}",
        f"CFG scale 31 is outside Illustrious XL's usual range, {cfg[0]:g} to {cfg[1]:g}",
    )


def test_what_is_not_given_is_not_out_of_range():
    assert out_of_range(SDXL, None, None) == []


@pytest.mark.parametrize(("name", "words"), [("Restart", "ComfyUI has no Restart; heun"), ("DPM++ 3M SDE", "leaves")])
def test_remarks_on_the_sampler(name, words):
    assert words in settle(SDXL, name).report()


def test_nodes_that_the_family_wants_besides():
    assert "Flux.1 dev also wants the node FluxGuidance at 3.5" in settle(FLUX).remarks
    assert "Neta Lumina also wants the node ModelSamplingAuraFlow at 6" in settle(get_family("neta_lumina")).remarks
    assert "RescaleCFG at 0.2" in settle(get_family("noobai_vpred")).report()


def test_the_report_names_both_programs_terms():
    first = settle(SDXL, "DPM++ 2M SDE Karras", steps=28, cfg=5.5, denoise=0.5).report().splitlines()[0]
    expected = "dpmpp_2m_sde, karras, 28 steps, CFG 5.5, denoise 0.5 (in A1111 DPM++ 2M SDE, schedule type Karras)"
    assert first == expected
    assert "(A1111 has no such sampler)" in settle(SDXL, "seeds_2").report()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"sampler": "Euler b"}, "unknown sampler 'Euler b'; did you mean"),
        ({"sampler": "DPM++ 2M", "schedule": "karas"}, "unknown scheduler 'karas'; did you mean karras"),
        ({"schedule": "Turbo"}, "SDTurboScheduler"),
        ({"sampler": "family Karras"}, "unknown sampler"),
    ],
)
def test_what_nothing_answers_to_is_refused(options, message):
    with pytest.raises(UnknownSampler, match=message):
        settle(SDXL, **options)


def test_a_core_may_have_samplers_of_its_own():
    core = Core([*comfy_samplers(), "res_2s"], [*comfy_schedulers(), "beta57"])
    assert settle(SDXL, "res_2s", core=core).settings[:2] == ("res_2s", SDXL.scheduler)
    assert settle(SDXL, "res_2s", "beta57", core=core).settings[:2] == ("res_2s", "beta57")


@pytest.mark.parametrize(("kind", "options"), [("sampler", {"sampler": "ER SDE"}), ("scheduler", {"schedule": "Beta"})])
def test_what_the_core_lacks_is_refused(kind, options):
    with pytest.raises(UnknownSampler, match=f"this ComfyUI has no {kind} \\w+; update it"):
        settle(SDXL, core=Core(["euler", "euler_ancestral"], ["normal", "karras"]), **options)


@pytest.mark.parametrize("sampler", ["family", *offered_samplers(comfy_samplers())])
def test_all_that_is_offered_goes_with_every_schedule(sampler):
    for schedule in ("automatic", *offered_schedules(comfy_schedulers())):
        found = settle(SDXL, sampler, schedule).settings
        assert found.sampler in comfy_samplers()
        assert found.scheduler in comfy_schedulers()
