"""What can be wrong with an evaluation."""

from __future__ import annotations


class EvaluationError(ValueError):
    """The questions, the folder or the pictures don't fit together; the message says what to do."""
