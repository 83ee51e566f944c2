"""Pictures in terminals: which way is chosen, and the very bytes that are written."""

from __future__ import annotations

import base64
import io
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from tagloom.runner.errors import UsageError
from tagloom.runner.outputs.previews import CELL, IMAGE_ID, Preview, Screen, drawn
from tagloom.runner.outputs.terminals import Terminal, terminal_of

ESCAPE = "\x1b"


def png(*rows: str) -> bytes:
    """Return a picture of red, green and blue pixels, written as letters."""
    colours = {"r": (255, 0, 0), "g": (0, 255, 0), "b": (0, 0, 255)}
    image = Image.new("RGB", (len(rows[0]), len(rows)))
    image.putdata([colours[letter] for row in rows for letter in row])
    file = io.BytesIO()
    image.save(file, "PNG")
    return file.getvalue()


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({"TERM": "xterm-kitty"}, "kitty"),
        ({"TERM": "xterm-256color", "KITTY_WINDOW_ID": "1"}, "kitty"),
        ({"TERM": "xterm-ghostty", "TERM_PROGRAM": "ghostty"}, "kitty"),
        ({"TERM": "xterm-256color", "KONSOLE_VERSION": "230804"}, "kitty"),
        ({"TERM": "xterm-256color", "KONSOLE_VERSION": "210400", "COLORTERM": "truecolor"}, "blocks"),
        ({"TERM": "xterm-256color", "TERM_PROGRAM": "iTerm.app", "COLORTERM": "truecolor"}, "iterm2"),
        ({"TERM": "xterm-256color", "TERM_PROGRAM": "WezTerm"}, "iterm2"),
        ({"TERM": "xterm-256color", "LC_TERMINAL": "iTerm2"}, "iterm2"),
        ({"TERM": "foot"}, "sixel"),
        ({"TERM": "foot-direct"}, "sixel"),
        ({"TERM": "mlterm-256color"}, "sixel"),
        ({"TERM": "xterm-256color", "COLORTERM": "truecolor"}, "blocks"),
        ({"WT_SESSION": "x"}, "blocks"),
        ({"TERM": "xterm-256color"}, "none"),
        ({"TERM": "dumb", "COLORTERM": "truecolor"}, "none"),
        ({}, "none"),
        ({"TERM": "screen-256color", "KITTY_WINDOW_ID": "1", "TMUX": "x"}, "none"),
        ({"TERM": "tmux-256color", "KITTY_WINDOW_ID": "1", "COLORTERM": "truecolor"}, "blocks"),
        ({"TERM": "xterm", "TAGLOOM_PREVIEW": "Sixel"}, "sixel"),
        ({"TERM": "xterm-kitty", "TAGLOOM_PREVIEW": "none"}, "none"),
    ],
)
def test_the_way_follows_the_environment(environment, expected):
    assert terminal_of(environment, True).value == expected
    assert terminal_of(environment, False) is Terminal.NONE


def test_an_unknown_way_is_refused():
    with pytest.raises(UsageError, match="TAGLOOM_PREVIEW can't be 'gif'"):
        terminal_of({"TAGLOOM_PREVIEW": "gif"}, True)


def test_kitty_gets_a_png_in_pieces():
    noise = Image.effect_noise((160, 160), 90).convert("RGB")
    file = io.BytesIO()
    noise.save(file, "PNG")
    pieces = re.findall(r"\x1b_G([^;]*);([^\x1b]*)\x1b\\", drawn(file.getvalue(), Terminal.KITTY, 20, 10))
    assert len(pieces) > 2
    assert pieces[0][0] == f"a=T,f=100,q=2,i={IMAGE_ID},C=1,c=20,r=10,m=1"
    assert {keys for keys, _ in pieces[1:-1]} == {"q=2,m=1"} and pieces[-1][0] == "q=2,m=0"
    assert all(len(data) == 4096 for _, data in pieces[:-1])
    image = Image.open(io.BytesIO(base64.b64decode("".join(data for _, data in pieces))))
    assert image.size == (160, 160) and image.convert("RGB").tobytes() == noise.tobytes()


def test_iterm2_gets_a_file():
    shown = drawn(png("rg", "gb"), Terminal.ITERM2, 10, 10)
    head, data = shown.split(":")
    assert head == f"{ESCAPE}]1337;File=inline=1;preserveAspectRatio=1;width=1;height=1"
    assert data.endswith("\x07")
    assert Image.open(io.BytesIO(base64.b64decode(data[:-1]))).size == (2, 2)


def test_sixels():
    """Seven lines: a band of six, and one of one. Red is colour 0: `~` is all six pixels, `!5~` that five times."""
    shown = drawn(png(*["rrrrr"] * 7), Terminal.SIXEL, 10, 10)
    assert shown == f'{ESCAPE}P0;1q"1;1;5;7#0;2;100;0;0#0!5~-#0!5@{ESCAPE}\\'


def test_sixels_have_a_pass_for_each_colour():
    shown = drawn(png("rb", "br"), Terminal.SIXEL, 10, 10)
    colours = {tuple(rest): number for number, *rest in re.findall(r"#(\d);2;(\d+);(\d+);(\d+)", shown)}
    red, blue = colours["100", "0", "0"], colours["0", "0", "100"]
    passes = shown.rpartition(f"#{max(red, blue)};2;")[2].partition("#")[2].removesuffix(f"{ESCAPE}\\").split("$")
    assert {one.lstrip("#") for one in passes} == {f"{red}@A", f"{blue}A@"}


def test_sixels_say_what_the_picture_shows():
    """Read back by a decoder of the format's few rules."""
    image = Image.radial_gradient("L").resize((37, 23)).quantize(40).convert("RGB")
    file = io.BytesIO()
    image.save(file, "PNG")
    size, pixels = _decoded(drawn(file.getvalue(), Terminal.SIXEL, 10, 10))
    assert size == (37, 23) and set(pixels) == {(x, y) for x in range(37) for y in range(23)}
    assert all(
        abs(a - b) <= 2 for place, found in pixels.items() for a, b in zip(image.getpixel(place), found, strict=True)
    )


def _decoded(shown: str) -> tuple[tuple[int, int], dict[tuple[int, int], tuple[int, ...]]]:
    body = re.fullmatch(r"\x1bP0;1q(.*)\x1b\\", shown, re.DOTALL)[1]
    colours, pixels = {}, {}
    x = y = colour = 0
    size = (0, 0)
    for token in re.findall(r'"[\d;]+|#[\d;]+|!\d+.|[$-]|[?-~]', body):
        if token[0] == '"':
            size = tuple(map(int, token[1:].split(";")[2:]))
        elif token[0] == "#":
            colour, *rest = map(int, token[1:].split(";"))
            if rest:
                colours[colour] = tuple(round(part * 2.55) for part in rest[1:])
        elif token in "$-":
            x, y = 0, y + 6 * (token == "-")
        else:
            count, letter = (int(token[1:-1]), token[-1]) if token[0] == "!" else (1, token)
            bits = ord(letter) - 63
            pixels |= {(x + n, y + row): colours[colour] for n in range(count) for row in range(6) if bits >> row & 1}
            x += count
    return size, pixels


def test_half_blocks():
    """The last line has no lower pixels, so its ground is the terminal's own."""
    shown = drawn(png("rr", "bg", "gg"), Terminal.BLOCKS, 10, 10)
    red, green, blue = "255;0;0", "0;255;0", "0;0;255"
    first = f"{ESCAPE}[38;2;{red}m{ESCAPE}[48;2;{blue}m▀{ESCAPE}[38;2;{red}m{ESCAPE}[48;2;{green}m▀"
    second = f"{ESCAPE}[38;2;{green}m{ESCAPE}[49m▀▀"
    assert shown == f"{first}{ESCAPE}[0m{ESCAPE}[2D{ESCAPE}[1B{second}{ESCAPE}[0m"


@pytest.mark.parametrize("terminal", [Terminal.KITTY, Terminal.ITERM2])
@pytest.mark.parametrize("size", [(2000, 100), (100, 2000), (64, 64)])
def test_a_picture_fits_into_its_room(terminal, size):
    file = io.BytesIO()
    Image.new("RGB", size).save(file, "JPEG")
    shown = drawn(file.getvalue(), terminal, 20, 10)
    columns, rows = map(int, re.search(r"(?:c|width)=(\d+)[,;](?:r|height)=(\d+)", shown).groups())
    assert 1 <= columns <= 20 and 1 <= rows <= 10
    assert columns == 20 or rows == 10 or size == (64, 64)
    assert CELL == (8, 16)


@pytest.mark.parametrize("terminal", Terminal)
@pytest.mark.parametrize(
    "contents", [b"", b"no picture", png("rg")[:40], b"\xff\xd8\xff\xe0" * 9, b"GIF89a" + b"\xff" * 99]
)
def test_broken_pictures_show_nothing(terminal, contents):
    assert drawn(contents, terminal, 20, 10) == ""


def test_a_huge_picture_is_not_decoded(monkeypatch):
    file = io.BytesIO()
    Image.new("1", (8192, 8192)).save(file, "PNG")
    assert drawn(file.getvalue(), Terminal.BLOCKS, 20, 10) == ""


@given(st.binary(max_size=200), st.integers(0, 300))
def test_damaged_pictures_raise_nothing(noise, place):
    contents = bytearray(png("rgb" * 4, "bgr" * 4))
    contents[place : place + len(noise)] = noise
    drawn(bytes(contents), Terminal.BLOCKS, 10, 5)


def test_the_next_picture_takes_the_place_of_the_last():
    preview = Preview(Terminal.BLOCKS, 10, 3)
    assert preview.ended() == ""
    empty = f"{ESCAPE}[2K{ESCAPE}[1B" * 3 + f"{ESCAPE}[3A"
    shown = drawn(png("rg"), Terminal.BLOCKS, 10, 3)
    whole = f"{empty}{ESCAPE}7{shown}{ESCAPE}8{ESCAPE}[3E"
    assert preview.frame(png("rg")) == f"\n\n\n{ESCAPE}[3F{whole}"
    assert preview.frame(b"broken") == ""
    assert preview.frame(png("rg")) == f"{ESCAPE}[3F{whole}"
    assert preview.ended() == f"{ESCAPE}[3F{empty}"
    assert preview.ended() == ""


def test_kitty_takes_its_pictures_away_before_the_next():
    preview = Preview(Terminal.KITTY, 10, 3)
    preview.frame(png("rg"))
    away = f"{ESCAPE}_Ga=d,d=I,i={IMAGE_ID},q=2{ESCAPE}\\"
    assert away in preview.frame(png("rg"))
    assert away in preview.ended()


class Tty(io.StringIO):
    """Text that is written to a terminal."""

    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(("way", "stream"), [("none", Tty()), ("blocks", io.StringIO())])
def test_without_a_terminal_that_can_there_is_no_screen(monkeypatch, way, stream):
    monkeypatch.setenv("TAGLOOM_PREVIEW", way)
    assert Screen.of(stream) is None


def test_a_screen_shows_previews_at_a_pace_and_takes_them_away(monkeypatch):
    monkeypatch.setenv("TAGLOOM_PREVIEW", "blocks")
    monkeypatch.setenv("COLUMNS", "30")
    monkeypatch.setenv("LINES", "12")
    stream = Tty()
    screen = Screen.of(stream)
    screen.clear()
    assert stream.getvalue() == ""
    screen.show(png("rg"))
    first = stream.getvalue()
    assert first.startswith("\n" * 6 + f"{ESCAPE}[6F") and drawn(png("rg"), Terminal.BLOCKS, 29, 6) in first
    screen.show(png("gr"))
    assert stream.getvalue() == first
    screen.clear()
    assert stream.getvalue().removeprefix(first).startswith(f"{ESCAPE}[6F{ESCAPE}[2K")
