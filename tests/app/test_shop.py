"""A shop of the samples: its pages, its links, its folder, and what a person makes of it."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import os
import re
import xml.etree.ElementTree as ET
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import pytest
from stores import THRESHOLDS

from genreel.app.cli import main
from genreel.app.shop.folder import MANIFEST
from genreel.app.shop.items import shown_price
from genreel.app.shop.making import ShopResult, make_shop
from genreel.app.shop.rendering import TEMPLATE, Look
from genreel.catalogue import Catalogue, Movie
from genreel.errors import GenreelError, InputError

SAMPLES = Path(__file__).parent.parent.parent / "samples"
POSTER = SAMPLES / "posters" / "emberfell.jpg"


@dataclass
class Document(HTMLParser):
    """What a page links to, and the names inside it."""

    links: list[str] = field(default_factory=list)
    ids: list[str] = field(default_factory=list)
    text: str = ""

    def __post_init__(self) -> None:
        super().__init__()

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        for name, value in attributes:
            if name in ("href", "src", "action"):
                self.links.append(value or "")
            elif name == "srcset":
                self.links += [part.split()[0] for part in (value or "").split(",")]
            elif name == "id":
                self.ids.append(value or "")

    def handle_data(self, data: str) -> None:
        self.text += data


def read(page: Path) -> Document:
    document = Document()
    document.feed(page.read_text("utf-8"))
    return document


def check_links(shop: Path) -> None:
    """Every link of every page leads somewhere, and every page is reached from the first."""
    documents = {page: read(page) for page in shop.rglob("*.html")}
    reached, waiting = set(), [shop / "index.html"]
    while waiting:
        page = waiting.pop()
        if page in reached:
            continue
        reached.add(page)
        assert len(set(documents[page].ids)) == len(documents[page].ids), page
        for link in documents[page].links:
            parts = urlsplit(link)
            if parts.scheme:
                assert parts.scheme in ("https", "mailto"), link
                continue
            target = (page.parent / unquote(parts.path)).resolve() if parts.path else page
            assert target.is_file() and target.is_relative_to(shop), f"{page}: {link}"
            if parts.fragment:
                assert parts.fragment in documents[target].ids, link
            if target.suffix == ".html":
                waiting.append(target)
    assert reached == set(documents)


@pytest.fixture(scope="module")
def samples(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The samples' shop, with prices; nothing may change it."""
    shop = tmp_path_factory.mktemp("shops") / "shop"
    movies = [
        Movie(**{**_fields(movie), "extra": {"price": 45 + number, "sku": f"S-{number}"}})
        for number, movie in enumerate(Catalogue(SAMPLES))
    ]
    ids = [movie.id for movie in movies]
    look = Look(
        "Paper Moon", contact="ask@moon.example", currency="EUR", url="https://moon.example/p/"
    )
    result = make_shop(movies, shop, look, {"First ten": ids[:10], "Ten/ten 🎬": ids[:3], "No": []})
    assert (result.posters, result.problems, result.empty_collections) == (29, (), ("No",))
    assert result.pages == len(list(shop.rglob("*.html")))
    return shop


def _fields(movie: Movie) -> dict[str, Any]:
    return {name: getattr(movie, name) for name in Movie.__slots__}


def shop_of(movies: Sequence[Movie], folder: Path, **more: Any) -> ShopResult:
    return make_shop(movies, folder, more.pop("look", Look()), **more)


def test_every_link_leads_somewhere(samples: Path) -> None:
    check_links(samples)


def test_pages_are_valid(samples: Path, tmp_path: Path) -> None:
    html5lib = pytest.importorskip("html5lib", reason="no html5lib; pip install html5lib")
    odd = Movie("o", "<b>&\"'", 1999, "<script>alert(1)</script>", genres={"genreel": ("A&B",)})
    shop_of([odd, Movie("p", "]]>")], tmp_path / "shop")
    pages = [*samples.rglob("*.html"), *(tmp_path / "shop").rglob("*.html")]
    for page in pages:
        html5lib.HTMLParser(strict=True).parse(page.read_bytes())


def test_nothing_is_fetched_from_elsewhere(tmp_path: Path) -> None:
    shop_of([Movie("a", "Alba", 1999, poster=POSTER)], tmp_path / "shop")
    for file in (tmp_path / "shop").rglob("*"):
        if file.suffix in (".html", ".css", ".js"):
            assert not re.search(r"(https?:)?//\w", file.read_text("utf-8")), file
    check_links(tmp_path / "shop")


def test_a_poster_has_a_page(samples: Path) -> None:
    page = samples / "poster" / "emberfell-1983.html"
    text = page.read_text("utf-8")
    document = read(page)
    assert "Emberfell" in document.text and "€" in document.text and "S-" in document.text
    assert "mailto:ask@moon.example?subject=Emberfell%20%281983%29%2C%20S-" in text
    genres = next(m.genres["genreel"] for m in Catalogue(SAMPLES) if m.id == "emberfell")
    for genre in genres:
        assert f"../genre/{genre.lower()}.html" in document.links
    assert {"../decade/1980s.html", "../index.html", "../titles/index.html"} <= set(document.links)
    assert '<link rel="canonical" href="https://moon.example/p/poster/emberfell-1983.html">' in text
    assert re.search(r'og:image" content="https://moon.example/p/picture/\w+-500\.jpg"', text)
    assert 'alt="Poster of Emberfell"' in text


def test_pictures_come_in_sizes_and_say_nothing_else(samples: Path) -> None:
    from PIL import Image

    for path in (samples / "picture").iterdir():
        with Image.open(path) as image:
            assert image.width == int(path.stem.rpartition("-")[2])
            assert not image.getexif() and image.width in (240, 500)
    assert len(list((samples / "picture").iterdir())) == 2 * 26


def test_the_site_map_names_every_page(samples: Path) -> None:
    root = ET.fromstring((samples / "sitemap.xml").read_bytes())
    places = {element.text for element in root.iter() if element.tag.endswith("loc")}
    pages = {page.relative_to(samples).as_posix() for page in samples.rglob("*.html")}
    assert places == {f"https://moon.example/p/{'' if p == 'index.html' else p}" for p in pages}
    assert "https://moon.example/p/sitemap.xml" in (samples / "robots.txt").read_text()


def test_the_search_index_is_json_behind_a_name(samples: Path) -> None:
    text = (samples / "search-index.js").read_text("utf-8")
    rows = json.loads(text.removeprefix("const POSTERS = ").removesuffix(";\n"))
    assert len(rows) == 29
    assert all((samples / path).is_file() for _, _, path, *_ in rows)


def test_shelves_are_in_pages_and_begin_with_what_fits_best(tmp_path: Path) -> None:
    genres = [("War",), ("Drama", "War")]
    movies = [Movie(str(n), f"T{n:03}", 1950, genres={"": genres[n % 2]}) for n in range(150)]
    shop_of(movies, tmp_path / "shop")
    check_links(tmp_path / "shop")
    pages = [read(tmp_path / "shop" / "genre" / name) for name in ("war.html", "war_3.html")]
    assert "T000" in pages[0].text and "T001" not in pages[0].text
    assert "T149" in pages[1].text and not (tmp_path / "shop" / "genre" / "war_4.html").exists()


def test_odd_names(tmp_path: Path) -> None:
    movies = [
        Movie("🎬", "🎬"),
        Movie("a/b", "A/B: the \\ film", extra={"handle": "same"}),
        Movie("c", "Other", extra={"handle": "Same"}),
        Movie("d", "الفيلم", 1960, plot="نص", genres={"": ("Western",)}),
        Movie("e", "Con"),
        Movie("../f", "  ", genres={"": ("Sci-Fi", "Sci/Fi", "🎬")}),
        Movie("g", "x" * 3000, 1),
    ]
    shop = tmp_path / "shop"
    shop_of(movies, shop, collections={"a/b": ["c"], "🎬": ["d"], "A B": ["🎬"]})
    check_links(shop)
    names = sorted(path.stem for path in (shop / "poster").iterdir())
    assert len(names) == 7
    assert {"same", "same-2", "con-poster"} <= set(names)
    assert all(re.fullmatch(r"[a-z0-9-]{1,110}", name) for name in names)
    assert len(list((shop / "collection").iterdir())) == 3
    assert {p.stem for p in (shop / "genre").iterdir()} == {
        "western",
        "sci-fi",
        "sci-fi-2",
        "genre",
    }
    assert 'dir="auto"' in (shop / "index.html").read_text()


def test_customers_see_what_is_theirs_to_see(tmp_path: Path) -> None:
    columns = {"Price": "£1,250", "Size": "27×41", "cost": "3.50", "note": "secret"}
    movies = [
        Movie("a", "Alba", extra={**columns, "url": "https://buy.example/alba", "era": "Deco"}),
        Movie("b", "Brume", extra={"status": "Sold", "price": "45", "url": "javascript:alert(1)"}),
        Movie("c", "Cendre", extra={"status": "draft"}),
    ]
    result = shop_of(movies, tmp_path / "shop", look=Look(columns=("Era",)))
    assert (result.posters, result.hidden_count) == (2, 1)
    alba, brume = (
        (tmp_path / "shop" / "poster" / f"{name}.html").read_text() for name in ("alba", "brume")
    )
    assert all(text in alba for text in ("£1,250", "27×41", "Deco", "https://buy.example/alba"))
    assert "3.50" not in alba and "secret" not in alba
    assert "Sold" in brume and "javascript" not in brume and "45" not in brume.split("<main")[1]


@pytest.mark.parametrize(
    ("text", "currency", "shown"),
    [
        ("45", "EUR", "€45.00"),
        ("1250.5", "usd", "$1,250.50"),
        ("45", "CHF", "45.00 CHF"),
        ("45", "", "45"),
        ("£45", "EUR", "£45"),
        ("on request", "EUR", ""),
    ],
)
def test_prices_as_customers_read_them(text: str, currency: str, shown: str) -> None:
    assert shown_price(text, currency) == shown


@pytest.mark.parametrize("contact", ["javascript:alert(1)", "nobody", "a@b@c", "ftp://x.example"])
def test_a_contact_is_mail_or_a_page(contact: str) -> None:
    with pytest.raises(InputError, match="neither mail nor"):
        Look(contact=contact)
    with pytest.raises(InputError, match="is no address"):
        Look(url="javascript:alert(1)")


# The folder


def test_a_shop_is_renewed_around_what_a_person_did(tmp_path: Path) -> None:
    shop = tmp_path / "shop"
    movies = [Movie("a", "Alba", poster=POSTER), Movie("b", "Brume")]
    shop_of(movies, shop)
    first = {path: path.read_bytes() for path in shop.rglob("*") if path.is_file()}
    times = {path: path.stat().st_mtime_ns for path in (shop / "picture").iterdir()}
    shop_of(movies, shop)
    assert {path: path.read_bytes() for path in shop.rglob("*") if path.is_file()} == first
    assert {path: path.stat().st_mtime_ns for path in (shop / "picture").iterdir()} == times
    (shop / "CNAME").write_text("moon.example")
    (shop / "poster" / "alba.html").write_text("mine")
    (shop / "poster" / "cendre.html").write_text("mine, too")
    result = shop_of([Movie("a", "Alba"), Movie("c", "Cendre")], shop)
    assert result.own_files == ("poster/alba.html", "poster/cendre.html")
    assert (shop / "poster" / "alba.html").read_text() == "mine"
    assert (shop / "CNAME").is_file() and not (shop / "poster" / "brume.html").exists()
    assert not (shop / "picture").exists()
    assert not [path for path in shop.iterdir() if path.name.startswith(".")]


def test_a_folder_of_a_persons_own_is_no_shop(tmp_path: Path) -> None:
    (tmp_path / "photo.jpg").write_bytes(b"1")
    with pytest.raises(GenreelError, match="holds files and no shop"):
        shop_of([Movie("a", "Alba")], tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["photo.jpg"]
    with pytest.raises(GenreelError, match="cannot write"):
        shop_of([Movie("a", "Alba")], tmp_path / "photo.jpg" / "x")
    shop_of([Movie("a", "Alba")], tmp_path / "shop")
    for text in ("{}", "[]", '{"files": {"../x": ["1"]}, "pictures": {}}', "\xff"):
        (tmp_path / "shop" / MANIFEST).write_text(text)
        with pytest.raises(GenreelError, match=r"damaged|outside"):
            shop_of([Movie("a", "Alba")], tmp_path / "shop")


@pytest.mark.parametrize(
    "text",
    [
        "[]",
        "[" * 100_000,
        '{"files": {"a": 5}, "pictures": {}}',
        '{"files": {"a": []}, "pictures": {}}',
        '{"files": {"a\\u0000": ["x"]}, "pictures": {}}',
        '{"files": {"a\\ud800": ["x"]}, "pictures": {}}',
        '{"files": {"a": ["x"]}, "pictures": {"p": [1e400, 1]}}',
    ],
)
def test_a_manifest_that_somebody_damaged_is_one_line(tmp_path: Path, text: str) -> None:
    (tmp_path / MANIFEST).write_text(text)
    with pytest.raises(GenreelError, match="is damaged; delete the folder"):
        make_shop([Movie("a", "Quince")], tmp_path, Look())


def test_a_shop_whose_folders_are_links_is_not_written(tmp_path: Path) -> None:
    mine, shop = tmp_path / "mine", tmp_path / "shop"
    mine.mkdir()
    shop.mkdir()
    (mine / "keep.html").write_text("mine")
    digest = hashlib.sha256(b"mine").hexdigest()
    files = {"poster/keep.html": [digest]}
    (shop / MANIFEST).write_text(json.dumps({"files": files, "pictures": {}}))
    (shop / "poster").symlink_to(mine)
    with pytest.raises(GenreelError, match="poster leads out of"):
        make_shop([Movie("a", "Quince")], shop, Look())
    assert [path.name for path in mine.iterdir()] == ["keep.html"]
    assert sorted(path.name for path in shop.iterdir()) == [MANIFEST, "poster"]


def test_a_poster_is_known_before_it_is_opened(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.jpg")
    with (tmp_path / "huge.jpg").open("wb") as file:
        file.truncate(5 * 2**30)
    posters = [tmp_path / name for name in ("pipe.jpg", "huge.jpg", "none.jpg")]
    movies = [Movie(path.stem, path.stem, poster=path) for path in posters]
    result = make_shop(movies, tmp_path / "shop", Look())
    assert result.posters == 3
    pipe, huge, none = result.problems
    assert "pipe.jpg is no regular file" in pipe
    assert "huge.jpg: more than 134,217,728 bytes" in huge
    assert "none.jpg: No such file or directory; check the path" in none


def test_a_run_that_stops_halfway_is_finished_by_the_next(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import os

    shop = tmp_path / "shop"
    shop_of([Movie("a", "Alba", poster=POSTER)], shop)
    movies = [Movie("a", "Alba, again", poster=POSTER), Movie("b", "Brume")]
    replace, count = os.replace, iter(range(100))

    def stop(*paths: Any) -> None:
        if next(count) == 5:
            raise OSError(28, "No space left on device")
        replace(*paths)

    monkeypatch.setattr("genreel.app.shop.folder.os.replace", stop)
    with pytest.raises(GenreelError, match="No space left"):
        shop_of(movies, shop)
    monkeypatch.undo()
    assert shop_of(movies, shop).own_files == ()
    check_links(shop)


def test_a_shop_that_fails_leaves_the_one_that_is_there(tmp_path: Path) -> None:
    shop = tmp_path / "shop"
    shop_of([Movie("a", "Alba")], shop)
    before = {path: path.read_bytes() for path in shop.rglob("*") if path.is_file()}
    with pytest.raises(InputError, match="no film to show"):
        shop_of([], shop)
    template = tmp_path / "mine.html"
    template.write_text("{{ page.title }}\n{{ 1 / 0 }}")
    with pytest.raises(GenreelError, match=r"mine\.html, line 2: .*division by zero"):
        shop_of([Movie("a", "Alba")], shop, template=template)
    assert {path: path.read_bytes() for path in shop.rglob("*") if path.is_file()} == before


# The template


def test_one_file_changes_every_page(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["shop", "--show-template"]) == 0
    text = capsys.readouterr().out
    assert text == TEMPLATE.read_text("utf-8")
    mine = tmp_path / "mine.html"
    mine.write_text(text.replace("#8f1d16", "#123456").replace("All titles", "From A to Z"))
    shop_of([Movie("a", "<i>Alba")], tmp_path / "shop", template=mine)
    assert "#123456" in (tmp_path / "shop" / "style.css").read_text()
    assert "From A to Z" in (tmp_path / "shop" / "poster" / "i-alba.html").read_text()
    assert "&lt;i&gt;Alba" in (tmp_path / "shop" / "poster" / "i-alba.html").read_text()


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("{% if %}", "line 1"),
        ("a\n{{ page.nothing.more }}", "line 2"),
        ("{{ ''.__class__.__mro__[1].__subclasses__() }}", "unsafe"),
        ("{% include '/etc/passwd' %}", "no loader"),
        ("\udcff", "cannot read the template"),
    ],
)
def test_a_template_that_is_none(tmp_path: Path, text: str, reason: str) -> None:
    mine = tmp_path / "mine.html"
    mine.write_bytes(text.encode("utf-8", "surrogateescape"))
    with pytest.raises(GenreelError, match=reason) as error:
        shop_of([Movie("a", "Alba")], tmp_path / "shop", template=mine)
    assert "\n" not in str(error.value)


# The command and the API


def test_the_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from genreel.app.store.store import Store

    store = Store(str(tmp_path / "films.db"), THRESHOLDS)
    store.save(Movie("a", "Alba", 1999, extra={"price": 45}), poster=POSTER.read_bytes())
    store.save_review("a", ["War", "Drama"])
    store.save(Movie("b", "Brume", genres={"genreel": ("Western",)}))
    store.close()
    out = tmp_path / "shop"
    command = ["shop", str(tmp_path / "films.db"), "--out", str(out), "--url", "https://x.example"]
    command += ["--shopify", str(tmp_path / "s.csv"), "--woocommerce", str(tmp_path / "w.csv")]
    assert main(command) == 0
    assert "2 posters on " in capsys.readouterr().err
    check_links(out)
    assert {path.stem for path in (out / "genre").iterdir()} == {"war", "drama", "western"}
    rows = {row["Title"]: row for row in csv.DictReader((tmp_path / "s.csv").open())}
    address = rows["Alba (1999)"]["Product image URL"]
    assert (out / address.removeprefix("https://x.example/")).is_file()
    assert rows["Brume"]["Product image URL"] == ""
    [alba, _] = sorted(csv.DictReader((tmp_path / "w.csv").open()), key=lambda row: row["Name"])
    assert (alba["Images"], alba["Regular price"]) == (address, "45.00")
    assert main([*command, "--only-reviewed"]) == 0
    assert not (out / "poster" / "brume.html").exists()


def test_genres_in_a_persons_words(tmp_path: Path) -> None:
    (tmp_path / "movies.csv").write_text("id,title,genres\na,Alba,War|Sci-Fi\n")
    assert main(["shop", str(tmp_path), "--out", str(tmp_path / "shop"), "--names", "de"]) == 0
    names = {path.stem for path in (tmp_path / "shop" / "genre").iterdir()}
    assert names == {"kriegsfilm", "science-fiction"}


def test_the_command_says_what_is_wrong(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "movies.csv").write_text("id,title,poster,price\na,Alba,a.jpg,45\nb,Brume,,\n")
    (tmp_path / "a.jpg").write_bytes(b"<html>")
    out = str(tmp_path / "shop")
    assert main(["shop", str(tmp_path), "--out", out]) == 3
    assert "a: poster" in capsys.readouterr().err
    check_links(tmp_path / "shop")
    assert main(["shop", str(tmp_path / "nothing.db"), "--out", out]) == 1
    assert "no store" in capsys.readouterr().err
    assert not (tmp_path / "nothing.db").exists()
    with pytest.raises(SystemExit, match="2"):
        main(["shop", str(tmp_path)])
    assert "--out FOLDER" in capsys.readouterr().err


def test_the_api_gives_an_archive(tmp_path: Path, predictor: Any) -> None:
    from fastapi.testclient import TestClient

    from genreel.app.server.application import create_app
    from genreel.app.service.service import Service
    from genreel.app.service.settings import Settings
    from genreel.app.store.store import Store

    service = Service(predictor, Store(str(tmp_path / "films.db"), THRESHOLDS), Settings())
    with TestClient(create_app(service), base_url="http://127.0.0.1:8750") as client:
        assert client.get("/api/shop").status_code == 422  # there is no film yet
        service.store.save(Movie("a", "Alba", 1999), poster=POSTER.read_bytes())
        view = {"genre": "none", "before": 2000}
        assert client.put("/api/views/Be%2Ffore", json=view).json()["films"] == 1
        assert client.post("/views", data={"name": "Later", "since": "2000"}).status_code == 200
        assert client.get("/views/Be%2Ffore").url.query == b"genre=none&before=2000&order=newest"
        assert "Be/fore" in client.get("/export").text
        assert [v["films"] for v in client.get("/api/views").json()["views"]] == [1, 0]
        assert client.delete("/api/views/Later").status_code == 204
        answer = client.get("/api/shop", params={"title": "Moon", "contact": "a@moon.example"})
        assert answer.headers["content-disposition"] == 'attachment; filename="shop.zip"'
        zipfile.ZipFile(io.BytesIO(answer.content)).extractall(tmp_path)
        assert client.get("/api/shop?contact=javascript:1").status_code == 422
        assert '/api/shop"' in client.get("/export").text
    check_links(tmp_path / "shop")
    assert (tmp_path / "shop" / "collection" / "be-fore.html").is_file()
    assert "<title>Moon</title>" in (tmp_path / "shop" / "index.html").read_text()
