"""The gallery in a real browser: no complaints, nothing asked of anybody, and a hostile prompt stays text."""

import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from tagloom.runner.jobs.job import State
from tagloom.runner.outputs.gallery import gallery
from tagloom.runner.outputs.results import Result
from tagloom.runner.outputs.saving import Saved

HOSTILE = "<script>window.evil = 1</script><img src=x onerror='window.evil = 2'> a cat"


@pytest.fixture(scope="module", params=[(1280, 800), (390, 844)], ids=["desktop", "phone"])
def page(request, browser, tmp_path_factory) -> Page:
    """A page of a gallery with four jobs, opened as a file; it notes its errors and what it asks for elsewhere."""
    width, height = request.param
    out = tmp_path_factory.mktemp("gallery")
    context = browser.new_context(viewport={"width": width, "height": height}, color_scheme="dark")
    context.grant_permissions(["clipboard-read", "clipboard-write"])
    page = context.new_page()
    page.errors, page.asked = [], []
    page.on("console", lambda message: page.errors.append(message.text))
    page.on("pageerror", lambda error: page.errors.append(str(error)))
    page.on("request", lambda request: page.asked.append(request.url))
    page.goto(gallery(_jobs(out), out, title=HOSTILE).as_uri())
    yield page
    context.close()


def _jobs(out) -> list[Result]:
    jobs = []
    for number, (prompt, size) in enumerate([(HOSTILE, (640, 320)), ("a dog", (320, 640)), ("a fox", (64, 64))], 1):
        name = f"{number} & # '{number}'.png"
        Image.new("RGB", size, (40 * number, 90, 160)).save(out / name)
        file = Saved(out / name, name, "0" * 64, "images", "9", 1, *size)
        jobs.append(Result(number, files=(file,), values={"seed": number, "positive": prompt, "cfg": 4 + number}))
    return [*jobs, Result(4, State.FAILED, values={"positive": "an owl"}, problem=HOSTILE)]


@pytest.fixture(autouse=True)
def without_complaints(page):
    """Nothing ran that was given as text, nothing was logged, and nothing but files was asked for."""
    yield
    assert page.evaluate("window.evil") is None
    assert page.errors == []
    assert {address.partition(":")[0] for address in page.asked} <= {"file", "data"}


def visible(page: Page) -> list[str]:
    return [link.text_content() for link in page.locator("article:visible h2 a").all()]


def test_all_jobs_are_there_and_fit_the_screen(page):
    assert visible(page) == ["#1", "#2", "#3", "#4"]
    assert HOSTILE in page.locator("article").first.text_content()
    assert page.locator(".reason").text_content() == f"failed: {HOSTILE}"
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert page.evaluate(
        "[...document.querySelectorAll('main img')].every(image => image.complete && image.naturalWidth)"
    )


@pytest.mark.parametrize(
    ("text", "left"),
    [("DOG", ["#2"]), ("a cfg", ["#1", "#2", "#3"]), ("failed", ["#4"]), ("<script>", ["#1", "#4"]), ("zz", [])],
)
def test_the_filter_leaves_what_has_all_words(page, text, left):
    page.locator("body").press("/")
    expect(page.locator("#filter")).to_be_focused()
    page.keyboard.type(text)
    assert visible(page) == left
    assert page.locator("#none").is_visible() == (not left)
    expect(page.locator("#count")).to_have_text(f"{len(left)} of 4 jobs")
    page.keyboard.press("Escape")
    assert len(visible(page)) == 4


def test_pictures_are_shown_large_and_by_keys(page):
    page.locator("a.file").first.click()
    picture = page.locator("dialog img")
    for key, width in ((None, 640), ("ArrowRight", 320), ("ArrowRight", 64), ("ArrowRight", 64), ("ArrowLeft", 320)):
        if key:
            page.keyboard.press(key)
        assert picture.evaluate("image => image.decode().then(() => image.naturalWidth)") == width
    expect(page.locator("#close")).to_be_in_viewport()
    page.keyboard.press("Escape")
    expect(page.locator("dialog")).to_be_hidden()
    expect(page.locator("a.file").nth(1)).to_be_focused()


def test_prompts_and_settings_are_copied(page):
    card = page.locator("article").first
    card.locator("summary").click()
    for number, copied in enumerate([HOSTILE, "seed: 1\ncfg: 5"]):
        card.locator("button[data-copy]").nth(number).click()
        expect(card.locator("button[data-copy]").nth(number)).to_have_text("Copied")
        assert page.evaluate("navigator.clipboard.readText()") == copied


def test_light_and_dark(page):
    colour = "getComputedStyle(document.body).backgroundColor"
    dark = page.evaluate(colour)
    page.locator("#theme").click()
    assert page.evaluate(colour) != dark
    page.locator("#theme").click()
    assert page.evaluate(colour) == dark
