"""Writes pictures into ComfyUI's output folder, with its own texts and A1111's settings in them."""

import json
import logging
from functools import cache
from pathlib import Path

import folder_paths
import numpy as np
from comfy.cli_args import args
from comfy_api.latest import io, ui
from PIL import Image

from ..prompt import Family, PromptError, Size
from ..prompt.graphs import ModelName
from ..prompt.hashing import HashCache, Hashes
from ..prompt.pictures.files import ENDINGS, PARAMETERS, picture_file
from ..prompt.pictures.parameters import EMBEDDING_FOLDER, LORA_FOLDER, Given, parameters_of
from ..prompt.pictures.saved import saved_by
from ..prompt.whole_files import take_name, written_part
from .conditioning.lora_files import find
from .conditioning.text_tokens import embedding_file
from .family import detect_model


def save_all(images, prefix: str, kind: str, quality: int, given: tuple, hidden) -> tuple[list[ui.SavedResult], str]:
    """Save pictures (batch, height, width, channels); return where they lie, and A1111's `parameters`.

    Args:
        images: the pictures.
        prefix: of their names.
        kind: a format of `ENDINGS`.
        quality: of a JPEG or WebP.
        given: the fields of `Given`.
        hidden: what ComfyUI tells the node: the graph, the node's id, and more texts.
    """
    size = Size(images.shape[2], images.shape[1])
    told = Given(*given)
    saved = saved_by(hidden.prompt or {}, str(hidden.unique_id), _family_of)
    if saved.remarks and None in (told.positive, told.settings):  # else what the graph hides was given
        logging.info("Tagloom, on the settings of the saved picture: %s", "; ".join(saved.remarks))
    parameters = parameters_of(saved, told, size, hashes_of)
    texts = {} if args.disable_metadata else _texts(hidden, parameters)
    folder = _Folder(prefix, size)
    return [folder.save(image, number, kind, quality, texts) for number, image in enumerate(images)], parameters


def _texts(hidden, parameters: str) -> dict[str, str]:
    """Return the texts that go into the files, as ComfyUI's own Save Image writes them."""
    graph = {} if hidden.prompt is None else {"prompt": json.dumps(hidden.prompt)}
    others = {name: json.dumps(value) for name, value in (hidden.extra_pnginfo or {}).items()}
    return {**graph, **others, **({PARAMETERS: parameters} if parameters else {})}


class _Folder:
    """Where pictures are saved, and the next number there."""

    def __init__(self, prefix: str, size: Size) -> None:
        """Take the user's prefix and the pictures' size; ComfyUI refuses what leads out of its output folder."""
        output = folder_paths.get_output_directory()
        folder, self._name, self._number, self._below, _ = folder_paths.get_save_image_path(prefix, output, *size)
        self._folder = Path(folder)

    def save(self, image, number: int, kind: str, quality: int, texts: dict[str, str]) -> ui.SavedResult:
        """Save a picture (height, width, channels), the one of this number in its batch; none is ever overwritten."""
        file = picture_file(_pixels(image), kind, quality, texts)
        if file.left_out:
            logging.warning("Tagloom: a jpeg has no room for the %s of this graph", " and the ".join(file.left_out))
        with written_part(self._folder, file.contents) as part:
            while True:
                name = f"{self._name.replace('%batch_num%', str(number))}_{self._number:05}_{ENDINGS[kind]}"
                self._number += 1
                if take_name(part, self._folder / name):
                    return ui.SavedResult(name, self._below, io.FolderType.output)


def _pixels(image) -> Image.Image:
    """Return a picture (height, width, channels) with the very pixels that Save Image writes."""
    pixels = np.clip(255.0 * image.cpu().numpy(), 0, 255).astype(np.uint8)
    return Image.fromarray(pixels[..., 0] if pixels.shape[-1] == 1 else pixels)


@cache
def hash_cache() -> HashCache:
    """Return the hashes of ComfyUI's model files, kept in `user/tagloom/hashes.json`."""
    return HashCache(
        Path(folder_paths.get_user_directory(), "tagloom", "hashes.json"),
        lambda path: logging.info("Tagloom calculates the hash of %s, once", path),
    )


def hashes_of(folder: str, name: str) -> Hashes | None:
    """Return the hashes of a model file by ComfyUI's name of its folder, and its own or what a prompt calls it."""
    try:
        file = find(name) if folder == LORA_FOLDER else embedding_file(name) if folder == EMBEDDING_FOLDER else name
    except PromptError:  # no such LoRA
        return None
    path = folder_paths.get_full_path(folder, file) if file else None
    return hash_cache().of(Path(path)) if path else None


def _family_of(model: ModelName) -> Family:
    return detect_model(model).profile()
