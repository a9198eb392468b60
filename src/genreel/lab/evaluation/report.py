"""One page that shows how good a bundle is, and metrics.json beside it."""

from __future__ import annotations

import base64
import io
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from genreel.cases import BOTH
from genreel.catalogue import Catalogue, Movie
from genreel.errors import CatalogueError, InputError
from genreel.files import write_whole
from genreel.formats.names import Names
from genreel.lab.evaluation import charts, tables
from genreel.lab.evaluation.evaluate import Outcome, outcomes
from genreel.lab.evaluation.mistakes import Cell, doubtful_labels, surest_mistakes
from genreel.lab.evaluation.pages.render import render
from genreel.lab.evaluation.unseen import leave_out_seen
from genreel.lab.splits import most_common, names_outside, unknown_names
from genreel.posters import open_poster
from genreel.predictor import Predictor
from genreel.progress import say
from genreel.why import Why

MISTAKES = 12
"""How many movies the page shows of each kind of mistake."""

DOUBTS = 60
"""How many doubtful labels the page lists."""

_THUMBNAIL = (180, 270)  # pixels


def write_report(
    predictor: Predictor,
    movies: Sequence[Movie],
    catalogue: Catalogue,
    out: Path,
    against: tuple[str, Predictor] | None = None,
    include_trained: bool = False,
    names: Names | None = None,
) -> dict[str, Any]:
    """Measures a bundle and writes metrics.json and report.html.

    Movies that a bundle was trained or tuned on, as far as it knows, are left out, and counted on
    stderr, in metrics.json and on the page.

    Genres that the bundle does not know, or that have one class only, are reported on stderr.

    Args:
        predictor: the bundle.
        movies: those to measure on; the ones without genres are left out.
        catalogue: where they come from, for the page and for errors.
        out: a folder that exists.
        against: name of another bundle, and the bundle, to compare with genre by genre.
        include_trained: measure those that it was trained on, too; the page says so.
        names: what genres are called on the page; metrics.json has genreel's names.

    Returns:
        The metrics: case → `Outcome.figures`, and how many movies were `left_out` and how many
        it was `trained_on` (None: it cannot tell).

    Raises:
        CatalogueError: no movie has genres that the bundle knows, or it was trained on all.
    """
    bundles = [predictor.bundle, *([against[1].bundle] if against else [])]
    labelled_movies = [movie for movie in movies if movie.genres]
    measured = leave_out_seen(bundles, labelled_movies, str(catalogue.path), include_trained)
    labelled_movies = list(measured.movies)
    answers = outcomes(predictor, labelled_movies)
    if not any(outcome.known.any() for outcome in answers.values()):
        raise CatalogueError(
            f"{catalogue.path}: no movie has genres to compare with; the bundle knows "
            f"{', '.join(predictor.genres)}"
        )
    counts = {"left_out": measured.left_out, "trained_on": measured.trained_on}
    metrics = {case: outcome.figures() | counts for case, outcome in answers.items()}
    _warn_of_genres(predictor, movies, metrics)
    write_whole(out / "metrics.json", json.dumps(metrics, indent=1).encode())
    bundle = predictor.bundle
    decisions = bundle.metrics.get("decisions", {})
    main = _main_case(answers)
    sentence = measured.sentence(metrics[main]["movies"], catalogue.path.name)
    history = bundle.metrics.get("history", {})
    about = {"title": bundle.name, "measured": sentence, "decisions": decisions, "history": history}
    other = (against[0], outcomes(against[1], labelled_movies)) if against else None
    label = names.label if names else str
    page = report(predictor, answers, metrics, about, other, label)
    write_whole(out / "report.html", page.encode())
    return metrics


def _warn_of_genres(
    predictor: Predictor, movies: Sequence[Movie], metrics: Mapping[str, Any]
) -> None:
    if unknown := unknown_names(movies):
        say(f"unknown genres {most_common(unknown)} are left out; train --genres learns them")
    if strange := names_outside(movies, predictor.genres):
        say(f"the bundle does not know {most_common(strange)}: these genres are left out")
    first = next(iter(metrics.values()))
    one_class = [g for g, row in first["genres"].items() if row["roc_auc"] is None]
    if one_class:
        say(f"movies with and without {', '.join(one_class)} are not both there: no ROC AUC")


def report(
    predictor: Predictor,
    answers: Mapping[str, Outcome],
    metrics: Mapping[str, Any],
    about: Mapping[str, Any],
    other: tuple[str, Mapping[str, Outcome]] | None = None,
    label: Callable[[str], str] = str,
) -> str:
    """The page as HTML.

    Args:
        predictor: the bundle, asked why it made its surest mistakes.
        answers: case → what it answered (`evaluate.outcomes`), at least one.
        metrics: case → `Outcome.figures`.
        about: `title`, `measured` (its first sentence), `decisions` (see `rules.Choice.others`)
            and `history` (see `fitting.fitting_record`); the last two may be empty.
        other: name of a bundle to compare with, and what it answered.
        label: what a genre is called.
    """
    main = _main_case(answers)
    outcome = answers[main]
    drawn = {
        case: replace(answer, genres=tuple(map(label, answer.genres)))
        for case, answer in answers.items()
    }
    false, missing = (surest_mistakes(outcome, MISTAKES, label) for label in (False, True))
    values: dict[str, Any] = {
        "about": about,
        "label": label,
        "main": main,
        "metrics": metrics,
        "colours": charts.COLOURS,
        "cases": {case: charts.COLOURS[case] for case in charts.distinct(answers)},
        "headline": charts.headline(metrics),
        "genres": tables.genre_rows(metrics, main),
        "curves": charts.curves(drawn),
        "reliability": charts.reliability(answers),
        "learning": charts.learning(about["history"]),
        "learning_colours": charts.LEARNING_COLOURS,
        "together": charts.mix_ups(drawn[main]),
        "decades": charts.decades(answers),
        "rules": tables.decision_rows(answers, about["decisions"]),
        "false_positives": [_card(predictor, cell, label) for cell in false],
        "false_negatives": [_card(predictor, cell, label) for cell in missing],
        "doubts": doubtful_labels(outcome, DOUBTS),
        "other": "",
        "pairs": [],
    }
    if other and main in other[1]:
        values |= {"other": other[0], "pairs": tables.pair_rows(outcome, other[1][main])}
    return render("report.html", values)


def _main_case(answers: Mapping[str, Outcome]) -> str:
    """The case whose figures the page shows genre by genre."""
    return BOTH.name if BOTH.name in answers else next(iter(answers))


def _card(predictor: Predictor, cell: Cell, label: Callable[[str], str]) -> dict[str, Any]:
    """A movie that the model got wrong, and what in it spoke for the genre."""
    why = predictor.explain(cell.movie, [cell.genre])[cell.genre]
    labels, _ = predictor.bundle.vocabulary.encode([cell.movie.genres])
    return {
        "cell": cell,
        "labels": [
            label(genre)
            for genre, is_one in zip(predictor.genres, labels[0], strict=True)
            if is_one
        ],
        "poster": _thumbnail(cell.movie),
        "areas": why["areas"],
        "heaviest": max((area.weight for area in why["areas"]), default=1.0),
        "plot": _plot_pieces(cell.movie.plot, why),
    }


def _plot_pieces(plot: str, why: Why) -> list[tuple[str, float]]:
    """The plot in pieces, each with its share of the heaviest word's weight."""
    heaviest = max((word.weight for word in why["words"]), default=1.0)
    pieces, end = [], 0
    for word in sorted(why["words"], key=lambda word: word.start):
        pieces += [
            (plot[end : word.start], 0.0),
            (plot[word.start : word.end], word.weight / heaviest),
        ]
        end = word.end
    return [*pieces, (plot[end:], 0.0)]


def _thumbnail(movie: Movie) -> str:
    """A small JPEG as a data URL, "" without a poster that can be opened."""
    try:
        image = open_poster(movie.poster, _THUMBNAIL) if movie.poster is not None else None
    except InputError:
        image = None
    if image is None:
        return ""
    image.thumbnail(_THUMBNAIL)
    file = io.BytesIO()
    image.save(file, "JPEG", quality=80, optimize=True)
    return "data:image/jpeg;base64," + base64.b64encode(file.getvalue()).decode()
