"""What reviews teach: a new last layer for the films of a decade, fitted in milliseconds."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

# Precision of the Gaussian priors of a genre's offset (around 0) and slope (around 1), in logits:
# a handful of reviews moves an offset, a slope needs dozens. Chosen on films from before 1970 and
# a model that had seen none from before 1980.
OFFSET_PRECISION = 1.0
SLOPE_PRECISION = 10.0

FOLDS = 5
MIN_REVIEWS = 10
"""Fewer reviews teach nothing that could be checked."""

UNKNOWN = "unknown"


def decade(year: int | None) -> str:
    """The decade of a year, such as "1950"; "unknown" without a year."""
    return UNKNOWN if year is None else str(year // 10 * 10)


@dataclass(frozen=True)
class Correction:
    """How the model's scores are to be changed.

    Attributes:
        weights: decade → genre → (offset, slope): logit(score) = offset + slope · logit(raw).
            Decades are apart because styles and archives are: what the reviews of one teach would
            spoil the others. Nothing is changed where nothing was learnt.
    """

    weights: Mapping[str, Mapping[str, tuple[float, float]]] = field(default_factory=dict)

    def apply(self, raw: Mapping[str, float], year: int | None) -> dict[str, float]:
        """Corrected probabilities of a film, genre by genre."""
        weights = self.weights.get(decade(year), {})
        scores = dict(raw)
        for genre, (offset, slope) in weights.items():
            if genre in scores:
                z = offset + slope * _logit(np.float64(scores[genre]))
                scores[genre] = float(_sigmoid(z))
        return scores

    def to_json(self) -> dict[str, Any]:
        """Itself, as JSON can hold it."""
        return {d: {g: list(w) for g, w in genres.items()} for d, genres in self.weights.items()}

    @classmethod
    def from_json(cls, weights: Mapping[str, Any]) -> Correction:
        """The inverse of `to_json`."""
        return cls({d: {g: (w[0], w[1]) for g, w in gs.items()} for d, gs in weights.items()})


@dataclass(frozen=True, slots=True)
class Review:
    """One film that a person decided.

    Attributes:
        year: of release.
        raw: genre → the model's own score, in [0, 1].
        verdicts: genre → whether the film has it.
        thresholds: genre → the score from which the model assigns it to this film.
    """

    year: int | None
    raw: dict[str, float]
    verdicts: dict[str, bool]
    thresholds: dict[str, float]


def learn(reviews: Sequence[Review]) -> Correction:
    """Fits a logistic regression per decade and genre on the model's logit.

    It is Platt's scaling (1999) with Gaussian priors around what changes nothing.
    """
    by_decade: dict[str, list[Review]] = {}
    for review in reviews:
        by_decade.setdefault(decade(review.year), []).append(review)
    return Correction(
        {
            name: {genre: _fit(group, genre) for genre in _genres(group)}
            for name, group in by_decade.items()
        }
    )


def held_out(reviews: Sequence[Review]) -> dict[str, Any]:
    """How well what is learnt does on reviews that it was not learnt from, five times.

    Returns:
        reviews: their number. before, after: {"macro_f1", "log_loss"} of the model's own scores,
        and of corrected ones on the fifth that was left out; None with fewer than MIN_REVIEWS.
    """
    if len(reviews) < MIN_REVIEWS:
        return {"reviews": len(reviews), "before": None, "after": None}
    order = np.random.default_rng(0).permutation(len(reviews))
    after: list[Mapping[str, float]] = [{}] * len(reviews)
    for fold in range(FOLDS):
        left = set(order[fold::FOLDS].tolist())
        correction = learn([review for i, review in enumerate(reviews) if i not in left])
        for i in left:
            after[i] = correction.apply(reviews[i].raw, reviews[i].year)
    return {
        "reviews": len(reviews),
        "before": measure([review.raw for review in reviews], reviews),
        "after": measure(after, reviews),
    }


def measure(scores: Sequence[Mapping[str, float]], reviews: Sequence[Review]) -> dict[str, float]:
    """Macro F1, over genres that a person gave to at least one film, and mean log loss."""
    f1, losses = [], []
    for genre in _genres(reviews):
        cells = [
            (film[genre], review.verdicts[genre], review.thresholds[genre])
            for film, review in zip(scores, reviews, strict=True)
            if genre in film and genre in review.verdicts
        ]
        p, right, thresholds = np.array(cells).T
        y, chosen = right > 0, p >= thresholds
        z = _logit(p)
        losses.extend((np.logaddexp(0, z) - y * z).tolist())
        if y.any():
            f1.append(2 * float((chosen & y).sum()) / float(chosen.sum() + y.sum()))
    return {
        "macro_f1": float(np.mean(f1)) if f1 else 0.0,
        "log_loss": float(np.mean(losses)) if losses else 0.0,
    }


def _genres(reviews: Iterable[Review]) -> list[str]:
    return list(dict.fromkeys(g for r in reviews for g in r.verdicts if g in r.raw))


def _fit(reviews: Sequence[Review], genre: str) -> tuple[float, float]:
    """Offset and slope by Newton's method, with steps halved until they help."""
    known = [r for r in reviews if genre in r.verdicts and genre in r.raw]
    z = _logit(np.array([r.raw[genre] for r in known]))
    y = np.array([r.verdicts[genre] for r in known], np.float64)
    x = np.stack([np.ones_like(z), z], axis=1)
    prior, precision = np.array([0.0, 1.0]), np.array([OFFSET_PRECISION, SLOPE_PRECISION])

    def cost(w: Floats) -> float:
        logits = x @ w
        likelihood = (np.logaddexp(0, logits) - y * logits).sum()
        return float(likelihood + 0.5 * (precision * (w - prior) ** 2).sum())

    w = prior
    for _ in range(50):
        p = _sigmoid(x @ w)
        gradient = x.T @ (p - y) + precision * (w - prior)
        curvature = (x * (p * (1 - p))[:, None]).T @ x + np.diag(precision)
        step = np.linalg.solve(curvature, gradient)
        while cost(w - step) > cost(w) and np.abs(step).max() > 1e-9:
            step = step / 2
        w = w - step
        if np.abs(step).max() < 1e-6:
            break
    # A slope that is not positive would turn the model's opinion around.
    return float(w[0]), float(max(w[1], 0.05))


def _logit(p: Any) -> Any:
    p = np.clip(p, 1e-6, 1 - 1e-6)
    return np.log(p / (1 - p))


def _sigmoid(z: Any) -> Any:
    return 1 / (1 + np.exp(-np.clip(z, -30, 30)))
