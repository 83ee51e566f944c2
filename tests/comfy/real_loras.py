"""Questions about LoRA tags, the guider, clip skip, SDXL's sizes, and what is not encoded again."""

from real_model import (
    CFG,
    CLIP,
    LORAS,
    MODEL,
    comfy,
    core,
    core_nodes,
    denoised,
    farthest,
    guided,
    kept,
    ours,
    timing,
    torch,
)

from tagloom.nodes.conditioning import lora_files
from tagloom.nodes.guidance import TagloomGuider
from tagloom.nodes.loras import TagloomLoraTags

LEVELS = torch.tensor([14.0, 3.0, 0.7, 0.1, 0.0])


def tagged(text, steps=None, scheduled=True):
    """Return what the node LoRA Tags gives."""
    return TagloomLoraTags.execute(MODEL, CLIP, text, "a1111", True, scheduled, steps).result


def loaded(*loras):
    """Return the model and its text encoders with LoRAs by core's LoraLoader, each (file, unet, te)."""
    model, clip = MODEL, CLIP
    for file, unet, encoder in loras:
        model, clip = core_nodes.LoraLoader().load_lora(model, clip, file, unet, encoder)
    return model, clip


def loras(cases):
    """Return how far LoRA tags are from chains of LoraLoader: embeddings and predictions."""
    worst = 0.0
    for text, plain, chain in cases:
        (model, clip, prompt, _), (wanted_model, wanted_clip) = tagged(text), loaded(*chain)
        mine, wanted = ours(prompt, clip=clip), core(plain, wanted_clip)
        got, expected = (
            denoised(cond, cond, LEVELS, 1.0, own) for cond, own in ((mine, model), (wanted, wanted_model))
        )
        apart = [farthest(left, right) for left, right in zip(got, expected, strict=True)]
        worst = max(worst, farthest(mine[0][0], wanted[0][0]), *apart)
    return worst


def scheduled_loras(cases):
    """Return the steps at which a scheduled LoRA does not act as its prompt says, and how far the others are off."""
    wrong, worst = [], 0.0
    for text, plain, chains, sampling in cases:
        sigmas = timing.sigmas_of(MODEL, *sampling)
        steps = timing.steps_of(MODEL, sigmas)
        model, clip, prompt, _ = tagged(text, steps)
        got = denoised(ours(prompt, clip=clip), ours("bad", clip=clip), sigmas, CFG, model)
        each = []
        for chain in chains:
            own_model, own_clip = loaded(*chain)
            each.append(denoised(core(plain, own_clip), core("bad", own_clip), sigmas, CFG, own_model))
        for place in range(steps.count):
            apart = [farthest(got[place], own[place]) for own in each]
            worst = max(worst, min(apart))
            wrong.append(apart.index(min(apart)))
    return [wrong, worst]


def hooked_by_hand(percent):
    """Return how far `[<lora:a:0.8>::n]` is from core's own hook nodes, switched at the same share of the time."""
    hooks = comfy.hooks.create_hook_lora(comfy.utils.load_torch_file(f"{LORAS}/style/Ink Wash.safetensors"), 0.8, 0.8)
    frames = comfy.hooks.HookKeyframeGroup()
    for strength, start in ((1.0, 0.0), (0.0, percent)):
        frames.add(comfy.hooks.HookKeyframe(strength, start, guarantee_steps=0))
    hooks.set_keyframes_on_hooks(frames)
    clip = CLIP.clone()
    clip.apply_hooks_to_conds = hooks
    clip.patcher.forced_hooks, clip.use_clip_schedule = hooks.clone(), True
    clip.patcher.register_all_hook_patches(hooks, comfy.hooks.create_target_dict(comfy.hooks.EnumWeightTarget.Clip))
    model, own, prompt, _ = tagged(f"[<lora:ink wash:0.8>::{percent}]1girl, blue hair")
    sigmas = timing.sigmas_of(MODEL, "euler", "karras", 8, 1.0)
    got = denoised(ours(prompt, clip=own), ours("", clip=own), sigmas, CFG, model)
    wanted = denoised(core("1girl, blue hair", clip), core("", clip), sigmas, CFG)
    return max(farthest(left, right) for left, right in zip(got, wanted, strict=True))


def guider_formula(cases):
    """Return how far AND Guider is from U + cfg * sum(w_i (C_i - U)), and how often each asks the model."""
    worst = 0.0
    for text, parts, negative in cases:
        uncond = core(negative)
        without = denoised(uncond, uncond, LEVELS, 1.0)
        each = [(weight, denoised(core(part), uncond, LEVELS, 1.0)) for part, weight in parts]
        (guider,) = TagloomGuider.execute(MODEL, ours(text, negative=uncond), uncond, CFG).result
        for place, mine in enumerate(guided(guider, LEVELS)):
            wanted = without[place] + CFG * sum(weight * (own[place] - without[place]) for weight, own in each)
            worst = max(worst, farthest(mine, wanted))
    return worst


def as_cfg_guider(texts):
    """Return how far AND Guider is from CFG Guider where there is no AND."""
    worst = 0.0
    for text in texts:
        cond, uncond = ours(text), core("bad")
        (guider,) = TagloomGuider.execute(MODEL, cond, uncond, CFG).result
        pairs = zip(guided(guider, LEVELS), denoised(cond, uncond, LEVELS, CFG), strict=True)
        worst = max(worst, *(farthest(mine, wanted) for mine, wanted in pairs))
    return worst


def clip_skips(skips):
    """Return the embeddings' distance from the model's own layer for some clip skips."""
    return [farthest(ours("1girl, hat", clip_skip=skip)[0][0], core("1girl, hat")[0][0]) for skip in skips]


def sizes(size):
    """Return how far a picture's size moves a prediction, and how far that is from CLIPTextEncodeSDXL's."""
    width, height = size
    names = ("width", "height", "target_width", "target_height")
    by_hand = dict(zip(names, (width, height) * 2, strict=True)) | {"crop_w": 0, "crop_h": 0}
    plain, sized = core("1girl"), ours("1girl", width=width, height=height)
    hand = [[embeddings, {**entry, **by_hand}] for embeddings, entry in plain]
    without, mine, wanted = (denoised(cond, cond, LEVELS, 1.0)[1] for cond in (plain, sized, hand))
    return [farthest(mine, without), farthest(mine, wanted)]


def encoded_again(texts):
    """Return how many texts are encoded, and LoRA files read, as prompts with LoRAs change one after the other."""
    kept._kept.clear()
    lora_files._loaded.clear()
    counts, calls, reads = [], [], []
    encode, read = type(CLIP.cond_stage_model).encode_token_weights, comfy.utils.load_torch_file

    def counting(self, tokens):
        calls.append(tokens)
        return encode(self, tokens)

    def reading(path, **options):
        reads.append(path)
        return read(path, **options)

    type(CLIP.cond_stage_model).encode_token_weights, comfy.utils.load_torch_file = counting, reading
    try:
        for positive, negative in texts:
            _, clip, prompt, _ = tagged(positive)
            steps = timing.steps_of(MODEL, timing.sigmas_of(MODEL, "euler", "normal", 8, 1.0))
            uncond = ours(negative, clip=clip)
            ours(prompt, clip=clip, steps=steps, negative=uncond)
            counts.append([len(calls), len(reads)])
            calls.clear()
            reads.clear()
    finally:
        type(CLIP.cond_stage_model).encode_token_weights, comfy.utils.load_torch_file = encode, read
    return counts


def refused(texts):
    """Return what LoRA Tags says of prompts that it refuses."""
    said = []
    for text in texts:
        try:
            said.append(f"not refused: {tagged(text)[3]}")
        except ValueError as error:
            said.append(f"{type(error).__name__}: {error}")
    return said


LORA_QUESTIONS = {
    question.__name__: question
    for question in (
        loras,
        scheduled_loras,
        hooked_by_hand,
        guider_formula,
        as_cfg_guider,
        clip_skips,
        sizes,
        encoded_again,
        refused,
    )
}
