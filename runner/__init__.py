"""The headless runner: turns a request into pictures on a ComfyUI server, its own or the user's."""
