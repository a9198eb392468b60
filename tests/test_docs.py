"""The pages say what is true: figures are those of their tables, files exist, commands parse."""

from __future__ import annotations

import contextlib
import csv
import hashlib
import json
import re
import shlex
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from genreel.app.cli import build_parser
from genreel.bundle import FORMAT

ROOT = Path(__file__).parent.parent
RESULTS = ROOT / "benchmarks" / "results"
BUNDLES = ROOT / "src" / "genreel" / "bundles"
NOTEBOOK = "benchmarks/notebook.md"
DOCS = sorted(p.relative_to(ROOT).as_posix() for p in (ROOT / "docs").glob("*.md"))
PAGES = ["README.md", "CONTRIBUTING.md", "CHANGELOG.md", "samples/README.md", NOTEBOOK, *DOCS]
USER_PAGES = ["README.md", *(page for page in DOCS if page not in ("docs/cli.md", "docs/tour.md"))]
"""What a user reads; cli.md is made from the help pages, tour.md is for who changes genreel."""

LONGEST_PAGE = 120
LONGEST_LINE = 120
LONGEST_ROW = 280
FIVE_MINUTES = 1_300
"""Words that are read in five minutes."""


# Figures: each function yields sentences, put together from the tables, that a page must have.


class Row(dict[str, Any]):
    """A row of a table: columns are read as attributes."""

    __getattr__ = dict.__getitem__


def rows(table: str, **where: str) -> list[Row]:
    """The rows of benchmarks/results/TABLE.csv that have these values in these columns."""
    with (RESULTS / f"{table}.csv").open(encoding="utf-8", newline="") as file:
        cells = [row for row in csv.DictReader(file) if where.items() <= row.items()]
    return [Row({column: number(cell) for column, cell in row.items()}) for row in cells]


def row(table: str, **where: str) -> Row:
    """The only row of a table that has these values."""
    [match] = rows(table, **where)
    return match


def number(text: str) -> int | float | str:
    """The cell as a number, where it is one."""
    for kind in (int, float):
        with contextlib.suppress(ValueError):
            return kind(text)
    return text


def card(case: str, bundle: str = "default") -> Row:
    """What a bundle measured of itself on the test part."""
    metrics = json.loads((BUNDLES / bundle / "metrics.json").read_text(encoding="utf-8"))
    return Row(metrics["test"][case])


CASES = {
    "both": "poster, plot, title, year",
    "plot only": "plot, title, year",
    "poster only": "poster",
}


def pair(row: Row) -> str:
    """ROC AUC and average precision, as pages write them."""
    return f"{row.roc_auc:.3f} / {row.average_precision:.3f}"


def readme() -> Iterator[str]:
    for case, shown in {**CASES, "poster only": "poster alone"}.items():
        c = card(case)
        yield (
            f"| {shown} | {c.movies:,} | **{c.macro_roc_auc:.3f}** "
            f"| {c.macro_average_precision:.3f} | {c.macro_f1:.3f} | {c.micro_f1:.3f} |"
        )


def quality() -> Iterator[str]:
    for case, shown in CASES.items():
        default, fast = (
            row("quality", group="genreel", system=name, data="test part", inputs=case)
            for name in ("default", "fast")
        )
        yield f"| {shown} | {default.films:,} | {pair(default)} | {pair(fast)} |"


READ = {
    "poster only": "a large poster, its picture alone",
    "poster read": "a large poster, read",
}


def read() -> Iterator[str]:
    for case, shown in READ.items():
        default, fast = (
            row("quality", group="read", system=name, inputs=case) for name in ("default", "fast")
        )
        yield f"| {shown} | {default.films:,} | {pair(default)} | {pair(fast)} |"


DECIDED = {
    "poster only": "poster",
    "poster read": "poster, read",
    "plot only": "plot, title, year",
    "both": "poster, plot, title, year",
    "both, read": "the same, poster read",
}


def decisions() -> Iterator[str]:
    for case, shown in DECIDED.items():
        cells = [f"{r.right:.0%}, {r.found:.0%}" for r in rows("decisions", case=case)]
        yield f"| {shown} | " + " | ".join(cells) + " |"


def quality_of_posters() -> Iterator[str]:
    before, later = rows("quality", group="eras")
    yield f"(ROC AUC {before.roc_auc:.3f} and {later.roc_auc:.3f})"
    musical = row("quality", system="default", data="test part, Musical")
    yield f"(average precision {musical.average_precision:.2f} with everything shown)"


def quality_in_full() -> Iterator[str]:
    for genre in ("Film-Noir", "Sport", "Biography", "Musical"):
        rare = row("quality", system="default", data=f"test part, {genre}")
        yield f"{genre} {rare.average_precision:.2f} ({rare.films}"
    plots, both = rows("quality", group="class")
    yield f"{plots.roc_auc:.3f} from {plots.films:,} plots, {both.roc_auc:.3f} with the poster"
    before, later = rows("quality", group="eras")
    yield f"before 1980 {before.roc_auc} ({before.films} films)"
    yield f"from the 2000s {later.roc_auc} ({later.films};"
    yield f"both eras have enough of): {before.roc_auc / later.roc_auc:.3f} of it"
    plots, posters = rows("quality", group="alone")
    yield f"plots alone ({pair(plots)}) and for posters alone ({pair(posters)}) are no better"
    alone = row("quality", system="fast", data="test part", inputs="poster only")
    yield f"by itself has {pair(alone)}, in `fast`"
    for system, text in (
        ("scikit-learn: tf-idf, logistic regression", "tf-idf and logistic regression | plots"),
        ("scikit-learn: tf-idf, random forest", "tf-idf and a random forest | plots"),
        (
            "sentence-transformers, logistic regression",
            "sentence-transformers and logistic regression | plots",
        ),
        ("SetFit, 8 plots a genre", "(what it is made for) | plots"),
        ("Ludwig: its text encoder, 3 epochs", "(0.11, the best of three epochs) | plots"),
        (
            "timm: MobileNetV2 frozen, logistic regression",
            "frozen, and logistic regression | posters",
        ),
    ):
        yield f"{text} | {pair(row('quality', system=system))} |"


def sizes() -> Iterator[str]:
    default, fast = ((BUNDLES / name / "model.onnx").stat().st_size for name in ("default", "fast"))
    yield f"| graph | {default / 1e6:.0f} MB | {fast / 1e6:.0f} MB |"
    yield f"about {round(row('speed', what='plots, default').genreel, -1):.0f} |"


def default_bundle() -> Iterator[str]:
    for case, shown in CASES.items():
        c = card(case)
        yield (
            f"| {shown} | {c.macro_roc_auc:.3f} | {c.macro_f1:.3f} | {c.micro_f1:.3f} "
            f"| {c.calibration_error:.3f} |"
        )


def why() -> Iterator[str]:
    words, area = rows("why")
    yield f"{words.share_of_films:.0%} of {words.films} test movies"
    yield f"more than greying a random one on {area.share_of_films:.0%}"


def why_in_full() -> Iterator[str]:
    words, area = rows("why")
    yield f"On {words.films} test films, deleting"
    lows = words.low * 100, area.low * 100
    yield f"ten random words on {words.share_of_films:.0%} (95 % interval: {lows[0]:.0f} to "
    yield f"more than greying a random one on {area.share_of_films:.0%} ({lows[1]:.0f} to "


def speed() -> Iterator[str]:
    plots, posters, fast = (
        row("speed", what=f"{w}") for w in ("plots, default", "posters, default", "plots, fast")
    )
    cold, python = rows("speed", what="cold start")
    memory = row("speed", what="peak memory")
    for name, r in (("plots, films a second", plots), ("posters, films a second", posters)):
        yield f"| {name} | {r.genreel:.0f} | {r.alternative:.0f}: "
    yield f"its vectors alone | {plots.ratio:.1f} |"
    yield f"the larger size, once | {posters.ratio:.1f} |"
    yield f"| plots with `fast` | {fast.genreel:,} | {fast.alternative:,}: "
    yield f"a logistic regression a genre | {fast.ratio:.1f} |"
    yield f"| one film from a cold shell | {cold.genreel:.2f} s | {cold.alternative:.2f} s: "
    yield f"the graph loaded; {python.alternative:.2f} s: Python alone"
    poster, *_ = rows("speed", what="cold start, a poster alone")
    languages, *_ = rows("speed", what="cold start, with [languages]")
    yield f"| its poster alone | {poster.genreel:.2f} s |"
    yield f"| with `[languages]` | {languages.genreel:.2f} s |"
    yield f"10,000 films | {memory.genreel:.0f} MB | {memory.alternative:.0f} MB: 1,000 films |"


def published_f1() -> Iterator[str]:
    for r in rows("published-f1"):
        figures = (r.weighted, r.samples, r.micro, r.macro)
        cells = " | ".join("–" if value in (None, "") else f"{value:.3f}" for value in figures)
        yield f"| {r.system} | {r.inputs} | {r.test}, {r.films:,} films | {r.genres} | {cells} |"


def two_hosts() -> Iterator[str]:
    one, two, lost, _, one_trains, two_train, *deaths = rows("two-hosts")
    for name, r in (("one host", one), ("two hosts", two)):
        yield f"| Ray, {name} | {r.seconds:.0f} | {r.films_per_second:.0f} |"
    assert (lost.first_run, {r.second_run for r in deaths}) == ("done", {"done"})
    yield f"| torchrun, one host | {one_trains.seconds:.0f} |"
    yield f"| torchrun, two hosts | {two_train.seconds:.0f} |"


def tried() -> Iterator[str]:
    plain, smooth, third, half, unknown = rows("tried", group="noise")
    yield f"has {pair(plain)} with the labels as they are"
    yield f"{pair(smooth)} with labels smoothed by 0.05"
    yield f"{pair(third)} (0.3), {pair(half)} (0.5), {pair(unknown)} (in unknown cells alone)"
    large, three, four, labels, half, alone = rows("tried", group="teacher")
    yield f"a head on 8,000 training plots, has {pair(large)} on the valid part"
    yield f"it brings {pair(three)} to {pair(four)};"
    yield f"has {pair(labels)} from labels as they are, {pair(half)} from labels and the teacher's"
    yield f"half and half, {pair(alone)} from the teacher alone"
    for name, text in (
        ("late-fusion", "summed with learned weights**"),
        ("gates", "gates (Arevalo et al. 2017)"),
        ("side by side", "vectors side by side"),
    ):
        cells = (pair(row("tried", tried=name, inputs=case)) for case in CASES)
        yield " | ".join((text, *cells)) + " |"


WITHOUT, OWN_CASE, ONE_WEIGHT, ADDED = (
    "without lettering",
    "a case of its own",
    "the same, one weight for all genres",
    "added to the case without",
)
"""How lettering was fused with the rest."""


def tried_lettering() -> Iterator[str]:
    def figures(way: str, inputs: str) -> str:
        return pair(row("tried", group="lettering", tried=way, inputs=inputs))

    test = {way: figures(way, "both, read, test part") for way in (WITHOUT, OWN_CASE, ADDED)}
    yield f"lettering brings {test[WITHOUT]} to {test[OWN_CASE]} so"
    folds = [figures(way, "both, read") for way in (OWN_CASE, ADDED)]
    yield f"by folds of the valid part {folds[0]} becomes {folds[1]}"
    poster = [
        figures(way, inputs)
        for inputs in ("poster read", "poster read, test part")
        for way in (OWN_CASE, ADDED)
    ]
    yield "{} becomes {} by folds, {} becomes {} on the test part".format(*poster)
    genres = {r.genre: r for r in rows("tried-lettering", inputs="both, read")}
    western, sport = genres["Western"], genres["Sport"]
    yield f"Western ({western.films} movies) falls from {western[WITHOUT]} to {western[OWN_CASE]}"
    for name in ("Sport", "Fantasy", "Mystery"):
        yield f"{name} from {genres[name][WITHOUT]:.3f} to {genres[name][OWN_CASE]:.3f}"
    yield f"Western has {western[ONE_WEIGHT]} and the mean is " + figures(
        ONE_WEIGHT, "both, read, test part"
    )
    yield f"{test[ADDED]} on the test part, Western {western[ADDED]}, Sport {sport[ADDED]}"


def tried_student() -> Iterator[str]:
    default, default_both, *students = rows("tried", group="student")
    labels, labels_plot, labels_both, vectors, vectors_plot, vectors_both = map(pair, students)
    yield f"have {labels} from labels, and {vectors} from labels and the teacher's vectors"
    yield f"languages: {labels_plot} and {vectors_plot}, with both posters' networks"
    yield f"{labels_both} and {vectors_both}, where the default's own"
    yield f"all plots, has {pair(default)} and {pair(default_both)}."


def tried_kin() -> Iterator[str]:
    def figures(words: str, precision: int, inputs: str) -> str:
        tried = f"{words}kin = {precision} in late fusion"
        return pair(row("tried", group="kin", tried=tried, inputs=inputs))

    for inputs, words in (("poster only", ""), ("plot only", "words, "), ("both", "words, ")):
        cells = [figures(words, precision, inputs) for precision in (0, 300, 1000, 2000, 4000)]
        cells.append(figures("words-kin, ", 1000, inputs) if words else "–")
        yield f"| {' | '.join((inputs, *cells))} |"
    fast = [
        figures("words-kin, ", precision, "both, of the kinds in fast") for precision in (0, 1000)
    ]
    yield f"`fast`, whose words heed, would go from {fast[0]} to {fast[1]} with both inputs"
    noir = row("tried-kin", inputs="plot only", genre="Film-Noir")
    without, heeding = noir["words, kin = 1000"], noir["words-kin, kin = 1000"]
    yield f"Film-Noir goes from {without:.2f} to {heeding:.2f}"
    assert noir.films == 5


def tried_backbones() -> Iterator[str]:
    mobile, lite = rows("tried", group="backbones")
    assert "mobilenet" in mobile.tried and "lite0" in lite.tried
    yield f"MobileNetV2 has {pair(mobile)} so, EfficientNet-Lite0 {pair(lite)}"


def tried_languages() -> Iterator[str]:
    default, plain, network, tuned = rows("tried", group="languages")[::2]
    fused = rows("tried", group="languages")[1::2]
    yield f"a logistic regression on its vectors has {pair(plain)}, a network of 512 units "
    yield f"{pair(network)}, and with the dense layers tuned as well {pair(tuned)}"
    yield "sentence {1}, {2} and {3}, where the default's own".format(*map(pair, fused))
    yield f"27,000 plots, gives {pair(fused[0])}"
    assert default.roc_auc > tuned.roc_auc


def tried_sizes() -> Iterator[str]:
    small, large, larger, largest, frozen, frozen_larger = rows("tried", group="sizes")
    yield f"network has {pair(small)} on small ones; on large ones {pair(large)}, shown 264 × 180"
    yield f"{pair(larger)}, and 300 × 204 {pair(largest)}"
    yield f"has {pair(frozen)} at 192 × 128 and {pair(frozen_larger)} at 300 × 200"


def training() -> Iterator[str]:
    plots, posters = rows("training")
    yield f"on {plots.movies} films, one round, posters learn {posters.ratio:.1f} times as fast so"
    yield f"plots {plots.ratio} times"


def imbalance() -> Iterator[str]:
    for r in rows("imbalance", genre="mean"):
        cells = (r.average_precision, r.recall_at_half, r.f1_at_half, r.f1)
        yield (
            f"| {r.family} | {r.correction} | " + " | ".join(f"{cell:.3f}" for cell in cells) + " |"
        )


def imbalance_in_short() -> Iterator[str]:
    none, weights = (
        row("imbalance", family="logistic, plots", correction=correction, genre="mean")
        for correction in ("none", "weights")
    )
    yield f"(recall {weights.recall_at_half:.3f} against {none.recall_at_half:.3f} from plots)"
    yield f"(F1 {weights.f1:.3f} against {none.f1:.3f})"


def eras() -> Iterator[str]:
    decades = [r.tested_on for r in rows("eras", trained_on="all")]
    for trained_on in (*decades, "all, as few", "all"):
        cells = rows("eras", trained_on=trained_on)
        films = "as the column" if trained_on == "all, as few" else f"{cells[0].trained:,}"
        yield (
            f"| {trained_on} | {films} | "
            + " | ".join(f"{r.macro_roc_auc:.3f}" for r in cells)
            + " |"
        )
    first, *others = (r.tested for r in rows("eras", trained_on="all"))
    yield f"Test films: {first} before 1960, {', '.join(map(str, others[:-1]))} and {others[-1]};"


def eras_in_short() -> Iterator[str]:
    own, few = (
        row("eras", trained_on=trained_on, tested_on="before 1960").macro_roc_auc
        for trained_on in ("before 1960", "all, as few")
    )
    yield f"{own:.3f} against {few:.3f})"


def published() -> Iterator[str]:
    auc = {r.recipe: r.macro_roc_auc for r in rows("plots")}
    yield f"n-grams {auc['castelblanco-ngrams']:.3f}"
    yield f"counts in an MLP {auc['gomez-mlp-counts']:.3f}"
    yield f"Word2Vec with Conv1D {auc['castelblanco-word2vec-conv1d']:.3f}"
    glove, word2vec = (auc[f"castelblanco-{kind}-conv1d"] for kind in ("glove", "word2vec"))
    yield f"lift the Conv1D by {glove - word2vec:.3f} ({glove:.3f} against {word2vec:.3f})"
    glove, word2vec = (auc[f"solano-{kind}-lstm"] for kind in ("glove", "word2vec"))
    yield f"and an LSTM by {glove - word2vec:.3f} ({glove:.3f} against {word2vec:.3f})"
    yield f"LSTMs {auc['solano-number-lstm']:.2f} (words as numbers) to {word2vec:.2f}."
    yield f"({auc['solano-word2vec-lstm']:.3f} against {auc['solano-onehot-lstm']:.3f})"
    auc = {r.recipe: r.macro_roc_auc for r in rows("large")}
    yield f"start from GloVe has {auc['zhang-lstm']:.3f} where its source had"
    yield f"with a CNN on posters added {auc['zhang-add']:.3f} (0.812)"
    order = rows("order")
    assert all(abs(r.roc_auc - auc[r.recipe]) < 0.001 for r in order)  # on common films
    fusions = [r for r in order if r.recipe not in ("zhang-lstm", "zhang-cnn", "zhang-sigmoid")]
    assert all(r.low < 0 for r in fusions)
    spread = fusions[0].roc_auc - fusions[-1].roc_auc
    yield f"within {spread:.3f} of each other, none surely above the next"
    yield f"has {auc['zhang-sigmoid']:.3f} here (0.611)"
    auc = {r.recipe: r.macro_roc_auc for r in rows("posters")}
    mean = row("posters", recipe="gomez-average")
    yield f"on plots, has {mean.macro_roc_auc:.3f} on the {mean.movies:,} films with a poster"
    colour, grey = (auc[f"castelblanco-cnn3-{kind}"] for kind in ("colour", "grey"))
    yield f"convolutions of their own ({colour:.3f} against {grey:.3f})"
    trees, forest = auc["gomez-extratrees-pca"], auc["gomez-forest-pca"]
    yield f"ExtraTrees beat the forest ({trees:.3f} against {forest:.3f})"
    auc = {r.recipe: r.macro_roc_auc for r in rows("stand-ins", stand_in="mobilenetv2_100")}
    colour, grey = auc["castelblanco-vgg16-colour"], auc["castelblanco-vgg16-grey"]
    yield f"({colour:.3f} against {grey:.3f})"
    stack, poster = auc["solano-stack"], auc["solano-vgg16-colour"]
    yield f"gains {stack - poster:.3f} over the network on posters that it holds ({stack:.3f}"
    cnn = row("two-genres", recipe="dealer-cnn3")
    accuracy = float(cnn.measured.removeprefix("class accuracy "))
    yield f"tells {accuracy:.3f} of the films rightly after 20 epochs"
    f1 = {(r.recipe, r.tested_on): r.weighted_f1 for r in rows("across", trained_on="2010s")}
    svm, balanced = "dealer-resnet50-svm", "dealer-resnet50-svm-balanced"
    late, early = ([f1[name, decade] for name in (balanced, svm)] for decade in ("2010s", "1970s"))
    yield f"a weighted F1 of {late[0]:.2f} with balanced classes and {late[1]:.2f} without"
    yield f"on the 1970s {early[0]:.2f} and {early[1]:.2f}"
    assert [r.recipe for r in rows("dealer-genres") if r.f1 > r.reported_f1] == [svm]
    again = rows("again")
    assert len(again) == 11 and max(r.difference for r in again) == 0
    yield "were trained again from nothing: each figure is the same to four digits"
    assert rows("curves")
    knn, logistic, forest = (r.class_accuracy for r in rows("three-genres"))
    yield f"{knn:.3f} (kNN), {logistic:.3f} (logistic) and {forest:.3f} (forest) of the films"
    yield f"keep {rows('three-genres')[0].variance:.2f} of the variance"
    cache = row("feature_cache")
    yield f"the vectors of {cache.posters} posters {cache.ratio:.0f} times as fast"


def reproduced() -> Iterator[str]:
    """The whole page, which tests/lab/test_reproduction.py holds to its tables."""
    yield text_of("docs/reproduction.md")


def stood_in() -> Iterator[str]:
    """The whole page of stand-ins, held by the same test."""
    yield text_of("docs/stand-ins.md")


def catalogues() -> Iterator[str]:
    r = row("import")
    yield f"{r.rows:,} rows of The Movies Dataset's shape, with its defects: {r.seconds} seconds"
    yield f"{r.processor_seconds} of them the processor's, and {r.peak_mib} MiB at most"
    n = {r.kind: r.findings for r in rows("findings")}
    yield f"{n['grey poster']} posters without colour"
    yield f"{n['duplicate poster']} that nearly are another film's"
    yield f"{n['placeholder poster']} placeholders, {n['placeholder plot']} placeholder plots"
    yield f"{n['damaged plot']} plots that lost characters, and calls none unreadable"
    assert n["unreadable poster"] == 0
    few, *_, most = rows("clean")
    yield f"{few.films:,} drawn films took {few.processor_seconds:.0f} seconds of processor time"
    yield f"of processor time and {few.peak_mib} MiB"
    yield f"{most.films:,} took {most.processor_seconds:.0f} and {most.peak_mib}"
    apply, fetch = rows("kills")
    yield f"Of {apply.runs} runs of apply over {apply.files} NFO files"
    yield f"and {fetch.runs} of import of {fetch.files:,} posters that were sent SIGKILL"
    yield f"{apply.kills} and {fetch.kills} were still at work"
    assert apply.files_not_whole == fetch.files_not_whole == 0
    watch = row("watch-kills")
    yield f"Of {watch.runs} runs of watch over {watch.files} NFO files {watch.kills} were killed"
    assert watch.files_not_whole == watch.lost == watch.left_over == 0
    assert watch.finished == watch.undone == "True"


def remote_kills() -> Iterator[str]:
    kinds = rows("remote-kills")
    for r in kinds:
        assert r.lost == r.torn == r.damaged_lines == 0
        assert r.finished == r.undone == "True"
    kills = sum(r.kills for r in kinds)
    yield f"{kills} of {kills}"


def remote_kills_in_full() -> Iterator[str]:
    kinds = rows("remote-kills")
    assert len({r.kills for r in kinds}) == len({r.movies for r in kinds}) == 1
    yield f"kills `genreel remote` {kinds[0].kills} times each"
    yield f"a Kodi of {kinds[0].movies} movies"
    yield f"of the {sum(r.kills for r in kinds)} during `--undo`"


def clean_in_short() -> Iterator[str]:
    *_, most = rows("clean")
    yield f"{most.films:,} posters take minutes and {most.peak_mib} MiB"


def server() -> Iterator[str]:
    *_, last = rows("load")
    yield f"serve {last.served_per_s:.0f} films a second"
    yield f"{last.share:.2f} of what `predict_many` does"
    yield f"within {last.p95_by_single_median:.1f} times the median of a single request"
    yield f"its memory stayed at {last.mib_at_most} MiB"
    *_, sqlite = rows("kill", store="sqlite")
    both = row("kill", store="postgresql")
    yield f"Of {sqlite.acknowledged_before:,} reviews that were acknowledged before a kill none"
    yield f"all {sqlite.reviews:,} is there twice or wrong, the {sqlite.unanswered} among them"
    yield f"of {both.acknowledged_before} acknowledged reviews none was lost"
    yield f"none of {both.reviews:,} is there twice or wrong"
    assert not any(r[column] for r in (sqlite, both) for column in ("lost", "wrong", "twice"))


def shop() -> Iterator[str]:
    anew, again = rows("shop")
    yield f"a shop of {anew.films:,} films with posters"
    yield f"took {anew.seconds} s on two cores that others used too: {anew.files:,} files"
    yield f"had changed it took {again.seconds} s"


def learning() -> Iterator[str]:
    for use, text in (
        ("to measure", "| {0.films} from before 1970 | {0.reviews} | "),
        ("as it comes", "| {0.films} test films from before 1970 | {0.reviews} | "),
    ):
        r = row("learning", use=use)
        worst = f"{r.worst_gain:.3f}".replace("-", "−")
        figures = f"{r.macro_f1_before:.3f} | {r.macro_f1_after:.3f} | {worst} | {r.taken:.0%} |"
        yield text.format(r) + figures
    yield f"As used it gains {row('learning', use='as it comes').gain_as_used:.3f}."


def scaling() -> Iterator[str]:
    local, ray, one, one_ray, all_local, all_ray = rows("scaling")
    for r in (one, one_ray, local, ray):
        yield (
            f"| {r.engine} | {r.cores} | {r.movies:,} | {r.start_seconds:.1f} s "
            f"| {r.films_per_second:.0f} | {r.cpu_seconds_per_film:.4f} | {r.peak_mb:,} MB |"
        )
    yield f"take it {ray.overhead - 1:.0%} longer"
    yield f"({ray.seconds:.0f} s against {local.seconds:.0f} s)"
    workers, cores = (
        two.films_per_second / single.films_per_second
        for two, single in ((ray, one_ray), (local, one))
    )
    yield f"Two workers do {workers:.2f} times what one does"
    yield f"two cores {cores:.2f} times what it does on one"
    yield f"process {all_local.peak_mb} MB ({local.peak_mb} MB for 10,000 films"
    yield f"Ray {all_ray.peak_mb:,} MB ({ray.peak_mb:,} MB)"
    yield f"it is {all_ray.growth:.2f} times that of the first"
    assert all_ray.rows_that_differ == 0


def scaling_in_short() -> Iterator[str]:
    local, ray, *_ = rows("scaling")
    assert round(local.films_per_second, -1) == round(ray.films_per_second, -1) == 100
    yield f"Ray took {ray.start_seconds:.0f} s to start and {ray.peak_mb:,} MB"
    yield f"one process {local.peak_mb} MB"


def hostile() -> Iterator[str]:
    kinds = rows("hostile")
    for r in kinds:
        yield hostile_line(r.kind, *hostile_cells(r))
    counted = zip(*map(hostile_cells, kinds), strict=True)
    yield hostile_line(
        "**all**", *(f(c) for f, c in zip([sum] * 8 + [max] * 2, counted, strict=True))
    )


def hostile_cells(r: Row) -> tuple[float, ...]:
    return (
        r.cases,
        r.results,
        r.refusals,
        r.crash,
        r.hang,
        r.untyped,
        r.slow,
        r.memory,
        r.worst_s,
        r.worst_mib,
    )


def hostile_line(kind: str, *cells: float) -> str:
    return f"| {kind} | " + " | ".join(f"{cell:,}" for cell in cells) + " |"


def attacks() -> Iterator[str]:
    for r in rows("attack"):
        assert r.health_s <= 1 and r.prediction_s <= 10
        assert r.mib_at_most <= 1536 and r.mib_after <= 600
        yield (
            f"| {r.attack} | {r.clients} | {r.health_s:.2f} | {r.prediction_s:.2f} "
            f"| {r.mib_at_most} | {r.mib_after} |"
        )


def hostile_in_short() -> Iterator[str]:
    kinds = rows("hostile")
    yield f"{sum(r.cases for r in kinds):,} damaged and adversarial inputs"
    yield f"slowest took {max(r.worst_s for r in kinds)} s"
    yield f"the largest {max(r.worst_mib for r in kinds)} MiB"
    assert not any(
        r[column] for r in kinds for column in ("crash", "hang", "untyped", "slow", "memory")
    )


def languages() -> Iterator[str]:
    [refused], [cost] = rows("languages", figure="refused"), rows("languages", figure="cost")
    *noticed, both = rows("languages", figure="noticed")
    count = round(refused.value * refused.plots)
    yield f"{count} of {refused.plots:,} English plots ({refused.value:.2%}) are refused"
    yield f"Of {both.plots:,} plots of 60 characters and more in {len(noticed)} other languages"
    yield f"{both.value:.2%} are noticed"
    worst = min(noticed, key=lambda r: r.value)
    yield f"fewest in {worst.language}, {worst.value:.1%}"
    yield f"Telling a language takes {cost.value:.1%} of the time"
    [microseconds] = rows("languages", figure="microseconds")
    yield f"the same plot: {microseconds.value:.0f} µs of a core"


EXTRA = ("without [languages]", "with it")


def speed_of_languages() -> Iterator[str]:
    [light] = rows("languages", figure="plots a second, without [languages]")
    english, others = rows("languages", figure="plots a second, with it")
    yield f"predicts {light.value} English plots without the extra and {english.value} with it"
    yield f"{others.value} in other languages"
    for name in ("default", "fast"):
        low, high, quick, slow = (
            row("languages", language=name, figure=f"English: {figure}, {extra}").value
            for figure in ("AP", "plots a second")
            for extra in EXTRA
        )
        yield f"| `{name}` | {low:.3f} | {high:.3f} | {quick:,} → {slow:,} |"


def fifteen_languages() -> Iterator[str]:
    for r in rows("languages", figure="ROC AUC, default"):
        yield f"| {r.language} | {r.value:.3f} |"


def identification_in_full() -> Iterator[str]:
    for r in rows("identification"):
        yield (
            f"| {r.evidence}, {r.films} | {r.accept:g} | {r.first:.1%} "
            f"({r.first_without_order:.1%}) | {r.in_five:.1%} | {r.accepted:.1%} "
            f"| {r.precision:.1%} | {r.accepted_absent:.1%} ({r.remakes_absent:.1%}) |"
        )
    r = row("films")
    yield (
        f"{r.titles:,} made-up titles: {r.build_s} s ({r.build_cpu_s} s of CPU time), "
        f"{r.megabytes} MB, {r.cpu_ms_mean} ms of CPU time a poster "
        f"(95% under {r.cpu_ms_95_percent} ms)"
    )


def identification_in_short() -> Iterator[str]:
    by_lettering, _ = rows("identification", evidence="lettering", films="all")
    usual, lenient = rows("identification", evidence="lettering and model", films="all")
    yield (
        f"the right film comes first for {usual.first:.0%} of {usual.posters:,} test posters, "
        f"by lettering alone for {by_lettering.first:.0%}"
    )
    yield (
        f"At the default {usual.accepted:.0%} are accepted, and {usual.precision:.1%} of those "
        "are right"
    )
    yield (
        f"film is not in the index, {usual.accepted_absent:.1%} are accepted for another film, "
        f"{usual.remakes_absent:.1%} for one of the very same title"
    )
    yield (
        f"With `--accept {lenient.accept:g}` {lenient.accepted:.0%} are accepted, "
        f"{lenient.precision:.0%} of them right, and {lenient.accepted_absent:.0%} where"
    )


def reading_many() -> Iterator[str]:
    read, found = rows("reading")
    yield (
        f"from {read.mib_after_a_tenth} MiB after {read.posters // 10} posters to "
        f"{read.mib_at_the_end} MiB after {read.posters}"
    )
    yield (
        f"from {found.mib_after_a_tenth} MiB after {found.posters // 10} to "
        f"{found.mib_at_the_end} MiB after {found.posters:,}"
    )
    yield f"{read.cpu_s:.2f} s of CPU time a poster of 300 × 450"


def reading_in_short() -> Iterator[str]:
    read, _ = rows("reading")
    yield f"{read.cpu_s:.2f} s of CPU time a poster of 300 × 450"


def dealer_in_full() -> Iterator[str]:
    for r in rows("dealer"):
        yield (
            f"| {r.evidence}, {r.decide} | {r.accepted:.0%} | {r.macro_roc_auc:.3f} "
            f"| {r.macro_ap:.3f} | {r.macro_f1:.3f} | {r.right:.0%} | {r.tags:.2f} |"
        )


def dealer_in_short() -> Iterator[str]:
    [picture] = rows("dealer", evidence="picture", decide="balanced")
    [read] = rows("dealer", evidence="picture and lettering", decide="balanced")
    usual, sure = rows("dealer", evidence="with films")
    yield (
        f"macro F1 {picture.macro_f1:.2f} and {picture.right:.0%} of the tags right from the "
        f"picture; {read.macro_f1:.2f} and {read.right:.0%} with lettering; {usual.macro_f1:.2f} "
        f"and {usual.right:.0%} with the index; {sure.macro_f1:.2f} and {sure.right:.0%} with "
        "`--decide sure`"
    )


def keystrokes_in_short() -> Iterator[str]:
    keys = rows("keystrokes")[-1]["keys"]
    yield f"{keys:.2f} keys a poster"


def keystrokes() -> Iterator[str]:
    alone, films, sure = (row["keys"] for row in rows("keystrokes"))
    yield f"it takes {alone:.2f} keys a poster, with MovieLens as the index of films {films:.2f}"
    yield f"and {sure:.2f} with what is sure"
    last = rows("keystrokes")[-1]
    yield (
        f"{last.accepted:.0%} of the posters, of whose genres {last.right_of_accepted:.0%} are "
        f"right and which have {last.found_of_accepted:.0%} of their true ones"
    )
    yield f"presses {last.keys_if_corrected:g} keys a poster"


def story() -> Iterator[str]:
    first, drop, sure, undone, following, *rest = rows("story")
    yield f"the first page was there {first.seconds:.1f} s after the command"
    yield f"{drop.number} posters were dropped, predicted and saved in {drop.seconds:.1f} s"
    yield f"{sure.number} sure ones accepted in {sure.seconds:.1f} s and taken back in"
    yield f"taken back in {undone.seconds:.1f} s"
    yield f"the next film stood there {following.seconds:.2f} s after Enter"
    made, answered, learnt = rest[:3]
    yield f"suggested films {made.seconds:.1f} s after it was made"
    yield f"and learnt in {learnt.seconds:.1f} s. Of the first {answered.number} films"
    shop = next(row for row in rest if row.step.startswith("shop"))
    yield f"the shop written in {shop.seconds:.1f} s"
    assert all(row.number == 0 for row in rest if row.step.startswith("findings"))
    selected, accepted, undone = rest[-3:]
    yield (
        f"{selected.number:,} films were selected in {selected.seconds:.1f} s, accepted in "
        f"{accepted.seconds:.1f} s and taken back in {undone.seconds:.1f} s"
    )


def ahead() -> Iterator[str]:
    enter, later = rows("ahead")
    yield f"poster it takes {enter.median:.3f} s, {enter.longest:.2f} s at most"
    yield f"at most, and {later.median:.3f} s where a film is left for later"
    yield f"{enter.late} and {later.late} of {enter.films} times"


def adding() -> Iterator[str]:
    picture, with_start, read, read_with_start = rows("adding")
    yield f"{picture.posters} posters take {picture.added:.1f} s where"
    yield f"takes {picture.alternative:.1f} s, a ratio of {picture.ratio:.2f}; with its start"
    yield f"with its start {with_start.ratio:.2f}"
    yield f"{read.posters} posters have a ratio of {read.ratio:.2f}, and with the start of"
    yield f"the start of `predict` {read_with_start.ratio:.2f}"


def own_genres() -> Iterator[str]:
    some = [r for r in rows("own", part="left out") if r.given != "name"]
    names = {"use": "USE, as it comes", "use + minilm": "USE and all-MiniLM-L6-v2, as they come"}
    for reads, shown in names.items():
        name = row("own", part="left out", given="name", reads=reads)
        cells = [f"{r.macro_roc_auc:.3f}" for r in some if r.reads == reads]
        yield f"| {shown} | {name.macro_roc_auc:.3f} | " + " | ".join(cells)
    for part, shown in (("plot", "plot"), ("poster", "poster alone")):
        cells = [f"{r.macro_roc_auc:.3f}" for r in rows("own", part="bundle, left out", input=part)]
        yield f"| the bundle, {shown} | | " + " | ".join(cells)
        last = rows("own", part="bundle, left out", input=part, yes="16")[0]
        yield (
            f"{last.speaking} of {last.genres} speak, {last.precision:.0%} of what they give is "
            f"right, {last.recall:.0%} of theirs are given"
        )
    first, *_, few = rows("own", part="bundle, by keyword")
    yield f"{first.macro_roc_auc:.3f} from name, description and parent"
    yield f"{few.macro_roc_auc:.3f} with {few.yes} and {few.no} examples"
    yield f"{row('own', part='speed').seconds:.2f} s"


def audit_in_short() -> Iterator[str]:
    usual, lookup = (
        {
            row.task.partition(" ")[0]: row.roc_auc
            for row in rows("audit", inputs="plot, title, year, poster", lookup=lookup)
        }
        for lookup in ("", "movielens")
    )
    yield (
        f"ROC AUC {usual['tmdb']:.3f} where TMDb's genres stand and IMDb disagrees, "
        f"{usual['imdb']:.3f} the other way round"
    )
    yield f"with MovieLens as the lookup {lookup['tmdb']:.3f} and {lookup['imdb']:.3f}"
    unseen = row("audit", task="planted, not trained on", inputs="plot, title, year, poster")
    trained = row("audit", task="planted, trained on", inputs="plot, title, year, poster")
    yield (
        f"of the 200 surest findings {unseen.precision_at_200:.0%} were planted, "
        f"{trained.precision_at_200:.0%} in movies that the bundle was trained on"
    )
    speed = row("audit-speed")
    yield f"{speed.movies:,} movies without posters take {speed.seconds:.0f} s"


def audit_in_full() -> Iterator[str]:
    yield from audit_in_short()
    for one in rows("audit"):
        lookup = one.lookup or "none"
        planted = f"{one.precision_at_200:.3f}" if one.precision_at_200 != "" else "–"
        yield (
            f"| {one.task} | {one.inputs} | {lookup} | {one.movies:,} | {one.errors:,} | "
            f"{one.roc_auc:.3f} | {planted} |"
        )


def colours_of_posters() -> Iterator[str]:
    leading = rows("colours", greys="with", period="", rank="1")
    is_dark = {r.genre: int(r.colour[1:3], 16) < 0x20 for r in leading}
    assert all(is_dark[r.genre] or int(r.colour[1:3], 16) > 0xD8 for r in leading)
    most = max(leading, key=lambda r: r.share)
    light = [genre for genre, dark in is_dark.items() if not dark]
    yield (
        f"near-black leads in {sum(is_dark.values())} genres, most in {most.genre} "
        f"({most.share:.0%} of its posters), and near-white in "
        f"{', '.join(light[:-1])} and {light[-1]}"
    )
    decades = [f"{year}s" for year in range(1930, 2000, 10)]
    means = [
        np.mean([list(bytes.fromhex(r.colour[1:])) for r in rows("colours", period=d, rank="1")])
        for d in decades
    ]
    assert means == sorted(means, reverse=True)
    yield "light in the 1930s and grow darker until the 1990s"


FIGURES: tuple[tuple[str, Callable[[], Iterator[str]]], ...] = (
    ("docs/colours.md", colours_of_posters),
    ("README.md", readme),
    ("docs/audit.md", audit_in_short),
    ("docs/default-model.md", quality),
    ("docs/default-model.md", read),
    ("docs/default-model.md", decisions),
    ("docs/default-model.md", quality_of_posters),
    ("docs/default-model.md", sizes),
    ("docs/evaluation.md", default_bundle),
    ("docs/evaluation.md", why),
    ("docs/evaluation.md", imbalance_in_short),
    ("docs/evaluation.md", eras_in_short),
    ("docs/films.md", identification_in_short),
    ("docs/formats.md", clean_in_short),
    ("docs/languages.md", languages),
    ("docs/languages.md", speed_of_languages),
    ("docs/languages.md", fifteen_languages),
    ("docs/reviewing.md", keystrokes_in_short),
    ("docs/scaling.md", scaling_in_short),
    ("docs/scaling.md", two_hosts),
    ("docs/security.md", hostile_in_short),
    ("docs/servers.md", remote_kills),
    (NOTEBOOK, audit_in_full),
    (NOTEBOOK, identification_in_full),
    (NOTEBOOK, keystrokes),
    (NOTEBOOK, story),
    (NOTEBOOK, adding),
    (NOTEBOOK, ahead),
    (NOTEBOOK, own_genres),
    (NOTEBOOK, dealer_in_full),
    (NOTEBOOK, reading_many),
    ("docs/reading.md", reading_in_short),
    ("docs/lookup.md", dealer_in_short),
    (NOTEBOOK, quality),
    (NOTEBOOK, quality_in_full),
    (NOTEBOOK, why_in_full),
    (NOTEBOOK, published_f1),
    (NOTEBOOK, speed),
    (NOTEBOOK, tried),
    (NOTEBOOK, tried_lettering),
    (NOTEBOOK, tried_student),
    (NOTEBOOK, tried_kin),
    (NOTEBOOK, tried_backbones),
    (NOTEBOOK, tried_languages),
    (NOTEBOOK, tried_sizes),
    (NOTEBOOK, training),
    (NOTEBOOK, imbalance),
    (NOTEBOOK, eras),
    (NOTEBOOK, eras_in_short),
    (NOTEBOOK, published),
    ("docs/reproduction.md", reproduced),
    ("docs/stand-ins.md", stood_in),
    (NOTEBOOK, catalogues),
    (NOTEBOOK, server),
    (NOTEBOOK, shop),
    (NOTEBOOK, learning),
    (NOTEBOOK, scaling),
    (NOTEBOOK, attacks),
    (NOTEBOOK, hostile),
    (NOTEBOOK, remote_kills_in_full),
    (NOTEBOOK, languages),
)
"""A page, and the sentences with figures that it must have."""


def text_of(page: str) -> str:
    """The page in one line, and "100 %" as Python writes it."""
    return " ".join((ROOT / page).read_text(encoding="utf-8").split())


def sentences(function: Callable[[], Iterator[str]]) -> list[str]:
    """As pages write them: "13 %" with a space."""
    return [re.sub(r"(\d)%", r"\1 %", sentence) for sentence in function()]


@pytest.mark.parametrize(("page", "function"), FIGURES, ids=lambda x: getattr(x, "__name__", x))
def test_figures_are_those_of_their_tables(
    page: str, function: Callable[[], Iterator[str]]
) -> None:
    for sentence in sentences(function):
        assert sentence.strip() in text_of(page)


@pytest.mark.parametrize("page", USER_PAGES)
def test_user_pages_have_no_figure_that_is_not_held(page: str) -> None:
    text = text_of(page)
    for place, function in FIGURES:
        for sentence in sentences(function) if place == page else ():
            text = text.replace(sentence.strip(), "")
    assert re.findall(r"(?<![\d.])0\.\d{3}(?!\d)", text) == []


def test_every_table_is_cited_and_held(monkeypatch: pytest.MonkeyPatch) -> None:
    tables = {path.stem for path in RESULTS.glob("*.csv")}
    assert set(re.findall(r"results/([\w-]+)\.csv", text_of(NOTEBOOK))) == tables
    names: set[str] = set()
    read = rows

    def noted(table: str, **where: str) -> list[Row]:
        names.add(table)
        return read(table, **where)

    monkeypatch.setitem(globals(), "rows", noted)
    for _, function in FIGURES:
        list(function())
    assert names == tables


# Recipes of published systems.

RECIPES = sorted((ROOT / "src" / "genreel" / "lab" / "recipes").rglob("*.toml"))
OURS = {
    "roc_auc": "macro_roc_auc",
    "weighted_f1": "weighted_f1",
    "label_accuracy": "label_accuracy",
    "log_loss": "log_loss",
}
"""Figure of a recipe's table `ours` → column of the tables."""
REPORTED = {name: name for name in OURS} | {"loss": "log_loss"}
"""Figure of a recipe's table `reported` → that of `ours` beside it."""


@pytest.mark.parametrize("path", RECIPES, ids=lambda path: path.stem)
def test_figures_of_recipes_are_those_of_the_tables(path: Path) -> None:
    recipe = tomllib.loads(path.read_text(encoding="utf-8"))
    if ours := recipe.get("ours"):
        is_stand_in = "mobilenetv2_100" in ours.get("changed", "")
        table = "stand-ins" if is_stand_in else ours["command"].split()[-1]
        measured = row(table, recipe=path.stem, changed=ours.get("changed", ""))
        assert ours["movies"] == measured.movies
        for name, column in OURS.items():
            assert ours[name] == round(measured[column], 4)


@pytest.mark.parametrize("path", RECIPES, ids=lambda path: path.stem)
def test_notes_say_why_a_figure_is_below_its_source(path: Path) -> None:
    recipe = tomllib.loads(path.read_text(encoding="utf-8"))
    for name, own in REPORTED.items():
        if name in recipe.get("reported", {}) and "ours" in recipe:
            gain = recipe["ours"][own] - recipe["reported"][name]
            if (gain > 0) if own == "log_loss" else (gain < 0):
                assert re.search("below|interval", recipe["notes"]), name


def test_notes_quote_the_card() -> None:
    notes = "".join(path.read_text(encoding="utf-8") for path in RECIPES)
    figures = re.findall(r"default bundle's card\) has a weighted F1 of ([\d.]+)", notes)
    assert figures
    assert {float(figure) for figure in figures} == {round(card("poster only").weighted_f1, 3)}


# Tables about the default bundle, and which one they speak of.


def digits(bundle: str) -> str:
    """The first digits of the SHA-256 of a bundle's graph."""
    return hashlib.sha256((BUNDLES / bundle / "model.onnx").read_bytes()).hexdigest()[:12]


def sections(page: str) -> Iterator[tuple[str, str]]:
    """Headings of a page, and what stands below them."""
    parts = re.split(r"^#+ (.+)$", (ROOT / page).read_text(encoding="utf-8"), flags=re.MULTILINE)
    yield from zip(parts[1::2], parts[2::2], strict=True)


MEASURED_WITH: dict[str, str] = tomllib.loads((RESULTS / "bundles.toml").read_text())["default"]


@pytest.mark.parametrize("table", MEASURED_WITH)
def test_figures_of_an_earlier_default_say_so(table: str) -> None:
    cited = [
        (page, heading, text)
        for page in (*USER_PAGES, NOTEBOOK)
        for heading, text in sections(page)
        if f"results/{table})" in text
    ]
    assert cited
    if MEASURED_WITH[table] != digits("default"):
        for page, heading, text in cited:
            assert "an earlier default" in " ".join(text.split()), (page, heading)


@pytest.mark.parametrize("bundle", ["default", "fast"])
def test_quality_was_measured_with_the_bundles_as_they_are(bundle: str) -> None:
    for case in (*CASES, "as they are"):
        measured, own = (
            row("quality", group="genreel", system=bundle, data="test part", inputs=case),
            card(case, bundle),
        )
        assert measured.films == own.movies
        for column in ("roc_auc", "average_precision"):
            assert float(measured[column]) == pytest.approx(own[f"macro_{column}"], abs=6e-5)


def test_bundle_page_names_the_format() -> None:
    assert f"The present one is {FORMAT}." in text_of("docs/bundle.md")


# Pages are short, and what they name exists.


@pytest.mark.parametrize("page", USER_PAGES)
def test_user_pages_are_short(page: str) -> None:
    lines = (ROOT / page).read_text(encoding="utf-8").splitlines()
    assert len(lines) <= LONGEST_PAGE
    rows = [line for line in lines if line.startswith("|")]  # which Markdown cannot break
    assert [line for line in rows if len(line) > LONGEST_ROW] == []
    assert [line for line in lines if len(line) > LONGEST_LINE and line not in rows] == []


def test_the_tour_takes_five_minutes() -> None:
    assert len(text_of("docs/tour.md").split()) <= FIVE_MINUTES


def anchor(heading: str) -> str:
    """What a link to a heading ends with."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


@pytest.mark.parametrize("page", PAGES)
def test_links_lead_somewhere(page: str) -> None:
    text = (ROOT / page).read_text(encoding="utf-8")
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        if re.match(r"[a-z]+:", target):
            continue
        path, _, heading = target.partition("#")
        file = (ROOT / page).parent / path if path else ROOT / page
        assert file.exists(), target
        if heading:
            page_of_file = file.resolve().relative_to(ROOT).as_posix()
            assert heading in {anchor(h) for h, _ in sections(page_of_file)}, target


@pytest.mark.parametrize("page", PAGES)
def test_files_that_pages_name_exist(page: str) -> None:
    named = re.findall(
        r"\b((?:src|tests|benchmarks|docs|samples)/[\w./-]+\.(?:py|md|csv|toml|ipynb))\b",
        text_of(page),
    )
    missing = [path for path in named if "NAME" not in path and not (ROOT / path).exists()]
    assert missing == []


def test_every_page_is_in_the_readme() -> None:
    readme_text = text_of("README.md")
    pages = [*DOCS, "docs/tutorial.ipynb", NOTEBOOK, "CONTRIBUTING.md"]
    assert [page for page in pages if f"]({page})" not in readme_text] == []


def commands(page: str) -> list[str]:
    """The lines of a page's shell blocks that run genreel, without comments and pipes."""
    text = (ROOT / page).read_text(encoding="utf-8")
    lines = []
    for block in re.findall(r"^```sh\n(.*?)^```", text, re.DOTALL | re.MULTILINE):
        for line in re.sub(r"\\\n", " ", block).splitlines():
            words = shlex.split(line, comments=True)
            while "genreel" in words:
                words = words[words.index("genreel") + 1 :]
                ends = [i for i, word in enumerate(words) if word in ("|", "&&", ">", ";")]
                lines.append(shlex.join(words[: ends[0]] if ends else words))
    return lines


COMMANDS = [(page, command) for page in PAGES for command in commands(page)]


@pytest.mark.parametrize(("page", "command"), COMMANDS)
def test_commands_of_pages_parse(page: str, command: str) -> None:
    build_parser().parse_args(shlex.split(command))


def test_the_readme_begins_with_its_two_commands() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    first, second, *_ = re.findall(r"^```\w*\n(.*?)^```", text, re.DOTALL | re.MULTILINE)
    assert first == "pip install . && genreel predict samples/\n"
    assert second == "pip install '.[test]' && pytest\n"


def test_licences_name_every_requirement() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    page = text_of("docs/data-and-licences.md").lower()
    extras = project["optional-dependencies"]
    wanted = [*project["dependencies"], *(d for extra in extras.values() for d in extra)]
    names = {re.match(r"[\w.-]+", d)[0] for d in wanted} - {"genreel"}  # type: ignore[index]
    assert sorted(name for name in names if name.lower() not in page) == []
