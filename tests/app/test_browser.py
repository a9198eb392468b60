"""A first visit in a real browser: drop samples, review by keys, apply a threshold, export."""

from __future__ import annotations

import base64
import contextlib
import csv
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from stores import free_port

SAMPLES = Path(__file__).parent.parent.parent / "samples"
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


DESK = {"width": 1280, "height": 860}
PHONE = {"width": 390, "height": 844}


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    program = shutil.which("chromium") or shutil.which("chromium-browser")
    if program is None:
        pytest.skip("no Chromium; install one (Debian: apt-get install chromium)")
    reason = "no Playwright; pip install playwright axe-playwright-python"
    for library in ("playwright", "axe_playwright_python"):
        pytest.importorskip(library, reason=reason)
    import pytest_socket

    pytest_socket.enable_socket()
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=program, args=ARGUMENTS)
        yield started
        started.close()
    pytest_socket.disable_socket(allow_unix_socket=True)


@contextlib.contextmanager
def serving(store: Path, *flags: object) -> Iterator[str]:
    """`genreel serve` as anybody starts it: its address."""
    port = free_port()
    command = [sys.executable, "-m", "genreel.app.cli", "serve", "--port", str(port)]
    command += ["--store", str(store), *map(str, flags)]
    process = subprocess.Popen(command, stderr=subprocess.DEVNULL, env=dict(os.environ))
    address = f"http://127.0.0.1:{port}"
    deadline = time.monotonic() + 120
    try:
        while True:
            try:
                urllib.request.urlopen(f"{address}/health/ready", timeout=5)
                break
            except OSError:
                assert process.poll() is None
                assert time.monotonic() < deadline
                time.sleep(0.2)
        yield address
    finally:
        process.terminate()
        # It finishes what it has begun, then lets the signal have its way.
        assert process.wait(60) in (0, -signal.SIGTERM)


@pytest.fixture
def server(tmp_path: Path, socket_enabled: None) -> Iterator[str]:
    """It reads no posters, which would take a second each."""
    with serving(tmp_path / "films.db", "--no-read") as address:
        yield address


def drop(page: Any, files: list[Path]) -> None:
    """Drops files somewhere on the page, as a hand would."""
    contents = [[file.name, base64.b64encode(file.read_bytes()).decode()] for file in files]
    data = page.evaluate_handle(
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
    page.dispatch_event("#main", "dragover", {"dataTransfer": data})
    page.dispatch_event("#main", "drop", {"dataTransfer": data})


def table_without_genres(folder: Path) -> Path:
    """The samples as somebody has them who wants to know their genres."""
    with (SAMPLES / "movies.csv").open(newline="") as file:
        rows = [{**row, "genres": ""} for row in csv.DictReader(file)]
    table = folder / "movies.csv"
    with table.open("w", newline="") as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        writer.writerows(rows)
    return table


def test_a_first_visit(browser: Any, server: str, tmp_path: Path) -> None:
    from axe_playwright_python.sync_playwright import Axe

    context = browser.new_context(viewport=DESK, accept_downloads=True)
    page = context.new_page()
    page.set_default_timeout(120_000)
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))

    def accessible() -> None:
        """In both themes, on a desk and on a phone."""
        for theme, size in (("dark", PHONE), ("light", DESK)):
            page.emulate_media(color_scheme=theme)
            page.set_viewport_size(size)
            serious = [
                (theme, found["id"], [node["html"] for node in found["nodes"]])
                for found in Axe().run(page).response["violations"]
                if found["impact"] in ("serious", "critical")
            ]
            assert serious == []
            assert page.evaluate("document.documentElement.scrollWidth") <= size["width"]

    page.goto(server)
    page.get_by_role("link", name="Add films").click()
    accessible()
    posters = sorted((SAMPLES / "posters").glob("*.jpg"))[:24]
    page.set_input_files("#files", table_without_genres(tmp_path))
    page.get_by_text("1 of 1 files").wait_for()
    drop(page, posters)
    page.get_by_text("25 of 25 files").wait_for(timeout=240_000)
    assert page.locator("#errors li").count() == 0
    page.get_by_role("link", name="Review them").click()

    page.locator("#review").wait_for()
    unknown = page.get_by_text(re.compile("No plot is known|Nothing but the poster is known"))
    while unknown.count():  # which films are the least sure is the model's to say
        film = page.locator("#review").get_attribute("data-film")
        page.keyboard.press("ArrowRight")
        page.locator(f"#review:not([data-film='{film}'])").wait_for()
    page.locator("#plot mark").first.wait_for()  # why
    page.keyboard.press(".")
    page.locator("#poster .light, #why").first.wait_for()
    accessible()
    seen = []
    for _ in range(3):
        film = page.locator("#review").get_attribute("data-film")
        seen.append(film)
        page.keyboard.press("w")
        page.keyboard.press("Enter")
        page.locator(f'#review:not([data-film="{film}"])').wait_for()
    assert len(set(seen)) == 3
    page.keyboard.press("z")
    page.locator(f'#review[data-film="{seen[-1]}"]').wait_for()
    page.keyboard.press("ArrowRight")
    page.locator(f'#review:not([data-film="{seen[-1]}"])').wait_for()
    page.keyboard.press("?")
    page.get_by_role("dialog").wait_for()
    page.keyboard.press("Escape")

    page.get_by_role("link", name="Thresholds").click()
    accessible()
    slider = page.get_by_label("Drama", exact=True)
    slider.focus()
    page.keyboard.press("End")
    page.locator("#apply:enabled").wait_for()
    page.locator("#change:not(:text-is('No film changes'))").wait_for()
    page.get_by_role("button", name="Apply").click()
    page.get_by_text("Applied: ").wait_for()

    for name in ("Learning", "Films"):
        page.get_by_role("link", name=name, exact=True).click()
        accessible()
    page.get_by_role("link", name="Export", exact=True).click()
    accessible()
    with page.expect_download() as download:
        page.get_by_role("button", name="Download").click()
    download.value.save_as(tmp_path / "films.csv")
    lines = (tmp_path / "films.csv").read_text().splitlines()
    assert lines[0] == "id,title,year,plot,poster,genres,state"
    assert sum(line.endswith(",reviewed") for line in lines) == 2
    assert complaints == []
    context.close()


def send(server: str, method: str, path: str, body: Any) -> Any:
    """Asks the server as another window would."""
    headers = {"Content-Type": "application/json"}
    data = json.dumps(body).encode()
    request = urllib.request.Request(f"{server}{path}", data, headers, method=method)
    with urllib.request.urlopen(request, timeout=60) as answer:
        return json.loads(answer.read() or b"null")


@pytest.fixture
def page(browser: Any) -> Iterator[Any]:
    context = browser.new_context(viewport=DESK)
    page = context.new_page()
    page.set_default_timeout(60_000)
    yield page
    context.close()


PLOT = "A sheriff and a priest hold a town against the army."


def test_what_was_done_on_a_page_is_not_lost(page: Any, server: str) -> None:
    for name in ("first", "second"):
        send(server, "POST", "/api/films", {"id": name, "title": name, "plot": PLOT})
    page.goto(f"{server}/review?film=first")
    horror = page.get_by_role("checkbox", name="Horror")
    toast, gone = page.locator("#said"), page.locator("#gone")

    # A second window was faster.
    horror.check()
    page.keyboard.press(",")
    page.get_by_label("Title", exact=True).fill("The First")
    send(server, "PATCH", "/api/films/first", {"year": 1956})
    page.get_by_role("button", name="Save").click()
    page.get_by_text("Somebody else changed this film, so nothing was saved.").wait_for()
    assert horror.is_checked()
    assert page.get_by_label("Title", exact=True).input_value() == "The First"
    assert toast.inner_text() == "Not saved. Still marked: Horror on, title"
    page.keyboard.press("Escape")
    assert page.get_by_role("heading", name="first 1956").count() == 1

    # The server is gone, and comes back.
    page.context.set_offline(True)
    page.get_by_role("button", name="Confirm").click()
    page.get_by_text("genreel does not answer. If it was stopped, start it again").wait_for()
    page.context.set_offline(False)
    page.locator('#review[data-film="second"]').wait_for()
    gone.wait_for(state="hidden")
    assert "Horror" in send(server, "PATCH", "/api/films/first", {})["genres"]

    # A film that was deleted comes back, and nothing else is undone.
    page.on("dialog", lambda dialog: dialog.accept())
    page.keyboard.press(",")
    page.get_by_role("button", name="Delete this film").click()
    page.get_by_text("Deleted. Undo (z) brings it back.").wait_for()
    page.get_by_role("heading", name="Nothing left to review").wait_for()
    page.keyboard.press("z")
    page.locator('#review[data-film="second"]').wait_for()
    page.get_by_text("Back from the trash").wait_for()
    assert "Horror" in send(server, "PATCH", "/api/films/first", {})["genres"]

    # Files are taken wherever they are dropped; an address that is none is a page.
    drop(page, [SAMPLES / "posters" / "emberfell.jpg"])
    page.get_by_text("1 of 1 files · 1 new films").wait_for()
    assert page.goto(f"{server}/nowhere").status == 404
    page.get_by_role("heading", name="There is no such page").wait_for()


def test_many_at_once(page: Any, server: str) -> None:
    from playwright.sync_api import expect

    def of(film: str) -> Any:
        return send(server, "PATCH", f"/api/films/{film}", {})

    for index in range(6):
        send(server, "POST", "/api/films", {"id": f"f{index}", "title": f"F{index}", "plot": PLOT})
    page.goto(f"{server}/?order=title")
    said, selected = page.locator("#said"), page.locator("#selected")
    films = page.locator("#grid .card")

    # By circle, Shift, Ctrl, dragging and keys.
    page.get_by_label("Select F0").click()
    films.nth(2).click(modifiers=["Shift"])
    expect(selected).to_have_text("3 films selected")
    films.nth(1).click(modifiers=["ControlOrMeta"])
    expect(selected).to_have_text("2 films selected")
    page.keyboard.press("Escape")
    expect(page.locator("#selection")).to_be_hidden()
    box = [films.nth(index).bounding_box() for index in (3, 4)]
    page.mouse.move(box[0]["x"] + 30, box[0]["y"] + 30)
    page.mouse.down()
    page.mouse.move(box[1]["x"] + 30, box[1]["y"] + 60, steps=4)
    page.mouse.up()
    expect(selected).to_have_text("2 films selected")
    films.nth(0).focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Space")
    page.keyboard.press("Shift+ArrowRight")
    expect(selected).to_have_text("4 films selected")

    # One act, one undo; another window's conflict is told, and its film stays selected.
    send(server, "PUT", "/api/reviews/f3", {"genres": ["War"]})
    page.keyboard.press("+")
    page.get_by_role("dialog").get_by_role("button", name="Western").click()
    expect(said).to_contain_text("Western added to 3 films. 1 film: was changed by somebody else")
    expect(selected).to_have_text("1 film selected")
    assert "Western" in of("f1")["genres"] and of("f3")["genres"] == ["War"]
    said.get_by_role("button", name="Undo").click()
    expect(said).to_have_text("Genres are as before, 3 films")
    page.keyboard.press("Escape")

    # What is sure, seen first.
    page.keyboard.press("s")
    share = page.get_by_label("At least this share")
    share.fill("50")
    expect(page.locator("#sure-count")).to_contain_text("5 films with")
    page.get_by_role("button", name="Accept 5 films").click()
    expect(said).to_contain_text("5 films accepted")
    assert of("f0")["state"] == "accepted"
    page.get_by_role("heading", name="Films").click()
    page.keyboard.press("Control+a")
    page.on("dialog", lambda dialog: dialog.accept())
    page.keyboard.press("Delete")
    page.get_by_role("heading", name="No films yet").wait_for()
    send(server, "POST", "/api/undo", {})
    page.reload()
    expect(films).to_have_count(6)


def test_a_queue_keeps_its_filter(page: Any, server: str) -> None:
    from playwright.sync_api import expect

    def press(key: str) -> None:
        """As a person does who sees that the page is ready."""
        page.wait_for_load_state()
        page.locator("#card:not([aria-busy])").wait_for()
        page.keyboard.press(key)

    refused: list[str] = []
    page.on("response", lambda one: refused.append(one.url) if one.status == 429 else None)
    for index in range(5):
        film = {"id": f"f{index}", "title": f"F{index}", "plot": PLOT, "year": 1950 + 3 * index}
        send(server, "POST", "/api/films", film)
    page.goto(f"{server}/?decade=1950&order=title")
    page.get_by_role("link", name="F1").click()
    expect(page).to_have_title("F1 (1953) · genreel")
    left = page.locator("#left")
    expect(left).to_contain_text("4 to review in 1950s")
    press("Enter")
    expect(page).to_have_title("F2 (1956) · genreel")
    assert "decade=1950" in page.url and "film=f2" in page.url
    expect(left).to_contain_text("3 to review")
    press("ArrowRight")
    expect(page).to_have_title("F3 (1959) · genreel")
    page.go_back()
    expect(page).to_have_title("F2 (1956) · genreel")
    press("Enter")  # it was skipped, so it stood last: round to the first
    expect(page).to_have_title("F0 (1950) · genreel")
    press("Enter")
    expect(page).to_have_title("F3 (1959) · genreel")
    press(",")  # what is typed is saved with the review
    page.get_by_label("Title", exact=True).fill("Lanterns")
    page.get_by_role("button", name="Confirm").click()
    page.get_by_role("heading", name="Nothing left to review").wait_for()
    page.get_by_text("No film waits in 1950s").wait_for()
    assert send(server, "PATCH", "/api/films/f3", {})["title"] == "Lanterns"
    assert refused == []


def test_thresholds_that_nobody_touched_stay(page: Any, server: str) -> None:
    from playwright.sync_api import expect

    send(server, "POST", "/api/films", {"id": "a", "title": "A", "plot": PLOT})
    round_ones = {"Drama": 0.4, "Music": 0.5, "War": 0.7}  # which a browser writes without a 0
    send(server, "PUT", "/api/thresholds", {"thresholds": round_ones})
    page.goto(f"{server}/thresholds")
    promise = page.get_by_role("slider", name="By promise: right in")
    sent: list[Any] = []
    page.on(
        "request",
        lambda one: sent.append(one.post_data_json) if one.url.endswith("/preview") else None,
    )

    def previewed(action: Callable[[], None]) -> Any:
        with page.expect_response("**/api/thresholds/preview"):
            action()
        return sent[-1]["thresholds"]

    promise.focus()
    assert previewed(lambda: page.keyboard.press("ArrowLeft")) == {}  # no review vouches
    page.locator("#change", has_text=re.compile("^No film changes$")).wait_for()
    page.locator("#apply:disabled").wait_for()

    crime = page.get_by_label("Crime", exact=True)
    before = crime.input_value()
    crime.focus()
    assert previewed(lambda: page.keyboard.press("End")) == {"Crime": 1}
    page.locator("li.moved").wait_for()  # strict: there is one
    assert previewed(lambda: page.get_by_role("button", name="Reset").click()) == {}
    assert crime.input_value() == before
    page.locator("li.moved").wait_for(state="detached")
    page.locator("#apply:disabled").wait_for()
    crime.focus()
    assert previewed(lambda: page.keyboard.press("End")) == {"Crime": 1}
    with page.expect_response("**/api/thresholds") as answer:
        page.get_by_role("button", name="Apply").click()
    assert answer.value.request.post_data_json == {"thresholds": {"Crime": 1}}
    send(server, "PATCH", "/api/films/a", {"version": 1})  # the model speaks again
    page.get_by_role("button", name="Undo last").click()
    expect(crime).to_have_value(before)
