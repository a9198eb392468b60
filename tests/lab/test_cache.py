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
from genreel.features.pieces import PAD, SPECIAL, Pieces, PieceSettings
from genreel.features.text import Terms, TermSettings
from genreel.lab import cache
from genreel.lab.cache import ArrayRows, cached_rows, rows_key
from genreel.lab.examples import Examples, read_examples
from genreel.lab.frozen import Vectors, extracted_rows
from genreel.paths import cache_folder
from genreel.vocabulary import Vocabulary


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
    assert cache_folder() == tmp_path / "own"
    monkeypatch.delenv("GENREEL_CACHE")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    assert cache_folder() == tmp_path / "xdg" / "genreel"
    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.setattr(Path, "home", lambda: tmp_path)
    assert cache_folder() == tmp_path / ".cache" / "genreel"


# Vectors of a frozen backbone


class Mean:
    """A backbone of sorts: the mean of each channel, times a weight."""

    width = 3
    arrays = ("pixels",)
    net = None

    def __init__(self, weight: float = 1.0) -> None:
        self.weight = weight
        self.asked: list[int] = []

    def identity(self) -> str:
        return f"mean {self.weight}"

    def extract(self, pixels: np.ndarray) -> np.ndarray:
        self.asked.append(len(pixels))
        return (pixels.mean(axis=(2, 3)) * self.weight).astype(np.float32)


@pytest.fixture
def examples(films: list[Movie], feature: Pixels, tmp_path: Path) -> Examples:
    return read_examples(films, {"poster": feature}, Vocabulary(), tmp_path / "rows")


def test_vectors_take_the_place_of_pixels(examples: Examples, tmp_path: Path) -> None:
    extractor = Mean()
    found = extracted_rows(examples, "poster", extractor, tmp_path / "rows")
    assert extractor.asked == [2]
    assert isinstance(found.features["poster"], Vectors)
    assert found.features["poster"].settings() == {"width": 3}
    np.testing.assert_array_equal(found.has(["poster"]), examples.has(["poster"]))
    arrays, pixels = found.arrays(), examples.arrays()["poster.pixels"]
    assert arrays["poster.pixels"].dtype == np.float32
    np.testing.assert_allclose(arrays["poster.pixels"], pixels.mean(axis=(2, 3)), rtol=1e-6)
    assert arrays["poster.rows"].tolist() == [0, 3]
    assert arrays["present"][:, 0].tolist() == [1, 0, 0, 1, 0]
    some = found.take([4, 3]).arrays()
    assert some["poster.rows"].tolist() == [1]
    nobody = found.without(["poster"]).arrays()["poster.pixels"]
    assert nobody.shape == (0, 3) and nobody.dtype == np.float32
    # What was extracted once is not extracted again from the vectors.
    assert extracted_rows(found, "poster", extractor, tmp_path / "rows") is found


def test_vectors_are_computed_once(examples: Examples, tmp_path: Path) -> None:
    folder = tmp_path / "rows"
    first, same, other = Mean(), Mean(), Mean(2.0)
    for extractor, asked in ((first, [2]), (same, []), (other, [2])):
        view = examples.take([3])  # of all rows behind the view
        found = extracted_rows(view, "poster", extractor, folder)
        assert extractor.asked == asked
        expected = extractor.extract(view.arrays()["poster.pixels"])
        np.testing.assert_array_equal(found.arrays()["poster.pixels"], expected)


def test_vectors_of_other_posters_or_another_size(
    films: list[Movie], feature: Pixels, examples: Examples, tmp_path: Path
) -> None:
    folder, extractor = tmp_path / "rows", Mean()
    extracted_rows(examples, "poster", extractor, folder)
    _changed_file(films)
    for changed in (feature, Pixels(PixelSettings(height=8, width=8))):
        again = read_examples(films, {"poster": changed}, Vocabulary(), folder)
        extracted_rows(again, "poster", extractor, folder)
    assert extractor.asked == [2, 2, 2]


def test_vectors_come_in_batches(feature: Pixels, tmp_path: Path) -> None:
    poster = Image.new("RGB", (24, 36), (10, 20, 30))
    films = [Movie(str(i), poster=None if i % 3 == 1 else poster) for i in range(130)]
    many = read_examples(films, {"poster": feature}, Vocabulary(), tmp_path)
    extractor = Mean()
    found = extracted_rows(many, "poster", extractor, tmp_path)
    assert sum(extractor.asked) == sum(i % 3 != 1 for i in range(130))
    assert extractor.asked == [64, 23]  # movies without a poster take no place in a batch
    assert [row is None for row in found.read("poster")] == [i % 3 == 1 for i in range(130)]
    none = read_examples([Movie("a")], {"poster": feature}, Vocabulary(), tmp_path)
    extracted_rows(none, "poster", extractor, tmp_path)
    assert len(extractor.asked) == 2  # nothing to ask about


class Mass:
    """An encoder of sorts: how many pieces a text has, and their sum."""

    width = 2
    arrays = ("ids",)
    net = None

    def __init__(self) -> None:
        self.asked: list[tuple[int, ...]] = []

    def identity(self) -> str:
        return "mass"

    def extract(self, ids: np.ndarray) -> np.ndarray:
        self.asked.append(ids.shape)
        return np.stack([(ids != PAD).sum(axis=1), ids.sum(axis=1)], axis=1).astype(np.float32)


def texts(plots: list[str], folder: Path) -> Examples:
    pieces = Pieces(PieceSettings(), [*SPECIAL, "ghost", "train", "night"])
    films = [Movie(str(i), plot=plot) for i, plot in enumerate(plots)]
    return read_examples(films, {"text": pieces}, Vocabulary(), folder)


def test_vectors_of_texts_go_by_length_and_come_back_in_order(tmp_path: Path) -> None:
    plots = ["ghost " * (i % 9) for i in range(100)]
    examples, encoder = texts(plots, tmp_path), Mass()
    found = extracted_rows(examples, "text", encoder, tmp_path)
    assert encoder.asked == [(64, 10), (24, 5)]  # 36 texts of 7 to 10 pieces are not enough
    for i, row in enumerate(found.read("text")):
        assert (row is None) == (i % 9 == 0)
        if row is not None:
            assert row.tolist() == [i % 9 + 2, 2 + 3 + 4 * (i % 9)]
    arrays = found.take([9, 3, 5]).arrays()
    assert arrays["text.ids"].tolist() == [[5, 17], [7, 25]]
    assert arrays["text.rows"].tolist() == [1, 2]


def test_vectors_of_texts_are_kept_by_content(tmp_path: Path) -> None:
    encoder = Mass()
    for plots, asked in (
        (["ghost", "train"], 1),
        (["ghost", "train"], 1),
        (["ghost", "night"], 2),
        (["train", "ghost"], 3),
        (["ghost", "", "train"], 4),
    ):
        extracted_rows(texts(plots, tmp_path), "text", encoder, tmp_path)
        assert len(encoder.asked) == asked


def test_rows_are_named_by_what_is_in_them(tmp_path: Path) -> None:
    one, two = np.array([1, 2], np.int32), np.array([3], np.int32)
    keys = [rows_key(rows) for rows in ([one, two], [two, one], [one, None, two], [(one, two)])]
    assert len(set(keys[:3])) == 3
    assert rows_key([one.copy(), two.copy()]) == keys[0]
