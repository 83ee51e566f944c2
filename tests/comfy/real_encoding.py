"""Runs Tagloom's encoding inside ComfyUI's own process, on the tiny checkpoint, beside references of its own.

Usage: python real_encoding.py TREE PACKAGE EMBEDDINGS LORAS < job.json; prints a line of JSON. Started by
test_encoding.py.
"""

import json
import re
import sys
import time

from real_loras import LORA_QUESTIONS
from real_model import CFG, CLIP, EMBEDDINGS, MODEL, core, denoised, farthest, kept, ours, timing, torch

CHUNK, COMMA, START, END = 75, 267, 49406, 49407

# --- A1111, written from its documented formulas ----------------------------------------------------------------------


def a1111_pieces(text):
    """Return (text, weight) of a balanced prompt: round brackets times 1.1 or their number, square ones by 1.1."""
    found, opened = [], []
    pattern = re.compile(r"\\[()\[\]\\]|:\s*([+-]?[.\d]+)\s*\)|[()\[\]]|\s*\bBREAK\b\s*|[^\\()\[\]:B]+|.", re.DOTALL)
    for match in pattern.finditer(text):
        token = match[0]
        if token in ("(", "["):
            opened.append(len(found))
        elif token[-1] in ")]" and not token.startswith("\\"):
            factor = float(match[1]) if match[1] else 1.1 if token == ")" else 1 / 1.1
            start = opened.pop()
            found[start:] = [[piece, weight * factor] for piece, weight in found[start:]]
        elif token.strip() == "BREAK":
            found.append(["BREAK", -1.0])
        else:
            found.append([token[1] if token.startswith("\\") else token, 1.0])
    merged = []
    for piece, weight in found:
        if merged and merged[-1][1] == weight and "BREAK" not in (piece, merged[-1][0]):
            merged[-1][0] += piece
        else:
            merged.append([piece, weight])
    return merged


def a1111_chunks(text, tokenizer, embedding):
    """Return lists of (id or vector, weight), without marks."""
    chunks, chunk, comma = [], [], -1

    def close():
        nonlocal chunk, comma
        chunks.append(chunk)
        chunk, comma = [], -1

    for piece, weight in a1111_pieces(text):
        if (piece, weight) == ("BREAK", -1.0):
            close()
            continue
        ids = tokenizer.tokenizer(piece)["input_ids"][1:-1]
        name = tokenizer.tokenizer("tgl_test")["input_ids"][1:-1]
        place = 0
        while place < len(ids):
            if ids[place] == COMMA:
                comma = len(chunk)
            elif len(chunk) == CHUNK and comma != -1 and len(chunk) - comma <= 20:
                moved = chunk[comma + 1 :]
                chunk = chunk[: comma + 1]
                close()
                chunk = moved
            if ids[place : place + len(name)] == name:
                if len(chunk) + len(embedding) > CHUNK:
                    close()
                chunk += [(vector, weight) for vector in embedding]
                place += len(name)
            else:
                if len(chunk) == CHUNK:
                    close()
                chunk.append((ids[place], weight))
                place += 1
    if chunk or not chunks:
        close()
    return chunks


def a1111_reference(text, restore=True):
    """Return the embeddings and the pooled output: each encoder and chunk is weighted by itself.

    The means are near 0, so that single precision would leave few digits of them.
    """
    embeddings = []
    for key in ("l", "g"):
        tokenizer = getattr(CLIP.tokenizer, f"clip_{key}")
        encoder = getattr(CLIP.cond_stage_model, f"clip_{key}")
        vectors = folder_vectors(tokenizer)
        chunks = [[(START, 1.0), *chunk, (END, 1.0)] for chunk in a1111_chunks(text, tokenizer, vectors)]
        padding = (END if key == "l" else 0, 1.0)
        chunks = [chunk + [padding] * (77 - len(chunk)) for chunk in chunks]
        found, pooled = encoder.encode([[token for token, _ in chunk] for chunk in chunks])[:2]
        zs = []
        for z, chunk in zip(found.double(), chunks, strict=True):
            weighted = z * torch.tensor([[weight] for _, weight in chunk])
            zs.append(weighted * (z.mean() / weighted.mean()) if restore else weighted)
        embeddings.append(torch.cat(zs))
    return torch.cat(embeddings, dim=-1).float().unsqueeze(0), pooled[:1]  # CLIP-G's pooled output, of the first chunk


def folder_vectors(tokenizer):
    """Return the embedding's vectors for an encoder."""
    from comfy.sd1_clip import load_embed

    return load_embed("tgl_test", EMBEDDINGS, tokenizer.embedding_size, tokenizer.embedding_key)


# --- the questions ----------------------------------------------------------------------------------------------------


def same_as_core(texts):
    """Return how many prompts differ from CLIPTextEncode in any bit."""
    wrong = []
    for text in texts:
        ((left, mine),), ((right, theirs),) = ours(text, "comfyui"), core(text)
        equal = torch.equal(left, right) and torch.equal(mine["pooled_output"], theirs["pooled_output"])
        if not equal or set(mine) != set(theirs):
            wrong.append(text)
    return wrong


def as_a1111(texts):
    """Return the largest differences from A1111's formulas, with and without the mean restored."""
    worst = {}
    for place, text in enumerate(texts):
        for how, restore in [("a1111", True), ("a1111 without mean", False)][: 1 + (place % 5 == 0)]:
            ((mine, others),) = ours(text, how=how, chunks="a1111")
            embeddings, pooled = a1111_reference(text, restore)
            difference = max(farthest(mine, embeddings), farthest(others["pooled_output"], pooled))
            if mine.shape != embeddings.shape or not difference <= worst.get(how, (-1.0, ""))[0]:
                worst[how] = (difference, text)
    return worst


def and_formula(cases):
    """Return the largest differences of KSampler's prediction from U + cfg * sum(w_i (C_i - U))."""
    worst = 0.0
    levels = torch.tensor([14.0, 3.0, 0.7, 0.1, 0.0])
    for text, parts, negative in cases:
        uncond = core(negative)
        without = denoised(uncond, uncond, levels, 1.0)
        each = [(weight, denoised(core(part), uncond, levels, 1.0)) for part, weight in parts]
        got = denoised(ours(text, negative=uncond), uncond, levels, CFG)
        for place, (mine, base) in enumerate(zip(got, without, strict=True)):
            wanted = base + CFG * sum(weight * (own[place] - base) for weight, own in each)
            worst = max(worst, farthest(mine, wanted))
    return worst


def switching(cases):
    """Return the steps at which the prediction is not that of the text which belongs there."""
    wrong = []
    negative = core("bad")
    for (text, texts, kind, last), sampler, scheduler, count, denoise in cases:
        sigmas = timing.sigmas_of(MODEL, sampler, scheduler, count, denoise)
        steps = timing.steps_of(MODEL, sigmas)
        got = denoised(ours(text, steps=steps), negative, sigmas, CFG)
        known = {own: denoised(core(own), negative, sigmas, CFG) for own in set(texts)}
        last = {"step": last, "share": int((last or 0) * steps.count)}.get(kind)
        for place in range(steps.count):
            own = texts[place % len(texts)] if kind == "turns" else texts[place >= last]
            best = min(known, key=lambda other: farthest(got[place], known[other][place]))
            if best != own or farthest(got[place], known[own][place]) > 1e-4:
                wrong.append([text, sampler, scheduler, denoise, place + 1])
    return wrong


def compel(texts):
    """Return how far a word's weight moves a prompt from the one that has it at 1, and from the one without it."""
    return [
        [
            farthest(ours(text.format(weight), how="compel")[0][0], ours(text.format("1"), how="compel")[0][0])
            for weight in ("0.01", "0.5", "0.9", "1")
        ]
        for text in texts
    ]


def seconds(job):
    """Return how long a prompt takes, by what encodes it: the fastest of some rounds."""
    text, rounds = job
    ways = {
        "CLIPTextEncode": lambda: core(text),
        "dialect comfyui": lambda: ours(text, "comfyui"),
        "dialect a1111": lambda: ours(text),
        "A1111's weighting and chunks": lambda: ours(text, how="a1111", chunks="a1111"),
    }
    best = dict.fromkeys(ways, float("inf"))
    for _ in range(rounds):
        for name, way in ways.items():
            kept._kept.clear()
            began = time.perf_counter()
            way()
            best[name] = min(best[name], time.perf_counter() - began)
    return best


QUESTIONS = {
    "seconds": seconds,
    "same_as_core": same_as_core,
    "as_a1111": as_a1111,
    "and_formula": and_formula,
    "switching": switching,
    "compel": compel,
    **LORA_QUESTIONS,
}

if __name__ == "__main__":
    job = json.load(sys.stdin)
    with torch.inference_mode():
        print("answer", json.dumps({name: QUESTIONS[name](given) for name, given in job.items()}))
