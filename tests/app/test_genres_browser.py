"""A genre of one's own in a real browser: made, taught from eight films, changed, undone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from test_browser import (  # noqa: F401 - fixtures
    DESK,
    PHONE,
    browser,
    page,
    send,
    server,
    table_without_genres,
)

CITIES = ("Brill", "Carrow", "Lisse", "Redwater", "Verrelay", "Tallow", "Moss End", "Quarry")


def heist(city: str) -> str:
    return (
        f"A gang of thieves plans to rob the vault of the bank of {city}. A safe-cracker, a driver "
        "and an inside man have one night, and one of them talks to the police."
    )


def test_a_genre_is_taught_from_eight_films(
    page: Any,  # noqa: F811
    server: str,  # noqa: F811
    tmp_path: Path,
    request: pytest.FixtureRequest,
) -> None:
    from axe_playwright_python.sync_playwright import Axe
    from playwright.sync_api import expect

    expect.set_options(timeout=60_000)  # a genre asks once the posters are read
    request.addfinalizer(lambda: expect.set_options(timeout=5_000))
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))

    def accessible() -> None:
        for theme, size in (("dark", PHONE), ("light", DESK)):
            page.emulate_media(color_scheme=theme)
            page.set_viewport_size(size)
            assert [one["id"] for one in Axe().run(page).response["violations"]] == []
            assert page.evaluate("document.documentElement.scrollWidth") <= size["width"]

    page.goto(f"{server}/add")
    page.set_input_files("#files", table_without_genres(tmp_path))
    page.get_by_text("1 of 1 files").wait_for()
    for city in CITIES:
        film = {"id": f"heist-{city}", "title": f"The {city} Vault", "plot": heist(city)}
        send(server, "POST", "/api/films", film)

    page.get_by_role("link", name="Genres", exact=True).click()
    new = page.get_by_role("region", name="A new genre")
    new.get_by_label("Name").fill("Heist")
    new.get_by_label("What such a movie is about").fill("Thieves plan to rob the vault of a bank.")
    new.get_by_label("Parent").select_option("Crime")
    new.get_by_role("button", name="Make the genre").click()
    expect(page.get_by_role("heading", name="Is it Heist?")).to_be_visible()
    page.locator(".suggestions li.current").wait_for()  # films are read first
    expect(page.locator("#busy")).to_be_hidden()
    worth = page.locator("#teaching [data-worth]")
    expect(worth).to_have_text("only suggested so far: it needs 5 more yes and 5 more no")
    accessible()

    def expect_words() -> None:
        places = page.locator("#teaching [data-yes], #teaching [data-no]")
        expect(places).to_have_text([str(answers["y"]), str(answers["n"])])

    answers = {"y": 0, "n": 0}
    while answers["y"] < 8 or answers["n"] < 6:
        card = page.locator(".suggestions li.current:not(.answered)")
        film_id = card.get_attribute("data-film")
        key = "y" if film_id.startswith("heist-") else "n"
        page.keyboard.press(key)
        answered = page.locator(f".suggestions li[data-film='{film_id}']:not(.answered)")
        expect(answered).to_have_count(0)
        answers[key] += 1
    expect(worth).to_have_text("of 8 examples that it would be given, 8 have it, of 8 in all")
    expect_words()
    page.keyboard.press("z")
    expect(page.locator("#said")).to_contain_text(": undone")
    answers[key] -= 1
    expect_words()
    page.keyboard.press(key)
    answers[key] += 1
    expect_words()
    expect(page.locator("#busy")).to_be_hidden()
    page.get_by_role("link", name="Done").click()
    article = page.get_by_role("article", name="Heist")
    expect(article.locator(".state")).to_have_text("given to films")

    article.get_by_text("Change Heist").click()
    send(server, "PATCH", "/api/genres/Heist", {"description": "A vault."})  # in another window
    article.get_by_label("Name").fill("Big Heist")
    article.get_by_role("button", name="Save").click()
    page.get_by_text("Not done: genre 'Heist' was changed by somebody else").wait_for()
    article.get_by_text("Change Heist").click()
    article.get_by_label("Name").fill("Big Heist")
    article.get_by_role("button", name="Save").click()
    article = page.get_by_role("article", name="Big Heist")
    article.get_by_role("link", name="8 films").click()
    page.get_by_role("heading", name="Big Heist").wait_for()
    page.go_back()

    with page.expect_download() as download:
        page.get_by_role("link", name="Export", exact=True).last.click()
    download.value.save_as(tmp_path / "own.json")
    article.get_by_text("Change Big Heist").click()
    article.get_by_role("button", name="Delete").click()
    page.get_by_text("Not done: 8 films have 'Big Heist' by a person's word").wait_for()
    article.get_by_text("Change Big Heist").click()
    article.get_by_label("Delete it also where films have it").check()
    article.get_by_role("button", name="Delete").click()
    expect(page.get_by_role("article")).to_have_count(0)
    page.get_by_label("A file to add").set_input_files(tmp_path / "own.json")
    page.get_by_role("button", name="Add its genres").click()
    page.get_by_text("Added: Big Heist").wait_for()
    for _ in range(2):  # the file, then the deletion
        page.get_by_role("button", name="Undo").click()
        page.wait_for_load_state("networkidle")
    expect(page.get_by_role("article", name="Big Heist")).to_be_visible()

    page.get_by_role("button", name="Hide Sport").click()
    page.get_by_role("button", name="Show Sport").wait_for()
    accessible()
    assert complaints == []
