"""Image tokens, the currency that pays for images: plans and prices. The ledger will live here too."""

from .plans import Plan, UnknownPlan, image_tokens, plan, plans

__all__ = ["Plan", "UnknownPlan", "image_tokens", "plan", "plans"]
