"""Lists that users choose from, and reports as lists: what is needed before anything is worked out."""

DIALECTS = ("a1111", "comfyui", "novelai3", "novelai4", "compel")
"""The dialects' ids, A1111's first."""

LAYOUTS = ("keep", "one line", "lines")
"""How a prompt is laid out: as it is, on one line, or a line for each group of tags."""

MOST_LISTED = 256
"""How many combinations a matrix may have: each becomes a picture, or several."""


def as_list(report: str) -> str:
    """Return a report's lines as a Markdown list, which is how ComfyUI's Preview Any shows a text line by line."""
    lines = (line.strip() for line in report.splitlines())
    return "\n".join(line if line.startswith("- ") else f"- {line}" for line in lines if line)
