"""The tiny checkpoint's architecture: SDXL in miniature, in terms of ComfyUI's own SDXL classes."""

import comfy.sdxl_clip
import comfy.supported_models
import comfy.supported_models_base
import comfy.utils

CLIP_L = {
    "hidden_size": 64,
    "intermediate_size": 256,
    "num_attention_heads": 2,
    "num_hidden_layers": 3,
    "projection_dim": 64,
    "hidden_act": "quick_gelu",
}
CLIP_G = {
    "hidden_size": 128,
    "intermediate_size": 512,
    "num_attention_heads": 4,
    "num_hidden_layers": 4,
    "projection_dim": 128,
    "hidden_act": "gelu",
}


class TinyTokenizer(comfy.sdxl_clip.SDXLTokenizer):
    """CLIP's ordinary vocabulary; only the widths that textual inversions must have differ."""

    def __init__(self, embedding_directory=None, tokenizer_data={}):  # noqa: B006 ComfyUI's signature
        super().__init__(embedding_directory=embedding_directory, tokenizer_data=tokenizer_data)
        self.clip_l.embedding_size = CLIP_L["hidden_size"]
        self.clip_g.embedding_size = CLIP_G["hidden_size"]


class TinyTextEncoders(comfy.sdxl_clip.SDXLClipModel):
    """Both CLIP encoders, at the tiny sizes."""

    def __init__(self, device="cpu", dtype=None, model_options={}):  # noqa: B006 ComfyUI's signature
        sizes = {"clip_l_model_config": CLIP_L, "clip_g_model_config": CLIP_G}
        super().__init__(device=device, dtype=dtype, model_options={**model_options, **sizes})

    def load_sd(self, sd):
        """Tell the two encoders apart by width; SDXL does it by a 30th layer, which is absent here."""
        width = sd["text_model.embeddings.token_embedding.weight"].shape[1]
        return (self.clip_g if width == CLIP_G["hidden_size"] else self.clip_l).load_sd(sd)


class TagloomTiny(comfy.supported_models.SDXL):
    """SDXL's latents, noise schedule and conditioning around an 11.5-million-parameter UNet."""

    unet_config = {
        "model_channels": 64,
        "use_linear_in_transformer": True,
        "transformer_depth": [0, 1, 1],
        "context_dim": 192,
        "adm_in_channels": 1664,
        "use_temporal_attention": False,
    }
    unet_extra_config = {"num_heads": -1, "num_head_channels": 32}

    def process_clip_state_dict(self, state_dict):
        """Strip the two prefixes: the keys below them already are in Hugging Face's form."""
        prefixes = {
            "conditioner.embedders.0.transformer.": "clip_l.transformer.",
            "conditioner.embedders.1.model.transformer.": "clip_g.transformer.",
        }
        return comfy.utils.state_dict_prefix_replace(state_dict, prefixes, filter_keys=True)

    def clip_target(self, state_dict={}):  # noqa: B006 ComfyUI's signature
        """Name the tokenizer and the encoders that ComfyUI shall build."""
        return comfy.supported_models_base.ClipTarget(TinyTokenizer, TinyTextEncoders)
