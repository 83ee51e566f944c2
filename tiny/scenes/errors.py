"""What can go wrong when scenes are composed."""


class SceneError(ValueError):
    """No picture can have all the wanted tags and none of the unwanted ones; the message names those at fault."""


class VocabularyError(ValueError):
    """The vocabulary file is not as its schema asks; the message says where."""


class LayerError(ValueError):
    """A file of layers is not readable as one, or lacks a layer that the vocabulary names."""
