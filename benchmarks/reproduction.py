"""Writes docs/reproduction.md and docs/stand-ins.md from the tables of results/."""

from __future__ import annotations

import csv
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from genreel.lab.evaluation.reported import MEASURES, theirs
from genreel.lab.recipe import Head, recipe_files, recipe_heads

DOCS = Path(__file__).parents[1] / "docs"
SOURCES = (
    "Castelblanco & Solano 2018",
    "Solano 2019",
    "Gómez & Castillo",
    "Zhang, Dong, Liu & Zhou",
    "the vintage-poster dealer",
)
TABLES = ("plots", "posters", "large", "two-genres")

HEAD = (
    "# Reproduction",
    "",
    "What each source printed, and what genreel measured by the same measure: at the source's "
    "threshold, by its accuracy. `python benchmarks/reproduce.py page` writes this page from "
    "[the tables](../benchmarks/results/), which also say seeds, machines and seconds; a test "
    "holds it to them. Every system is a recipe: `genreel recipes NAME` has its settings, and what "
    "the source leaves open.",
    "",
    "- **Data.** Castelblanco & Solano had MM-IMDb, 25,959 films; Solano, Gómez & Castillo the "
    "class table, 7,895 films; Zhang, Dong, Liu & Zhou The Movies Dataset, 33,000 films; the "
    "dealer extracts of TMDb. Ours are the class table for the first three, those of its films "
    "that have a poster where posters are read, and 18,055 films with a poster for the others. A "
    "tenth of the training films chooses thresholds and stops training; those of the test part "
    "are measured once.",
    "- **Stand-ins.** VGG, Inception and ResNet want weights that cannot be had offline. "
    "MobileNetV2 and EfficientNet-Lite in their place have [a page of their own](stand-ins.md).",
    "- **In training.** A system whose training has not ended has no figure, only its curve so "
    "far; every epoch is in [curves.csv](../benchmarks/results/curves.csv).",
    "- In brackets: 95 % bootstrap intervals over films. A dash: the source prints no figure.",
)


def wrap(paragraph: str) -> list[str]:
    """A paragraph, or a point of a list, in lines that are not too long."""
    indent = "  " if paragraph.startswith("- ") else ""
    return textwrap.wrap(paragraph, 118, subsequent_indent=indent, break_on_hyphens=False) or [""]


def table_rows(path: Path) -> list[dict[str, str]]:
    """Rows of a table; none if it is not there."""
    if not path.is_file():
        return []
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


STAND_INS_HEAD = (
    "# Stand-ins",
    "",
    "Systems whose networks want weights that cannot be had offline, with another backbone in its "
    "place, frozen, with ImageNet weights. They neither confirm nor deny what a source says of its "
    "own network, so they stand in the order of the networks' names, which is no ranking "
    "([stand-ins.csv](../benchmarks/results/stand-ins.csv)). All others are in "
    "[reproduction.md](reproduction.md), which also says which films these are.",
    "",
)


def write_pages(results: Path) -> None:
    """Writes both pages."""
    (DOCS / "reproduction.md").write_text(page(results), encoding="utf-8")
    (DOCS / "stand-ins.md").write_text(stand_ins_page(results), encoding="utf-8")


def stand_ins_page(results: Path) -> str:
    """The page of the stand-ins, and of the systems across decades, as Markdown."""
    lines = [line for paragraph in STAND_INS_HEAD for line in wrap(paragraph)]
    return "\n".join([*lines, *_stand_ins(results), *_across(results)]) + "\n"


def page(results: Path) -> str:
    """The page of all systems as Markdown."""
    lines = [line for paragraph in HEAD for line in wrap(paragraph)]
    measured = {row["recipe"]: row for t in TABLES for row in table_rows(results / f"{t}.csv")}
    stand_ins = {row["recipe"] for row in table_rows(results / "stand-ins.csv")}
    epochs = table_rows(results / "curves.csv")
    draws = {row["recipe"]: row for row in table_rows(results / "three-genres.csv")}
    published = [head for head in recipe_heads() if is_published(head)]
    for source in SOURCES:
        lines += ["", f"## {source[0].upper()}{source[1:]}", ""]
        lines += ["| system | source | ours | what differs |", "|---|---|---|---|"]
        for head in published:
            if head.source == source:
                ours = _ours(head, measured, stand_ins, epochs, draws)
                cells = (head.id, _theirs(head), ours, head.differs)
                lines.append(f"| {' | '.join(cells)} |")
    lines += [*_order(results), *_again(results)]
    return "\n".join(lines) + "\n"


def is_published(head: Head) -> bool:
    """Whether a recipe is of a published system, or its twin."""
    return recipe_files()[head.id].parent.name == "published"


def _theirs(head: Head) -> str:
    figures = "; ".join(f"{MEASURES[name][0]} {value:g}" for name, value in theirs(head).items())
    return figures or head.reported.get("remark", "") or "—"


def _ours(
    head: Head,
    measured: Mapping[str, Mapping[str, str]],
    stand_ins: set[str],
    epochs: Sequence[Mapping[str, str]],
    draws: Mapping[str, Mapping[str, str]],
) -> str:
    if head.id in draws:
        row = draws[head.id]
        return (
            f"{float(row['class_accuracy']):.3f} ({float(row['lowest']):.2f}–"
            f"{float(row['highest']):.2f}, {row['draws']} draws of {row['films']} films); "
            f"variance {float(row['variance']):.2f}"
        )
    if head.id in measured:
        row = measured[head.id]
        texts = []
        for name in list(theirs(head)) or ["roc_auc"]:
            figure = MEASURES[name][1]
            if not row.get(figure):
                continue
            text = f"{MEASURES[name][0]} {float(row[figure]):.3f}"
            if figure == "macro_roc_auc":
                low, high = float(row[f"{figure}_low"]), float(row[f"{figure}_high"])
                text += f" ({low:.3f}–{high:.3f})"
            texts.append(text)
        return "; ".join(texts) or row["measured"]
    if head.id in stand_ins:
        return "[stand-in](stand-ins.md)"
    return _progress(head, epochs)


def _progress(head: Head, epochs: Sequence[Mapping[str, str]]) -> str:
    """How far training is."""
    rows = [row for row in epochs if row["recipe"] == head.id]
    if not rows:
        return "stand-in not measured" if "weights cannot be had" in head.differs else "not trained"
    last = max(rows, key=lambda row: int(row["epoch"]))
    best = max(rows, key=lambda row: float(row["valid_roc_auc"] or 0))
    return (
        f"in training: epoch {last['epoch']}, valid ROC AUC {float(last['valid_roc_auc']):.3f}, "
        f"best {float(best['valid_roc_auc']):.3f} in {best['epoch']}"
    )


def _order(results: Path) -> Iterator[str]:
    rows = table_rows(results / "order.csv")
    if not rows:
        return
    yield from ("", "## Order of the fusions", "")
    steps = [
        f"{row['recipe']} is {float(row['above_next']):.3f} ({float(row['low']):.3f} to "
        f"{float(row['high']):.3f}) above {row['next']}"
        for row in rows
    ]
    yield from wrap(
        f"Macro ROC AUC on the same {int(rows[0]['films']):,} films, by a paired bootstrap "
        f"([order.csv](../benchmarks/results/order.csv)): {'; '.join(steps)}."
    )


def _across(results: Path) -> Iterator[str]:
    rows = table_rows(results / "across.csv")
    if not rows:
        return
    yield from ("", "## Across decades", "")
    yield from wrap(
        "The dealer's systems, trained on one decade and tested on both, with MobileNetV2 in "
        "ResNet-50's place ([across.csv](../benchmarks/results/across.csv)): weighted precision / "
        "recall / F1, at 0.5. By genre, as printed and as measured: "
        "[dealer-genres.csv](../benchmarks/results/dealer-genres.csv)."
    )
    yield from ("", "| system | trained on | 2010s | 1970s | the source |", "|---|---|---|---|---|")
    heads = {head.id: head for head in recipe_heads()}
    for name in dict.fromkeys(row["recipe"] for row in rows):
        for decade in ("2010s", "1970s"):
            by = {
                row["tested_on"]: row
                for row in rows
                if (row["recipe"], row["trained_on"]) == (name, decade)
            }
            if len(by) < 2:
                continue
            films = f"{decade}, {int(by['2010s']['films']):,} films"
            cells = [name, films, *(_three(by[d]) for d in ("2010s", "1970s"))]
            yield f"| {' | '.join([*cells, _decades_of(heads[name], decade)])} |"


def _three(row: Mapping[str, str]) -> str:
    return " / ".join(f"{float(row[f'weighted_{n}']):.2f}" for n in ("precision", "recall", "f1"))


def _decades_of(head: Head, decade: str) -> str:
    reported: Mapping[str, Any] = head.reported
    if decade == "1970s":
        return "“inversed scores”" if head.id == "dealer-resnet50-svm" else "—"
    text = f"{reported['precision']} / {reported['recall']} / {reported['weighted_f1']}"
    if "recall_1970s" in reported:
        later = ("precision_1970s", "recall_1970s", "weighted_f1_1970s")
        text += " and " + " / ".join(str(reported[name]) for name in later)
    return text


def _again(results: Path) -> Iterator[str]:
    rows = table_rows(results / "again.csv")
    if not rows:
        return
    yield from ("", "## Trained again", "")
    most = max(float(row["difference"]) for row in rows)
    yield from wrap(
        f"{len(rows)} systems of every kind were trained a second time from nothing "
        "(`python benchmarks/reproduce.py again`): in four digits of macro ROC AUC the largest "
        f"difference is {most:.4f} ([again.csv](../benchmarks/results/again.csv))."
    )


STAND_INS = {"mobilenetv2_100": "MobileNetV2"}
STAND_INS |= {f"tf_efficientnet_lite{n}": f"EfficientNet-Lite{n}" for n in range(5)}
"""Backbone → its name in words."""


def _stand_ins(results: Path) -> Iterator[str]:
    yield "| network | in the place of | stand-in | films | macro ROC AUC | its measure |"
    yield "|---|---|---|---|---|---|"
    rows = table_rows(results / "stand-ins.csv")
    for row in rows:
        low, high = (float(row[f"macro_roc_auc_{end}"]) for end in ("low", "high"))
        auc = f"{float(row['macro_roc_auc']):.3f} ({low:.3f}–{high:.3f})"
        name = STAND_INS[row["stand_in"]]
        cells = (row["network"], row["recipe"], name, row["movies"], auc, row["measured"] or "—")
        yield f"| {' | '.join(cells)} |"
    auc_of = {
        row["recipe"]: float(row["macro_roc_auc"])
        for row in rows
        if STAND_INS[row["stand_in"]] == "MobileNetV2"
    }
    if "solano-stack" in auc_of:
        above = auc_of["solano-stack"] - auc_of["solano-vgg16-colour"]
        yield ""
        yield from wrap(
            f"solano-stack is {above:.3f} above the network on posters that it holds, on the same "
            "films; the source says about 3 % above its best part."
        )
