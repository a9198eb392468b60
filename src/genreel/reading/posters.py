"""Reads the posters of many movies, several side by side."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from itertools import islice

from genreel.catalogue import Movie
from genreel.errors import InputError, PosterError
from genreel.lettering import Lettering
from genreel.posters import Limits
from genreel.reading.lettering import read_lettering

Result = tuple[Movie, Lettering | InputError | None]
"""A movie, and what is printed on its poster, or why it was not read; None: it has no poster."""


def read_posters(
    movies: Iterable[Movie], workers: int = 1, limits: Limits | None = None
) -> Iterator[Result]:
    """The lettering of movies in their order; a few posters are in memory at once.

    Args:
        movies: one that has its lettering is not read again.
        workers: posters that are read side by side, a thread each.
        limits: what a poster may cost to open.

    Raises:
        MissingExtra: rapidocr is not installed.
        GenreelError: rapidocr is damaged.
    """
    movies = iter(movies)
    pool = ThreadPoolExecutor(workers)
    waiting: deque[Future[Result]] = deque()
    try:
        while True:
            for movie in islice(movies, 2 * workers - len(waiting)):
                waiting.append(pool.submit(_read, movie, limits))
            if not waiting:
                return
            yield waiting.popleft().result()
    finally:
        pool.shutdown(cancel_futures=True)


def with_lettering(
    movies: Iterable[Movie], workers: int = 1, limits: Limits | None = None
) -> Iterator[Movie]:
    """Movies with the lettering of their posters; arguments and errors as of `read_posters`.

    A poster that cannot be read leaves its movie without, and is named in its `problem`.
    """
    for movie, lettering in read_posters(movies, workers, limits):
        if isinstance(lettering, InputError):
            problem = str(lettering)
            if problem not in movie.problem:
                problem = "; ".join(filter(None, (movie.problem, problem)))
                movie = replace(movie, problem=problem)
        elif lettering is not None:
            movie = replace(movie, lettering=lettering)
        yield movie


def _read(movie: Movie, limits: Limits | None) -> Result:
    if movie.lettering is not None:
        return movie, movie.lettering
    if movie.poster is None:
        return movie, InputError(movie.problem) if movie.problem else None
    try:
        return movie, read_lettering(movie.poster, limits)
    except PosterError as error:
        return movie, error
