"""What tells a model file from any other, and from itself after a change."""

from pathlib import Path

import folder_paths

Identity = tuple[str, int, int]
"""A file's path, its bytes, and when it was changed, in nanoseconds."""


def identity_of(folder: str, file: str) -> Identity:
    """Return a file's identity by ComfyUI's names of its folder and of itself."""
    path = folder_paths.get_full_path_or_raise(folder, file)
    stat = Path(path).stat()
    return path, stat.st_size, stat.st_mtime_ns
