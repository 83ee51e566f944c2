"""What can go wrong with a training run."""


class TrainingError(ValueError):
    """A run that can't start or go on; the message says why, and what to do."""
