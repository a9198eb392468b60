"""Colours: Oklab's own reference values, clusters that are there, and what becomes of greys."""

from __future__ import annotations

import csv
import xml.etree.ElementTree as ET
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from genreel.catalogue import Movie
from genreel.errors import CatalogueError
from genreel.features.colours import from_oklab
from genreel.lab import colours

RED, BLUE = (200, 30, 40), (30, 60, 200)


def poster(*rgb: tuple[int, int, int]) -> Image.Image:
    """Equal bands of colours."""
    bands = [np.full((60 // len(rgb), 40, 3), colour, np.uint8) for colour in rgb]
    return Image.fromarray(np.concatenate(bands))


def films(count: int, genre: str, year: int | None, *rgb: tuple[int, int, int]) -> list[Movie]:
    return [
        Movie(f"{genre}{year}{i}", year=year, poster=poster(*rgb), genres={"genreel": (genre,)})
        for i in range(count)
    ]


def test_clusters_find_what_is_there() -> None:
    rng = np.random.default_rng(1)
    true = np.array([[0.0, 0, 0], [1, 0, 0], [0, 1, 1]])
    around = [rng.normal(0, 0.01, (n, 3)) for n in (60, 30, 10)]
    points = np.concatenate([c + noise for c, noise in zip(true, around, strict=True)])
    centres, shares = colours.clusters(points, np.ones(100), 3)
    np.testing.assert_allclose(centres, true, atol=0.02)
    np.testing.assert_allclose(shares, [0.6, 0.3, 0.1])
    centres, shares = colours.clusters(np.zeros((4, 3)), np.ones(4), 3)
    assert centres.shape == (1, 3) and shares.tolist() == [1]


def test_greys_are_left_out() -> None:
    found = colours.poster_colours(Movie("m", poster=poster(RED, (90, 90, 90), (250, 250, 250))))
    assert found is not None
    centres, shares = found
    assert shares.sum() == pytest.approx(1 / 3, abs=0.05)
    assert np.abs(from_oklab(centres[:1]).astype(int) - RED).max() < 12
    assert colours.poster_colours(Movie("m", poster=poster((90, 90, 90)))) is None
    assert colours.poster_colours(Movie("m", poster=b"no image")) is None
    assert colours.poster_colours(Movie("m")) is None


def test_palettes_by_genre_and_period(tmp_path: Path) -> None:
    movies = films(10, "Horror", 1984, RED) + films(12, "Horror", 1993, BLUE)
    movies += [*films(9, "War", 1984, RED), Movie("bare")]
    made = colours.write_colours(movies, tmp_path)
    assert [(p.genre, p.period, p.posters, p.greys) for p in made] == [
        ("Horror", "", 22, False),
        ("Horror", "", 22, True),
        ("Horror", "1980s", 10, False),
        ("Horror", "1990s", 12, False),
    ]
    assert [s.share for s in made[0].swatches] == [round(12 / 22, 4), round(10 / 22, 4)]
    assert made[2].swatches == (colours.Swatch("#c81e28", 1.0),)
    with (tmp_path / "colours.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert rows[-1] == {
        **{"genre": "Horror", "period": "1990s", "greys": "without", "posters": "12", "rank": "1"},
        **{"colour": "#1e3cc8", "share": "1.0"},
    }
    for name in ("genres.svg", "genres-with-greys.svg", "periods.svg"):
        assert "#1e3cc8" in ET.tostring(ET.parse(tmp_path / name).getroot(), "unicode")


def test_greys_that_count_are_the_dominant_colour_of_a_grey_poster(tmp_path: Path) -> None:
    grey, *rest = (90, 90, 90), RED
    made = colours.palettes(films(10, "War", 1984, grey) + films(10, "Horror", 1984, *rest))
    palette = next(p for p in made if p.genre == "War")
    assert palette.greys and palette.swatches == (colours.Swatch("#5a5a5a", 1.0),)
    assert len([p for p in made if p.genre == "War"]) == 1  # without greys, nothing is left
    found = colours.poster_colours(Movie("m", poster=poster(RED, grey)), greys=True)
    assert found is not None and found[1].sum() == pytest.approx(1, abs=1e-5)


def test_too_few_posters_are_said() -> None:
    with pytest.raises(CatalogueError, match="no genre has 10 posters in colour"):
        colours.palettes(films(9, "War", 1984, RED))
