"""Rendered pictures: sizes, seeds, colours where they should be, the camera, damage."""

import hashlib
import random

import numpy as np
import pytest
import torch

from tagloom.tiny.scenes import SIZES, Camera, Composer, Damage, LayerError, Part, Renderer
from tagloom.tiny.scenes.__main__ import main
from tagloom.tiny.scenes.layers import FILE, layers, read_layers

PLAIN = ["upper body", "simple background", "white background"]


@pytest.fixture(scope="module")
def composer():
    return Composer(backgrounds=8, seed=1)


@pytest.fixture(scope="module")
def renderer(composer):
    return Renderer(composer)


def seeded(seed=1):
    return torch.Generator().manual_seed(seed)


def clean(scene):
    return scene._replace(damage=Damage(), camera=Camera())


def test_the_layers_are_those_that_the_weights_were_trained_on():
    digest = hashlib.sha256(FILE.read_bytes()).hexdigest()
    assert digest == "1310038b1cddbd809c5ce8080c6011f614bdafc4d077e6503ec36db832db58e2"
    assert len(layers().numbers) == 112


@pytest.mark.parametrize(("width", "height"), SIZES)
def test_sizes(composer, renderer, width, height):
    dice = random.Random(1)
    pictures = renderer.render([composer.scene(dice) for _ in range(2)], width, height, seeded())
    assert pictures.shape == (2, 3, height, width)
    assert pictures.dtype == torch.float32
    assert 0 <= pictures.min() < pictures.max() <= 1


@pytest.mark.parametrize(("width", "height"), [(321, 256), (256, 8)])
def test_other_sizes_are_refused(composer, renderer, width, height):
    with pytest.raises(ValueError, match=f"{width}x{height}"):
        renderer.render([composer.scene(random.Random(1))], width, height)


def test_the_same_seed_renders_the_same(composer, renderer):
    scenes = [composer.scene(random.Random(1), ["noise", "night"])]
    first, again, other = (renderer.render(scenes, generator=seeded(seed)) for seed in (1, 1, 2))
    assert torch.equal(first, again)
    assert not torch.equal(first, other)


def test_packed_scenes_render_alike(composer, renderer):
    dice = random.Random(3)
    scenes = [composer.scene(dice) for _ in range(4)]
    packed = composer.pack(scenes)
    assert packed.count == 4
    assert torch.equal(renderer.render(scenes, generator=seeded()), renderer.render(packed, generator=seeded()))
    some = packed.select(torch.tensor([2, 0]))
    assert torch.equal(some.camera[0], packed.camera[2])


COLOURED = {
    "top": ("{} hair", "hair", ["big hair"]),
    "clothing": ("{} sweater", "clothing", []),
    "background": ("{} background", "clothing", ["simple background"]),
}


@pytest.mark.parametrize(("slot", "tag", "palette", "besides"), [(k, *v) for k, v in COLOURED.items()], ids=COLOURED)
def test_a_named_colour_is_what_is_seen(composer, renderer, slot, tag, palette, besides):
    """Where a slot's coloured share is all that is seen, the pixels have the colour that the tag names."""
    for option in composer.vocabulary.palette(palette):
        wanted = [tag.format(option.name), *besides]
        scene = clean(composer.scene(random.Random(4), wanted, ["halo", "furry", "print shirt"]))
        picture = renderer.render([scene], generator=seeded())[0]
        shown = renderer.visible([scene], slot)[0] > 0.99
        assert shown.sum() > 2000, wanted
        colour = picture[:, shown].median(dim=1).values
        assert torch.allclose(colour, torch.tensor(option.value), atol=0.055), wanted


def test_what_is_below_something_is_not_seen(composer, renderer):
    """The share of a slot that is seen never exceeds what the layers above it leave."""
    scene = clean(composer.scene(random.Random(4), ["sunglasses", "long beard"]))
    shown = sum(renderer.visible([scene], slot) for slot in ("base", "clothing", "top", "facialHair", "background"))
    assert shown.max() < 1.02


def test_the_camera_mirrors_and_zooms(composer, renderer):
    scene = clean(composer.scene(random.Random(4), [*PLAIN, "eyepatch"], ["gradient"]))
    plain, mirrored = renderer.render([scene, scene._replace(camera=Camera(mirrored=True))], generator=seeded())
    assert torch.allclose(plain, mirrored.flip(-1), atol=1e-3)
    free = [renderer.visible([scene._replace(camera=Camera(zoom))], "background").sum() for zoom in (0.6, 1, 1.6)]
    assert free[0] < free[1] < free[2]


def test_the_body_goes_on_below_the_layers(composer, renderer):
    scene = clean(composer.scene(random.Random(4), PLAIN))._replace(camera=Camera(1.65, 0, -0.28))
    low = renderer.visible([scene], "background", 224, 288)[0, -1]
    assert low[112] == 0
    assert low[0] == 1


def contrast(picture):
    return (picture[:, :, 1:] - picture[:, :, :-1]).abs().mean().item()


def test_damage_is_what_it_says(composer, renderer):
    scene = clean(composer.scene(random.Random(4), ["city", "pink hair", "red sweater"]))
    kinds = {
        "none": Damage(),
        "blur": Damage(blur=2.6),
        "blocks": Damage(blocks=4),
        "grey": Damage(grey=1.0),
        "watermark": Damage(watermark=1.0),
        "noise": Damage(noise=0.2),
    }
    shown = {
        name: renderer.render([scene._replace(damage=kind)], generator=seeded())[0] for name, kind in kinds.items()
    }
    assert contrast(shown["blur"]) < contrast(shown["none"]) < contrast(shown["noise"])
    assert (shown["grey"].amax(0) - shown["grey"].amin(0)).max() < 1e-5
    assert torch.equal(shown["blocks"][:, 0, 0], shown["blocks"][:, 3, 3])
    brighter = (shown["watermark"] - shown["none"]).amax(0)
    assert 0.005 < (brighter > 0.1).float().mean() < 0.2
    assert (shown["noise"] - shown["none"])[:, 100:120, 100:120].std() == pytest.approx(0.19, abs=0.05)


def test_a_layer_that_is_not_there_is_refused(composer):
    scene = composer.scene(random.Random(1))._replace(parts=(Part("top", "top__wig"),))
    with pytest.raises(LayerError, match="top__wig"):
        composer.pack([scene])


def test_a_file_that_holds_no_layers_is_refused(tmp_path):
    wrong = {"const": np.zeros((1, 2, 2, 3), np.uint8), "mask": np.zeros(1), "alpha": np.zeros(1), "ids": ["x"]}
    np.savez(tmp_path / "a.npz", **wrong)
    (tmp_path / "b.npz").write_bytes(b"PK\x03\x04 no zip")
    np.save(tmp_path / "c.npy", np.zeros(3))
    for name in ("a.npz", "b.npz", "c.npy", "none.npz"):
        with pytest.raises(LayerError, match=name):
            read_layers(tmp_path / name)


def test_the_command_saves_a_sheet(tmp_path, capsys):
    out = tmp_path / "sheet.png"
    asked = ["--output", str(out), "--count", "2", "--seed", "3", "--wanted", "cat ears, blue hair", "--captions"]
    assert main(asked) == 0
    assert out.read_bytes().startswith(b"\x89PNG")
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 2
    assert all("blue hair" in line and "cat ears" in line for line in lines)
    assert main(asked) == 1
    assert "exists; --force overwrites it" in capsys.readouterr().err
    assert main(["--output", str(tmp_path / "x.png"), "--wanted", "cat hair"]) == 1
    assert "'cat hair'" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["sheet.png"]
