from .pool import SIDE, Background, Pool

__all__ = ["SIDE", "Background", "Pool"]
