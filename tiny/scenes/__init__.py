from .captions import caption
from .composer import Composer
from .errors import LayerError, SceneError, VocabularyError
from .packing import Packed
from .renderer import SIZES, Renderer
from .scene import SLOTS, Camera, Damage, Part, Scene, TagGroups
from .vocabulary import Vocabulary, read_vocabulary, vocabulary

__all__ = [
    "SIZES",
    "SLOTS",
    "Camera",
    "Composer",
    "Damage",
    "LayerError",
    "Packed",
    "Part",
    "Renderer",
    "Scene",
    "SceneError",
    "TagGroups",
    "Vocabulary",
    "VocabularyError",
    "caption",
    "read_vocabulary",
    "vocabulary",
]
