"""Which kind of file some bytes are: the ending that they are saved with, whatever a server calls them."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import PurePosixPath

LOOKED_AT = 4096
"""Bytes at a file's start that tell its kind."""
UNKNOWN = ".bin"
STARTS = (
    (b"\x89PNG\r\n\x1a\n", ".png"),
    (b"\xff\xd8\xff", ".jpg"),
    (b"GIF87a", ".gif"),
    (b"GIF89a", ".gif"),
    (b"II*\0", ".tif"),
    (b"MM\0*", ".tif"),
    (b"BM", ".bmp"),
    (b"\x76\x2f\x31\x01", ".exr"),
    (b"#?RADIANCE", ".hdr"),
    (b"8BPS", ".psd"),
    (b"\x1a\x45\xdf\xa3", ".webm"),
    (b"fLaC", ".flac"),
    (b"OggS", ".ogg"),
    (b"ID3", ".mp3"),
    (b"\xff\xfb", ".mp3"),
    (b"\xff\xf3", ".mp3"),
    (b"\xff\xf2", ".mp3"),
    (b"\xff\xf1", ".aac"),
    (b"\xff\xf9", ".aac"),
    (b"glTF", ".glb"),
    (b"ply\n", ".ply"),
    (b"ply\r", ".ply"),
    (b"Kaydara FBX Binary", ".fbx"),
)
"""The first bytes of a kind."""
RIFF = {b"WEBP": ".webp", b"WAVE": ".wav", b"AVI ": ".avi"}
BRANDS = {b"avif": ".avif", b"avis": ".avif", b"M4A ": ".m4a", b"M4B ": ".m4a", b"qt  ": ".mov"}
"""Of ISO media files (ISO/IEC 14496-12); all others are `.mp4`, those of HEIF below."""
HEIF = (b"heic", b"heix", b"mif1", b"msf1", b"heim", b"heis", b"hevc")
REFINED = {(".webm", ".mkv"): ".mkv", (".ogg", ".opus"): ".opus", (".ogg", ".ogv"): ".ogv", (".mp4", ".m4v"): ".m4v"}
"""Kinds that begin alike, told apart by the server's word."""
SAFE = frozenset(
    {".obj", ".mtl", ".stl", ".gltf", ".usda", ".usdc", ".usdz", ".splat", ".ksplat", ".spz", ".bvh"}
    | {".latent", ".safetensors", ".sft", ".npy", ".tga", ".dds", ".ktx2", ".cube", ".mid", ".abc"}
    | {".txt", ".md", ".json", ".jsonl", ".csv", ".tsv", ".srt", ".vtt", ".lrc", ".ass", ".yaml", ".yml"}
)
"""Endings that are taken at the server's word: no system runs such a file, and no browser runs what is in it."""
PICTURES = frozenset({".png", ".jpg", ".webp", ".gif", ".bmp", ".tif", ".avif"})
VIDEOS = frozenset({".mp4", ".webm", ".mkv", ".mov", ".avi", ".ogv", ".m4v"})
SOUNDS = frozenset({".mp3", ".wav", ".flac", ".ogg", ".opus", ".m4a", ".aac"})
SCRIPTED = re.compile(
    rb"<\s*(?:script|foreignobject|iframe|object|embed|handler|animate|set)\b|\bon\w+\s*=|javascript:|<!(?:entity|doctype)|@import|xml-stylesheet"
    rb"|(?:href|src)\s*=\s*[\"']?\s*(?![\"'\s]*#)(?!data:image/(?:png|jpeg|webp))"
    rb"|url\(\s*[\"']?\s*(?!#)",
    re.IGNORECASE,
)
"""What makes a drawing (SVG) more than a drawing: it runs something, or asks another computer for something."""
LONGEST_DRAWING = 16 * 1024 * 1024


def ending(name: str, start: bytes, whole: Callable[[], bytes]) -> str:
    """Return the ending for a file, with its dot.

    Args:
        name: what the server calls it.
        start: its first `LOOKED_AT` bytes.
        whole: reads it, or its first `LONGEST_DRAWING` bytes and one more; asked of drawings alone.
    """
    told = PurePosixPath(name.replace("\\", "/")).suffix.lower()
    found = _by_contents(start)
    if found:
        return REFINED.get((found, told), found)
    if told == ".svg" and b"<svg" in start:
        return ".svg" if _is_harmless(whole()) else ".svg.txt"
    return told if told in SAFE else UNKNOWN


def _by_contents(start: bytes) -> str:
    if start[:4] == b"RIFF":
        return RIFF.get(start[8:12], "")
    if start[4:8] == b"ftyp":
        brand = start[8:12]
        return ".heic" if brand in HEIF else BRANDS.get(brand, ".mp4")
    return next((suffix for begin, suffix in STARTS if start.startswith(begin)), "")


def _is_harmless(drawing: bytes) -> bool:
    plain = len(drawing) <= LONGEST_DRAWING and b"\0" not in drawing and b"&#" not in drawing
    return plain and not SCRIPTED.search(drawing)
