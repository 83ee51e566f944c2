"""A small ComfyUI that is told what to do wrong; see `FaultServer`."""

from .server import GENERATIONS, FaultServer, Run
from .sockets import Socket

__all__ = ["GENERATIONS", "FaultServer", "Run", "Socket"]
