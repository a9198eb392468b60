"""Takes docs/review.png: the review page of a sample, in Chromium (Playwright, the extra `app`)."""

from __future__ import annotations

import csv
import io
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

from PIL import Image
from playwright.sync_api import sync_playwright

PICTURE = Path(__file__).parent / "review.png"
SAMPLES = Path(__file__).parents[1] / "samples"
SHOWN = "dust-over-carrow"


def main() -> None:
    """Serves the samples and looks at one; posters are not read, as the extra may be missing."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port = one.getsockname()[1]
    address = f"http://127.0.0.1:{port}"
    with tempfile.TemporaryDirectory() as folder:
        command = [
            sys.executable,
            "-m",
            "genreel.app.cli",
            "serve",
            "--no-read",
            "--port",
            str(port),
        ]
        server = subprocess.Popen([*command, "--store", f"{folder}/films.db"])  # noqa: S603
        try:
            _wait(f"{address}/health/ready")
            _photograph(address)
        finally:
            server.terminate()
            server.wait()


def _wait(address: str) -> None:
    for _ in range(600):
        try:
            urllib.request.urlopen(address, timeout=5).close()  # noqa: S310 - our own server
        except OSError:
            time.sleep(0.1)
        else:
            return
    raise SystemExit(f"{address} does not answer")


def _photograph(address: str) -> None:
    with (SAMPLES / "movies.csv").open(encoding="utf-8", newline="") as file:
        rows = {row["id"]: row for row in csv.DictReader(file)}
    program = shutil.which("chromium") or shutil.which("chromium-browser")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 1280, "height": 720}, color_scheme="light")
        for name in (SHOWN, "perihelion-six"):
            row = {key: rows[name][key] for key in ("title", "year", "plot")}
            page.request.post(
                f"{address}/api/films/files",
                multipart={
                    "file": {
                        "name": f"{name}.jpg",
                        "mimeType": "image/jpeg",
                        "buffer": (SAMPLES / "posters" / f"{name}.jpg").read_bytes(),
                    }
                },
            )
            page.request.patch(
                f"{address}/api/films/{name}", data={**row, "year": int(row["year"])}
            )
        page.goto(f"{address}/review?film={SHOWN}")
        page.locator("#why button").first.wait_for()
        data = page.screenshot()
        browser.close()
    image = Image.open(io.BytesIO(data)).convert("RGB").quantize(128)  # a third of the size
    image.save(PICTURE, optimize=True)


if __name__ == "__main__":
    main()
