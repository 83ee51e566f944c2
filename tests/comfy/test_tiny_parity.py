"""The same weights mean the same in diffusers' StableDiffusionXLPipeline and in the real ComfyUI, both in float32."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from diffusers import StableDiffusionXLPipeline
from safetensors.torch import load_file, save_file

from tagloom.runner.conversion import convert
from tagloom.runner.embedded import installations
from tagloom.runner.places import PACKAGE
from tagloom.tiny.training.export import FILES, FOLDER, Facts, export
from tagloom.tiny.training.models import load_models, untrained

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")  # diffusers' scheduler
SHIPPED = Path(PACKAGE) / "tiny" / "tagloom-tiny.safetensors"
TEXTS = (
    "",
    "1girl, solo, blue hair, cat ears, ^_^",
    "masterpiece, best quality, 1boy, beard, red hoodie, looking to the side, night sky, stars " * 4,
    "best quality, 1girl, orange hair, fox ears, smirk, black jacket, forest, fire",
)
"""The third is cut by diffusers, so that only its first 75 text tokens are compared."""
STEPS = (999, 749, 499, 249, 9)
"""Of the noise schedule."""
NEAR = 1e-4
"""Largest difference, relative to the largest value."""


def farthest(left: torch.Tensor, right: torch.Tensor) -> float:
    return float((left - right).abs().max() / right.abs().max())


class Side:
    """A model in diffusers, and what it gives."""

    def __init__(self, folder: Path) -> None:
        self.pipeline = StableDiffusionXLPipeline.from_pretrained(folder, torch_dtype=torch.float32)
        self.pipeline.set_progress_bar_config(disable=True)
        scheduler = self.pipeline.scheduler
        kept = scheduler.alphas_cumprod.double()[list(STEPS)]
        self.sigmas = ((1 - kept) / kept).sqrt().float()
        generator = torch.Generator().manual_seed(5)
        self.inputs = torch.randn((len(STEPS), 4, 36, 28), generator=generator)  # as scaled for the UNet

    @torch.no_grad()
    def texts(self, text: str) -> tuple[torch.Tensor, torch.Tensor]:
        states, _, pooled, _ = self.pipeline.encode_prompt(text, do_classifier_free_guidance=False)
        return states, pooled

    @torch.no_grad()
    def predicted(self, text: str) -> torch.Tensor:
        states, pooled = self.texts(text)
        conditions = {"text_embeds": pooled, "time_ids": torch.tensor([[288.0, 224.0, 0.0, 0.0, 288.0, 224.0]])}
        found = [
            self.pipeline.unet(one, step, states, added_cond_kwargs=conditions).sample
            for one, step in zip(self.inputs.split(1), STEPS, strict=True)
        ]
        return torch.cat(found)

    def pictures(self, raw: torch.Tensor) -> torch.Tensor:
        """Return the pictures that the scheduler takes predictions for."""
        scheduler, found = self.pipeline.scheduler, []
        scheduler.set_timesteps(timesteps=list(STEPS))
        for one, step, sigma, output in zip(self.inputs, scheduler.timesteps, scheduler.sigmas, raw, strict=False):
            found.append(scheduler.step(output, step, one * (sigma**2 + 1).sqrt()).pred_original_sample)
        return torch.stack(found)


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    """The shipped checkpoint as a folder, and an export of the same weights as if they predicted v."""
    place = tmp_path_factory.mktemp("parity")
    convert(SHIPPED, place / "epsilon")
    models = load_models(SHIPPED)
    trained = ~untrained(models.text_encoder.text_model.embeddings.token_embedding)
    facts = Facts("v_prediction", "256x256", 1, {})
    export(models, trained, facts, place, single_file=True)
    return place


@pytest.fixture(scope="module")
def sides(folder) -> dict[str, Side]:
    return {"epsilon": Side(folder / "epsilon"), "v_prediction": Side(folder / FOLDER)}


@pytest.fixture(scope="module")
def answers(folder, sides) -> tuple[dict, dict]:
    """ComfyUI's answers: facts by prediction, and tensors by name."""
    for name, side in sides.items():
        save_file({"inputs": side.inputs, "sigmas": side.sigmas}, folder / f"{name}.safetensors")
    files = {"epsilon": str(SHIPPED), "v_prediction": str(folder / FILES["v_prediction"])}
    command = [sys.executable, Path(__file__).with_name("real_parity.py"), installations.embedded().tree]
    command += [Path(PACKAGE) / "tiny" / "loader", folder]
    job = json.dumps({"files": files, "texts": TEXTS})
    done = subprocess.run(command, input=job, capture_output=True, text=True, check=False)
    lines = [line for line in done.stdout.splitlines() if line.startswith("answer ")]
    assert lines, done.stderr[-3000:]
    return json.loads(lines[0].removeprefix("answer ")), load_file(folder / "answers.safetensors")


@pytest.mark.parametrize("prediction", ["epsilon", "v_prediction"])
def test_text_embeddings_are_the_same(prediction, sides, answers, figure):
    worst = 0.0
    for place, text in enumerate(TEXTS):
        states, pooled = sides[prediction].texts(text)
        mine, own = (answers[1][f"{prediction}.{place}.{name}"] for name in ("states", "pooled"))
        assert mine.shape[1] >= 77
        worst = max(worst, farthest(mine[:, :75], states[:, :75]))
        if mine.shape[1] == 77:
            worst = max(worst, farthest(mine, states), farthest(own, pooled))
    assert worst < NEAR
    figure(f"text embeddings ({prediction}) in ComfyUI and in diffusers differ by {worst:.1e} at most")


@pytest.mark.parametrize("prediction", ["epsilon", "v_prediction"])
def test_predictions_are_the_same_at_five_noise_levels(prediction, sides, answers, figure):
    raw = sides[prediction].predicted(TEXTS[-1])
    mine = answers[1][f"{prediction}.raw"]
    differences = [farthest(one, other) for one, other in zip(mine, raw, strict=True)]
    assert max(differences) < NEAR, differences
    figure(f"the UNet's predictions ({prediction}) differ by {max(differences):.1e} at most")


@pytest.mark.parametrize("prediction", ["epsilon", "v_prediction"])
def test_predictions_mean_the_same_picture(prediction, sides, answers):
    pictures = sides[prediction].pictures(sides[prediction].predicted(TEXTS[-1]))
    mine = answers[1][f"{prediction}.pictures"]
    assert farthest(mine, pictures) < NEAR


def test_the_markers_make_it_v_prediction_that_ends_in_noise(answers):
    facts = {name: answers[0][name] for name in ("epsilon", "v_prediction")}
    assert "EPS" in facts["epsilon"]["bases"] and "V_PREDICTION" not in facts["epsilon"]["bases"]
    assert "V_PREDICTION" in facts["v_prediction"]["bases"]
    assert facts["epsilon"]["sigma_max"] == pytest.approx(14.61, abs=0.01)
    assert facts["v_prediction"]["sigma_max"] > 4000


def test_the_noise_schedule_is_the_same(sides, answers):
    """But for the last step of the one that ends in noise: both write something else than infinity there."""
    for name, side in sides.items():
        mine = torch.tensor([answers[0][name]["sigmas"][step] for step in STEPS])
        first = 1 if name == "v_prediction" else 0
        assert farthest((mine / side.sigmas)[first:], torch.ones(len(STEPS))[first:]) < NEAR
