"""What is encoded is what the programs' own formulas give, and what a sampler makes of it: on the tiny checkpoint."""

import json
import random
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from tagloom.prompt.tags import vocabulary
from tagloom.runner.embedded import installations
from tagloom.runner.places import PACKAGE

from .stand_ins.loras import write_lora

A1111_PROMPTS = 200
STEPS = 6
AND_CASES = [
    ("[1girl:1girl:0.5] AND forest", [("1girl", 1), ("forest", 1)], "bad"),
    ("1girl, blue hair AND forest", [("1girl, blue hair", 1), ("forest", 1)], "bad"),
    ("1girl AND forest :0.5 AND night :-0.4", [("1girl", 1), ("forest", 0.5), ("night", -0.4)], "lowres, text"),
    ("1girl, red hair:1.4", [("1girl, red hair", 1.4)], ""),
    ("(smile:1.3), 1girl:0.5 AND cat:0.5", [("(smile:1.3), 1girl", 0.5), ("cat", 0.5)], "hat"),
]
"""A prompt, its parts as CLIPTextEncode reads them, with their weights, and the negative prompt."""


SCHEDULES = [
    ("a [day:night:0.5] sky", ["a day sky", "a night sky"], "share", 0.5),
    ("a [day:night:2] sky", ["a day sky", "a night sky"], "step", 2),
    ("[blue|red] hair", ["blue hair", "red hair"], "turns", None),
    ("[hat::1]cat", ["hatcat", "cat"], "step", 1),
]
"""A prompt, the texts that it stands for, and when these change."""
SCHEDULERS = ("karras", "normal", "beta", "ddim_uniform")
SAMPLING = [*(("euler", name, denoise) for name in SCHEDULERS for denoise in (1, 0.5)), ("dpm_2", "normal", 1)]
"""Samplers (`dpm_2` leaves a step of its schedule out), schedulers, denoise; ddim_uniform has one step more."""
RUNS = [
    *((SCHEDULES[2], *sampling) for sampling in SAMPLING),
    *((schedule, *sampling) for schedule in SCHEDULES for sampling in (SAMPLING[0], SAMPLING[-2])),
]


def a1111_prompts() -> list[str]:
    """Return prompts with weights, nesting, BREAK, embeddings, and more text tokens than a chunk holds."""
    dice = random.Random(4)
    names = [entry.name for entry in vocabulary() if entry.name.replace(" ", "").isalpha()]
    shapes = ["{}"] * 6 + [
        "({}:1.3)",
        "(({}))",
        "[{}]",
        "({}:0.6)",
        "((hat, {}:1.2), cat:1.1)",
        "{} BREAK",
        "tgl_test {}",
    ]
    return [
        ", ".join(dice.choice(shapes).format(dice.choice(names)) for _ in range(dice.choice((1, 5, 20, 40, 70))))
        for _ in range(A1111_PROMPTS)
    ]


INK, LINE = "style/Ink Wash.safetensors", "line_art.safetensors"
LORAS = [
    ("<lora:ink wash:0.7>, 1girl", ", 1girl", [(INK, 0.7, 0.7)]),
    (
        "1girl, <lora:style/Ink Wash:0.4:0.9><lora:line_art.safetensors:-0.5>cat",
        "1girl, cat",
        [(INK, 0.9, 0.4), (LINE, -0.5, -0.5)],
    ),
    ("(a:1.2)<lora:LINE_ART>", "(a:1.2)", [(LINE, 1, 1)]),
]
"""A prompt with LoRA tags, what CLIPTextEncode gets of it, and the chain of LoraLoaders that it stands for."""
SCHEDULED = [
    ("[<lora:line_art:1>::4]1girl", [[(LINE, 1, 1)], []], [0, 0, 0, 0, 1, 1, 1, 1], ("euler", "karras", 8, 1.0)),
    (
        "1girl[<lora:line_art:1>|<lora:ink wash:0.8>]",
        [[(LINE, 1, 1)], [(INK, 0.8, 0.8)]],
        [0, 1] * 3,
        ("heun", "normal", 6, 1.0),
    ),
    (
        "[<lora:line_art:1>:<lora:ink wash:1>:0.5]1girl",
        [[(LINE, 1, 1)], [(INK, 1, 1)]],
        [0, 0, 1, 1],
        ("euler", "beta", 4, 0.5),
    ),
]
"""A prompt, chains of LoraLoaders, which of them belongs to each step, and the sampler's settings."""
CHANGES = [
    ("<lora:line_art:1>1girl AND cat", "bad"),
    ("<lora:line_art:1>1girl AND dog", "bad"),
    ("<lora:line_art:1>1girl AND dog", "worse"),
    ("<lora:line_art:0.9>1girl AND dog", "worse"),
    ("<lora:line_art:1>[cat:1girl:3] AND dog", "bad"),
]
"""Prompts, one after the other."""
ENCODED = [[3, 1], [1, 0], [1, 0], [3, 0], [0, 0]]
"""How many texts are new in each, and how many LoRA files."""


@pytest.fixture(scope="module")
def answers(tmp_path_factory) -> dict:
    """What a process of ComfyUI answers to all questions."""
    folder, loras = tmp_path_factory.mktemp("embeddings"), tmp_path_factory.mktemp("loras")
    write_lora(loras / INK, seed=1)
    write_lora(loras / LINE, seed=2)
    save_file({"lora_unet_x.lora_up.weight": torch.zeros(2, 2)}, loras / "other.safetensors", {"ss_output_name": "Odd"})
    (loras / "broken.safetensors").write_bytes(b"nothing")
    chance = torch.Generator().manual_seed(0)
    vectors = {"clip_l": torch.randn(3, 64, generator=chance), "clip_g": torch.randn(3, 128, generator=chance)}
    save_file(vectors, folder / "tgl_test.safetensors")
    plain = [prompt.replace(" BREAK", "").replace("tgl_test", "embedding:tgl_test") for prompt in a1111_prompts()]
    job = {
        "same_as_core": [*plain[:40], "", ")", "(unclosed", "(a:1.2)(b)"],
        "as_a1111": [*a1111_prompts(), "", "BREAK", "a, " * 60],
        "and_formula": AND_CASES,
        "switching": [(schedule, sampler, scheduler, STEPS, denoise) for schedule, sampler, scheduler, denoise in RUNS],
        "compel": ["1girl, (red hair:{}), forest"],
        "loras": LORAS,
        "scheduled_loras": [(text, "1girl", chains, sampling) for text, chains, _, sampling in SCHEDULED],
        "hooked_by_hand": 0.5,
        "guider_formula": AND_CASES,
        "as_cfg_guider": ["1girl, (hat:1.2)", "[cat:dog:0.5]"],
        "clip_skips": [0, 1, 2, 3],
        "sizes": [832, 1216],
        "encoded_again": CHANGES,
        "refused": ["<lora:line art:1>", "<lora:line_art:x>", "<lora:odd>", "<lora:broken>", "[<lora:line_art>|a]"],
    }
    command = [
        sys.executable,
        Path(__file__).with_name("real_encoding.py"),
        installations.embedded().tree,
        PACKAGE,
        folder,
        loras,
    ]
    done = subprocess.run(command, input=json.dumps(job), capture_output=True, text=True, check=False)
    lines = [line for line in done.stdout.splitlines() if line.startswith("answer ")]
    assert lines, done.stderr[-3000:]
    return json.loads(lines[0].removeprefix("answer "))


def test_the_comfyui_dialect_is_cliptextencode_bit_for_bit(answers):
    assert answers["same_as_core"] == []


def test_a1111_s_weighting_and_chunks_are_its_formulas(answers, figure):
    for how, (difference, text) in answers["as_a1111"].items():
        assert difference < 1e-5, (how, text)
    worst = max(difference for difference, _ in answers["as_a1111"].values())
    figure(f"A1111's encoding differs from its formulas by {worst:.1e} at most, on {A1111_PROMPTS + 3} prompts")


def test_and_is_composable_diffusion(answers, figure):
    assert answers["and_formula"] < 1e-4
    figure(f"AND differs from its formula by {answers['and_formula']:.1e} of max|D| at most")


def test_prompts_change_at_exactly_their_steps(answers, figure):
    assert answers["switching"] == []
    figure(f"prompt editing and alternation: {len(RUNS)} runs change exactly at their steps")


def test_compel_takes_a_word_out_little_by_little(answers):
    (distances,) = answers["compel"]
    assert distances == sorted(distances, reverse=True)
    assert distances[0] > 0.1
    assert distances[-1] == 0


def test_lora_tags_are_chains_of_lora_loaders(answers):
    """Bit for bit: embeddings and predictions, with both strengths, folders and spellings."""
    assert answers["loras"] == 0


def test_scheduled_loras_act_at_exactly_their_steps(answers):
    """Each step's prediction is that of a model which has that step's LoRAs loaded."""
    steps, worst = answers["scheduled_loras"]
    assert steps == [step for _, _, steps, _ in SCHEDULED for step in steps]
    assert worst < 1e-5


def test_scheduled_loras_are_comfyui_s_own_hooks(answers):
    assert answers["hooked_by_hand"] == 0


def test_the_guider_is_composable_diffusion(answers, figure):
    assert answers["guider_formula"] < 1e-4
    assert answers["as_cfg_guider"] == 0
    figure(f"AND Guider differs from the formula by {answers['guider_formula']:.1e} of max|D| at most")


def test_clip_skip_counts_as_a1111(answers):
    """SDXL's own layer is the one before the last: 1 and 2 are that layer, 3 is another."""
    none, one, two, three = answers["clip_skips"]
    assert none == one == two == 0
    assert three > 0.05


def test_sdxl_learns_the_picture_s_size(answers):
    moved, apart = answers["sizes"]
    assert moved > 0.001
    assert apart == 0


def test_only_what_changed_is_encoded_and_read(answers):
    assert answers["encoded_again"] == ENCODED


def test_loras_that_can_t_be_loaded_are_told(answers):
    missing, strength, unfit, broken, turns = answers["refused"]
    assert missing.endswith("the LoRA 'line art' is not in ComfyUI's folder models/loras; did you mean line_art?")
    assert "<lora:line_art:x> has a strength that is no number" in strength
    assert "no weight of the LoRA other.safetensors fits this model" in unfit
    assert "the LoRA broken.safetensors can't be read" in broken
    assert "changes at every step: connect a node Sampling Steps" in turns
