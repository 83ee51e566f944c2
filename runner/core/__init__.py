"""Graphs with Tagloom's nodes turned into graphs of ComfyUI's own."""
