"""Trains the tiny checkpoint: its autoencoder, then its denoiser with both text encoders; see __main__ for how.

Nothing here is imported before it is used, since torch, diffusers and transformers take seconds to import.
"""
