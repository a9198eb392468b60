"""What reviews teach: how far the scores of a decade's films are off, fitted in milliseconds."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from genreel.calibration import BALANCED, logit, map_logistic, sigmoid
from genreel.decade import decade_of

Floats = NDArray[np.float64]

# Precisions of the Gaussian priors of a genre's slope (around 1), of its common offset and of what
# each decade adds to that (around 0), in logits; and the number of films that the model's own
# threshold counts as. Chosen on films of 1970 to 1999 and models that had seen none of them: see
# benchmarks/learning.py. Without new thresholds most of the gain was lost there; a slope for each
# decade and weights on the scores of the other genres gained nothing.
SLOPE_PRECISION = 100.0
COMMON_PRECISION = 3.0
DECADE_PRECISION = 10.0
OWN_THRESHOLD_FILMS = 1.0

FOLDS = 5
MIN_REVIEWS = 10
"""Fewer reviews teach nothing that could be checked."""

UNKNOWN = "unknown"


def decade(year: int | None) -> str:
    """The decade of a year, such as "1950"; "unknown" without a year."""
    return UNKNOWN if year is None else str(decade_of(year))


class Shift(NamedTuple):
    """What was learnt about a genre in a decade.

    Attributes:
        offset, slope: logit(score) = offset + slope · logit(the model's own score).
        threshold: the one of the best F1 among the decade's films, as far as their scores tell.
        trust: how much that counts against the model's own threshold, in [0, 1).
    """

    offset: float
    slope: float
    threshold: float
    trust: float


@dataclass(frozen=True)
class Correction:
    """How the model's scores and thresholds are to be changed.

    Attributes:
        weights: decade → genre → Shift. Decades are apart because styles and archives are: what
            the reviews of one teach would spoil the others. Nothing is changed where nothing was
            reviewed.
    """

    weights: Mapping[str, Mapping[str, Shift]] = field(default_factory=dict)

    def scores(self, raw: Mapping[str, float], year: int | None) -> dict[str, float]:
        """Genre → corrected probability of a film, whose `raw` are the model's own."""
        shifts = self.weights.get(decade(year), {})
        new = {
            genre: float(_shift_scores(np.array(score), shifts[genre].offset, shifts[genre].slope))
            for genre, score in raw.items()
            if genre in shifts
        }
        return {**raw, **new}

    def thresholds(
        self, raw: Mapping[str, float], year: int | None, decide: str = BALANCED
    ) -> dict[str, float]:
        """Genre → corrected threshold of a film, whose `raw` are the model's own.

        What is learnt are thresholds of the best F1, so those of another of
        `calibration.DECISIONS` stay: with corrected scores they mean the same as before.
        """
        shifts = self.weights.get(decade(year), {}) if decide == BALANCED else {}
        new = {
            genre: shift.trust * shift.threshold + (1 - shift.trust) * raw[genre]
            for genre, shift in shifts.items()
            if genre in raw
        }
        return {**raw, **new}

    def to_json(self) -> dict[str, Any]:
        """Itself, as JSON can hold it."""
        return {d: {g: list(s) for g, s in genres.items()} for d, genres in self.weights.items()}

    @classmethod
    def from_json(cls, weights: Mapping[str, Any]) -> Correction:
        """The inverse of `to_json`."""
        return cls(
            {d: {g: Shift(*map(float, s)) for g, s in gs.items()} for d, gs in weights.items()}
        )


@dataclass(frozen=True, slots=True)
class Review:
    """One film that a person decided.

    Attributes:
        year: of release.
        raw: genre → the model's own score, in [0, 1].
        thresholds: genre → the model's own threshold for this film.
        verdicts: genre → whether the film has it.
    """

    year: int | None
    raw: dict[str, float]
    thresholds: dict[str, float]
    verdicts: dict[str, bool]


Raw = Mapping[str, Mapping[str, Sequence[float]]]
"""Decade → genre → the model's own scores of all films there, reviewed or not."""


def learn(reviews: Sequence[Review], raw: Raw) -> Correction:
    """Offsets and thresholds of the decades that were reviewed, genre by genre.

    A genre's scores are calibrated by a logistic regression on the model's logit (Platt 1999)
    with Gaussian priors around what changes nothing: a slope and an offset, and what each decade
    adds to the offset. The thresholds follow from the corrected scores of all films of a decade
    (see `best_threshold`): a genre that is rarer or more frequent there than in the films that the
    model was trained on has another best threshold.
    """
    weights: dict[str, dict[str, Shift]] = {}
    for genre in _genres(reviews):
        relevant = [r for r in reviews if genre in r.verdicts and genre in r.raw]
        decades = [decade(r.year) for r in relevant]
        names = sorted(set(decades))
        z = logit(np.array([r.raw[genre] for r in relevant]))
        y = np.array([r.verdicts[genre] for r in relevant], np.float64)
        member = np.array([[one == name for name in names] for one in decades], np.float64)
        slope, offsets = _fit(z, y, member)
        for name, offset in zip(names, offsets, strict=True):
            scores = np.array(raw.get(name, {}).get(genre, ()), np.float64)
            best = best_threshold(_shift_scores(scores, offset, slope))
            weights.setdefault(name, {})[genre] = Shift(float(offset), slope, *best)
    return Correction(weights)


def best_threshold(scores: Floats) -> tuple[float, float]:
    """The threshold of the best expected F1, and how far it is to be trusted.

    With calibrated scores F1 is expected to be 2 · Σ scores above / (films above + Σ all scores);
    the best choice of films is given by a threshold (Lipton, Elkan & Naryanaswamy 2014). The trust
    grows with the number of films that are expected to have the genre.

    Args:
        scores: of one genre, shape (films,), in [0, 1].
    """
    if not len(scores):
        return 0.5, 0.0
    descending = np.sort(scores)[::-1]
    positives = float(descending.sum())
    f1 = 2 * np.cumsum(descending) / (np.arange(1, len(descending) + 1) + positives)
    return float(descending[f1.argmax()]), positives / (positives + OWN_THRESHOLD_FILMS)


def held_out(
    reviews: Sequence[Review],
    raw: Raw,
    overrides: Mapping[str, float] | None = None,
    decide: str = BALANCED,
) -> dict[str, Any]:
    """How well what is learnt does on reviews that it was not learnt from, five times.

    Args:
        reviews: all of them.
        raw: as `learn` needs it.
        overrides: genre → threshold that a person applied, whatever was learnt.
        decide: of `calibration.DECISIONS`, whose thresholds those of the reviews are.

    Returns:
        reviews: their number. before, after: {"macro_f1", "log_loss"} with nothing learnt, and
        with what was learnt from the other four fifths; None with fewer than MIN_REVIEWS.
    """
    if len(reviews) < MIN_REVIEWS:
        return {"reviews": len(reviews), "before": None, "after": None}
    order = np.random.default_rng(0).permutation(len(reviews))
    corrections = [Correction()] * len(reviews)
    for fold in range(FOLDS):
        fold_rows = order[fold::FOLDS].tolist()
        others = [reviews[i] for i in sorted(set(range(len(reviews))) - set(fold_rows))]
        correction = learn(others, raw)
        for i in fold_rows:
            corrections[i] = correction
    return {
        "reviews": len(reviews),
        "before": measure([Correction()] * len(reviews), reviews, overrides, decide),
        "after": measure(corrections, reviews, overrides, decide),
    }


def lost(figures: Mapping[str, Any]) -> list[str]:
    """What is worse after learning, of `held_out`'s "macro_f1" and "log_loss"; where either is,
    nothing is taken.
    """
    before, after = figures["before"], figures["after"]
    if before is None or after is None:
        return []
    names = []
    if after["macro_f1"] < before["macro_f1"]:
        names.append("macro_f1")
    if after["log_loss"] > before["log_loss"]:
        names.append("log_loss")
    return names


def measure(
    corrections: Sequence[Correction],
    reviews: Sequence[Review],
    overrides: Mapping[str, float] | None = None,
    decide: str = BALANCED,
) -> dict[str, float]:
    """How right films are, each with a correction of its own.

    Returns:
        macro_f1: over genres that a person gave to at least one film. log_loss: mean, in nats.
    """
    cells: dict[str, list[tuple[float, float, bool]]] = {g: [] for g in _genres(reviews)}
    for correction, review in zip(corrections, reviews, strict=True):
        scores = correction.scores(review.raw, review.year)
        thresholds = correction.thresholds(review.thresholds, review.year, decide)
        thresholds |= overrides or {}
        for genre, verdict in review.verdicts.items():
            if genre in scores:
                cells[genre].append((scores[genre], thresholds[genre], verdict))
    f1, losses = [], []
    for of_genre in cells.values():
        p, threshold, right = np.array(of_genre).T
        y, positive, z = right > 0, p >= threshold, logit(p)
        losses.extend((np.logaddexp(0, z) - y * z).tolist())
        if y.any():
            f1.append(2 * float((positive & y).sum()) / float(positive.sum() + y.sum()))
    return {
        "macro_f1": float(np.mean(f1)) if f1 else 0.0,
        "log_loss": float(np.mean(losses)) if losses else 0.0,
    }


def _genres(reviews: Iterable[Review]) -> list[str]:
    return list(dict.fromkeys(g for r in reviews for g in r.verdicts if g in r.raw))


def _fit(z: Floats, y: Floats, member: Floats) -> tuple[float, Floats]:
    """Slope, and offset of each decade.

    Args:
        z: the model's logits, shape (reviews,).
        y: 1 where a person gave the genre, else 0.
        member: one-hot, shape (reviews, decades).
    """
    x = np.c_[z, np.ones(len(z)), member]
    decades = member.shape[1]
    prior = np.r_[1.0, np.zeros(1 + decades)]
    precision = np.r_[SLOPE_PRECISION, COMMON_PRECISION, np.full(decades, DECADE_PRECISION)]
    w = map_logistic(x, y, prior, precision)
    # A slope that is not positive would turn the model's opinion around.
    return max(float(w[0]), 0.05), np.asarray(w[1] + w[2:])


def _shift_scores(scores: Floats, offset: float, slope: float) -> Floats:
    return sigmoid(offset + slope * logit(scores))
