"""What is printed on posters that are drawn here."""

from __future__ import annotations

import io
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image, ImageDraw, ImageFont

from genreel.errors import MissingExtra, PosterError
from genreel.lettering import Lettering
from genreel.posters import Limits
from genreel.reading import lettering as reader

pytest.importorskip(
    "rapidocr", reason="the extra 'read' is not installed; pip install 'genreel[read]'"
)


def draw(*texts: tuple[str, int, int, int], size: tuple[int, int] = (600, 900)) -> Image.Image:
    """A poster with texts, each at (left, top) with letters of a size in pixels."""
    image = Image.new("RGB", size, "#203048")
    pen = ImageDraw.Draw(image)
    for text, left, top, height in texts:
        pen.text((left, top), text, "#f4e8c8", ImageFont.load_default(height))
    return image


def words(lettering: Lettering) -> str:
    return " ".join(line.text for line in lettering.lines)


def test_lines_have_their_texts_and_places() -> None:
    poster = draw(("THE SALT ROAD", 60, 90, 60), ("A novel of the sea", 60, 720, 30))
    title, tagline = reader.read_lettering(poster).lines
    assert title.text.replace(" ", "") == "THESALTROAD"
    assert tagline.text.replace(" ", "") == "Anovelofthesea"
    assert min(title.confidence, tagline.confidence) > 0.8
    assert title.left == pytest.approx(0.1, abs=0.03)
    assert title.top == pytest.approx(0.115, abs=0.03)
    assert tagline.top == pytest.approx(0.81, abs=0.03)
    assert title.height > 1.3 * tagline.height
    for line in (title, tagline):
        assert 0 <= line.left < line.right <= 1
        assert 0 <= line.top < line.bottom <= 1


def test_a_poster_without_text_has_no_lines() -> None:
    assert reader.read_lettering(draw()) == Lettering()


@pytest.mark.parametrize("degrees", [90, 180])
def test_a_poster_that_lies_is_read_badly_and_its_orientation_is_honoured(
    degrees: int, tmp_path: Path
) -> None:
    poster = draw(("SALT ROAD", 90, 300, 80)).rotate(degrees, expand=True)
    lying = reader.read_lettering(poster)
    assert "SALTROAD" not in words(lying).replace(" ", "")
    assert all(0 <= v <= 1 for line in lying.lines for v in (line.left, line.top, line.right))
    exif = Image.Exif()
    exif[0x0112] = {90: 6, 180: 3}[degrees]  # how a camera says that it was held
    poster.save(tmp_path / "a.jpg", exif=exif)
    assert words(reader.read_lettering(tmp_path / "a.jpg")).replace(" ", "") == "SALTROAD"


def test_letters_that_the_models_do_not_have_are_left_out() -> None:
    try:
        font = ImageFont.truetype("DejaVuSans.ttf", 90)
    except OSError:
        pytest.skip("no font with Cyrillic letters; install DejaVu (Debian: fonts-dejavu-core)")
    image = Image.new("RGB", (600, 900), "#203048")
    ImageDraw.Draw(image).text((40, 400), "ЖЩЮДЛФЯЭ", "#f4e8c8", font)
    assert not any("\u0400" <= letter <= "\u04ff" for letter in words(reader.read_lettering(image)))


def test_a_narrow_strip_costs_no_more_than_a_poster() -> None:
    strip = draw(("SALT", 10, 40, 30), size=(100, 5_000))
    image, width, height = reader._canvas(strip)
    assert (width, height) == (36, 1_800)
    assert image.size == (450, 1_800)
    for line in reader.read_lettering(strip).lines:
        assert line.right <= 1


def test_an_oversized_scan_is_scaled_and_obeys_the_limits(tmp_path: Path) -> None:
    path = tmp_path / "scan.jpg"
    draw(("NIGHT HARBOUR", 400, 800, 400), size=(4_000, 6_000)).save(path, quality=60)
    assert "HARBOUR" in words(reader.read_lettering(path))
    with pytest.raises(PosterError, match="max_pixels"):
        reader.read_lettering(path, Limits(max_pixels=1_000_000))


@pytest.mark.parametrize("data", [b"", b"no image", b"\xff\xd8\xff\xe0 cut"])
def test_a_bad_poster_is_one_typed_line(data: bytes) -> None:
    with pytest.raises(PosterError):
        reader.read_lettering(data)


def test_what_the_engine_raises_names_the_poster(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_: object) -> None:
        raise RuntimeError("first line\nout of range")

    monkeypatch.setattr(reader, "_engine", lambda: fail)
    with pytest.raises(PosterError, match=r"^poster of \d+ bytes: .*\(out of range\); replace it$"):
        reader.read_lettering(_png(draw()))


def test_without_the_extra_one_line_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    reader._engine.cache_clear()
    monkeypatch.setitem(sys.modules, "rapidocr", None)
    with pytest.raises(MissingExtra, match=r"pip install 'genreel\[read\]'"):
        reader.read_lettering(draw())
    reader._engine.cache_clear()


def test_nothing_is_logged_and_nothing_fetched(tmp_path: Path) -> None:
    path = tmp_path / "blank.png"
    draw().save(path)
    code = (
        "import socket\n"
        "socket.socket.connect = None\n"
        "from genreel.reading.lettering import read_lettering\n"
        f"read_lettering({str(path)!r})"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, timeout=120)
    assert (ran.returncode, ran.stdout, ran.stderr) == (0, b"", b"")


def _png(image: Image.Image) -> bytes:
    file = io.BytesIO()
    image.save(file, "PNG")
    return file.getvalue()
