"""Evidence for a film besides its title: votes, people, and what the picture looks like."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from genreel.films.film import Film, labels_of
from genreel.films.titles import squeeze
from genreel.lettering import Lettering
from genreel.vocabulary import GENRES

Floats = NDArray[np.float64]

# Log-odds that are set by hand, as the posters that the ranker learnt from come with neither.
_PER_VOTES = 0.5  # for e times as many votes
_PER_NAME, _MAX_NAMES = 1.5, 3
_LEAST_NAME = 7  # letters; shorter names stand on posters by chance

_LEAST, _MOST = 0.01, 0.99  # of a score, so that one mistake cannot decide


def votes_bonus(films: Sequence[Film]) -> Floats:
    """Log-odds for each film by its votes, beside those of the same title; 0 where unknown."""
    most: dict[str, int] = {}
    names = [squeeze(film.title) for film in films]
    for name, film in zip(names, films, strict=True):
        most[name] = max(most.get(name, 0), film.votes or 0)
    return np.array(
        [
            0.0 if film.votes is None else _PER_VOTES * np.log((1 + film.votes) / (1 + most[name]))
            for name, film in zip(names, films, strict=True)
        ]
    )


def people_bonus(films: Sequence[Film], lettering: Lettering) -> Floats:
    """Log-odds for each film by how many of its people's names are printed on the poster."""
    text = "|".join(squeeze(line.text) for line in lettering.lines)
    names = [[squeeze(name) for name in film.people] for film in films]
    counts = [sum(len(n) >= _LEAST_NAME and n in text for n in some) for some in names]
    bonus: Floats = _PER_NAME * np.minimum(np.array(counts, np.float64), _MAX_NAMES)
    return bonus


def genre_bonus(
    films: Sequence[Film], scores: Mapping[str, float], rates: NDArray[np.floating]
) -> Floats:
    """Log-likelihood of each film's genres under the picture's opinion, over that of any film.

    Args:
        films: one without genres gets 0.
        scores: genre → probability; of other genres nothing is said.
        rates: share of all films that each of GENRES applies to, shape (genres,).

    Returns:
        float64, shape (films,).
    """
    usual = dict(zip(GENRES, rates.tolist(), strict=True))
    genres = tuple(genre for genre in GENRES if genre in scores)
    if not genres:
        return np.zeros(len(films))
    labels, known = labels_of(films, genres)
    opinion = np.clip([scores[genre] for genre in genres], _LEAST, _MOST)
    usually = np.clip([usual[genre] for genre in genres], _LEAST, _MOST)
    presence, absence = np.log(opinion / usually), np.log((1 - opinion) / (1 - usually))
    gains: Floats = (np.where(labels > 0, presence, absence) * known).sum(1, dtype=np.float64)
    return gains
