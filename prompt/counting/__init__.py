"""Text tokens: how many a prompt takes, for which encoder, in which chunks, and which tags the chunks cut.

Exact and offline: an encoder's own vocabulary counts, or nothing does.
"""

from .accounting import account, count_text_tokens
from .encoders import CHUNK, ENCODERS, Limits
from .results import Accounting, ChunkCount, CutTag, EncoderCount, Suggestion

__all__ = [
    "CHUNK",
    "ENCODERS",
    "Accounting",
    "ChunkCount",
    "CutTag",
    "EncoderCount",
    "Limits",
    "Suggestion",
    "account",
    "count_text_tokens",
]
