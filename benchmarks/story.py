"""A dealer's day in a real browser: posters dropped, sure ones accepted, others by keys, a genre of
one's own taught from 8 films, a shop; each act undone; and 10,000 films in one act.

    python benchmarks/story.py                      # → benchmarks/results/story.csv

The posters are those of GENREEL_DATA/large; GENREEL_DATA/movies says which are romantic comedies.
Every page is checked by axe (WCAG 2.2 AA) at a desk, in the dark and on a phone; a message on the
browser's console is a failure. The server reads no lettering; `benchmarks/reading.py` does.
"""

from __future__ import annotations

import argparse
import base64
import contextlib
import csv
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect, sync_playwright

from genreel.app.store.store import Store
from genreel.catalogue import Movie
from genreel.prediction import Prediction
from genreel.predictor import Predictor

RESULTS = Path(__file__).parent / "results" / "story.csv"
PAGES = (
    "/",
    "/add",
    "/review",
    "/genres",
    "/genres?teach=Romantic+Comedy",
    "/thresholds",
    "/learning",
    "/export",
    "/nowhere",
)
VIEWS = {
    "desk": {"viewport": {"width": 1280, "height": 800}},
    "dark": {"viewport": {"width": 1280, "height": 800}, "color_scheme": "dark"},
    "phone": {"viewport": {"width": 390, "height": 844}},
}
BY_KEYS = 20
"""Films that are reviewed one by one."""

TAUGHT = 8
"""Films that a genre of one's own is taught from, that have it; and as many that have not."""

MANY = 10_000
"""Films that are selected at once."""

PATIENCE = 300_000  # milliseconds


def main() -> None:
    """Measures, prints and writes the table."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--posters", type=int, default=110)
    parser.add_argument("--out", type=Path, default=RESULTS)
    options = parser.parse_args()
    data = Path(os.environ.get("GENREEL_DATA", "../shared/data"))
    posters = sorted((data / "large").glob("*.jpg"))
    posters = posters[:: len(posters) // options.posters][: options.posters]
    rows: list[dict[str, Any]] = []
    with tempfile.TemporaryDirectory() as name, sync_playwright() as playwright:
        program = shutil.which("chromium") or shutil.which("chromium-browser")
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        folder = Path(name)
        with serving(folder / "films.db") as (address, seconds):
            rows.append(row("first page after the command", 1, seconds))
            tell(browser, address, posters, folder, rows)
            rows += look(browser, address)
        fill(folder / "many.db")
        with serving(folder / "many.db") as (address, seconds):
            rows.append(row(f"first page of a store of {MANY:,}", 1, seconds))
            act_on_all(browser, address, rows)
        browser.close()
    with options.out.open("w", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def row(step: str, number: int, seconds: float) -> dict[str, Any]:
    """A row of the table."""
    print(f"{step}: {number}, {seconds:.2f} s", flush=True)
    return {"step": step, "number": number, "seconds": round(seconds, 2)}


@contextlib.contextmanager
def serving(store: Path, reads: bool = False) -> Iterator[tuple[str, float]]:
    """`genreel serve` as anybody starts it: its address, and seconds until its first page."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    address, start = f"http://127.0.0.1:{port}", time.monotonic()
    command = ["genreel", "serve", "--read" if reads else "--no-read"]
    command += ["--port", str(port), "--store", str(store)]
    process = subprocess.Popen(command, stderr=subprocess.DEVNULL)
    while True:
        with contextlib.suppress(OSError):
            urllib.request.urlopen(f"{address}/", timeout=60).read()
            break
        time.sleep(0.02)
    yield address, time.monotonic() - start
    process.send_signal(signal.SIGTERM)
    process.wait(60)


def new_page(browser: Any, **settings: Any) -> Page:
    """A page on which a message of the console is an error."""

    def complain(text: str) -> None:
        if "404" not in text:  # of the page that is not there
            raise AssertionError(f"the console says {text}")

    page: Page = browser.new_context(**settings).new_page()
    page.set_default_timeout(PATIENCE)
    expect.set_options(timeout=PATIENCE)
    page.on("console", lambda one: complain(one.text) if one.type == "error" else None)
    page.on("pageerror", lambda one: complain(str(one)))
    page.on("dialog", lambda dialog: dialog.accept())
    return page


def tell(
    browser: Any, address: str, posters: list[Path], folder: Path, rows: list[dict[str, Any]]
) -> None:
    """The story from an empty store to a shop."""
    page = new_page(browser, **VIEWS["desk"])
    said = page.locator("#said")
    page.goto(address)
    contents = [[one.name, base64.b64encode(one.read_bytes()).decode()] for one in posters]
    files = page.evaluate_handle(
        """files => {
          const data = new DataTransfer();
          for (const [name, text] of files) {
            const bytes = Uint8Array.from(atob(text), c => c.charCodeAt(0));
            data.items.add(new File([bytes], name, { type: "image/jpeg" }));
          }
          return data;
        }""",
        contents,
    )
    start = time.monotonic()
    page.dispatch_event("#main", "drop", {"dataTransfer": files})
    expect(page.locator("#films")).to_have_attribute("data-count", str(len(posters)))
    rows.append(row("posters dropped and predicted", len(posters), time.monotonic() - start))
    page.keyboard.press("s")  # what is sure, seen first
    button = page.locator("#sure-accept:enabled")
    number = int(button.inner_text().split()[1])
    start = time.monotonic()
    button.click()
    expect(said).to_contain_text("accepted")
    rows.append(row("sure ones accepted in one act", number, time.monotonic() - start))
    start = time.monotonic()
    said.get_by_role("button", name="Undo").click()
    expect(said).to_contain_text("Not accepted any more")
    rows.append(row("undone", number, time.monotonic() - start))
    page.keyboard.press("s")
    page.locator("#sure-accept:enabled").click()
    expect(said).to_contain_text("accepted")

    page.get_by_role("link", name="Review these").click()
    seconds = 0.0
    for _ in range(BY_KEYS):
        film = page.locator("#review").get_attribute("data-film")
        page.wait_for_load_state("networkidle")
        start = time.monotonic()
        page.keyboard.press("Enter")
        page.locator(f"#review:not([data-film='{film}'])").wait_for()
        seconds += time.monotonic() - start
    rows.append(row("next film after Enter, each", BY_KEYS, seconds / BY_KEYS))
    page.keyboard.press("z")
    page.locator(f"#review[data-film='{film}']").wait_for()

    teach(page, address, set(romantic_comedies(posters[0].parent.parent)), rows)

    page.goto(f"{address}/thresholds")
    page.get_by_label("Balanced").check()
    start = time.monotonic()
    page.get_by_role("button", name="Use for all films").click()
    expect(page.get_by_label("Balanced")).to_be_checked()
    rows.append(row("another decision for all films", len(posters), time.monotonic() - start))
    page.get_by_role("button", name="Undo last").click()
    expect(page.get_by_label("Sure", exact=False).first).to_be_checked()

    page.goto(f"{address}/export")
    for button_name, file in (("Download", "films.csv"), ("Make the shop", "shop.zip")):
        start = time.monotonic()
        with page.expect_download() as download:
            page.get_by_role("button", name=button_name).click()
        download.value.save_as(folder / file)
        rows.append(row(f"{file} written", len(posters), time.monotonic() - start))
    lines = (folder / "films.csv").read_text(encoding="utf-8").splitlines()
    assert len(lines) == len(posters) + 1


def romantic_comedies(data: Path) -> Iterator[str]:
    """Ids of movies that some source calls both."""
    with (data / "movies" / "movies.csv").open(encoding="utf-8", newline="") as file:
        for one in csv.DictReader(file):
            names = "|".join(one[f"genres_{source}"] for source in ("imdb", "tmdb", "ml"))
            if {"Comedy", "Romance"} <= set(names.split("|")):
                yield one["id"]


def teach(page: Page, address: str, truth: set[str], rows: list[dict[str, Any]]) -> None:
    """A genre of one's own, from its name until it has TAUGHT films; then each act is undone."""

    def settle() -> None:
        page.locator(".suggestions li.current").wait_for()
        expect(page.locator("#busy")).to_be_hidden()

    def undo(place: Any) -> None:
        """As a person who sees the page that an act has led to."""
        page.get_by_role("button", name="Undo").click()
        expect(place).to_be_visible()

    page.goto(f"{address}/genres")
    new = page.get_by_role("region", name="A new genre")
    new.get_by_label("Name").fill("Romantic Comedy")
    new.get_by_label("What such a movie is about").fill("Two people quarrel, and fall in love.")
    new.get_by_label("Parent").select_option("Romance")
    start = time.monotonic()
    new.get_by_role("button", name="Make the genre").click()
    settle()
    rows.append(row("a genre made, films suggested", 1, time.monotonic() - start))
    yes = no = 0
    start = time.monotonic()
    while yes < TAUGHT or no < TAUGHT:
        card = page.locator(".suggestions li.current:not(.answered)")
        film = str(card.get_attribute("data-film"))
        page.keyboard.press("y" if film in truth else "n")
        yes, no = yes + (film in truth), no + (film not in truth)
        page.locator(f".suggestions li[data-film='{film}']:not(.answered)").wait_for(
            state="detached"
        )
    rows.append(row("answers by keys until 8 films have it", yes + no, time.monotonic() - start))
    start = time.monotonic()
    expect(page.locator("#busy")).to_be_hidden()
    rows.append(row("learnt after the last answer", 1, time.monotonic() - start))
    print(page.locator("#teaching .worth").inner_text())
    page.keyboard.press("z")
    expect(page.locator("#said")).to_contain_text(": undone")

    page.goto(f"{address}/genres")
    article = page.get_by_role("article", name="Romantic Comedy")
    article.get_by_text("Change Romantic Comedy").click()
    article.get_by_label("Name").fill("Date Night")
    article.get_by_role("button", name="Save").click()
    other = page.get_by_role("article", name="Date Night")
    other.get_by_text("Change Date Night").click()
    other.get_by_role("button", name="Hide").click()
    expect(other.locator(".state")).to_have_text("hidden")
    other.get_by_text("Change Date Night").click()
    other.get_by_label("Delete it also").check()
    other.get_by_role("button", name="Delete").click()
    expect(page.get_by_role("article")).to_have_count(0)
    undo(other)
    undo(other.locator(".state:not(:text('hidden'))"))
    undo(article)


def look(browser: Any, address: str) -> list[dict[str, Any]]:
    """Every page in every view by axe: a row each, with the number of findings."""
    rows = []
    for name, settings in VIEWS.items():
        page, findings = new_page(browser, **settings), 0
        for path in PAGES:
            page.goto(address + path)
            page.wait_for_load_state("networkidle")
            report = Axe().run(page)
            findings += report.violations_count
            if report.violations_count:
                print(report.generate_report())
        rows.append(row(f"findings of axe on {len(PAGES)} pages, {name}", findings, 0.0))
        page.context.close()
    return rows


def fill(path: Path) -> None:
    """A store of MANY films that wait."""
    predictor = Predictor()
    store = Store(
        str(path), predictor.thresholds(), predictor.bundle.rules().by_case(), decide="sure"
    )
    genres = predictor.genres
    for start in range(0, MANY, 500):
        with store.database.writing():
            for number in range(start, start + 500):
                film = f"f{number:05}"
                store.save(Movie(film, title=f"Film {number}", year=1930 + number % 90))
                scores = {
                    g: 0.9 if k == number % len(genres) else 0.1 for k, g in enumerate(genres)
                }
                store.save_prediction(film, Prediction(film, scores, case="poster only"), "m")
    store.close()


def act_on_all(browser: Any, address: str, rows: list[dict[str, Any]]) -> None:
    """All films selected, accepted and taken back."""
    page = new_page(browser, **VIEWS["desk"])
    page.goto(address)
    said, selected = page.locator("#said"), page.locator("#selected")
    start = time.monotonic()
    page.keyboard.press("Control+a")
    expect(selected).to_have_text("60 films selected")
    page.keyboard.press("Control+a")
    expect(selected).to_have_text(f"{MANY:,} films selected")
    rows.append(row("selected at once", MANY, time.monotonic() - start))
    start = time.monotonic()
    page.keyboard.press("a")
    expect(said).to_contain_text(f"{MANY:,} films accepted")
    rows.append(row("accepted in one act", MANY, time.monotonic() - start))
    start = time.monotonic()
    page.keyboard.press("z")
    expect(said).to_contain_text(f"Not accepted any more, {MANY:,} films")
    rows.append(row("undone", MANY, time.monotonic() - start))


if __name__ == "__main__":
    main()
