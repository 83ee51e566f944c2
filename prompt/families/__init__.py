"""Model families: what is known of each (`data/families/`), users' own profiles, and which family a file is of."""

from .catalog import (
    add_families_folder,
    all_families,
    families_folders,
    family_ids,
    get_family,
    leave_out,
    profile_problems,
)
from .detection import Detection, chosen, detect, detect_file
from .headers import Header, read_header
from .listing import FOLDERS, ListedModel, ModelFile, list_models, listed_from_json
from .profiles import EVERYTHING, LEVELS, PRESETS, ClipSkip, Encoder, Family, Negative, Quality, Range, Variant
from .sidecars import Sidecar, read_sidecars

__all__ = [
    "EVERYTHING",
    "FOLDERS",
    "LEVELS",
    "PRESETS",
    "ClipSkip",
    "Detection",
    "Encoder",
    "Family",
    "Header",
    "ListedModel",
    "ModelFile",
    "Negative",
    "Quality",
    "Range",
    "Sidecar",
    "Variant",
    "add_families_folder",
    "all_families",
    "chosen",
    "detect",
    "detect_file",
    "families_folders",
    "family_ids",
    "get_family",
    "leave_out",
    "list_models",
    "listed_from_json",
    "profile_problems",
    "read_header",
    "read_sidecars",
]
