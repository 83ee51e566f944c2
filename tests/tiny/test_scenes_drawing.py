"""How layers are drawn: solved from pictures. No npm is needed here."""

import json
import random

import numpy as np
import pytest

from tagloom.tiny.scenes import LayerError
from tagloom.tiny.scenes.drawing.__main__ import main, write
from tagloom.tiny.scenes.drawing.package import PACKAGES, check
from tagloom.tiny.scenes.drawing.solving import solve, verify
from tagloom.tiny.scenes.drawn import SIDE, Layer
from tagloom.tiny.scenes.layers import layers, read_layers


def pictured(layer, colour):
    """Return a layer's picture in a colour, as a rasteriser gives it: alpha not premultiplied."""
    premultiplied = layer.const + layer.mask[..., None].astype(float) * np.asarray(colour) / 255
    alpha = layer.alpha[..., None].astype(float)
    plain = np.divide(premultiplied * 255, alpha, out=np.zeros_like(premultiplied), where=alpha > 0)
    return np.concatenate([plain.round().clip(0, 255), alpha], axis=-1).astype(np.uint8)


@pytest.mark.parametrize(
    "name", ["top__froBand", "clothing__blazerAndShirt", "eyes__surprised", "facialHair__beardLight"]
)
def test_a_layer_is_solved_from_its_pictures(name):
    read = layers()
    number = read.numbers[name]
    layer = Layer(read.const[number], read.mask[number], read.alpha[number])
    black, white, third = (pictured(layer, colour) for colour in ((0, 0, 0), (255, 255, 255), (64, 128, 192)))
    solved = solve(black, white)
    for plane, expected in zip(solved, layer, strict=True):
        assert np.abs(plane.astype(int) - expected).max() <= 2
    verify(solved, name, third, (64, 128, 192))


def test_a_part_that_mixes_its_colour_otherwise_is_refused():
    read = layers()
    number = read.numbers["top__bob"]
    layer = Layer(read.const[number], read.mask[number], read.alpha[number])
    with pytest.raises(LayerError, match=r"top__bob: is \d+\.\d of 255 away"):
        verify(layer, "top__bob", pictured(layer, (64, 0, 192)), (64, 128, 192))


def test_layers_are_written_whole(tmp_path):
    dice = np.random.default_rng(1)
    planes = [dice.integers(0, 255, shape, np.uint8) for shape in ((SIDE, SIDE, 3), (SIDE, SIDE), (SIDE, SIDE))]
    write(tmp_path / "layers.npz", {"b": Layer(*planes), "a": Layer(*planes)})
    read = read_layers(tmp_path / "layers.npz")
    assert read.numbers == {"a": 0, "b": 1}
    assert np.array_equal(read.const[1], planes[0])
    assert [path.name for path in tmp_path.iterdir()] == ["layers.npz"]


def test_the_packages_are_asked_for_in_their_versions(tmp_path):
    with pytest.raises(LayerError, match=r"install @dicebear/avataaars@9\.\d+\.\d+ with npm"):
        check(tmp_path)
    for name in PACKAGES:
        folder = tmp_path / "node_modules" / name
        folder.mkdir(parents=True)
        (folder / "package.json").write_text(json.dumps({"version": "9.0.0"}))
    with pytest.raises(LayerError, match=r"is @dicebear/avataaars 9\.0\.0, not"):
        check(tmp_path)


def test_the_command_overwrites_nothing_unasked(tmp_path, capsys):
    out = tmp_path / "layers.npz"
    out.write_bytes(random.Random(1).randbytes(8))
    before = out.read_bytes()
    assert main(["--output", str(out)]) == 1
    assert main(["--output", str(out), "--force", "--package", str(tmp_path)]) == 1
    assert out.read_bytes() == before
    assert "--force overwrites it" in capsys.readouterr().err
