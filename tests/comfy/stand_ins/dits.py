"""The tensors of the diffusion transformers Flux and Lumina 2, by the names of their authors' files."""

from .unets import Shapes, weight

PATCH = 64
"""Numbers in a patch of the latent: 2 by 2 cells of 16 channels."""
LUMINA, HEAD, TIME = 2304, 96, 1024
"""Lumina 2's width, its heads' width and its time step's; Tagloom and ComfyUI know the model by the first."""


def flux(width: int, context: int, pooled: int, double: int, single: int, ratio: int = 4) -> Shapes:
    """Return the tensors of a Flux with the distilled guidance of the dev model.

    Args:
        width: width of its one attention head, and thereby of the whole.
        context: width of T5's embeddings.
        pooled: width of CLIP-L's pooled output.
        double: blocks that keep picture and text apart.
        single: blocks that join them.
        ratio: how many times wider the blocks' inner layers are.
    """
    shapes = weight("img_in", width, PATCH) | weight("txt_in", width, context)
    for name, source in (("time_in", 256), ("vector_in", pooled), ("guidance_in", 256)):
        shapes |= weight(f"{name}.in_layer", width, source) | weight(f"{name}.out_layer", width, width)
    for number in range(double):
        for stream in ("img", "txt"):
            shapes |= _flux_stream(f"double_blocks.{number}.{stream}", width, ratio)
    for number in range(single):
        block = f"single_blocks.{number}"
        shapes |= weight(f"{block}.linear1", (3 + ratio) * width, width)
        shapes |= weight(f"{block}.linear2", width, (1 + ratio) * width)
        shapes |= _scales(f"{block}.norm", width) | weight(f"{block}.modulation.lin", 3 * width, width)
    last = "final_layer.adaLN_modulation.1"
    return shapes | weight("final_layer.linear", PATCH, width) | weight(last, 2 * width, width)


def _flux_stream(name: str, width: int, ratio: int) -> Shapes:
    shapes = weight(f"{name}_mod.lin", 6 * width, width) | _scales(f"{name}_attn.norm", width)
    shapes |= weight(f"{name}_attn.qkv", 3 * width, width) | weight(f"{name}_attn.proj", width, width)
    return shapes | weight(f"{name}_mlp.0", ratio * width, width) | weight(f"{name}_mlp.2", width, ratio * width)


def _scales(name: str, width: int) -> Shapes:
    return {f"{name}.query_norm.scale": (width,), f"{name}.key_norm.scale": (width,)}


def lumina2(context: int, inner: int, groups: int) -> Shapes:
    """Return the tensors of a Lumina 2 of its real width, with one block of each kind.

    Args:
        context: width of Gemma's embeddings.
        inner: width of the blocks' inner layers.
        groups: heads of keys and values; the 24 heads of queries share them.
    """
    shapes = weight("x_embedder", LUMINA, PATCH)
    shapes |= _lumina_block("noise_refiner.0", inner, groups) | _lumina_block("context_refiner.0", inner, groups, False)
    shapes |= weight("t_embedder.mlp.0", TIME, 256) | weight("t_embedder.mlp.2", TIME, TIME)
    shapes |= {"cap_embedder.0.weight": (context,)} | weight("cap_embedder.1", LUMINA, context)
    shapes |= _lumina_block("layers.0", inner, groups) | {"norm_final.weight": (LUMINA,)}
    last = "final_layer.adaLN_modulation.1"
    return shapes | weight("final_layer.linear", PATCH, LUMINA) | weight(last, LUMINA, TIME)


def _lumina_block(name: str, inner: int, groups: int, modulated: bool = True) -> Shapes:
    shapes: Shapes = {
        f"{name}.attention.qkv.weight": (LUMINA + 2 * groups * HEAD, LUMINA),
        f"{name}.attention.out.weight": (LUMINA, LUMINA),
        f"{name}.attention.q_norm.weight": (HEAD,),
        f"{name}.attention.k_norm.weight": (HEAD,),
        f"{name}.feed_forward.w1.weight": (inner, LUMINA),
        f"{name}.feed_forward.w2.weight": (LUMINA, inner),
        f"{name}.feed_forward.w3.weight": (inner, LUMINA),
    }
    for norm in ("attention_norm1", "attention_norm2", "ffn_norm1", "ffn_norm2"):
        shapes[f"{name}.{norm}.weight"] = (LUMINA,)
    return shapes | (weight(f"{name}.adaLN_modulation.1", 4 * LUMINA, TIME) if modulated else {})
