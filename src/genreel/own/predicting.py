"""Genres of one's own beside a bundle's: what it makes of texts, and predictions with both."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from genreel.calibration import NEVER
from genreel.catalogue import Movie
from genreel.features import Array
from genreel.formats.names import Names, rename
from genreel.own.describing import DESCRIPTIONS, SPOKEN
from genreel.own.file import read_own
from genreel.own.genre import OwnGenre, texts_of
from genreel.own.learning import Words
from genreel.own.traits import stack, traits_of
from genreel.own.vocabulary import OwnVocabulary, parents_of
from genreel.prediction import Prediction
from genreel.predictor import Predictor

_DIGITS = 12  # of the SHA-256 of a graph


def bundle_id(predictor: Predictor) -> str:
    """What tells whether traits compare: the digits of the graph, and the extras that it reads
    with.
    """
    extras = {f.own_sense for f in predictor.readers.awake.values() if f.own_sense}
    return "+".join([predictor.bundle.digest[:_DIGITS], *sorted(extras)])


def read_words(predictor: Predictor, genre: OwnGenre) -> Words:
    """What a bundle makes of a genre's name and description, and of its own genres'."""
    is_described = bool(genre.description.strip())
    genres = predictor.genres
    parent = genres.index(genre.parent) if genre.parent in genres else None
    return Words(
        stack({"plot": _read_texts(predictor, genre.texts)}),
        stack({"plot": _read_genres(predictor, is_described)}),
        parent,
    )


@functools.lru_cache(maxsize=4)
def _read_genres(predictor: Predictor, are_described: bool) -> list[Array | None]:
    """What a bundle makes of the names of its genres, and of their descriptions."""
    rows = []
    for genre in predictor.genres:
        name = SPOKEN.get(genre, genre.lower())
        texts = texts_of(name, DESCRIPTIONS.get(genre, "") if are_described else "")
        vectors = [row for row in _read_texts(predictor, texts) if row is not None]
        rows.append(np.mean(vectors, axis=0) if vectors else None)
    return rows


def _read_texts(predictor: Predictor, texts: Sequence[str]) -> list[Array | None]:
    """The vector of each, read as a plot; None where the bundle reads none."""
    vectors = {
        text: vectors.get("plot")
        for text, vectors in zip(
            dict.fromkeys(texts),
            predictor.vectors(Movie(text, plot=text) for text in dict.fromkeys(texts)),
            strict=True,
        )
    }
    return [vectors[text] for text in texts]


def read_for(predictor: Predictor, path: Path) -> OwnVocabulary:
    """A file of genres of one's own that goes with a bundle; raises VocabularyError."""
    vocabulary = read_own(path)
    vocabulary.check(bundle_id(predictor), predictor.genres)
    return vocabulary


def genres_with_own(genres: Sequence[str], vocabulary: OwnVocabulary) -> tuple[str, ...]:
    """The genres that movies may be given: a bundle's as they are called, then one's own."""
    names = [genre.name for genre in vocabulary.genres if genre.threshold is not None]
    return (*names_of(vocabulary)(genres), *names)


def _threshold(genre: OwnGenre) -> float:
    return NEVER if genre.threshold is None else genre.threshold


def names_of(vocabulary: OwnVocabulary) -> Names:
    """What the bundle's genres are called; those that are hidden are dropped."""
    entries = {old.casefold(): (new,) for old, new in vocabulary.new_names.items()}
    return Names(entries | {genre.casefold(): () for genre in vocabulary.hidden_genres})


def add_own(
    predictions: Iterable[Prediction], vocabulary: OwnVocabulary, genres: Sequence[str]
) -> Iterator[Prediction]:
    """Predictions with genres of one's own, and the bundle's as the vocabulary calls them.

    A genre that is silent is in none of them. A movie that is given a genre is given its parents,
    too.

    Args:
        predictions: made with `vectors`.
        vocabulary: that was checked against the bundle.
        genres: the bundle's.
    """
    names = names_of(vocabulary)
    speaking = [genre for genre in vocabulary.genres if genre.threshold is not None]
    parents = parents_of(vocabulary.genres, genres)
    for prediction in predictions:
        if prediction.scores and speaking:
            prediction = _add(prediction, speaking, parents, genres)
        yield rename(prediction, names)


def _add(
    prediction: Prediction,
    own_genres: Sequence[OwnGenre],
    parents: dict[str, tuple[str, ...]],
    genres: Sequence[str],
) -> Prediction:
    traits = traits_of([prediction], genres)
    scores = {genre.name: float(genre.scores(traits)[0]) for genre in own_genres}
    limits = {genre.name: _threshold(genre) for genre in own_genres}
    if prediction.decide == "threshold":  # one for all genres
        limits = dict.fromkeys(limits, max(prediction.thresholds.values()))
    more = [name for name, score in scores.items() if score >= limits[name]]
    every = {**prediction.scores, **scores}
    for name in tuple(more):
        for parent in parents[name]:
            more.append(parent)
            if parent in every:  # as likely, at least; one that is silent has no score
                every[parent] = max(every[parent], scores[name])
    ranking = sorted({*prediction.genres, *more}, key=lambda name: -every.get(name, 0.0))
    source = {**prediction.source, **dict.fromkeys(scores, "model")} if prediction.source else {}
    return replace(
        prediction,
        genres=tuple(ranking),
        scores=every,
        thresholds={**prediction.thresholds, **limits},
        source=source,
    )
