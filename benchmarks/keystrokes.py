"""How many keys a person presses until posters have their true genres.

    python benchmarks/keystrokes.py

200 posters of the part test, with what is printed on them and nothing else. A simulated person
reviews them on the pages of `genreel serve`: a letter for each genre to add or to take away, a
digit where one of the candidates is the film, Enter to confirm; what is sure is accepted together
by two keys. The truth is the union of the sources' labels. Three ways: each poster by itself, from
the picture alone; with an index of films (MovieLens, of other labels and without the posters'
ids); and with the sure ones accepted together. → benchmarks/results/keystrokes.csv

Real films come from $GENREEL_DATA (default ../shared/data); the index is kept in the cache.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from ranker import build_once, data_folder, read_lettering

from genreel.catalogue import Catalogue, Movie
from genreel.films.films import Films
from genreel.films.lookup import known_genres, predict_with_films
from genreel.films.sources import FilmSource
from genreel.prediction import Prediction
from genreel.predictor import Predictor
from genreel.vocabulary import GENRES

RESULTS = Path(__file__).parent / "results"
POSTERS = 200
SURE = 0.75
"""Least share of a film's genres that is right, as far as the scores tell, for it to be sure."""

OPEN_AND_ACCEPT = 2
"""Keys of "accept what is sure": s, Enter."""


@dataclass(frozen=True)
class Case:
    """A poster, what is true of it, and what was said about it.

    Attributes:
        true: genres by all sources.
        alone: by the picture alone.
        read: with what is printed on it and the index.
        candidates: genres of each known film that it may be, where none was accepted.
        right: the place of its own film among these; None: it is none of them.
    """

    true: frozenset[str]
    alone: Prediction
    read: Prediction
    candidates: Sequence[frozenset[str]]
    right: int | None


def main() -> None:
    """Measures, prints and writes the table."""
    cases = list(read_cases())
    rows = [
        row("one by one, picture alone", [alone(one) for one in cases], cases, "alone"),
        row("one by one, with films", [with_films(one) for one in cases], cases, "read"),
        together(cases),
    ]
    with (RESULTS / "keystrokes.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, rows[0], lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    print((RESULTS / "keystrokes.csv").read_text(), end="")


def read_cases() -> Iterator[Case]:
    """The first posters of the part test that have genres."""
    data = data_folder()
    films = Films(movielens(data))
    predictor = Predictor()
    catalogue = {movie.id: movie for movie in Catalogue(data / "movies" / "movies.csv")}
    letterings = {film: lettering for film, _, lettering in read_lettering(data, "test")}
    known = [one for one in letterings if (data / "large" / f"{one}.jpg").is_file()]
    movies, truths = [], []
    for film in known:
        names = {genre for names in catalogue[film].genres.values() for genre in names}
        true = frozenset(names & set(GENRES))
        if true and len(movies) < POSTERS:
            poster = data / "large" / f"{film}.jpg"
            movies.append(Movie(film, poster=poster, lettering=letterings[film]))
            truths.append((true, catalogue[film]))
    alone = predictor.predict_many([Movie(one.id, poster=one.poster) for one in movies])
    read = predict_with_films(predictor, films, movies)
    for picture, prediction, (true, movie) in zip(alone, read, truths, strict=True):
        identified = prediction.identified
        candidates, right = [], None
        for place, one in enumerate(identified.candidates if identified else ()):
            film = films.get(one.film)
            genres = known_genres(film, predictor.genres) if film else {}
            candidates.append(frozenset(g for g, has in genres.items() if has))
            if is_same(movie, one.title, one.year) and right is None:
                right = place
        yield Case(true, picture, prediction, candidates, right)


def movielens(data: Path) -> Path:
    """An index of MovieLens."""
    source = FilmSource(data / "films", "movielens")
    return build_once("movielens.db", (source, source.movies()))


def is_same(movie: Movie, title: str, year: int | None) -> bool:
    """Whether a candidate is the film, as a person sees at once."""
    return movie.title.casefold() == title.casefold() and abs((movie.year or 0) - (year or 0)) <= 1


def alone(case: Case) -> int:
    """Keys for a poster without an index: a letter for each wrong or missing genre, and Enter."""
    return len(set(case.alone.genres) ^ case.true) + 1


def with_films(case: Case) -> int:
    """Keys for a poster with an index: the digit of its film, where that saves some."""
    start = set(case.read.genres)
    keys = len(start ^ case.true) + 1
    identified = case.read.identified
    if case.right is not None and (identified is None or identified.film is None):
        keys = min(keys, len(case.candidates[case.right] ^ case.true) + 2)
    return keys


def sureness(prediction: Prediction) -> float:
    """Share of its genres that is right as far as the scores tell; a lookup's are."""
    source = prediction.source or {}
    shares = [
        1.0 if source.get(genre) == "lookup" else prediction.scores[genre]
        for genre in prediction.genres
    ]
    return float(np.mean(shares)) if shares else 0.0


def row(way: str, keys: Sequence[float], cases: Sequence[Case], which: str) -> dict[str, Any]:
    """A row of the table, to two digits."""
    given = [(set(getattr(one, which).genres), one.true) for one in cases]
    right = sum(len(genres & true) for genres, true in given)
    return {
        "way": way,
        "posters": len(cases),
        "keys": round(float(np.mean(keys)), 2),
        "accepted": 0.0,
        "right_of_accepted": "",
        "found_of_accepted": "",
        "keys_if_corrected": "",
        "right_before": round(right / sum(len(genres) for genres, _ in given), 2),
    }


def together(cases: Sequence[Case]) -> dict[str, Any]:
    """The sure ones accepted, the others one by one."""
    sure = [one for one in cases if sureness(one.read) >= SURE]
    others = [one for one in cases if sureness(one.read) < SURE]
    keys = [with_films(one) for one in others]
    genres = [(set(one.read.genres), one.true) for one in sure]
    right = sum(len(given & true) for given, true in genres)
    # Who wants every genre true looks at the accepted ones again: opens, corrects, confirms.
    again = [len(given ^ true) + 2 for given, true in genres if given != true]
    total = sum(keys) + OPEN_AND_ACCEPT
    return {
        **row("sure ones together", [0.0], cases, "read"),
        "keys": round(total / len(cases), 2),
        "accepted": round(len(sure) / len(cases), 2),
        "right_of_accepted": round(right / sum(len(given) for given, _ in genres), 2),
        "found_of_accepted": round(right / sum(len(true) for _, true in genres), 2),
        "keys_if_corrected": round((total + sum(again)) / len(cases), 2),
    }


if __name__ == "__main__":
    main()
