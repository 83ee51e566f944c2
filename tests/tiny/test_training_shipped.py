"""The trainer goes on from the shipped checkpoint, at its own size, and what it exports is whole."""

import hashlib
import json
import shutil
from pathlib import Path

import pytest
import torch
from safetensors import safe_open
from safetensors.torch import load_file

from tagloom.runner.conversion import convert
from tagloom.tiny.scenes import Composer
from tagloom.tiny.training.__main__ import main
from tagloom.tiny.training.denoiser import Batch, DenoiserStage
from tagloom.tiny.training.models import load_models
from tagloom.tiny.training.noise import Noise
from tagloom.tiny.training.pictures import Source, encode
from tagloom.tiny.training.plan import Plan
from tagloom.tiny.training.sizes import Bucket, Shape

SHIPPED = Path(__file__).parents[2] / "tiny" / "tagloom-tiny.safetensors"
CPU = torch.device("cpu")
SQUARE = (Bucket(Shape(256, 256), 10),)
EARLIER = 9037
"""Steps behind the shipped weights; their own metadata count the last of three runs alone."""
LARGEST_FILE = 50_000_000


class Measure:
    """The loss of models on one and the same batch of pictures, captions and noise, which no run sees."""

    def __init__(self) -> None:
        self.shipped = load_models(SHIPPED)
        self.pictures = encode(Source(Composer(20, 1), 1, CPU), self.shipped.vae, SQUARE, 12)

    def __call__(self, file: Path, prediction: str) -> float:
        models = self.shipped if file == SHIPPED else load_models(file)
        stage = DenoiserStage(models, self.pictures, SQUARE, Noise(prediction, CPU))
        with torch.no_grad():
            return float(stage.loss_of(self.batch(stage)))

    def batch(self, stage: DenoiserStage) -> Batch:
        return stage.batch(Plan(1, None, 1, 1, 0, (0, 0), 0, 9).draw(1, CPU), 24)


@pytest.fixture(scope="module")
def measure() -> Measure:
    return Measure()


def run(folder: Path, prediction: str, *arguments: str) -> Path:
    """Train, for 8 steps if no other number is given; return the single file."""
    fixed = ["--from", str(SHIPPED), "--output", str(folder), "--prediction", prediction, "--steps", "8"]
    quiet = ["--samples-every", "0", "--device", "cpu", "--pictures", "24", "--backgrounds", "20"]
    assert main(["denoiser", *fixed, *quiet, "--earlier-steps", str(EARLIER), *arguments]) == 0
    (file,) = folder.glob("tagloom-tiny*.safetensors")
    return file


@pytest.fixture(scope="module")
def epsilon(tmp_path_factory) -> Path:
    return run(
        tmp_path_factory.mktemp("epsilon"), "epsilon", "--steps", "16", "--batch", "8", "--lr", "1e-5", "--warmup", "2"
    )


@pytest.fixture(scope="module")
def twin(tmp_path_factory, epsilon) -> Path:
    """A run that learns v-prediction, on the same pictures."""
    folder = tmp_path_factory.mktemp("twin")
    shutil.copy(epsilon.parent / "pictures.safetensors", folder)
    return run(folder, "v_prediction", "--batch", "6", "--lr", "3e-4", "--warmup", "2")


def test_from_the_shipped_weights_the_loss_does_not_rise(measure, epsilon, figure):
    before, after = measure(SHIPPED, "epsilon"), measure(epsilon, "epsilon")
    figure(f"from the shipped weights, 16 steps: loss {before:.5f} before, {after:.5f} after")
    assert before < 0.03  # what their own training ended with: 0.0105
    assert after <= before


def test_v_prediction_is_learned_from_the_shipped_weights(measure, twin, figure):
    before, after = measure(SHIPPED, "v_prediction"), measure(twin, "v_prediction")
    figure(f"v-prediction from the shipped weights, 8 steps: loss {before:.3f} before, {after:.3f} after")
    assert after < 0.75 * before


@pytest.mark.parametrize("name", ["epsilon", "twin"])
def test_an_export_goes_there_and_back_bit_for_bit(name, request, tmp_path):
    file = request.getfixturevalue(name)
    done = convert(file, tmp_path / "folder")
    assert done.architecture == "tagloom-tiny" and done.left_out == ()
    convert(tmp_path / "folder", tmp_path / "back.safetensors")
    digests = {hashlib.sha256(path.read_bytes()).digest() for path in (file, tmp_path / "back.safetensors")}
    assert len(digests) == 1
    own, other = (read_scheduler(place) for place in (file.parent / "diffusers", tmp_path / "folder"))
    assert own.keys() >= other.keys() and all(own[name] == other[name] for name in other)
    for part in (file.parent / "diffusers").glob("*/*.safetensors"):
        mine, own = load_file(part), load_file(tmp_path / "folder" / part.relative_to(file.parent / "diffusers"))
        assert mine.keys() == own.keys()
        assert all(torch.equal(mine[key], own[key]) and mine[key].dtype == torch.float16 for key in mine)


def read_scheduler(folder: Path) -> dict[str, object]:
    settings = json.loads((folder / "scheduler" / "scheduler_config.json").read_text())
    return {name: value for name, value in settings.items() if name != "_diffusers_version"}


def test_an_export_is_as_the_shipped_file(epsilon, twin):
    """The same tensors but for the projection of the first encoder, which SDXL has no use for."""
    with safe_open(SHIPPED, "pt") as shipped:
        names = set(shipped.keys()) - {"conditioner.embedders.0.transformer.text_projection.weight"}
    for file, more, steps in ((epsilon, set(), 16), (twin, {"v_pred", "ztsnr"}, 8)):
        assert file.stat().st_size < LARGEST_FILE
        with safe_open(file, "pt") as own:
            assert set(own.keys()) == names | more
            metadata = own.metadata()
        assert metadata["steps"] == str(EARLIER + steps)
        assert metadata["modelspec.architecture"] == "stable-diffusion-xl-v1-base"
        assert json.loads(metadata["recipe"])["pictures"] == 24


def test_rows_that_were_never_trained_stay_zero(epsilon):
    """Those of the shipped file that no caption of the run has."""
    name = "conditioner.embedders.0.transformer.text_model.embeddings.token_embedding.weight"
    before, after = ((load_file(file)[name] == 0).all(dim=1) for file in (SHIPPED, epsilon))
    assert 40_000 < after.sum() <= before.sum()
    assert not (after & ~before).any()
