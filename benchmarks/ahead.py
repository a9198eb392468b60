"""How soon the next film stands there, in a real browser.

    python benchmarks/ahead.py      # → benchmarks/results/ahead.csv

Chromium reviews posters of GENREEL_DATA/large by keys, on a server of this machine. Measured is the
time from the key to the next film with its whole poster, while the review is saved. Films were
fetched ahead with their posters, so it is also counted how often one, or its poster, was asked for
only after the key.
"""

from __future__ import annotations

import csv
import os
import shutil
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any
from urllib.parse import quote

from adding import send
from playwright.sync_api import Page, Request, expect, sync_playwright
from story import VIEWS, new_page, serving

RESULTS = Path(__file__).parent / "results" / "ahead.csv"
TIMES = 20
"""Films that each key is pressed on."""


def main() -> None:
    """Measures, prints and writes the table."""
    folder = Path(os.environ.get("GENREEL_DATA", "../shared/data")) / "large"
    posters = sorted(folder.glob("*.jpg"))[: 2 * TIMES + 4]
    with (
        tempfile.TemporaryDirectory() as name,
        sync_playwright() as playwright,
        serving(Path(name) / "films.db") as (address, _),
    ):
        for poster in posters:
            send(address, [poster])
        program = shutil.which("chromium") or shutil.which("chromium-browser")
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        page = new_page(browser, **VIEWS["desk"])
        page.goto(f"{address}/review")
        rows = [measure(page, key) for key in ("Enter", "ArrowRight")]
        browser.close()
    for row in rows:
        print(row, flush=True)
    with RESULTS.open("w", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def measure(page: Page, key: str) -> dict[str, Any]:
    """Seconds from a key to the next film, and how often that was asked for only then."""
    times, late = [], 0
    for _ in range(TIMES):
        page.wait_for_load_state("networkidle")
        film = page.locator("#review").get_attribute("data-film")
        addresses: list[str] = []

        def note(request: Request, addresses: list[str] = addresses) -> None:
            addresses.append(request.url)

        page.on("request", note)
        start = time.perf_counter()
        page.keyboard.press(key)
        page.locator(f"#review:not([data-film='{film}'])").wait_for()
        poster = page.locator("#poster img")
        expect(poster).to_have_js_property("complete", True)
        times.append(time.perf_counter() - start)
        page.remove_listener("request", note)
        shown = quote(page.locator("#review").get_attribute("data-film") or "")
        source = poster.get_attribute("src") or ""
        asked = [one for one in addresses if "/review?" in one and f"film={shown}" in one]
        late += bool(asked) or any(one.endswith(source) for one in addresses)
    seconds = {"median": statistics.median(times), "longest": max(times)}
    return {
        "key": key,
        "films": TIMES,
        **{name: f"{value:.3f}" for name, value in seconds.items()},
        "late": late,
    }


if __name__ == "__main__":
    main()
