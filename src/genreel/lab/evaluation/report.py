"""One page that shows how good a bundle is; it needs no network and no other file."""

from __future__ import annotations

import base64
import io
import json
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup
from sklearn.metrics import precision_recall_curve

import genreel
from genreel.cases import AS_GIVEN, BOTH, PLOT, POSTER
from genreel.catalogue import Catalogue, Movie
from genreel.errors import CatalogueError, InputError
from genreel.files import write_whole
from genreel.lab.evaluation import plots
from genreel.lab.evaluation.eras import by_decade
from genreel.lab.evaluation.evaluate import Outcome, outcomes
from genreel.lab.evaluation.metrics import (
    CALIBRATION_BINS,
    average_precision,
    calibration_bin,
    precision_recall_f1,
)
from genreel.lab.evaluation.mistakes import Cell, doubtful_labels, surest_mistakes
from genreel.posters import open_poster
from genreel.predictor import Predictor
from genreel.progress import say
from genreel.thresholds import top_k
from genreel.why import Why

COLOURS = {
    AS_GIVEN.name: "var(--all)",
    BOTH.name: "var(--both)",
    PLOT.name: "var(--plot)",
    POSTER.name: "var(--poster)",
}
"""Case → the CSS colour of its lines."""

MISTAKES = 12  # films shown of each kind
DOUBTS = 60  # label rows
_POINTS = 60  # of a curve
_THUMBNAIL = (180, 270)  # pixels


def write_report(
    predictor: Predictor,
    movies: Sequence[Movie],
    catalogue: Catalogue,
    out: Path,
    against: tuple[str, Predictor] | None = None,
) -> dict[str, Any]:
    """Measures a bundle and writes metrics.json and report.html.

    Genres that the bundle does not know, or that have one class only, are said on stderr.
    Another bundle, `against` under some name, is set beside it genre by genre.

    Returns:
        The metrics: case → `Outcome.figures`.

    Raises:
        CatalogueError: no movie has genres that the bundle knows.
    """
    told = [movie for movie in movies if movie.genres]
    found = outcomes(predictor, told)
    if not any(outcome.known.any() for outcome in found.values()):
        raise CatalogueError(
            f"{catalogue.path}: no movie has genres to compare with; the bundle knows "
            f"{', '.join(predictor.genres)}"
        )
    metrics = {case: outcome.figures() for case, outcome in found.items()}
    _say_what_is_odd(predictor, told, metrics)
    write_whole(out / "metrics.json", json.dumps(metrics, indent=1).encode())
    bundle = predictor.bundle
    decisions = bundle.metrics.get("decisions", {})
    about = {"title": bundle.name, "catalogue": catalogue.path.name, "decisions": decisions}
    other = (against[0], outcomes(against[1], told)) if against else None
    write_whole(out / "report.html", report(predictor, found, metrics, about, other).encode())
    return metrics


def _say_what_is_odd(
    predictor: Predictor, movies: Sequence[Movie], metrics: Mapping[str, Any]
) -> None:
    named = {genre for movie in movies for names in movie.genres.values() for genre in names}
    strange = sorted(named - set(predictor.genres))
    if strange:
        say(f"the bundle does not know {', '.join(strange)}: these genres are left out")
    first = next(iter(metrics.values()))
    one_class = [g for g, row in first["genres"].items() if row["roc_auc"] is None]
    if one_class:
        say(f"films with and without {', '.join(one_class)} are not both there: no ROC AUC")


def report(
    predictor: Predictor,
    found: Mapping[str, Outcome],
    metrics: Mapping[str, Any],
    about: Mapping[str, Any],
    other: tuple[str, Mapping[str, Outcome]] | None = None,
) -> str:
    """The page as HTML.

    Args:
        predictor: the bundle, asked why it made its surest mistakes.
        found: case → what it answered (`evaluate.outcomes`), at least one.
        metrics: case → `Outcome.figures`.
        about: `title`, `catalogue`, and `decisions` (see `rules.Choice.others`, may be empty).
        other: name of a bundle to compare with, and what it answered.
    """
    main = BOTH.name if BOTH.name in found else next(iter(found))
    outcome = found[main]
    tell = partial(_card, predictor)
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["figure"] = _figure
    page: str = environment.get_template("report.html").render(
        about=about,
        version=genreel.__version__,
        style=Markup(plots.STYLE),  # noqa: S704 - our own text
        main=main,
        metrics=metrics,
        colours=COLOURS,
        key=list(_distinct(found)),
        headline=_drawn(_headline(metrics)),
        genres=_genre_rows(metrics, main),
        curves=[_drawn(plot) for plot in _curves(found)],
        reliability=[_drawn(plot) for plot in _reliability(found)],
        together=_drawn(_together(outcome)),
        decades=_drawn(_decades(found)),
        rules=_rules(found, about["decisions"]),
        said=[tell(cell) for cell in surest_mistakes(outcome, MISTAKES, label=False)],
        missed=[tell(cell) for cell in surest_mistakes(outcome, MISTAKES, label=True)],
        doubts=doubtful_labels(outcome, DOUBTS),
        other=other[0] if other and main in other[1] else "",
        pairs=_pairs(outcome, other[1][main]) if other and main in other[1] else [],
    )
    return page


def _drawn(plot: str) -> Markup:
    return Markup(plot)  # noqa: S704 - `plots` escapes every word it is given


def _figure(value: float | None, places: int = 3) -> str:
    return "—" if value is None else f"{value:.{places}f}"


def _whisker(name: str, figures: Mapping[str, Any], key: str, **more: str) -> plots.Whisker:
    value = figures[key]
    low, high = figures["intervals"].get(key, (value, value))
    return plots.Whisker(name, value, low, high, **more)


def _headline(metrics: Mapping[str, Any]) -> str:
    rows = [
        _whisker(case, figures, "macro_roc_auc", colour=COLOURS[case])
        for case, figures in metrics.items()
        if figures["macro_roc_auc"] is not None
    ]
    low = min([0.7, *(np.floor(row.low * 10) / 10 for row in rows)])
    return plots.whiskers(rows, low, 1.0, "Macro ROC AUC by input case")


def _genre_rows(metrics: Mapping[str, Any], main: str) -> list[dict[str, Any]]:
    """A row a genre, the most frequent first."""
    rows = []
    for genre, figures in metrics[main]["genres"].items():
        low, high = figures["intervals"].get("roc_auc", (None, None))
        single = {
            case: metrics[case]["genres"][genre]["roc_auc"]
            for case in (PLOT.name, POSTER.name)
            if case in metrics
        }
        rows.append({"genre": genre, **figures, "low": low, "high": high, "single": single})
    return sorted(rows, key=lambda row: -row["positive"])


def _pairs(outcome: Outcome, other: Outcome) -> list[dict[str, Any]]:
    """Figures of two bundles, (other's, ours), a row a genre of both, the most frequent first.

    Over the films that both answered; None where undefined.
    """
    answered = {movie.id: i for i, movie in enumerate(other.movies)}
    at = [i for i, movie in enumerate(outcome.movies) if movie.id in answered]
    ours = outcome.take(np.array(at, np.int64))
    theirs = other.take(np.array([answered[movie.id] for movie in ours.movies], np.int64))
    sides = []
    for side in (theirs, ours):
        arrays = side.labels, side.known
        chosen = precision_recall_f1(*arrays, side.decisions)
        half = precision_recall_f1(*arrays, side.scores >= 0.5)
        columns = (average_precision(*arrays, side.scores), *half[1:], *chosen)
        sides.append(dict(zip(side.genres, np.stack(columns, axis=1), strict=True)))
    return [
        {
            "genre": ours.genres[g],
            "films": int(ours.labels[ours.known[:, g], g].sum()),
            "figures": [
                tuple(None if np.isnan(value) else float(value) for value in pair)
                for pair in zip(*(side[ours.genres[g]] for side in sides), strict=True)
            ],
        }
        for g in _by_frequency(ours)
        if ours.genres[g] in sides[0]
    ]


def _by_frequency(outcome: Outcome) -> list[int]:
    """Genres that have both classes, the most frequent first."""
    positive = ((outcome.labels > 0) & outcome.known).sum(axis=0)
    both = (positive > 0) & (positive < outcome.known.sum(axis=0))
    return [int(g) for g in np.argsort(-positive, kind="stable") if both[g]]


def _distinct(cases: Mapping[str, Outcome]) -> Mapping[str, Outcome]:
    """The cases that differ in what the model sees; all of them where there is no other."""
    return {name: o for name, o in cases.items() if name != AS_GIVEN.name} or cases


def _curves(cases: Mapping[str, Outcome]) -> list[str]:
    """Precision over recall, a panel a genre, a line an input case."""
    first = next(iter(cases.values()))
    shown = _distinct(cases)
    panels = []
    for g in _by_frequency(first):
        lines = {}
        for case, found in shown.items():
            use = found.known[:, g]
            if not found.labels[use, g].sum() > 0:
                continue
            precision, recall, _ = precision_recall_curve(
                found.labels[use, g], found.scores[use, g]
            )
            # Evenly along recall, which falls: rare genres have few points where they matter.
            wanted = np.linspace(1, 0, _POINTS)
            at = np.unique(len(recall) - np.searchsorted(recall[::-1], wanted, side="right"))
            at = at[at < len(recall)]
            lines[COLOURS[case]] = list(zip(recall[at], precision[at], strict=True))
        note = f"{int(first.labels[first.known[:, g], g].sum()):,}"
        panels.append(plots.panel(first.genres[g], note, lines, ("recall", "precision"), False))
    return panels


def _reliability(cases: Mapping[str, Outcome]) -> list[str]:
    """Share of films that have a genre over the score they were given, all genres together."""
    panels = []
    for case, found in cases.items():
        bins = calibration_bin(found.scores)[found.known]
        labels, scores = found.labels[found.known], found.scores[found.known]
        counts = np.bincount(bins, minlength=CALIBRATION_BINS)
        use = counts >= 20
        means = (
            np.bincount(bins, v, CALIBRATION_BINS)[use] / counts[use] for v in (scores, labels)
        )
        points = list(zip(*means, strict=True))
        lines = {COLOURS[case]: points}
        panels.append(plots.panel(case, "", lines, ("score", "share of films"), True))
    return panels


def _together(outcome: Outcome) -> str:
    """Of the films labelled with the genre of a row, the share that the model assigns each."""
    true = ((outcome.labels > 0) & outcome.known).astype(float)
    order = _by_frequency(outcome)
    shares = true.T @ outcome.decisions / np.maximum(true.sum(axis=0), 1)[:, None]
    names = [outcome.genres[g] for g in order]
    cells = [[float(shares[r, c]) for c in order] for r in order]
    return plots.heatmap(names, names, cells, "Genres assigned to the films of each genre")


def _decades(cases: Mapping[str, Outcome]) -> str:
    groups: dict[str, tuple[int, dict[str, plots.Whisker]]] = {}
    years = {
        movie.id: movie.year for found in cases.values() for movie in found.movies if movie.year
    }
    for case, found in _distinct(cases).items():
        # A case may hide the year from the model; the film still has one.
        dated = [Movie(movie.id, year=years.get(movie.id)) for movie in found.movies]
        for name, figures in by_decade(found, dated).items():
            if figures["macro_roc_auc"] is not None:
                groups.setdefault(name, (figures["movies"], {}))[1][case] = _whisker(
                    case, figures, "macro_roc_auc", colour=COLOURS[case]
                )
    rows = [(name, films, row) for name, (films, row) in groups.items()]
    return plots.columns_of(rows, 0.5, 1.0, "Macro ROC AUC by decade") if rows else ""


def _rules(cases: Mapping[str, Outcome], decisions: Mapping[str, Any]) -> list[dict[str, Any]]:
    """What other ways to decide would give: all were chosen on validation movies."""
    rows = []
    for case, found in cases.items():
        ways = {"0.5 for every genre": found.scores >= 0.5, "by genre (in use)": found.decisions}
        if case in decisions:
            chosen = decisions[case]
            ways[f"one for all, {chosen['global']:.2f}"] = found.scores >= chosen["global"]
            ways[f"the {chosen['top_k']} highest"] = top_k(found.scores, chosen["top_k"])
            for promise, limits in chosen["promise"].items():
                limit = [2.0 if (t := limits[g]) is None else t for g in found.genres]
                ways[f"promise: {float(promise):.0%} right"] = found.scores >= np.array(limit)
        for way, decided in ways.items():
            arrays = found.labels, found.known, decided
            precision, recall, f1 = (float(x) for x in precision_recall_f1(*arrays, axis=None))
            positive = ((found.labels > 0) & found.known).any(axis=0)
            macro = precision_recall_f1(*arrays)[2][positive]
            rows.append(
                {
                    "case": case,
                    "way": way,
                    "macro_f1": float(macro.mean()) if len(macro) else None,
                    "micro_f1": f1,
                    "precision": precision if (decided & found.known).any() else None,
                    "covered": recall,
                    "films": float((decided & found.known).any(axis=1).mean())
                    if len(decided)
                    else None,
                }
            )
    return rows


def _card(predictor: Predictor, cell: Cell) -> dict[str, Any]:
    """A film that the model got wrong, and why it spoke for the genre."""
    why = predictor.explain(cell.movie, [cell.genre])[cell.genre]
    labels, _ = predictor.bundle.vocabulary.encode([cell.movie.genres])
    return {
        "cell": cell,
        "labels": [
            genre for genre, label in zip(predictor.genres, labels[0], strict=True) if label
        ],
        "poster": _thumbnail(cell.movie),
        "areas": why["areas"],
        "heaviest": max((area.weight for area in why["areas"]), default=1.0),
        "plot": _marked(cell.movie.plot, why),
    }


def _marked(plot: str, why: Why) -> list[tuple[str, float]]:
    """The plot in pieces, each with its share of the heaviest word's weight."""
    heaviest = max((word.weight for word in why["words"]), default=1.0)
    pieces, at = [], 0
    for word in sorted(why["words"], key=lambda word: word.start):
        pieces += [
            (plot[at : word.start], 0.0),
            (plot[word.start : word.end], word.weight / heaviest),
        ]
        at = word.end
    return [*pieces, (plot[at:], 0.0)]


def _thumbnail(movie: Movie) -> str:
    """A small JPEG as a data URL, "" where there is no poster."""
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
