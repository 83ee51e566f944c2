"""How sure a share is: counts with Wilson's 95 % interval."""

from __future__ import annotations

from math import sqrt
from typing import Any, NamedTuple

Z = 1.959964
"""Standard deviations on either side that hold 95 % of a normal distribution."""


class Share(NamedTuple):
    """How many of how many; as JSON with its interval."""

    right: int
    of: int

    @property
    def rate(self) -> float:
        """The share, 0 to 1; 0 of nothing."""
        return self.right / self.of if self.of else 0.0

    @property
    def interval(self) -> tuple[float, float]:
        """Wilson's score interval (Wilson 1927); everything is possible where nothing was asked."""
        if not self.of:
            return 0.0, 1.0
        spread = Z * sqrt(self.rate * (1 - self.rate) / self.of + Z**2 / (4 * self.of**2))
        middle, whole = self.rate + Z**2 / (2 * self.of), 1 + Z**2 / self.of
        return max(0.0, (middle - spread) / whole), min(1.0, (middle + spread) / whole)

    def as_data(self) -> dict[str, Any]:
        """Return it for JSON."""
        low, high = self.interval
        return {
            "right": self.right,
            "of": self.of,
            "rate": round(self.rate, 4),
            "low": round(low, 4),
            "high": round(high, 4),
        }
