"""What a movie comes with that tells a genre: a plot that is one, a title with words of content."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace

from genreel.catalogue import Movie
from genreel.characters import unescape
from genreel.features import Feature, readable_rows
from genreel.features.stopwords import STOP_WORDS
from genreel.language import NAMES, OTHER, language_of, languages_of
from genreel.placeholders import is_placeholder

_SMALLEST_SHARE = 0.05  # of plots, in a language that a model has learnt to read


def readable(
    movies: Sequence[Movie], languages: Sequence[str], more: Collection[str] = (), remedy: str = ""
) -> list[Movie]:
    """Movies with their plots' languages, and without plots that a model cannot read.

    Args:
        movies: as they came; where one names its plot's language, that is believed.
        languages: codes of those that the model reads.
        more: codes of those that it would read after `remedy`, as `Feature.lacks` says it.

    Returns:
        The movies; `language` is empty where the plot does not tell. A plot in another language, or
        one that only says that there is none, is taken away; the former is named in `problem`.
    """
    texts = ["" if movie.language else movie.plot for movie in movies]
    return [
        _readable(movie, movie.language or language or "", languages, more, remedy)
        for movie, language in zip(movies, languages_of(texts), strict=True)
    ]


def _readable(
    movie: Movie, language: str, languages: Sequence[str], more: Collection[str], remedy: str
) -> Movie:
    if not movie.has("plot"):
        return replace(movie, plot="", language="")
    if not language or language in languages:
        return movie if language == movie.language else movie.in_language(language)
    *names, last = (NAMES[code] for code in languages if code != OTHER)
    readable_ones = f"{', '.join(names)} or {last}" if names else last
    line = (
        f"plot is in {NAMES[language]}, which this model does not read; give it in {readable_ones}"
    )
    if language in more:
        line += f", or {remedy}"
    if not movie.language:
        line += f", or --language {languages[0]} if it is {NAMES[languages[0]]}"
    problem = "; ".join(filter(None, (movie.problem, line)))
    return replace(movie, plot="", language=language, problem=problem)


def plot_languages(movies: Iterable[Movie]) -> tuple[str, ...]:
    """The languages that plots are in: each that one in twenty is in, the commonest first.

    Plots that do not tell count for nothing; where none does, it is English.
    """
    counts = Counter(
        movie.language or language_of(movie.plot) or "" for movie in movies if movie.has("plot")
    )
    del counts[""]
    fewest = counts.total() * _SMALLEST_SHARE
    languages = [code for code, count in counts.most_common() if count >= fewest]
    named = [code for code in languages if code != OTHER] or ["en"]
    return tuple(named + [code for code in languages if code == OTHER])


def content_words(title: str) -> str:
    """The words of a title that may tell a genre: neither "the" nor "up" nor "none"."""
    if is_placeholder(title):
        return ""
    words = re.findall(r"\w+", unescape(title))
    return " ".join(word for word in words if len(word) > 2 and word.lower() not in STOP_WORDS)


def has_evidence(movie: Movie, senses: Collection[str], features: Iterable[Feature]) -> bool:
    """Whether anything but what is common among all movies speaks for a genre.

    Args:
        movie: as the model sees it.
        senses: those of SENSES that the model has of it.
        features: the model's.
    """
    if not {"title", "year"}.issuperset(senses):
        return True
    bare = Movie(movie.id, title=content_words(movie.title))
    return "title" in senses and any(
        readable_rows(feature, [bare])[0] is not None
        for feature in features
        if feature.input == "title"
    )


def nothing_to_go_by(movie: Movie, inputs: Sequence[str], missing: Collection[str]) -> str:
    """The line of a movie that no model can tell the genres of.

    Args:
        movie: with neither poster nor plot, nor a title with words that the model knows.
        inputs: those that the model reads.
        missing: those of them that it lacks.
    """
    reason = ""
    if "title" in inputs and movie.has("title"):
        reason = ": the title holds no word that tells"
    elif "year" in inputs and "year" not in missing:
        reason = ": a year tells no genre"
    remedies = [name for name in inputs if name != "year"] or ["poster, and read what it says"]
    return f"nothing to go by{reason}; give a {' or '.join(remedies)}"
