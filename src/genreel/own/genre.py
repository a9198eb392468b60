"""A genre of one's own, and when it may speak."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from genreel.calibration import sigmoid
from genreel.own.learning import Linear
from genreel.own.traits import Traits
from genreel.thresholds import promised_threshold

BAR = 0.5
"""A genre is given from this score on, or from a higher one if more than this share of the examples
that reach only that one have it, with 95 % confidence: it is to be right more often than wrong.
Where no score is that good, it is silent: it is only suggested, and a person decides.
"""

LEAST_AUC = 0.65
"""And of as many pairs of examples, one of each kind, it must tell which is which: chance finds
some score from which a few examples are right.
"""

LEAST = 5
"""Examples of either kind before it may speak. Of fewer than five yes, all of them right, one
cannot know with 95 % confidence that most are.
"""


@dataclass(frozen=True)
class Figure:
    """How well a genre is told: each example judged by what the other examples teach.

    Attributes:
        yes, no: examples.
        auc: chance that one which has the genre scores higher than one which has not; None: fewer
            than two of a kind.
        positives: examples that reach the threshold; 0 where there is none.
        right: those of them that have the genre.
    """

    yes: int = 0
    no: int = 0
    auc: float | None = None
    positives: int = 0
    right: int = 0


@dataclass(frozen=True)
class OwnGenre:
    """A genre of one's own.

    Attributes:
        name: as a person reads it.
        description: what such a movie is about, in a few sentences; may be empty.
        parent: a genre that every such movie has, too; empty: none.
        linear: what was learnt; None: nothing yet.
        threshold: score in [0, 1] from which it is given; None: it is silent.
        figure: how well it is told.
    """

    name: str
    description: str = ""
    parent: str = ""
    linear: Linear | None = None
    threshold: float | None = None
    figure: Figure = field(default_factory=Figure)

    def scores(self, traits: Traits) -> NDArray[np.float64]:
        """Scores in [0, 1] of movies, shape (n,), higher where the genre is likelier."""
        if self.linear is None:
            raise ValueError(f"{self.name} has learnt nothing")
        return sigmoid(self.linear(traits))

    @property
    def texts(self) -> list[str]:
        """What the sentence encoder reads of it."""
        return texts_of(self.name, self.description)

    def what_it_is_worth(self) -> str:
        """Its figure, in words; why it is only suggested, and what would change that."""
        if self.threshold is None:
            return self.why_silent()
        one = self.figure
        if not one.positives:
            return (
                f"given from a score of {self.threshold:.2f} on, which none of its {one.yes:,} "
                "examples reaches yet; answer those suggested"
            )
        return (
            f"of {one.positives:,} examples that it would be given, {one.right:,} have it, "
            f"of {one.yes:,} in all"
        )

    def why_silent(self) -> str:
        """Why it is only suggested, and what would change that; empty where it speaks."""
        if self.threshold is not None:
            return ""
        yes, no = max(0, LEAST - self.figure.yes), max(0, LEAST - self.figure.no)
        if yes or no:
            wishes = " and ".join(f"{n} more {what}" for n, what in ((yes, "yes"), (no, "no")) if n)
            return f"only suggested so far: it needs {wishes}"
        return (
            "only suggested so far: from no score on are its examples surely more often right than "
            "wrong; answer those suggested"
        )


def texts_of(name: str, description: str) -> list[str]:
    """What the sentence encoder reads of a genre: its name in two sentences, and its description
    twice, so that each counts alike.
    """
    sentences = [f"{name} film", f"A {name} movie."]
    return [*sentences, description, description] if description.strip() else sentences


def judge(scores: NDArray[np.float64], labels: NDArray[np.bool_]) -> tuple[float | None, Figure]:
    """The threshold of a genre, and its figure.

    Args:
        scores: cross-validated, in [0, 1], shape (n,); NaN where there are too few examples.
        labels: what a person said, shape (n,).
    """
    yes, no = int(labels.sum()), int((~labels).sum())
    if not len(scores) or np.isnan(scores).any():
        return None, Figure(yes, no)
    auc = _auc(scores, labels)
    is_able = min(yes, no) >= LEAST and auc >= LEAST_AUC
    lowest = promised_threshold(labels, scores, BAR) if is_able else None
    if lowest is None:
        return None, Figure(yes, no, auc)
    threshold = max(BAR, lowest)
    is_given = scores >= threshold
    return threshold, Figure(yes, no, auc, int(is_given.sum()), int((is_given & labels).sum()))


def _auc(scores: NDArray[np.float64], labels: NDArray[np.bool_]) -> float:
    """Area under the ROC curve: pairs in the right order, equal scores counting half."""
    difference = scores[labels][:, None] - scores[~labels][None]
    return float((difference > 0).mean() + (difference == 0).mean() / 2)
