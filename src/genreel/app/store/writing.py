"""A film of a store, as the writers of `genreel.formats` take it."""

from __future__ import annotations

from genreel import __version__
from genreel.app.store.film import Film
from genreel.catalogue import Movie
from genreel.formats.applying import found_of
from genreel.formats.mark import Found
from genreel.formats.names import Names
from genreel.lettering import parse_lettering


def movie_of(film: Film, names: Names | None = None) -> Movie:
    """What the store knows of a film, with the genres that it has now; without its poster.

    Args:
        names: what genres are called; None: genreel's own names.
    """
    genres = names(film.genres) if names else film.genres
    return Movie(
        film.id,
        film.title,
        film.year,
        film.plot,
        genres={"genreel": genres} if genres else {},
        language=film.language,
        extra=film.extra,
        lettering=None if film.lettering is None else parse_lettering(film.lettering),
    )


def found_in(film: Film, names: Names) -> Found:
    """The genres that a film has now; those from a person or a file carry no mark.

    Args:
        film: with its opinions.
        names: what genres are called on the other side.
    """
    models = [by_source["model"] for by_source in film.opinions.values() if "model" in by_source]
    scores = {genre: film.score(genre) or 0.0 for genre in film.genres}
    said = [genre for genre in film.genres if {"person", "file"} & set(film.opinions[genre])]
    lookup = [genre for genre in film.genres if "lookup" in film.opinions[genre]]
    model = models[0].by if models else ""
    return found_of(film.genres, scores, names, model, __version__, said, lookup)
