"""The tensors of text encoders, by the names of the files in which people have them."""

from .unets import Shapes, norm, weight

VOCABULARY, POSITIONS = 49408, 77
"""CLIP's tokens, and those that fit into a chunk."""
T5_TOKENS, T5_LAYERS, T5_HEAD, T5_DISTANCES = 32128, 24, 64, 32
"""T5's vocabulary; its layers, by whose number ComfyUI knows T5-XXL; its heads' width; its classes of distances."""
GEMMA_HEAD = 256
"""Width of Gemma 2's heads; ComfyUI's class has it as a constant."""


def clip(width: int, layers: int, inner: int) -> Shapes:
    """Return a CLIP text encoder in Hugging Face's names, as CLIP-L always comes."""
    shapes: Shapes = {
        "text_model.embeddings.token_embedding.weight": (VOCABULARY, width),
        "text_model.embeddings.position_embedding.weight": (POSITIONS, width),
    }
    for layer in range(layers):
        block = f"text_model.encoder.layers.{layer}"
        for part in ("q_proj", "k_proj", "v_proj", "out_proj"):
            shapes |= weight(f"{block}.self_attn.{part}", width, width)
        shapes |= weight(f"{block}.mlp.fc1", inner, width) | weight(f"{block}.mlp.fc2", width, inner)
        shapes |= norm(f"{block}.layer_norm1", width) | norm(f"{block}.layer_norm2", width)
    return shapes | norm("text_model.final_layer_norm", width)


def open_clip(width: int, layers: int, inner: int) -> Shapes:
    """Return a CLIP text encoder in OpenCLIP's names, as CLIP-G comes in checkpoints of SDXL."""
    shapes: Shapes = {
        "token_embedding.weight": (VOCABULARY, width),
        "positional_embedding": (POSITIONS, width),
        "text_projection": (width, width),
        "logit_scale": (),
    }
    for layer in range(layers):
        block = f"transformer.resblocks.{layer}"
        shapes |= {f"{block}.attn.in_proj_weight": (3 * width, width), f"{block}.attn.in_proj_bias": (3 * width,)}
        shapes |= weight(f"{block}.attn.out_proj", width, width)
        shapes |= weight(f"{block}.mlp.c_fc", inner, width) | weight(f"{block}.mlp.c_proj", width, inner)
        shapes |= norm(f"{block}.ln_1", width) | norm(f"{block}.ln_2", width)
    return shapes | norm("ln_final", width)


def t5(width: int, inner: int, heads: int = 1) -> Shapes:
    """Return a T5 encoder with T5-XXL's number of layers."""
    shapes: Shapes = {"shared.weight": (T5_TOKENS, width)}
    for layer in range(T5_LAYERS):
        block = f"encoder.block.{layer}.layer"
        for part in "qkv":
            shapes[f"{block}.0.SelfAttention.{part}.weight"] = (heads * T5_HEAD, width)
        shapes[f"{block}.0.SelfAttention.o.weight"] = (width, heads * T5_HEAD)
        shapes |= {f"{block}.{number}.layer_norm.weight": (width,) for number in (0, 1)}
        shapes |= {f"{block}.1.DenseReluDense.{part}.weight": (inner, width) for part in ("wi_0", "wi_1")}
        shapes[f"{block}.1.DenseReluDense.wo.weight"] = (width, inner)
    shapes["encoder.block.0.layer.0.SelfAttention.relative_attention_bias.weight"] = (T5_DISTANCES, heads)
    return shapes | {"encoder.final_layer_norm.weight": (width,)}


def gemma2(tokens: int, width: int, layers: int, inner: int, heads: int = 1, groups: int = 1) -> Shapes:
    """Return a Gemma 2; `groups` are its heads of keys and values."""
    shapes: Shapes = {"model.embed_tokens.weight": (tokens, width), "model.norm.weight": (width,)}
    for layer in range(layers):
        block = f"model.layers.{layer}"
        for part, count in (("q", heads), ("k", groups), ("v", groups)):
            shapes[f"{block}.self_attn.{part}_proj.weight"] = (count * GEMMA_HEAD, width)
        shapes[f"{block}.self_attn.o_proj.weight"] = (width, heads * GEMMA_HEAD)
        shapes |= {f"{block}.mlp.{part}_proj.weight": (inner, width) for part in ("gate", "up")}
        shapes[f"{block}.mlp.down_proj.weight"] = (width, inner)
        for place in ("input", "post_attention", "pre_feedforward", "post_feedforward"):
            shapes[f"{block}.{place}_layernorm.weight"] = (width,)
    return shapes
