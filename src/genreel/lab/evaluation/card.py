"""The model card: README.md of a bundle, made from its recipe and its metrics."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from genreel.calibration import DECISIONS
from genreel.lab.evaluation.figures import HEADINGS, figure_text
from genreel.lab.recipe import Recipe


def model_card(recipe: Recipe, metrics: Mapping[str, Any]) -> str:
    """Markdown; the parts that `metrics` does not hold yet are left out."""
    head = recipe.head
    movies = metrics["movies"]
    lines = [
        f"# {head.title}",
        "",
        f"Recipe `{head.id}`. Source: {head.source}. Cost: {head.cost}.",
        "",
        f"Made by `{metrics['command']}`" if metrics["command"] else "Made from Python",
        f"in {metrics['training_seconds']:,.0f} s, from {movies['train']:,} movies; thresholds and"
        f" fusion were chosen on {movies['valid']:,} others, figures measured on {movies['test']:,}"
        " more.",
        "",
        f"Largest difference between the graph and the trained model: {metrics['parity']:.1e}.",
        "",
        "Trained on research data: posters belong to their studios, plots to their sources. No",
        "poster or plot is in this bundle. The weights are under Apache-2.0, like genreel.",
        *(f"Training began with the weights of {origin}." for origin in _origins(recipe)),
        *_reused(metrics.get("reused", ())),
        *_senses(recipe),
        "",
    ]
    for part in ("test", "valid"):
        if part in metrics:
            lines += _part(part, metrics[part], recipe)
    return "\n".join(lines) + "\n"


ORIGINS = {
    "all-MiniLM-L6-v2": "all-MiniLM-L6-v2 (Wang et al. 2020; sentence-transformers), Apache-2.0",
    "mobilenetv2_100": "MobileNetV2 (Sandler et al. 2018; ImageNet, timm), Apache-2.0",
    "tf_efficientnet_lite0": "EfficientNet-Lite0 (Tan & Le 2019; ImageNet), Apache-2.0",
}
"""Pretrained network → whose it is, and its licence."""


def _origins(recipe: Recipe) -> list[str]:
    """What the recipe's pretrained networks are called, with their licences."""
    encoders = {s.encoder for _, s in recipe.features.values() if hasattr(s, "encoder")}
    names = sorted(encoders | set(_backbones(tomllib.loads(recipe.text))))
    return [ORIGINS.get(name, f"{name}, whose own licence holds") for name in names]


def _reused(parts: Sequence[str]) -> list[str]:
    """A line for the parts that were not trained anew."""
    names = ", ".join(f"`{part}`" for part in parts)
    return [f"Taken from an earlier bundle as they were, with `--reuse`: {names}."] if parts else []


SENSES = {
    "languages": "Plots in other languages are read with the extra `[languages]`: the encoder is "
    "Google's USE multilingual v3\n(Yang et al. 2020), Apache-2.0, which is not in this bundle.",
    "lettering": "What is printed on a poster is used where it was read (extra `[read]`).",
}
"""What a bundle does where something more is installed, by the kind or input of its features."""


def _senses(recipe: Recipe) -> list[str]:
    """What the recipe's features can do with more."""
    kinds = {kind for kind, _ in recipe.features.values()}
    inputs = {getattr(settings, "input", "") for _, settings in recipe.features.values()}
    has = {"languages": "sentences" in kinds, "lettering": "lettering" in inputs}
    return [SENSES[name] for name, is_there in has.items() if is_there]


def _backbones(table: Mapping[str, Any]) -> Iterator[str]:
    """Names of the backbones with published weights, in a table and in those inside it."""
    name = table.get("backbone") or (table.get("kind") == "backbone" and table.get("name"))
    if name and table.get("weights", "imagenet") == "imagenet":
        yield str(name)
    for value in table.values():
        if isinstance(value, Mapping):
            yield from _backbones(value)


def _part(part: str, cases: Mapping[str, Any], recipe: Recipe) -> list[str]:
    lines = [
        f"## Figures on the {part} part",
        "",
        f"{len(recipe.vocabulary)} genres, known cells only. Thresholds were chosen on valid.",
        "In brackets: 95 % bootstrap intervals. Calibration error: the mean over genres.",
        "",
        "| inputs | shown | movies | unanswered | " + " | ".join(HEADINGS.values()) + " |",
        "|---|---|---|---|" + "---|" * len(HEADINGS),
    ]
    for case, figures in cases.items():
        cells = [case, " + ".join(figures["shown"]), figures["movies"], figures["unanswered"]]
        ends = figures.get("intervals", {})
        cells += [_with_ends(figures.get(column), ends.get(column)) for column in HEADINGS]
        lines.append("| " + " | ".join(map(str, cells)) + " |")
    lines += _decisions(cases)
    if part == "test":
        lines += ["", "By genre: positives, then ROC AUC / average precision of each case.", ""]
        lines += ["| genre | " + " | ".join(cases) + " |", "|---|" + "---|" * len(cases)]
        for genre in recipe.vocabulary.genres:
            row = [f"{genre}"]
            for figures in cases.values():
                by = figures["genres"][genre]
                row.append(
                    f"{by['positive']}: {figure_text(by['roc_auc'])} / "
                    f"{figure_text(by['average_precision'])}"
                )
            lines.append("| " + " | ".join(row) + " |")
    return [*lines, ""]


def _decisions(cases: Mapping[str, Any]) -> list[str]:
    """What every decision gives, of the cases where that was measured."""
    rows = [
        " | ".join([case, *(" / ".join(map(figure_text, one.values())) for one in by.values())])
        for case, figures in cases.items()
        if (by := figures.get("by_decision"))
    ]
    if not rows:
        return []
    return [
        "",
        "By decision: the share of its tags that is right, of all genres that is found, and of",
        "movies that get one.",
        "",
        "| inputs | " + " | ".join(DECISIONS) + " |",
        "|---|" + "---|" * len(DECISIONS),
        *(f"| {row} |" for row in rows),
    ]


def _with_ends(value: float | None, ends: Sequence[float] | None) -> str:
    return f"{figure_text(value)} ({ends[0]:.3f}–{ends[1]:.3f})" if ends else figure_text(value)
