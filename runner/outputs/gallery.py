"""The gallery: one HTML file with a run's pictures, prompts and settings, which asks nobody for anything."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator, Sequence
from html import escape
from importlib import resources
from pathlib import Path
from urllib.parse import quote

from .clean import cleaned, one_line
from .kinds import PICTURES, SOUNDS, VIDEOS
from .own_files import free_stem, mark_of, put
from .results import Result, short, varying
from .saving import Saved
from .thumbnails import Thumbnails

STEM, SUFFIX = "gallery", ".html"
MOST_EMBEDDED = 2000
"""Pictures whose thumbnails lie in the file itself, 10 to 30 KB each; with more, all are shown from their own files."""
PROMPTS = ("positive", "prompt", "negative")
"""Settings that are long texts, each with a button to copy it."""
ONLY_SHOWN = ("img-src data: 'self' file:", "media-src 'self' file:", "base-uri 'none'", "form-action 'none'")
MOST_CHIPS = 8


def gallery(
    results: Sequence[Result],
    out: Path,
    *,
    title: str = "",
    run: str = "",
    thumbnails: Thumbnails | None = None,
) -> Path:
    """Write `gallery.html` for some jobs and return its path.

    Args:
        results: the jobs, in their order.
        out: the folder that their files lie in.
        title: what stands above it.
        run: what tells the run from others: its own gallery is replaced, and no other file.
        thumbnails: small pictures that were made already.

    Raises:
        SaveError: if it can't be written.
    """
    mark = mark_of(run)
    path = out / f"{free_stem(out, STEM, [SUFFIX], mark)}{SUFFIX}"
    small = thumbnails or Thumbnails()

    def write(part: Path) -> None:
        with part.open("w", encoding="utf-8", errors="replace", newline="\n") as file:
            file.writelines(_page(results, title or "Gallery", mark, small))

    put(path, write, mark)
    return path


def _page(results: Sequence[Result], title: str, mark: str, thumbnails: Thumbnails) -> Iterator[str]:
    style, script = (_data(f"gallery.{kind}") for kind in ("css", "js"))
    told = _text(one_line(title, 200))
    yield f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{_policy(style, script)}">
<meta name="generator" content="{mark}">
<meta name="referrer" content="no-referrer">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{told}</title>
<style>{style}</style>
</head>
<body>
<header>
<h1>{told}</h1>
<p id="count" role="status">{_text(_count(results))}</p>
<div id="tools"><input type="search" id="filter" placeholder="Filter: prompt, setting, state" \
aria-label="Filter by prompt, setting or state"><button type="button" id="theme">Dark / light</button></div>
</header>
<main>
"""
    names = varying(results)
    files = [file.path for result in results for file in result.files]
    embedded = len(files) <= MOST_EMBEDDED
    if embedded:
        thumbnails.make(files)
    for result in results:
        yield _card(result, names, thumbnails if embedded else None)
    yield f"""<p id="none" hidden>No job fits the filter.</p>
</main>
<dialog aria-label="Picture"><figure><img alt=""></figure><nav>
<button type="button" id="before">&larr; Previous</button>
<p><span></span> <a target="_blank" rel="noopener noreferrer">Open the file</a></p>
<button type="button" id="after">Next &rarr;</button> <button type="button" id="close">Close (Esc)</button>
</nav></dialog>
<script>{script}</script>
</body>
</html>
"""


def _data(name: str) -> str:
    return (resources.files(__package__.rpartition(".")[0]) / "data" / name).read_text("utf-8")


def _policy(style: str, script: str) -> str:
    """Return the policy that lets the file's own script run, its own style count, and nothing come from elsewhere."""
    own = (f"{kind}-src 'sha256-{_digest(text)}'" for kind, text in (("style", style), ("script", script)))
    return "; ".join(("default-src 'none'", *own, *ONLY_SHOWN))


def _digest(text: str) -> str:
    return base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def _text(text: str) -> str:
    """Return a text for HTML and its attributes: nothing in it is a tag, and nothing turns its direction."""
    return escape(cleaned(text), quote=True)


def _count(results: Sequence[Result]) -> str:
    files = sum(len(result.files) for result in results)
    states = [result.state.value for result in results if result.state.value != "done"]
    others = [f"{states.count(state)} {state}" for state in dict.fromkeys(states)]
    return ", ".join([f"{len(results)} job{'s' * (len(results) != 1)}, {files} file{'s' * (files != 1)}", *others])


def _card(result: Result, names: Sequence[str], thumbnails: Thumbnails | None) -> str:
    shown = result.shown()
    files = "".join(_file(file, shown, thumbnails) for file in result.files)
    reason = (
        f'<p class="reason"><strong>{result.state.value}:</strong> {_text(result.problem)}</p>'
        if result.problem
        else ""
    )
    facts = [f"seed {shown['seed']}"] if "seed" in shown else []
    facts += [f"{result.seconds:.1f} s"] if result.seconds is not None else []
    facts += [result.state.value] if result.state.value != "done" and not result.problem else []
    head = f'<h2><a href="#job-{result.number}">#{result.number}</a> <span>{_text(", ".join(facts))}</span></h2>'
    chips = [f"<li>{_text(name)}: {_text(short(name, shown[name]))}</li>" for name in names if _is_chip(name, shown)]
    listed = f"<ul>{''.join(chips[:MOST_CHIPS])}</ul>" if chips else ""
    prompt = next((shown[name] for name in PROMPTS if name in shown), "")
    first = f'<p class="text short">{_text(prompt)}</p>' if prompt else ""
    about = f'<div class="about">{head}{listed}{first}{_details(result, shown)}</div>'
    return f'<article id="job-{result.number}">{files}{reason}{about}</article>\n'


def _is_chip(name: str, shown: dict[str, str]) -> bool:
    return name in shown and name not in (*PROMPTS, "seed")


def _details(result: Result, shown: dict[str, str]) -> str:
    texts = [(name, shown[name]) for name in PROMPTS if name in shown]
    texts += [("text", text) for text in result.texts if text.strip()]
    parts = [_section(name, f'<p class="text">{_text(text)}</p>') for name, text in texts]
    others = {name: value for name, value in shown.items() if name not in PROMPTS}
    if others:
        pairs = "".join(f"<dt>{_text(name)}</dt><dd>{_text(value)}</dd>" for name, value in others.items())
        parts.append(_section("settings", f"<dl>{pairs}</dl>"))
    if result.files:
        names = "".join(
            f'<p class="text"><a href="{_address(file)}">{_text(file.name)}</a></p>' for file in result.files
        )
        parts.append(f"<section><h3>files</h3>{names}</section>")
    return f"<details><summary>Prompt and settings</summary><div>{''.join(parts)}</div></details>" if parts else ""


def _section(name: str, contents: str) -> str:
    return f'<section><h3>{_text(name)} <button type="button" data-copy>Copy</button></h3>{contents}</section>'


def _file(file: Saved, shown: dict[str, str], thumbnails: Thumbnails | None) -> str:
    address, suffix = _address(file), file.path.suffix
    if suffix in VIDEOS:
        return f'<div class="file"><video controls preload="metadata" src="{address}"></video></div>'
    if suffix in SOUNDS:
        return f'<div class="file"><audio controls preload="none" src="{address}"></audio></div>'
    jpeg = thumbnails.jpeg(file.path) if thumbnails else b""
    if not jpeg and (thumbnails or suffix not in PICTURES):
        return f'<div class="file other"><a href="{address}">{_text(file.path.name)}</a></div>'
    source = f"data:image/jpeg;base64,{base64.b64encode(jpeg).decode()}" if jpeg else address
    told = _text(one_line(next((shown[name] for name in PROMPTS if name in shown), file.name), 200))
    size = f' width="{file.width}" height="{file.height}"' if file.width and file.height else ""
    return (
        f'<a class="file" href="{address}"><img src="{source}" alt="{told}"{size} loading="lazy" decoding="async"></a>'
    )


def _address(file: Saved) -> str:
    """Return the address of a file, relative to the gallery; `./` in front keeps it from being anything else."""
    return _text("./" + quote(file.name, safe="/"))
