"""ComfyUI extension that ends a server which Tagloom started, once it has been idle long enough.

Busy means: it still starts, a job runs or waits, or somebody is connected (a runner, or the editor in a browser); any
question starts the idle time anew.
"""

import logging
import os
import signal
import threading
import time

from server import PromptServer

SECONDS = float(os.environ.get("TAGLOOM_IDLE_SECONDS", "0"))
"""How long the server may be idle; 0 means for ever."""
NODE_CLASS_MAPPINGS: dict[str, type] = {}


_asked = [time.monotonic()]
"""When the server was last asked for anything but whether it is there."""


async def _note(request, response) -> None:
    if request.path != "/system_stats":
        _asked[0] = time.monotonic()


def _busy() -> bool:
    server = PromptServer.instance
    starting = not hasattr(server, "port")
    return starting or bool(server.sockets) or server.prompt_queue.get_tasks_remaining() > 0


def _watch() -> None:
    last_busy = time.monotonic()
    while time.monotonic() - max(last_busy, _asked[0]) < SECONDS:
        time.sleep(min(1.0, SECONDS / 4))
        if _busy():
            last_busy = time.monotonic()
    logging.info("Tagloom: idle for %g seconds, stopping", SECONDS)
    os.kill(os.getpid(), signal.SIGTERM)


if SECONDS > 0:
    PromptServer.instance.app.on_response_prepare.append(_note)
    threading.Thread(target=_watch, name="tagloom-keepalive", daemon=True).start()
