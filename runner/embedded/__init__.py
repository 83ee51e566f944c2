"""The ComfyUI that Tagloom starts itself: found, prepared, run and stopped."""
