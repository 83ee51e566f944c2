"""A prompt matrix on the real ComfyUI: a picture for each combination, and all of them in one grid."""

import io
import uuid
from collections.abc import Callable

import numpy as np
import pytest
from PIL import Image

from tagloom.runner.errors import JobFailed

SIDE, GAP = 64, 6
SAMPLING = {"seed": 5, "steps": 2, "cfg": 4.0, "sampler_name": "euler", "scheduler": "normal", "denoise": 1.0}
MATRIX = {"dialect": "a1111", "tag_aware": True, "limit": 16}
GRID = {"columns": 0, "gap": GAP, "label_size": 0}


def node(class_type: str, **inputs) -> dict:
    return {"class_type": class_type, "inputs": inputs}


def sampled(text: str, batch: int = 1) -> dict:
    """Return the graph of a matrix whose pictures are sampled, saved, and laid into a grid with two columns."""
    return {
        "model": node("CheckpointLoaderSimple", ckpt_name="tagloom-tiny.safetensors"),
        "matrix": node("TagloomPromptMatrix", text=text, **MATRIX),
        "positive": node("CLIPTextEncode", clip=["model", 1], text=["matrix", 0]),
        "negative": node("CLIPTextEncode", clip=["model", 1], text=""),
        "latent": node("EmptyLatentImage", width=SIDE, height=SIDE, batch_size=batch),
        "sampler": node(
            "KSampler",
            model=["model", 0],
            positive=["positive", 0],
            negative=["negative", 0],
            latent_image=["latent", 0],
            **SAMPLING,
        ),
        "decoded": node("VAEDecode", samples=["sampler", 0], vae=["model", 2]),
        "grid": node("TagloomImageGrid", images=["decoded", 0], labels=["matrix", 1], **{**GRID, "columns": 2}),
        "pictures": node("SaveImage", images=["decoded", 0], filename_prefix="matrix"),
        "all": node("SaveImage", images=["grid", 0], filename_prefix="grid"),
        "labels": node("PreviewAny", source=["matrix", 1]),
        "told": node("PreviewAny", source=["matrix", 3]),
        "grid told": node("PreviewAny", source=["grid", 1]),
    }


def blank(text: str, columns: int = 0) -> dict:
    """Return the graph of a grid of blank pictures that are as wide as the prompts have letters."""
    return {
        "matrix": node("TagloomPromptMatrix", text=text, **MATRIX),
        "width": node("StringLength", string=["matrix", 0]),
        "blank": node("EmptyImage", width=["width", 0], height=20, batch_size=1, color=0x0000FF),
        "grid": node("TagloomImageGrid", images=["blank", 0], labels=["matrix", 1], **{**GRID, "columns": columns}),
        "all": node("SaveImage", images=["grid", 0], filename_prefix="grid"),
        "labels": node("PreviewAny", source=["matrix", 1]),
        "grid told": node("PreviewAny", source=["grid", 1]),
    }


@pytest.fixture
def run(target, outputs, tmp_path) -> Callable[[dict], dict]:
    """A function that runs a graph and returns what its output nodes saved, as arrays, and the texts they show."""

    def fetched(file: dict) -> bytes:
        path = tmp_path / uuid.uuid4().hex
        target.client.download(file, path)
        return path.read_bytes()

    def shown(graph: dict) -> dict:
        given = outputs(graph)
        pictures = {
            name: [pixels(fetched(file)) for file in output["images"]]
            for name, output in given.items()
            if "images" in output
        }
        return {**{name: output["text"] for name, output in given.items() if "text" in output}, **pictures}

    return shown


def pixels(data: bytes) -> np.ndarray:
    with Image.open(io.BytesIO(data)) as image:
        return np.asarray(image.convert("RGB"))


@pytest.fixture
def wildcard(installation):
    """A function that writes the lines of the wildcard `place`, where the server's user keeps wildcards."""
    path = installation.folder / "user" / "tagloom" / "wildcards" / "place.txt"
    path.parent.mkdir(parents=True, exist_ok=True)
    yield lambda *lines: path.write_text("\n".join(lines), encoding="utf-8")
    path.unlink()


@pytest.mark.parametrize("batch", [1, 2])
def test_each_combination_becomes_a_picture_and_all_stand_in_the_grid(run, wildcard, batch):
    """Everything behind the matrix runs once for each prompt; a batch's pictures share their label."""
    wildcard("forest", "night sky")
    shown = run(sampled("1girl, {red|blue} hair, __place__", batch))
    pictures, (grid,) = shown["pictures"], shown["all"]
    assert shown["labels"] == ["red · forest", "red · night sky", "blue · forest", "blue · night sky"]
    assert shown["told"][0].splitlines()[:2] == ["- combinations: 4", "- red · forest -> 1girl, red hair, forest"]
    assert len(pictures) == 4 * batch
    assert len({picture.tobytes() for picture in pictures}) == len(pictures)
    height, width = grid.shape[:2]
    rows = 2 * batch
    assert shown["grid told"] == [f"- pictures: {4 * batch}; columns: 2; rows: {rows}; size: {width}x{height}"]
    assert width == 2 * SIDE + GAP
    assert np.all(grid[:, SIDE : SIDE + GAP] == 255)
    bottom = -GAP
    for first, second in zip(pictures[::2], pictures[1::2], strict=True):
        top = top_of(first, grid)
        assert np.array_equal(grid[top : top + SIDE, SIDE + GAP :], second)
        assert np.all(grid[max(bottom, 0) : bottom + GAP] == 255)
        for label in (grid[bottom + GAP : top, :SIDE], grid[bottom + GAP : top, SIDE + GAP :]):
            assert len(label) > 10
            assert label.min() < 60
            assert np.all(label == label[..., :1])
        bottom = top + SIDE
    assert bottom == height


def top_of(picture: np.ndarray, grid: np.ndarray) -> int:
    """Return where in the grid's first column a picture stands, pixel by pixel the same."""
    (top,) = [row for row in range(len(grid) - SIDE + 1) if np.array_equal(grid[row : row + SIDE, :SIDE], picture)]
    return top


def test_a_changed_file_makes_other_pictures(run, wildcard):
    """Nothing of the graph differs: only the node's fingerprint tells that it must run again."""
    wildcard("four", "sixsix")
    assert run(blank("__place__"))["labels"] == ["four", "sixsix"]
    wildcard("four", "sixsix", "eight by eight")
    assert run(blank("__place__"))["labels"] == ["four", "sixsix", "eight by eight"]


def test_pictures_of_differing_sizes_are_centred_and_not_scaled(run):
    """Widths of 40, 60 and 24 pixels, each in a cell of 60."""
    texts = ["a" * 10 + " " + "b" * 29, "c" * 60, "d" * 24]
    (grid,) = run(blank("{" + "|".join(texts) + "}", columns=2))["all"]
    blue = np.all(grid == (0, 0, 255), axis=-1)
    assert blue.sum() == (40 + 60 + 24) * 20
    assert grid.shape[1] == 2 * 60 + GAP
    runs = [np.flatnonzero(row) for row in (blue[:, :60].any(0), blue[:, 66:].any(0))]
    assert [(columns[0], columns[-1]) for columns in runs] == [(10, 49), (0, 59)]
    assert np.flatnonzero(blue[-1])[[0, -1]].tolist() == [18, 41]


def test_letters_that_the_font_lacks_are_told(run):
    (told,) = run(blank("{blue hair, 青い髪|café au lait}"))["grid told"]
    assert told.splitlines()[1:] == [
        "- picture 1 is blue hair, 青い髪: the font has no 青 い 髪 and draws a crossed box instead"
    ]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"matrix": {"limit": 3}}, "the prompt has 4 combinations, and limit is 3; raise limit to 4"),
        ({"matrix": {"text": "__plaice__"}}, "wildcard __plaice__ is not known .* did you mean place?"),
        ({"matrix": {"text": "{a|b}" * 12}}, "has 4,096 combinations, and a matrix takes at most 256"),
        (
            {"grid": {"gap": 0, "images": ["one", 0]}},
            "there are 4 labels for 1 pictures; connect labels of the Prompt Matrix",
        ),
    ],
)
def test_what_is_wrong_is_said(run, wildcard, changes, message):
    wildcard("forest")
    graph = blank("{red|blue} hair, {hat|cap}") | {"one": node("EmptyImage", width=8, height=8, batch_size=1, color=0)}
    for name, inputs in changes.items():
        graph[name]["inputs"] |= inputs
    with pytest.raises(JobFailed, match=message):
        run(graph)
