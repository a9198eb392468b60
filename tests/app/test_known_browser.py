"""Which known film a poster is of, by keys, and the printed words that spoke for a genre."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from PIL import Image, ImageDraw, ImageFont
from test_browser import DESK, browser, page, send, serving  # noqa: F401 - fixtures

from genreel.films.building import Builder
from genreel.films.film import Film

for module in ("rapidocr", "rapidfuzz"):
    pytest.importorskip(module, reason="the extra 'read' is not installed")

FILMS = (
    Film("tt9000002", "Lanterns over Brill", 1974, {"imdb": ("Horror", "Mystery")}),
    *(
        Film(f"tt91000{year}", "The Ferryman", year, {"imdb": ("Western",)})
        for year in range(1950, 2000, 10)
    ),
)
LINES = (("THE", 40), ("FERRYMAN", 66), ("", 150), ("A SHERIFF HUNTS", 34), ("A VAMPIRE", 34))


def draw_poster(path: Path) -> Path:
    """A poster with large print on plain ground."""
    image = Image.new("RGB", (400, 600), "#203050")
    draw, top = ImageDraw.Draw(image), 60
    for text, size in LINES:
        draw.text((200, top), text, "#f4e8c8", ImageFont.load_default(size), anchor="mt")
        top += round(1.4 * size)
    image.save(path)
    return path


def test_a_film_is_named_by_keys_and_printed_words_are_lit(
    page: Any,  # noqa: F811
    tmp_path: Path,
    socket_enabled: None,
) -> None:
    from axe_playwright_python.sync_playwright import Axe
    from playwright.sync_api import expect

    with Builder(tmp_path / "index.db") as builder:
        builder.add(FILMS, "shelf")
    poster = draw_poster(tmp_path / "IMG_0012.png")
    flags = ("--films", tmp_path / "index.db")
    with serving(tmp_path / "films.db", *flags) as server:
        page.goto(f"{server}/add")
        page.set_input_files("#files", poster)
        page.get_by_text("1 of 1 files").wait_for()
        page.get_by_role("link", name="Review them").click()
        said, heading = page.locator("#said"), page.locator("#film-title")
        expect(page.get_by_role("heading", name="Which film is it?")).to_be_visible()
        candidates = page.locator(".candidate[data-digit]")
        expect(candidates).to_have_count(6)
        expect(candidates.first).to_contain_text("The Ferryman")
        expect(heading).not_to_contain_text("Ferryman")

        # Why: a word that is printed is named, and lit where it stands.
        page.locator("#why button").first.wait_for()
        page.get_by_role("checkbox", name="Horror").check()
        page.locator('[data-why="Horror"]').click()
        expect(page.locator("#printed")).to_contain_text("vampire")
        words = page.locator("#poster .word")
        expect(words).not_to_have_count(0)
        assert 0.4 < float(words.last.get_attribute("y")) < 0.95
        expect(page.locator("#why [aria-pressed=true]")).to_have_attribute(
            "aria-describedby", "printed"
        )
        found = Axe().run(page)
        assert not found.violations_count, found.generate_report()

        # A digit answers, and z takes it back.
        page.keyboard.press("2")
        expect(said).to_contain_text("It is The Ferryman")
        expect(heading).to_have_text(re.compile(r"The Ferryman 19\d0"))
        expect(page.get_by_role("checkbox", name="Western")).to_be_checked()
        page.keyboard.press("z")
        expect(heading).not_to_contain_text("Ferryman")
        page.keyboard.press("0")
        expect(said).to_contain_text("It is none of these")
        expect(page.get_by_role("heading", name="A person says that it is no film")).to_be_visible()
        page.keyboard.press("z")
        expect(page.get_by_role("heading", name="Which film is it?")).to_be_visible()

        # Or a search over the index.
        page.keyboard.press("/")
        page.keyboard.type("lanterns br")
        expect(page.locator("#known-found button")).to_contain_text(["Lanterns over Brill"])
        page.keyboard.press("Enter")
        expect(heading).to_have_text("Lanterns over Brill 1974")
        assert send(server, "PATCH", "/api/films/IMG_0012", {})["identified"]["by"] == "person"
