"""Runs of the trainer from nothing, at small sizes: they learn, repeat, stop and go on, and refuse what can't be."""

import json
import os
import shutil
import signal
from pathlib import Path

import pytest
import torch
from PIL import Image
from safetensors import safe_open
from safetensors.torch import load_file, save_file

from tagloom.tiny.scenes import Composer
from tagloom.tiny.training.__main__ import main
from tagloom.tiny.training.denoiser import DenoiserStage
from tagloom.tiny.training.models import from_nothing, load, load_models
from tagloom.tiny.training.noise import Noise
from tagloom.tiny.training.pictures import Source, encode
from tagloom.tiny.training.plan import Plan
from tagloom.tiny.training.sizes import SIZES
from tagloom.tiny.training.tokens import Tokenizer

from .small_runs import autoencoder, denoiser

CPU = torch.device("cpu")
STEPS, BATCH, BOUND, TRIVIAL = 80, 16, 0.1, 0.6
"""Of the run that shall learn: its loss falls below BOUND (by hand, with three seeds: 0.051 to 0.054); predicting 0
costs more than TRIVIAL."""
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")  # diffusers' scheduler


@pytest.fixture(scope="module")
def start(tmp_path_factory) -> Path:
    """A trained autoencoder, of small sizes."""
    folder = tmp_path_factory.mktemp("autoencoder")
    assert autoencoder(folder) == 0
    return folder


@pytest.fixture(scope="module")
def straight(start, tmp_path_factory) -> Path:
    """A run of 20 steps."""
    folder = tmp_path_factory.mktemp("straight")
    assert denoiser(start, folder, "--tell-every", "1") == 0
    return folder


def losses(folder: Path) -> list[list[str]]:
    """Return step, loss and learning rate of each line, without the seconds."""
    return [line.split(",")[:3] for line in (folder / "losses.csv").read_text().splitlines()[1:]]


def tensors(folder: Path) -> dict[str, torch.Tensor]:
    return load_file(folder / "state.safetensors")


def assert_same(one: dict[str, torch.Tensor], other: dict[str, torch.Tensor]) -> None:
    assert one.keys() == other.keys()
    assert [name for name in one if not torch.equal(one[name], other[name])] == []


def test_the_autoencoder_learns(start, tmp_path):
    table = losses(start)
    assert float(table[-1][1]) < 0.9 * float(table[0][1])
    vae = load(start, ("vae",))["vae"]
    pictures = Source(Composer(20), 0, CPU)
    found = encode(pictures, vae, SIZES["small"].buckets, 20)
    spread = found[0].latents.float().std() * vae.config.scaling_factor
    assert 0.9 < spread < 1.1  # what the denoiser gets


def test_from_nothing_the_loss_falls_to_a_bound(start, tmp_path, figure):
    """On pictures, captions and noise that the run has not seen."""
    folder = tmp_path / "run"
    assert denoiser(start, folder, "--batch", str(BATCH), "--pictures", "200", steps=STEPS) == 0
    seen = load_models(folder / "diffusers")
    unseen = encode(Source(Composer(20, 1), 1, CPU), seen.vae, SIZES["small"].buckets, 60)
    stage = DenoiserStage(seen, unseen, SIZES["small"].buckets, Noise("epsilon", CPU))
    batch = stage.batch(Plan(1, None, 1, 1, 0, (0, 0), 0, 9).draw(1, CPU), 256)
    with torch.no_grad():
        loss = float(stage.loss_of(batch))
        stage.module = from_nothing(SIZES["small"], 0).denoiser()
        nothing = float(stage.loss_of(batch))
    figure(
        f"from nothing, {STEPS} steps at small sizes: loss {nothing:.3f} before, {loss:.3f} after, on unseen pictures"
    )
    assert nothing > TRIVIAL
    assert loss < BOUND


def test_the_same_seed_trains_the_same_20_steps(start, straight, tmp_path):
    assert denoiser(start, tmp_path / "again", "--tell-every", "1") == 0
    assert len(losses(straight)) == 20
    assert losses(tmp_path / "again") == losses(straight)
    assert_same(tensors(tmp_path / "again"), tensors(straight))
    assert denoiser(start, tmp_path / "other", "--tell-every", "1", "--seed", "1", steps=2) == 0
    assert losses(tmp_path / "other") != losses(straight)[:2]


@pytest.fixture
def interrupted_at(monkeypatch):
    """A function: in the step of that number, counted from now, someone presses Ctrl-C."""
    whole = DenoiserStage.loss

    def at(step: int) -> None:
        done = iter(range(1, step + 1))

        def loss(self, draw, batch):
            if next(done, None) == step:
                os.kill(os.getpid(), signal.SIGINT)
            return whole(self, draw, batch)

        monkeypatch.setattr(DenoiserStage, "loss", loss)

    return at


def test_a_run_that_is_interrupted_goes_on_as_if_it_had_not_been(start, straight, tmp_path, interrupted_at, capsys):
    folder = tmp_path / "run"
    interrupted_at(7)
    assert denoiser(start, folder, "--tell-every", "1") == 130
    assert "--resume goes on" in capsys.readouterr().err
    assert len(losses(folder)) == 7
    assert (folder / "diffusers" / "model_index.json").exists()
    interrupted_at(4)
    assert denoiser(start, folder, "--tell-every", "1", "--resume") == 130
    assert denoiser(start, folder, "--tell-every", "1", "--resume") == 0
    assert losses(folder) == losses(straight)
    assert_same(tensors(folder), tensors(straight))
    parts = [path.relative_to(folder) for path in folder.rglob("*.safetensors") if path.parent != folder]
    assert len(parts) == 4
    for part in parts:
        assert_same(load_file(folder / part), load_file(straight / part))
    assert not list(folder.glob(".*"))


def test_a_state_from_the_midst_counts_not_what_was_told_after_it(start, straight, tmp_path, monkeypatch):
    """As after a crash: the state is of step 10, the table of step 15."""
    folder, whole = tmp_path / "run", DenoiserStage.loss
    calls = []

    def loss(self, draw, batch):
        calls.append(1)
        if len(calls) == 16:
            raise MemoryError
        return whole(self, draw, batch)

    monkeypatch.setattr(DenoiserStage, "loss", loss)
    with pytest.raises(MemoryError):
        denoiser(start, folder, "--tell-every", "1", "--keep-every", "10")
    assert len(losses(folder)) == 15
    assert denoiser(start, folder, "--tell-every", "1", "--keep-every", "10", "--resume") == 0
    assert losses(folder) == losses(straight)
    assert_same(tensors(folder), tensors(straight))


def test_a_loss_that_is_no_number_ends_the_run(start, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(
        DenoiserStage, "loss", lambda self, draw, batch: self.module.unet.conv_out.bias.sum() * torch.nan
    )
    assert denoiser(start, tmp_path / "run") == 1
    assert "at step 1 the loss is nan; start again with a lower --lr" in capsys.readouterr().err
    assert not (tmp_path / "run" / "state.safetensors").exists()


def test_the_tokens_of_all_captions_are_kept_and_no_others(straight):
    """Those of every caption: the shipped file lost all words but those of its samples' prompts."""
    captions = load_file(straight / "pictures.safetensors")
    seen = {int(token) for name, rows in captions.items() if name.endswith("tokens") for token in rows.unique()}
    assert len(seen) > 50
    for part in ("text_encoder", "text_encoder_2"):
        rows = load_file(straight / "diffusers" / part / "model.safetensors")
        kept = rows["text_model.embeddings.token_embedding.weight"].any(dim=1).nonzero().flatten()
        assert set(kept.tolist()) == seen | {0}  # the second encoder's padding


def test_the_extended_vocabulary_has_eye_colours(start, straight, tmp_path):
    assert denoiser(start, tmp_path / "run", "--extended", steps=1) == 0
    _, *eyes = Tokenizer()(["green eyes"])[0, :3].tolist()
    told = {folder: str(eyes)[1:-1] in read_tokens(folder) for folder in (tmp_path / "run", straight)}
    assert list(told.values()) == [True, False]


def read_tokens(folder: Path) -> str:
    """Return the text tokens of all captions of a run."""
    found = load_file(folder / "pictures.safetensors")
    return " ".join(str(rows.flatten().tolist()) for name, rows in found.items() if name.endswith("tokens"))


def test_the_metadata_tell_of_the_run(straight, start, tmp_path):
    """Steps are counted over all runs."""
    places = ["--from", str(straight / "diffusers"), "--output", str(tmp_path / "more")]
    changed = ["--prediction", "v_prediction", "--pictures", "20", "--batch", "4", "--samples-every", "1"]
    rest = ["--steps", "2", "--sizes", "small", "--backgrounds", "20"]
    assert main(["denoiser", *places, *changed, *rest]) == 0
    with safe_open(tmp_path / "more" / "diffusers" / "unet" / "diffusion_pytorch_model.safetensors", "pt") as file:
        metadata = file.metadata()
    assert metadata["steps"] == "22"
    assert metadata["modelspec.prediction_type"] == "v"
    assert metadata["modelspec.resolution"] == "64x64"
    assert json.loads(metadata["recipe"])["pictures"] == 20
    scheduler = json.loads((tmp_path / "more" / "diffusers" / "scheduler" / "scheduler_config.json").read_text())
    assert (scheduler["prediction_type"], scheduler["rescale_betas_zero_snr"]) == ("v_prediction", True)
    with Image.open(tmp_path / "more" / "samples" / "step-000002.png") as image:
        assert image.size == (8 * 64, 2 * 64)


REFUSED = [
    (["denoiser", "--output", "{new}", "--steps", "2"], "name the weights to start from"),
    (
        ["denoiser", "--output", "{new}", "--steps", "2", "--from", "a", "--autoencoder", "b"],
        "name the weights to start",
    ),
    (["denoiser", "--output", "{new}", "--from", "{none}"], "a run needs an end"),
    (["denoiser", "--output", "{new}", "--from", "{none}", "--minutes", "-1"], "a run needs an end"),
    (["denoiser", "--output", "{new}", "--from", "{none}", "--steps", "2"], "there is no file or folder"),
    (["denoiser", "--output", "{new}", "--from", "{junk}", "--steps", "2"], "junk.safetensors"),
    (["denoiser", "--output", "{new}", "--autoencoder", "{new}", "--steps", "2"], "holds no AutoencoderTiny"),
    (["denoiser", "--output", "{run}", "--autoencoder", "{start}", "--steps", "2"], "holds a run already"),
    (
        ["denoiser", "--output", "{new}", "--autoencoder", "{start}", "--steps", "2", "--resume"],
        "holds no run to go on",
    ),
    (
        ["autoencoder", "--output", "{start}", "--steps", "40", "--resume", "--sizes", "small"],
        "with backgrounds 20, not 1200",
    ),
    (["autoencoder", "--output", "{new}", "--steps", "2", "--lr", "0"], "--batch and --lr must be above 0"),
    (["autoencoder", "--output", "{new}", "--steps", "2", "--lr", "inf"], "--batch and --lr must be above 0"),
    (["autoencoder", "--output", "{new}", "--minutes", "nan"], "a run needs an end"),
    (["denoiser", "--output", "{new}", "--steps", "2", "--from", "{holed}"], "unet lacks conv_in.bias and 0 more"),
    (["autoencoder", "--output", "{junk}", "--steps", "2"], "junk.safetensors"),
    (["samples", "--from", "{none}", "--output", "{new}/a.png"], "there is no file or folder"),
]


@pytest.mark.parametrize(("arguments", "says"), REFUSED)
def test_what_is_refused(arguments, says, start, straight, tmp_path, capsys):
    (tmp_path / "junk.safetensors").write_bytes(b'\x08\0\0\0\0\0\0\0{"a": 1}')
    places = {"new": tmp_path / "new", "none": tmp_path / "none", "junk": tmp_path / "junk.safetensors"}
    places |= {"run": straight, "start": start, "holed": tmp_path / "holed"}
    if "{holed}" in arguments:
        part = shutil.copytree(straight / "diffusers", places["holed"]) / "unet" / "diffusion_pytorch_model.safetensors"
        save_file({name: tensor for name, tensor in load_file(part).items() if name != "conv_in.bias"}, part)
    assert main([argument.format(**places) for argument in arguments]) == 1
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 1 and lines[0].startswith("error: ") and says in lines[0]


@pytest.mark.parametrize("number", ["abc", "0", "-1", "1.5"])
def test_numbers_that_are_none_are_refused(number, tmp_path, capsys):
    with pytest.raises(SystemExit):
        main(["autoencoder", "--output", str(tmp_path), "--steps", number])
    assert f"argument --steps: '{number}' is no whole number from 1 on" in capsys.readouterr().err


@pytest.mark.parametrize("spoiled", ["no counts", "a tensor missing", "cut off"])
def test_a_spoiled_state_is_refused(spoiled, start, straight, tmp_path, capsys):
    folder = tmp_path / "run"
    shutil.copytree(straight, folder)
    path = folder / "state.safetensors"
    with safe_open(path, "pt") as file:
        metadata = file.metadata()
    if spoiled == "no counts":
        save_file(tensors(folder), path, {"settings": metadata["settings"]})
    elif spoiled == "a tensor missing":
        kept = tensors(folder)
        del kept["average.unet.conv_in.bias"]
        save_file(kept, path, metadata)
    else:
        path.write_bytes(path.read_bytes()[:-100])
    assert denoiser(start, folder, "--resume", steps=25) == 1
    assert f"{path} is no state that this run can go on from" in capsys.readouterr().err
