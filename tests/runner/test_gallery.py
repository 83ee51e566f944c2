"""Galleries: one file that asks nobody for anything, and in which whatever was given stays text."""

from __future__ import annotations

import base64
import hashlib
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from tagloom.runner.jobs.job import State
from tagloom.runner.outputs import gallery as gallery_module
from tagloom.runner.outputs.gallery import gallery
from tagloom.runner.outputs.results import Result
from tagloom.runner.outputs.saving import Saved

HOSTILE = "<script>alert(1)</script>\"'><img src=x onerror=alert(2)> &amp; \u202e \x1b[31m </style></title>"
TAGS = {
    "html",
    "head",
    "meta",
    "title",
    "style",
    "body",
    "header",
    "main",
    "article",
    "section",
    "nav",
    "dialog",
    "div",
}
TAGS |= {"h1", "h2", "h3", "p", "span", "strong", "ul", "li", "dl", "dt", "dd", "details", "summary", "script"}
TAGS |= {"a", "img", "video", "audio", "figure", "input", "button"}
"""What a gallery consists of."""


class Parsed(HTMLParser):
    """What a page consists of: tags with their attributes, and the text outside of style and script."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str]]] = []
        self.text = ""
        self._within = ""
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        self._within = tag

    def handle_endtag(self, tag):
        self._within = ""

    def handle_data(self, data):
        self.text += data if self._within not in ("style", "script") else ""


def saved(folder: Path, name: str, kind: str = "images", size: tuple[int, int] = (64, 32)) -> Saved:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    if kind == "images":
        Image.linear_gradient("L").resize(size).convert("RGB").save(path, "PNG")
    else:
        path.write_bytes(b"x")
    return Saved(path, name, "0" * 64, kind, "9", 1, *(size if kind == "images" else (0, 0)))


def made(results: list[Result], out: Path, **options: str) -> tuple[Parsed, str]:
    text = gallery(results, out, **options).read_text(encoding="utf-8")
    return Parsed(text), text


def test_a_gallery_shows_what_was_made(tmp_path):
    values = {"seed": 7, "positive": "a cat", "negative": "a dog", "cfg": 4.5, "checkpoint": "a/b.safetensors"}
    jobs = [
        Result(1, files=(saved(tmp_path, "sub/a b#1.png"),), values=values, seconds=8.25),
        Result(
            2,
            files=(
                saved(tmp_path, "b.mp4", "video"),
                saved(tmp_path, "c.flac", "audio"),
                saved(tmp_path, "d.glb", "3d"),
            ),
        ),
        Result(3, State.FAILED, problem="out of memory"),
        Result(4, State.PARTIAL, texts=("a told text",)),
    ]
    page, _ = made(jobs, tmp_path, title="My batch")
    for text in (
        "My batch",
        "4 jobs, 4 files, 1 failed, 1 partial",
        "seed 7, 8.2 s",
        "a cat",
        "a dog",
        "out of memory",
        "a told text",
    ):
        assert text in page.text
    sources = [attributes["src"] for tag, attributes in page.tags if tag in ("video", "audio")]
    links = [attributes["href"] for tag, attributes in page.tags if tag == "a" and "href" in attributes]
    assert sources == ["./b.mp4", "./c.flac"]
    assert {"./sub/a%20b%231.png", "./d.glb", "#job-1"} <= set(links)
    (picture,) = [attributes for tag, attributes in page.tags if tag == "img" and attributes.get("src")]
    assert base64.b64decode(picture["src"].removeprefix("data:image/jpeg;base64,")).startswith(b"\xff\xd8")
    assert (picture["alt"], picture["width"], picture["height"]) == ("a cat", "64", "32")


def test_whatever_is_hostile_stays_text(tmp_path):
    job = Result(
        1,
        State.FAILED,
        files=(saved(tmp_path, "a'b&c.png"),),
        asked={HOSTILE: HOSTILE},
        values={"positive": HOSTILE, "seed": HOSTILE},
        problem=HOSTILE,
        texts=(HOSTILE,),
    )
    page, text = made([job, Result(2)], tmp_path, title=HOSTILE, run=HOSTILE)
    _is_harmless(page, text)
    assert page.text.count("<script>alert(1)</script>") >= 5
    assert "\u202e" not in text and "\x1b" not in text


@given(st.text(), st.text("<>\"'&/ scriptonerror=\x00\u202e", max_size=60))
def test_no_text_becomes_a_tag(tmp_path_factory, one, other):
    folder = tmp_path_factory.mktemp("gallery")
    job = Result(1, State.FAILED, asked={one: other, other: one}, values={"positive": other}, problem=one)
    _is_harmless(*made([job, Result(2)], folder, title=other))


def _is_harmless(page: Parsed, text: str) -> None:
    """Only our own tags, one script and style that the policy names, no handlers, no other addresses than our own."""
    names = [tag for tag, _ in page.tags]
    assert set(names) <= TAGS and (names.count("script"), names.count("style")) == (1, 1)
    for tag, attributes in page.tags:
        assert not any(name.startswith("on") or name == "style" for name in attributes)
        for name in ("src", "href"):
            assert attributes.get(name, "./").startswith(("./", "#job-", "data:image/jpeg;base64,")), (tag, attributes)
    policy = next(attributes["content"] for _, attributes in page.tags if attributes.get("http-equiv"))
    assert policy.startswith("default-src 'none'; ") and "unsafe" not in policy and "http" not in policy
    for kind, tag in (("style", "style"), ("script", "script")):
        body = re.search(rf"<{tag}>(.*?)</{tag}>", text, re.DOTALL)[1]
        assert f"{kind}-src 'sha256-{base64.b64encode(hashlib.sha256(body.encode()).digest()).decode()}'" in policy


def test_secrets_are_in_no_gallery(tmp_path):
    job = Result(1, asked={"api_key": "my very own secret"}, values={"positive": "see https://me:pw@host/"})
    _, text = made([job, Result(2)], tmp_path)
    assert "my very own secret" not in text and "me:pw" not in text


def test_with_very_many_pictures_their_own_files_are_shown(tmp_path, monkeypatch):
    monkeypatch.setattr(gallery_module, "MOST_EMBEDDED", 1)
    page, _ = made([Result(n, files=(saved(tmp_path, f"{n}.png"),)) for n in (1, 2)], tmp_path)
    assert [each["src"] for tag, each in page.tags if tag == "img" and each.get("src")] == ["./1.png", "./2.png"]


def test_a_runs_own_gallery_is_replaced_and_no_other(tmp_path):
    (tmp_path / "gallery.html").write_text("somebody else's", encoding="utf-8")
    assert [gallery([Result(1)], tmp_path, run=run).name for run in ("a", "a", "b")] == [
        "gallery_2.html",
        "gallery_2.html",
        "gallery_3.html",
    ]
    assert (tmp_path / "gallery.html").read_text(encoding="utf-8") == "somebody else's"


@pytest.mark.parametrize("name", ["gallery.css", "gallery.js"])
def test_style_and_script_end_where_they_should(name):
    """They stand in the page as they are."""
    text = gallery_module._data(name)
    assert "</" not in text and "<!--" not in text and not re.search(r"https?://|@import|url\(|innerHTML|eval", text)
