"""Stand-ins: tiny random models of real families, so that real ComfyUI runs those families' graphs on a CPU in seconds.

They are test code, made anew in a second by every run of the suite that needs them (460 MB), and never shipped.

| files (`files.py`) | ComfyUI's entry of the model | what is tiny |
| --- | --- | --- |
| SD 1.5: a checkpoint | `SD15` itself | two levels; CLIP-L of four layers |
| SDXL, v-prediction, zero SNR: a checkpoint | derived from `SDXL` | two levels, 64 channels; 3 layers a CLIP |
| Flux dev: model, CLIP-L, T5-XXL and VAE apart | derived from `Flux` | all widths 64 (T5 has its 24 layers) |
| Neta Lumina: a checkpoint with Gemma and tokenizer | derived from `Lumina2` | three blocks; Gemma: 64 wide, 3 layers |

Real are: the files' names and folders and their tensors' names (the autoencoders' apart); every class that ComfyUI
builds of them, with its latents, its noise schedule and its prediction; the tokenizers of CLIP and T5; the loader
nodes and all that follows them; and every width by which ComfyUI or Tagloom know a family, above all the embeddings'
768 and 2048 and Lumina's 2304.

Not real are:
- the weights: pictures show nothing. They differ by prompt and by seed, and no more may be asked of them;
- the number of layers and blocks and the widths inside. `extension/` has ComfyUI read encoders' sizes from the weights
  and adds an entry for each of the three models that are smaller than ComfyUI expects; it is put into the test server
  alone, and changes nothing for files of the real sizes. Clip skip therefore ends after the third or fourth layer;
- the autoencoders: TAESD's architecture, since ComfyUI's VAE class builds the usual one (KL) in one size only, which is
  slow on a CPU. Both are VAEs of 8 by 8 pixels a cell and 4 or 16 channels to the nodes;
- Gemma's tokenizer: the class is real, its SentencePiece model is trained on the spot (`tokenizer.py`), so counts of
  text tokens are not Gemma's;
- the number format: CLIP's large tables of tokens have eight bits instead of sixteen.

`loras.py` makes LoRAs for the tiny checkpoint of the pack.
"""
