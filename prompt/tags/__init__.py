"""What Tagloom knows of tags: the vocabulary, how tags relate, and the optional lists of names."""

from .lists import listed, use_names
from .vocabulary import GROUPS, OTHER, Entry, Vocabulary, vocabulary

__all__ = ["GROUPS", "OTHER", "Entry", "Vocabulary", "listed", "use_names", "vocabulary"]
