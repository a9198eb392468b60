"""A shop in a real browser: as anybody sees it, and without a mouse, colours or JavaScript."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from test_browser import DESK, PHONE, browser  # noqa: F401 - the fixture

from genreel.app.shop.making import make_shop
from genreel.app.shop.rendering import Look
from genreel.catalogue import Catalogue

SAMPLES = Path(__file__).parent.parent.parent / "samples"


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = tmp_path_factory.mktemp("shops") / "shop"
    movies = list(Catalogue(SAMPLES))
    look = Look("Paper Moon", "Original posters.", "ask@moon.example", "EUR")
    make_shop(movies, folder, look, {"Staff picks": [movie.id for movie in movies[:6]]})
    return folder.as_uri()


@pytest.mark.parametrize(("scheme", "size"), [("light", DESK), ("dark", DESK), ("light", PHONE)])
def test_everybody_can_use_it(browser: Any, shop: str, scheme: str, size: Any) -> None:  # noqa: F811
    from axe_playwright_python.sync_playwright import Axe

    page = browser.new_page(viewport=size, color_scheme=scheme)
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    for path in ("index.html", "genre/drama.html", "poster/emberfell-1983.html"):
        page.goto(f"{shop}/{path}")
        found = Axe().run(page)
        assert not found.violations_count, found.generate_report()
        assert page.evaluate("document.documentElement.scrollWidth") <= size["width"], path
    assert errors == []
    page.close()


def test_search_finds_titles_genres_and_years(browser: Any, shop: str) -> None:  # noqa: F811
    from playwright.sync_api import expect

    page = browser.new_page(viewport=DESK)
    page.goto(f"{shop}/index.html")
    page.get_by_role("searchbox").fill("EMBERFÉLL 1983")
    page.keyboard.press("Enter")
    expect(page.get_by_role("status")).to_have_text("1 poster")
    page.get_by_role("searchbox").fill("1950s western")
    expect(page.locator("#results li")).not_to_have_count(0)
    page.get_by_role("searchbox").fill("nothing at all")
    expect(page.get_by_role("status")).to_contain_text("No poster fits")
    page.get_by_role("searchbox").fill("emberfell")
    page.locator("#results a").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Emberfell")
    page.close()


def test_without_javascript_every_poster_is_reached(browser: Any, shop: str) -> None:  # noqa: F811
    from playwright.sync_api import expect

    page = browser.new_context(java_script_enabled=False).new_page()
    page.goto(f"{shop}/search.html?q=emberfell")
    expect(page.locator("noscript p")).to_be_visible()
    page.get_by_role("link", name="E", exact=True).click()
    page.get_by_role("link", name="Emberfell 1983").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Emberfell")
    page.get_by_role("link", name="1980s").last.click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("1980s")
    page.context.close()
