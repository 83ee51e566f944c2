"""The trainer's parts by themselves: noise, text tokens, the averaged weights, the plan, the first weights."""

import signal

import pytest
import torch
from torch import nn

from tagloom.tiny.training.autoencoder import off_normal, reconstruction
from tagloom.tiny.training.average import Average
from tagloom.tiny.training.errors import TrainingError
from tagloom.tiny.training.interrupting import Interruption
from tagloom.tiny.training.models import from_nothing, trained_before
from tagloom.tiny.training.noise import Noise
from tagloom.tiny.training.plan import Plan
from tagloom.tiny.training.samples import NEGATIVE, PROMPTS, as_image
from tagloom.tiny.training.sizes import END, SIZES, START
from tagloom.tiny.training.tokens import Tokenizer, for_second, pipeline_tokenizers

CPU = torch.device("cpu")


def plan(**changes) -> Plan:
    settings = {"steps": 100, "minutes": None, "batch": 4, "rate": 1.0, "warmup": 10, "betas": (0.9, 0.99)}
    return Plan(**(settings | {"decay": 0.01, "seed": 0} | changes))


def test_v_prediction_ends_in_noise_alone():
    kept = {name: Noise(name, CPU).scheduler.alphas_cumprod for name in ("epsilon", "v_prediction")}
    assert kept["v_prediction"][-1] == 0
    assert kept["epsilon"][-1] == pytest.approx(0.00466, abs=1e-5)  # SDXL's
    assert kept["v_prediction"][0] == pytest.approx(kept["epsilon"][0])


@pytest.mark.parametrize("prediction", ["epsilon", "v_prediction"])
def test_what_is_predicted_gives_the_picture_back(prediction):
    noise, steps = Noise(prediction, CPU), torch.tensor([10, 500, 900])
    latents, chance = torch.randn(2, 3, 4, 2, 2).unbind()
    noisy, target = noise.add(latents, chance, steps), noise.target(latents, chance, steps)
    kept = noise.scheduler.alphas_cumprod[steps].view(-1, 1, 1, 1)
    found = {
        "epsilon": (noisy - (1 - kept).sqrt() * target) / kept.sqrt(),
        "v_prediction": kept.sqrt() * noisy - (1 - kept).sqrt() * target,
    }
    assert torch.allclose(found[prediction], latents, atol=1e-4)
    assert noise.loss(target, latents, chance, steps) == 0


@pytest.mark.parametrize("prediction", ["epsilon", "v_prediction"])
def test_weights_are_1_where_there_is_much_noise_and_fall_where_there_is_little(prediction):
    noise = Noise(prediction, CPU)
    weights = noise.weights(torch.arange(1000))
    kept = noise.scheduler.alphas_cumprod
    ratio = kept / (1 - kept)
    assert (weights[ratio <= 5] == 1).all()
    assert (weights.diff() >= 0).all() and 0 < weights[0] < 0.02
    middle = int((ratio - 10).abs().argmin())
    assert weights[middle] == pytest.approx({"epsilon": 5 / 10, "v_prediction": 6 / 11}[prediction], abs=0.02)


def test_captions_become_the_text_tokens_of_the_pipeline():
    texts = ["", "1girl, ^_^, t-shirt", "naïve 日本 (smile:1.2)", "red hair, " * 60, *PROMPTS, NEGATIVE]
    mine = Tokenizer()(texts)
    for tokenizer, ids in zip(pipeline_tokenizers().values(), (mine, for_second(mine)), strict=True):
        theirs = tokenizer(texts, padding="max_length", max_length=77, truncation=True, return_tensors="pt")
        assert torch.equal(ids, theirs["input_ids"])
    assert mine[0, :3].tolist() == [START, END, END]


def test_the_average_follows_slowly_and_comes_and_goes():
    module = nn.Linear(1, 1, bias=False)
    nn.init.zeros_(module.weight)
    average = Average(module)
    nn.init.ones_(module.weight)
    average.update(3)
    assert average.weights["weight"] == 0  # only one step in four
    average.update(400)
    assert average.weights["weight"].item() == pytest.approx(1 - (401 / 450) ** 4, abs=1e-6)
    with average.in_place():
        assert module.weight.item() == pytest.approx(average.weights["weight"].item())
    assert module.weight.item() == 1


def test_the_learning_rate_warms_up_and_falls_as_a_cosine():
    rates = [plan().rate_at(step, step / 100) for step in (1, 5, 10, 50, 100)]
    assert rates == pytest.approx([0.1, 0.5, 0.9755, 0.5, 0.02], abs=0.01)


def test_a_run_ends_by_steps_or_minutes():
    assert plan(minutes=1.0).progress(50, 30.0) == 0.5
    assert plan(minutes=1.0).progress(50, 45.0) == 0.75
    assert plan(steps=None, minutes=1.0).progress(10**6, 60.0) == 1
    with pytest.raises(TrainingError, match="--steps or --minutes"):
        plan(steps=None)


def test_a_step_s_chance_depends_on_the_seed_and_its_number_alone():
    def numbers(seed: int, step: int) -> list[float]:
        draw = plan(seed=seed).draw(step, CPU)
        return [draw.dice.random(), torch.rand((), generator=draw.generator).item()]

    assert numbers(1, 2) == numbers(1, 2)
    assert len({tuple(numbers(seed, step)) for seed in range(3) for step in range(3)}) == 9


def test_at_first_the_unet_predicts_nothing():
    models = from_nothing(SIZES["small"], 1)
    sizes = torch.tensor([[64.0, 64, 0, 0, 64, 64]])
    tokens = Tokenizer()(["1girl"])
    found = models.denoiser()(torch.randn(1, 4, 8, 8), torch.tensor([5]), tokens, for_second(tokens), sizes)
    assert found.shape == (1, 4, 8, 8) and not found.any()
    again = from_nothing(SIZES["small"], 1)
    assert all(torch.equal(*pair) for pair in zip(models.unet.parameters(), again.unet.parameters(), strict=True))


def test_zero_rows_are_tokens_that_were_never_trained():
    models = from_nothing(SIZES["small"], 1)
    rows = models.text_encoder.text_model.embeddings.token_embedding
    with torch.no_grad():
        rows.weight[5] = 0
        models.text_encoder_2.text_model.embeddings.token_embedding.weight[7] = 0
    assert (~trained_before(models)).nonzero().flatten().tolist() == [5, 7]


def test_the_sizes_are_those_of_the_shipped_checkpoint():
    """Also tests/comfy/test_tiny_parity.py, where its weights fit."""
    with torch.device("meta"):
        models = from_nothing(SIZES["tiny"], 0)
    counts = [sum(weight.numel() for weight in getattr(models, part).parameters()) for part in ("unet", "vae")]
    assert counts == [11_500_164, 2_445_063]


def test_errors_of_pictures_are_measured_as_the_shipped_autoencoder_s_were():
    flat = torch.full((1, 3, 8, 8), 0.5)
    assert reconstruction(flat).item() == pytest.approx(0.5 + 0.5 + 0.5 * 0.25)  # pixels, means of 4x4, squares
    stripes = flat * torch.tensor([1.0, -1.0] * 4)
    assert reconstruction(stripes).item() == pytest.approx(0.5 + 0.5 * 1.0 + 0.5 * 0.25)  # and no means
    assert off_normal(torch.tensor([0.0, 2.0, 4.0])).item() == pytest.approx(4 + 1)


def test_pictures_are_laid_in_rows():
    pictures = torch.stack([torch.full((3, 2, 4), value) for value in (0.0, 0.5, 1.0, 2.0)])
    image = as_image(pictures, columns=2)
    assert image.size == (8, 4)
    assert [image.getpixel(place)[0] for place in ((0, 0), (4, 0), (0, 2), (4, 2))] == [0, 128, 255, 255]


def test_the_second_ctrl_c_ends_a_run_at_once():
    before = signal.getsignal(signal.SIGINT)
    with Interruption() as interruption:
        signal.raise_signal(signal.SIGINT)
        assert interruption.asked
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)
    assert signal.getsignal(signal.SIGINT) is before
