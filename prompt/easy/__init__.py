"""Easy mode: a plain description becomes tags, tags become sentences."""

from .collected import Explained
from .description import EasyTags, tags_from
from .easy import EasyResult, easy
from .sentences import EasySentences, sentences_from

__all__ = ["EasyResult", "EasySentences", "EasyTags", "Explained", "easy", "sentences_from", "tags_from"]
