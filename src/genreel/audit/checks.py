"""What else is wrong in a library: names of genres, entries that are one movie, wrong posters."""

from __future__ import annotations

import hashlib
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence

from genreel.audit.findings import Finding, about
from genreel.audit.judgement import find_film
from genreel.catalogue import Movie
from genreel.films.films import Films
from genreel.films.titles import squeeze
from genreel.formats.names import INTO, spell

_LEAST_PLOT = 80  # characters; shorter ones are alike by chance
_NAMED = 3  # movies that a finding names


def name_findings(names: Mapping[str, Sequence[str]], taxonomy: str) -> Iterator[Finding]:
    """Genres of several names, and names of no genre.

    Args:
        names: id of a movie → what its genres are called there.
        taxonomy: that the names speak.
    """
    counts = Counter(name.strip() for some in names.values() for name in some if name.strip())
    by_genre: dict[str, list[str]] = defaultdict(list)
    for name in counts:
        genres, unknown = spell(INTO.get(taxonomy, INTO["mixed"])([name]))
        if unknown:
            ids = [i for i, some in names.items() if name in map(str.strip, some)]
            example = f"{counts[name]:,} movies, such as {', '.join(ids[:_NAMED])}"
            yield Finding("", "unknown name", genre=name[:80], why=f"{example}; --names renames it")
        elif len(genres) == 1:
            by_genre[genres[0]].append(name)
    for genre, some in sorted(by_genre.items()):
        if len(some) > 1:
            common, *others = sorted(some, key=lambda name: (-counts[name], name))
            parts = [f"{name!r} in {counts[name]:,}" for name in (common, *others)]
            yield Finding("", "two names", genre=genre, why=", ".join(parts), other=common)


def duplicate_findings(movies: Iterable[Movie]) -> Iterator[Finding]:
    """Movies that have the id in a database, the title and year, or the plot of an earlier one."""
    firsts: dict[object, str] = {}
    for movie in movies:
        for what, key in _keys(movie):
            first = firsts.setdefault(key, movie.id)
            if first != movie.id:
                yield about(movie, "duplicate", why=f"{what} of {first}", other=first)
                break


def _keys(movie: Movie) -> Iterator[tuple[str, object]]:
    for source in ("imdb", "tmdb"):
        if number := movie.extra.get(f"{source}_id"):
            yield f"the {source.upper()} id", (source, str(number))
    if movie.year and (title := squeeze(movie.title)):
        yield "title and year", (title, movie.year)
    words = " ".join(re.findall(r"\w+", movie.plot.casefold()))
    if len(words) >= _LEAST_PLOT:
        yield "the plot", hashlib.blake2b(words.encode("utf-8", "replace")).digest()


def poster_findings(movies: Iterable[Movie], films: Films) -> Iterator[Finding]:
    """Posters whose lettering says that they are of another film than the movie.

    Args:
        movies: those without lettering, or without a title, are passed over.
        films: the index.

    Raises:
        MissingExtra: rapidfuzz is not installed.
    """
    for movie in movies:
        if movie.lettering is None or not movie.title:
            continue
        answer = films.identify(movie.lettering)
        own = find_film(films, movie)
        if answer.film is None or (own and own.id == answer.film):
            continue
        titles = {squeeze(movie.title), *((squeeze(own.title),) if own else ())}
        printed = squeeze("".join(line.text for line in movie.lettering.lines))
        if squeeze(answer.title or "") in titles or any(t in printed for t in titles if t):
            continue  # of the same name, or the movie's own title is printed as well
        year = f" ({answer.year})" if answer.year else ""
        yield about(
            movie,
            "other film's poster",
            sure=answer.probability,
            why=f"what is printed on it is that of {answer.title}{year}",
            other=answer.film,
        )
