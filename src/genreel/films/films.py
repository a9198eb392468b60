"""Known films, and which of them a poster is."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from genreel.films.evidence import find_candidates
from genreel.films.film import Film
from genreel.films.index import Index, Origin
from genreel.films.opinions import genre_bonus, people_bonus, votes_bonus
from genreel.films.ranker import load_ranker
from genreel.films.titles import likeness, squeeze
from genreel.identification import Candidate, Identification
from genreel.lettering import Lettering

CANDIDATES = 5
"""Films that an identification names."""


class Films:
    """An index of known films, made by `genreel films`.

        films = Films("films.db")
        films.identify(lettering).title

    Args:
        path: of the index; it is only read, and several threads may ask it.

    Raises:
        FilmsError: it is missing, damaged, empty, of another version, or no index.
    """

    def __init__(self, path: str | Path) -> None:
        self._index = Index(path)
        self.path = self._index.path

    def __len__(self) -> int:
        """Number of films."""
        return self._index.films

    @property
    def origins(self) -> tuple[Origin, ...]:
        """The sources it was made from."""
        return self._index.origins

    def close(self) -> None:
        """Closes the file."""
        self._index.close()

    def get(self, film_id: str) -> Film | None:
        """The film of an id, also an IMDb id or "tmdb" and a TMDb number; None: it has none."""
        return self._index.find(film_id)

    def named(self, title: str, year: int) -> Film | None:
        """The only film of exactly this title and year, or of this title and a year beside it;
        None: there is none, or there are several.
        """
        numbers = self._index.titles_named([squeeze(title)])
        films = self._index.read_films({t.film for t in self._index.read_titles(numbers)})
        for distance in (0, 1):
            matches = [f for f in films.values() if f.year and abs(f.year - year) == distance]
            if matches:
                return matches[0] if len(matches) == 1 else None
        return None

    def identify(
        self,
        lettering: Lettering,
        scores: Mapping[str, float] | None = None,
        accept: float | None = None,
    ) -> Identification:
        """Which film a poster is of.

        Args:
            lettering: what is printed on it.
            scores: genre → a model's opinion of the movie, from 0 to 1, as `Prediction.scores`.
            accept: probability from which a film is accepted; None: that of the default promise,
                at which 2 % of posters are accepted whose film is not in the index.

        Raises:
            MissingExtra: rapidfuzz is not installed.
            FilmsError: the index is damaged.
        """
        return self.identify_without(lettering, None, scores, accept)

    def identify_without(
        self,
        lettering: Lettering,
        film_id: str | None,
        scores: Mapping[str, float] | None = None,
        accept: float | None = None,
    ) -> Identification:
        """Like `identify`, as if a film were not in the index; for measuring."""
        ranker = load_ranker()
        absent = None if film_id is None else self._index.number_of(film_id)
        candidates = find_candidates(self._index, lettering, ranker.year(lettering), absent)
        if not candidates.films:
            return Identification()
        bonus = votes_bonus(candidates.films) + people_bonus(candidates.films, lettering)
        if scores:
            weight, rates = float(ranker.opinion), ranker.rates
            bonus = bonus + weight * genre_bonus(candidates.films, scores, rates)
        probabilities = ranker.probabilities(candidates.evidence, bonus)
        least = float(ranker.accept) if accept is None else accept
        return _identification(candidates.films, probabilities, least)

    def search(self, text: str, count: int = 10) -> list[Film]:
        """Films whose titles are most like a text, or begin with it, the likeliest first."""
        plain = squeeze(text)
        if not plain:
            return []
        numbers = self._index.candidates([plain], [1.0], 200).tolist()
        numbers += self._index.titles_named([plain])
        numbers += self._index.titles_that_begin(plain, 100)
        titles = self._index.read_titles(set(numbers))

        def rank(name: str) -> tuple[bool, bool, float]:
            return name == plain, name.startswith(plain), likeness(plain, name)

        titles.sort(key=lambda title: rank(title.squeezed), reverse=True)
        numbers = list(dict.fromkeys(title.film for title in titles))[:count]
        films = self._index.read_films(numbers)
        return [films[number] for number in numbers]


def _identification(
    films: tuple[Film, ...], probabilities: NDArray[np.float64], accept: float
) -> Identification:
    order = np.argsort(-probabilities, kind="stable")[:CANDIDATES]
    candidates = tuple(
        Candidate(films[n].id, films[n].title, films[n].year, round(float(probabilities[n]), 4))
        for n in order.tolist()
    )
    best = candidates[0]
    if best.probability < accept:
        return Identification(probability=best.probability, candidates=candidates)
    return Identification(best.film, best.title, best.year, best.probability, candidates)
