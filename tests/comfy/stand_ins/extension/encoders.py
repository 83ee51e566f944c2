"""Builds ComfyUI's text encoders as large as their weights are; ComfyUI has their sizes in tables of its own.

An encoder of the real size gets its real sizes this way, so nothing changes for it. Classes, tokenizers and nodes stay
ComfyUI's own, and so does what the tables say besides sizes.
"""

import comfy.sd
import comfy.text_encoders.long_clipl

CLIP_HEAD, T5_HEAD, GEMMA_HEAD = 64, 64, 256
"""Width of an attention head, which is the same in the real encoders of all sizes."""


def follow_the_weights():
    """Have sizes read from the weights at both places where ComfyUI knows them: a checkpoint's and single files'."""
    build, options_of = comfy.sd.CLIP.__init__, comfy.text_encoders.long_clipl.model_options_long_clip

    def built(self, *args, tokenizer_data={}, model_options={}, **kwargs):  # noqa: B006 ComfyUI's signature
        for name in SIZES:
            model_options = with_sizes(model_options, name, tokenizer_data, f"{name}.transformer.")
        build(self, *args, tokenizer_data=tokenizer_data, model_options=model_options, **kwargs)

    def options(weights, tokenizer_data, model_options):
        tokenizer_data, model_options = options_of(weights, tokenizer_data, model_options)
        found = [name for name, (mark, _) in SIZES.items() if mark in weights]
        name = "clip_g" if LAYER_OF_CLIP_G in weights else next(iter(found), "")
        return tokenizer_data, with_sizes(model_options, name, weights)

    comfy.sd.CLIP.__init__ = built
    comfy.text_encoders.long_clipl.model_options_long_clip = options


def with_sizes(model_options, name, weights, prefix=""):
    """Return the options that an encoder of this name is built with, as ComfyUI itself words them."""
    mark, read = SIZES.get(name, ("", None))
    if not read or prefix + mark not in weights:
        return model_options
    option = f"{name}_model_config"
    return {**model_options, option: {**model_options.get(option, {}), **read(weights, prefix)}}


def clip(weights, prefix):
    """Return the sizes of a CLIP text encoder."""
    tokens = weights[f"{prefix}text_model.embeddings.token_embedding.weight"]
    layers = f"{prefix}text_model.encoder.layers."
    return {
        "hidden_size": tokens.shape[1],
        "num_attention_heads": tokens.shape[1] // CLIP_HEAD,
        "num_hidden_layers": _count(weights, layers),
        "intermediate_size": weights[f"{layers}0.mlp.fc1.weight"].shape[0],
    }


def t5(weights, prefix):
    """Return the sizes of a T5 encoder."""
    blocks = f"{prefix}encoder.block."
    return {
        "d_model": weights[f"{prefix}shared.weight"].shape[1],
        "d_ff": weights[f"{blocks}0.layer.1.DenseReluDense.wi_0.weight"].shape[0],
        "num_heads": weights[f"{blocks}0.layer.0.SelfAttention.q.weight"].shape[0] // T5_HEAD,
        "num_layers": _count(weights, blocks),
    }


def gemma2(weights, prefix):
    """Return the sizes of a Gemma 2."""
    tokens, layers = weights[f"{prefix}model.embed_tokens.weight"], f"{prefix}model.layers."
    return {
        "vocab_size": tokens.shape[0],
        "hidden_size": tokens.shape[1],
        "intermediate_size": weights[f"{layers}0.mlp.gate_proj.weight"].shape[0],
        "num_attention_heads": weights[f"{layers}0.self_attn.q_proj.weight"].shape[0] // GEMMA_HEAD,
        "num_key_value_heads": weights[f"{layers}0.self_attn.k_proj.weight"].shape[0] // GEMMA_HEAD,
        "num_hidden_layers": _count(weights, layers),
    }


def _count(weights, prefix):
    return len({key[len(prefix) :].split(".")[0] for key in weights if key.startswith(prefix)})


LAYER_OF_CLIP_G = "text_model.encoder.layers.30.mlp.fc1.weight"
"""By which ComfyUI tells a file of CLIP-G from one of CLIP-L."""
SIZES = {
    "clip_l": ("text_model.encoder.layers.1.mlp.fc1.weight", clip),
    "clip_g": ("text_model.encoder.layers.1.mlp.fc1.weight", clip),
    "t5xxl": ("encoder.block.0.layer.1.DenseReluDense.wi_0.weight", t5),
    "gemma2_2b": ("model.layers.0.post_feedforward_layernorm.weight", gemma2),
}
"""By ComfyUI's name of an encoder: a weight that it is known by, and what reads its sizes."""
