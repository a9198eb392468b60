"""A file of own genres comes back as it was written, and a stranger's is refused in one line."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from worlds import movies, words

from genreel.errors import VocabularyError
from genreel.own.file import MAX_BYTES, from_json, read_own, to_json, write_own
from genreel.own.genre import OwnGenre
from genreel.own.teaching import teach
from genreel.own.vocabulary import OwnVocabulary, parents_of

POOL, IS_OF = movies(200)
GENRE = teach(OwnGenre("Heist", "A robbery.", "Crime"), words(), POOL, list(map(bool, IS_OF)))
OWN = OwnVocabulary(
    "0123456789ab", (GENRE, OwnGenre("Caper", parent="Heist")), {"Sci-Fi": "Space"}, ("Sport",)
)


def test_what_is_written_is_read(tmp_path: Path) -> None:
    path = tmp_path / "own.json"
    write_own(OWN, path)
    again = read_own(path)
    assert (again.bundle, again.new_names, again.hidden_genres) == (
        OWN.bundle,
        OWN.new_names,
        OWN.hidden_genres,
    )
    heist, caper = again.genres
    assert (heist.name, heist.description, heist.parent) == ("Heist", "A robbery.", "Crime")
    assert heist.figure.yes == int(IS_OF.sum())
    assert heist.threshold == GENRE.threshold
    assert np.allclose(heist.scores(POOL), GENRE.scores(POOL), atol=0.01)
    assert caper == OWN.genres[1]
    assert path.stat().st_size < 10_000


def damage(**values: Any) -> str:
    return json.dumps({**json.loads(to_json(OWN)), **values})


def genre(**values: Any) -> str:
    row = json.loads(to_json(OWN))["genres"][0]
    return damage(genres=[{**row, **values}])


def linear(**values: Any) -> str:
    row = json.loads(to_json(OWN))["genres"][0]["linear"]
    return genre(linear={**row, **values})


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{}",
        "null",
        "[" * 100_000,
        "\ud800",
        damage(format=2),
        damage(genres={}),
        damage(genres=[{}]),
        damage(genres=[1] * 201),
        damage(new_names=[1]),
        damage(hidden_genres=[None]),
        damage(bundle=1),
        genre(name=7),
        genre(name=""),
        genre(name="a|b"),
        genre(name="x" * 41),
        genre(name="science fiction"),
        genre(description="x" * 2_001),
        genre(threshold=2),
        genre(threshold=float("nan")),
        genre(figure={}),
        genre(figure={"yes": -1, "no": 0, "positives": 0, "right": 0, "auc": None}),
        linear(weights={"plot": "no base64"}),
        linear(weights={"sound": "AAA="}),
        linear(weights={"plot": "AHw="}),  # infinite
        linear(bias=1e9),
        linear(bias=float("nan")),
        linear(biases={}),
    ],
)
def test_what_is_no_file_of_own_genres_is_one_error(text: str) -> None:
    with pytest.raises(VocabularyError, match=r"^own genres mine\.json: ") as error:
        from_json(text, "mine.json")
    assert "\n" not in str(error.value)


def test_two_genres_of_one_name_are_refused() -> None:
    rows = json.loads(to_json(OWN))["genres"]
    with pytest.raises(VocabularyError, match="'Heist' is there already"):
        from_json(damage(genres=[rows[0], {**rows[0], "name": "HEIST"}]), "mine.json")


def test_a_file_that_is_not_there_or_too_large_is_one_error(tmp_path: Path) -> None:
    with pytest.raises(VocabularyError, match="check the path"):
        read_own(tmp_path / "none.json")
    large = tmp_path / "large.json"
    large.write_bytes(b" " * (MAX_BYTES + 1))
    with pytest.raises(VocabularyError, match="more than"):
        read_own(large)


def test_it_goes_with_the_bundle_that_it_was_learnt_with() -> None:
    genres = ("Crime", "Sci-Fi", "Sport")
    OWN.check("0123456789ab", genres)
    with pytest.raises(VocabularyError, match="learnt with bundle 0123456789ab, this one is f00"):
        OWN.check("f00", genres)
    with pytest.raises(VocabularyError, match="no genre 'Sport' to change"):
        OWN.check("0123456789ab", ("Crime", "Sci-Fi"))
    replace(OWN, genres=()).check("f00", genres)  # nothing of it was learnt


def test_a_line_of_parents_ends() -> None:
    one, two = OwnGenre("One", parent="Two"), OwnGenre("Two", parent="Crime")
    assert parents_of([one, two], ["Crime"]) == {"One": ("Two", "Crime"), "Two": ("Crime",)}
    with pytest.raises(VocabularyError, match="which is under it"):
        parents_of([one, replace(two, parent="One")], ["Crime"])
    with pytest.raises(VocabularyError, match="no genre 'Crime'"):
        parents_of([two], [])
