"""Converts models between a diffusers folder and a single file: pure Python, tensors streamed as bytes."""

from .conversion import convert
from .result import Conversion

__all__ = ["Conversion", "convert"]
