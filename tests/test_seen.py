"""What a bundle remembers of the movies that it has seen."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from genreel.catalogue import Movie
from genreel.errors import BundleError
from genreel.seen import Seen, fingerprint

TRAIN = [Movie("a", "The Far Bank", 1953), Movie("row 1", plot="A gun."), Movie("7")]
SEEN = Seen.of({"train": TRAIN, "valid": [Movie("b", "Alba", 1999)], "test": [Movie("c", "Brume")]})


@pytest.mark.parametrize(
    ("movie", "part"),
    [
        (Movie("a"), "train"),
        (Movie("x", "the far bank!", 1953), "train"),
        (Movie("x", "The Far Bank", 1954), None),
        (Movie("x", plot="A gun"), "train"),
        (Movie("row 1", "Alba", 1999), "valid"),
        (Movie("row 1", "Another", 1999), None),  # the first row of another table
        (Movie("7", "Any"), "train"),
        (Movie("c", "The Far Bank", 1953), "train"),  # the first of its parts
        (Movie("x", "Brume"), "test"),
        (Movie("new", "Ciel", 2001, "A sea."), None),
    ],
)
def test_the_part_of_a_movie(movie: Movie, part: str | None) -> None:
    assert SEEN.part_of(movie) == part
    assert Seen.load(SEEN.dump()).part_of(movie) == part


def test_counts_and_size() -> None:
    assert SEEN.counts() == {"train": 3, "valid": 1, "test": 1}
    many = Seen.of({"train": [Movie(str(n)) for n in range(10_000)]})
    assert len(many.dump()) == pytest.approx(170_000, abs=200)
    assert Seen.load(Seen.of({}).dump()).counts() == {"train": 0, "valid": 0, "test": 0}


def test_posters_without_anything_else_are_known_by_their_names() -> None:
    first = fingerprint(Movie("row 1", poster=Path("posters/a.jpg")))
    assert first == fingerprint(Movie("row 9", poster=Path("elsewhere/a.jpg")))
    assert first != fingerprint(Movie("row 1", poster=Path("posters/b.jpg")))


def test_calibration_tunes_on_its_movies() -> None:
    after = SEEN.calibrated([Movie("c", "Brume"), Movie("a")], [Movie("d", "Dune")])
    assert after.counts() == {"train": 3, "valid": 2, "test": 1}
    assert after.part_of(Movie("c")) == "valid"
    assert after.part_of(Movie("d")) == "test"
    assert after.part_of(Movie("a")) == "train"


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"no array",
        SEEN.dump()[:-1],
        SEEN.dump() + bytes(17),
        SEEN.dump().replace(b"(5,)", b"(9,)"),
        SEEN.dump().replace(b"<u8", b"<i8"),
        SEEN.dump()[:-85] + b"\x09" * 85,
    ],
)
def test_damaged_memories_are_refused(data: bytes) -> None:
    with pytest.raises(BundleError, match=r"movies\.npy is damaged"):
        Seen.load(data)


def test_hashes_are_the_same_for_ever() -> None:
    assert fingerprint(Movie("a", "Alba", 1999)) == (5523214526285688508, 1073298395858164736)
    assert SEEN.rows["id"].dtype == np.uint64
