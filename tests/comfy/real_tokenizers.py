"""Run by itself: ComfyUI's own tokenizers, on prompts from standard input. It is handed ComfyUI's folder."""

import json
import sys

sys.path.insert(0, sys.argv[1])

import comfy.cli_args

comfy.cli_args.args.cpu = True

import torch  # noqa: E402
from comfy.sd1_clip import SDTokenizer  # noqa: E402
from comfy.sdxl_clip import SDXLClipGTokenizer  # noqa: E402
from comfy.text_encoders import flux, hidream, hunyuan_video, qwen_image, z_image  # noqa: E402
from safetensors.torch import save_file  # noqa: E402


def main() -> None:
    """Read `{"embeddings": {name: vectors}, "folder": …, "prompts": […]}`, write each encoder's batches.

    A batch is its length, and of what is no mark and no padding: the id (-1 for an embedding's vector) and the weight.
    """
    job = json.load(sys.stdin)
    for name, vectors in job["embeddings"].items():
        save_file(
            {"clip_l": torch.ones(vectors, 768), "clip_g": torch.ones(vectors, 768)},
            f"{job['folder']}/{name}.safetensors",
        )
    folder = {"embedding_directory": job["folder"]}
    tokenizers = {
        "clip_l": SDTokenizer(**folder),
        "clip_g": SDXLClipGTokenizer(**folder),
        "t5xxl": flux.T5XXLTokenizer(**folder),
        "llama": hunyuan_video.LLAMA3Tokenizer(**folder, min_length=128),
        "hidream": hidream.HiDreamTokenizer(**folder).t5xxl,
    }
    batches = {name: [read(tokenizer, text) for text in job["prompts"]] for name, tokenizer in tokenizers.items()}
    framed = {"qwen25_7b": qwen_image.QwenImageTokenizer(), "qwen3_4b": z_image.ZImageTokenizer()}
    for name, tokenizer in framed.items():
        batches[name] = [
            [token[0] for token in tokenizer.tokenize_with_weights(text)[name][0]] for text in job["prompts"]
        ]
    json.dump(batches, sys.stdout)


def read(tokenizer: SDTokenizer, text: str) -> list[list]:
    """Return a prompt's batches; word 0 is marks and padding."""
    found = []
    for batch in tokenizer.tokenize_with_weights(text, return_word_ids=True):
        own = [(-1 if torch.is_tensor(token) else token, weight) for token, weight, word in batch if word]
        found.append([len(batch), own])
    return found


main()
