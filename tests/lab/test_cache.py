"""The cache of rows: read once, keyed by content and extractor, written whole or not at all."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from genreel.catalogue import Movie
from genreel.errors import GenreelError
from genreel.features import Feature
from genreel.features.image import Pixels, PixelSettings
from genreel.features.text import Terms, TermSettings
from genreel.lab.training import cache
from genreel.lab.training.cache import ArrayRows, cached_rows, default_cache


@pytest.fixture
def films(tmp_path: Path) -> list[Movie]:
    """A poster on disk, none, one that is no image, one in memory, a path without a file."""
    for i, name in enumerate(["a", "b"]):
        Image.new("RGB", (24, 36), (40 * i + 20, 90, 200)).save(tmp_path / f"{name}.png")
    (tmp_path / "bad.png").write_bytes(b"no image")
    posters = [
        tmp_path / "a.png",
        None,
        tmp_path / "bad.png",
        (tmp_path / "b.png").read_bytes(),
        tmp_path / "none.png",
    ]
    return [Movie(str(i), poster=poster) for i, poster in enumerate(posters)]


@pytest.fixture
def feature() -> Pixels:
    return Pixels(PixelSettings(height=12, width=8))


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Ids of the movies that the feature was asked to read."""
    asked: list[str] = []
    honest = Pixels.read

    def noting(self: Pixels, movie: Movie) -> object:
        asked.append(movie.id)
        return honest(self, movie)

    monkeypatch.setattr(Pixels, "read", noting)
    return asked


def same(rows: ArrayRows | None, others: ArrayRows | None) -> bool:
    assert rows is not None and others is not None
    pairs = zip(rows, others, strict=True)
    return all((a is None and b is None) or np.array_equal(a, b) for a, b in pairs)  # type: ignore[arg-type]


def test_rows_are_the_feature_s_own(films: list[Movie], feature: Pixels, tmp_path: Path) -> None:
    rows = cached_rows(feature, films, tmp_path / "rows")
    assert rows is not None and len(rows) == 5
    assert [row is None for row in rows] == [False, True, True, False, True]
    for i in (0, 3):
        np.testing.assert_array_equal(rows[i], feature.read(films[i]))
    assert [row is None for row in rows[-2:]] == [False, True]


def test_read_once(films: list[Movie], feature: Pixels, tmp_path: Path, read: list[str]) -> None:
    first = cached_rows(feature, films, tmp_path / "rows")
    assert sorted(read) == ["0", "1", "2", "3", "4"]
    read.clear()
    assert same(cached_rows(feature, films, tmp_path / "rows"), first)
    assert read == []


def _other_settings(films: list[Movie]) -> tuple[Pixels, list[Movie]]:
    return Pixels(PixelSettings(height=12, width=8, grey=True)), films


def _changed_file(films: list[Movie]) -> tuple[Pixels, list[Movie]]:
    Image.new("RGB", (24, 36), "red").save(films[0].poster)  # type: ignore[arg-type]
    return Pixels(PixelSettings(height=12, width=8)), films


def _other_order(films: list[Movie]) -> tuple[Pixels, list[Movie]]:
    return Pixels(PixelSettings(height=12, width=8)), films[::-1]


@pytest.mark.parametrize("change", [_other_settings, _changed_file, _other_order])
def test_what_changes_the_key(
    change: Callable[[list[Movie]], tuple[Pixels, list[Movie]]],
    films: list[Movie],
    feature: Pixels,
    tmp_path: Path,
    read: list[str],
) -> None:
    cached_rows(feature, films, tmp_path / "rows")
    read.clear()
    other, movies = change(films)
    rows = cached_rows(other, movies, tmp_path / "rows")
    assert len(read) == 5
    expected = other.read(movies[3 if movies is films else 1])
    np.testing.assert_array_equal(rows[3 if movies is films else 1], expected)  # type: ignore[index]
    assert len(list((tmp_path / "rows").glob("*.npy"))) == 2


def test_other_code_changes_the_key(
    films: list[Movie],
    feature: Pixels,
    tmp_path: Path,
    read: list[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    cached_rows(feature, films, tmp_path / "rows")
    read.clear()
    monkeypatch.setattr(cache, "_version", lambda: ["another"])
    cached_rows(feature, films, tmp_path / "rows")
    assert len(read) == 5


def test_images_of_the_same_bytes_differ_by_their_shape(feature: Pixels, tmp_path: Path) -> None:
    pixels = np.arange(24 * 36 * 3, dtype=np.uint32).astype(np.uint8)
    wide, high = (Image.fromarray(pixels.reshape(s)) for s in ((24, 36, 3), (36, 24, 3)))
    rows = [cached_rows(feature, [Movie("a", poster=i)], tmp_path) for i in (wide, high)]
    assert not same(*rows)


def test_a_broken_write_leaves_nothing(
    films: list[Movie], feature: Pixels, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stop(self: Pixels, movie: Movie) -> None:
        raise KeyboardInterrupt

    folder = tmp_path / "rows"
    with monkeypatch.context() as patch:
        patch.setattr(Pixels, "read", stop)
        with pytest.raises(KeyboardInterrupt):
            cached_rows(feature, films, folder)
    assert list(folder.iterdir()) == []
    with monkeypatch.context() as patch:
        patch.setattr(Path, "write_text", lambda *_: (_ for _ in ()).throw(OSError(28, "full")))
        with pytest.raises(GenreelError, match=r"cannot write the cache .* \(full\)"):
            cached_rows(feature, films, folder)
    assert list(folder.iterdir()) == []
    assert same(cached_rows(feature, films, folder), cached_rows(feature, films, folder))


def test_half_of_an_entry_is_made_again(
    films: list[Movie], feature: Pixels, tmp_path: Path
) -> None:
    first = cached_rows(feature, films, tmp_path / "rows")
    [array] = (tmp_path / "rows").glob("*.npy")
    array.unlink()
    assert same(cached_rows(feature, films, tmp_path / "rows"), first)


def test_a_folder_that_cannot_be_written(
    films: list[Movie], feature: Pixels, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(GenreelError) as caught:
        cached_rows(feature, films, tmp_path / "file" / "rows")
    assert str(caught.value) == (
        f"cannot write the cache {tmp_path / 'file' / 'rows'} (Not a directory); "
        "free some space or set GENREEL_CACHE"
    )


def test_no_movies(feature: Pixels, tmp_path: Path) -> None:
    rows = cached_rows(feature, [], tmp_path)
    assert rows is not None and list(rows) == []


def test_features_of_text_are_not_cached(tmp_path: Path) -> None:
    terms: Feature = Terms.fit(TermSettings(min_count=1), [Movie("a", plot="some words")])
    assert cached_rows(terms, [Movie("a", plot="some words")], tmp_path / "rows") is None
    assert not (tmp_path / "rows").exists()


def test_where_it_is(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("GENREEL_CACHE", str(tmp_path / "own"))
    assert default_cache() == tmp_path / "own"
    monkeypatch.delenv("GENREEL_CACHE")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    assert default_cache() == tmp_path / "xdg" / "genreel"
    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.setattr(Path, "home", lambda: tmp_path)
    assert default_cache() == tmp_path / ".cache" / "genreel"
