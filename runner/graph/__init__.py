"""Workflow files and the graphs that servers run: read, converted, edited, checked."""
