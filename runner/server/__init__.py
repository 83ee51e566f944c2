"""One ComfyUI server and how to talk to it."""
