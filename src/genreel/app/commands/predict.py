"""genreel predict."""

from __future__ import annotations

import gc
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from genreel.app.commands import exit_code, sensing, shared
from genreel.app.commands.flags import Command, UsageError, arguments, flag, switch
from genreel.app.commands.values import DECISIONS, decisions_help, positive, share

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from genreel.catalogue import Movie
    from genreel.posters import Limits
    from genreel.prediction import Prediction

FORMATS = ("table", "json", "jsonl", "csv", "parquet")
LIMITS = ("max_bytes", "max_pixels", "max_side", "max_whole")


@dataclass(frozen=True, kw_only=True)
class Options:
    """What to predict, with what and how; None: what the code that uses it takes by itself."""

    paths: tuple[str, ...] = arguments(
        "PATH",
        "poster files, folders of posters, catalogues (.csv .jsonl .parquet, or a folder "
        "with movies.csv); - reads JSON lines from standard input",
        "*",
    )
    plot: str = flag("", "plot of the one movie")
    language: str = shared.language_flag("all plots")
    title: str = flag("", "title of the one movie")
    year: str = flag("", "year of release of the one movie")
    model: str = shared.model_flag()
    names: str | None = shared.names_flag()
    format: str = flag(
        "table", "what to write to standard output (default: %(default)s)", choices=FORMATS
    )
    top_k: int = flag(3, "scores a row of the table shows", positive, metavar="N")
    threshold: float | None = flag(
        None,
        "score from which a genre is assigned, instead of the bundle's own",
        share,
        metavar="P",
    )
    decide: str = flag("balanced", decisions_help(), choices=DECISIONS)
    films: Path | None = sensing.films_flag()
    read: bool = sensing.read_flag()
    accept: float | None = sensing.accept_flag()
    own: Path | None = sensing.own_flag()
    explain: bool = switch("say which words and areas of the poster spoke for each genre")
    max_bytes: int | None = flag(None, "largest poster file (128 MiB)", positive, metavar="N")
    max_pixels: int | None = flag(None, "of a poster (128 million pixels)", positive, metavar="N")
    max_side: int | None = flag(None, "longest side (30,000 pixels)", positive, metavar="N")
    max_whole: int | None = flag(
        None,
        "largest PNG, WebP, GIF or progressive JPEG, which are decoded whole (40 million pixels)",
        positive,
        metavar="N",
    )
    engine: str = flag(
        "local",
        "local: this process; ray: several, on one machine or on the cluster that "
        "RAY_ADDRESS names (default: %(default)s)",
        choices=("local", "ray"),
    )
    out: Path | None = flag(
        None, "for ray: folder of finished parts, to go on from when stopped", Path, metavar="DIR"
    )
    workers: int | None = flag(None, "for ray: processes (all cores)", positive, metavar="N")
    part_rows: int | None = flag(None, "for ray: movies of a part (250)", positive, metavar="N")


def run(options: Options) -> int:
    """Tells the genres of movies."""
    # Nothing made while starting is garbage; looking for some, then and at the end, would be a
    # sixth of the time that one movie takes from a cold shell.
    gc.disable()
    from genreel.app import output
    from genreel.posters import Limits

    if options.explain and options.format in ("csv", "parquet"):
        raise UsageError("--explain needs --format table, json or jsonl")
    names = shared.names_of(options.names)
    limits = Limits(**{k: value for k in LIMITS if (value := getattr(options, k)) is not None})
    predict = _predict_with_ray if options.engine == "ray" else _predict
    predictions, model_genres = predict(options, limits)
    genres, failures, answers = sensing.genres_of(model_genres, options.own), 0, 0

    def count(predictions: Iterable[Prediction]) -> Iterator[Prediction]:
        nonlocal failures, answers
        for prediction in predictions:
            failures += prediction.error is not None
            answers += bool(prediction.scores)
            yield prediction

    more = options.top_k, bool(options.films), names
    output.write(count(predictions), options.format, genres, *more)
    if failures:
        inputs = "input" if failures == 1 else "inputs"
        print(f"genreel: {failures} {inputs} failed; see the error of each", file=sys.stderr)
    elif not answers:
        print("genreel: no movies there; nothing to predict", file=sys.stderr)
    return exit_code(answers, failures)


def _predict(options: Options, limits: Limits) -> tuple[Iterator[Prediction], tuple[str, ...]]:
    """The predictions of all movies, in the input's order, and the bundle's genres."""
    from genreel.app.senses import predict_movies
    from genreel.predictor import Predictor
    from genreel.progress import progress

    for name in ("out", "workers", "part_rows"):
        if getattr(options, name):
            raise UsageError(f"--{name.replace('_', '-')} goes with --engine ray")
    movies = _movies(options)
    senses = sensing.senses_of(options.films, options.read, options.accept, options.own)
    predictor = Predictor(options.model, limits=limits)
    gc.freeze()
    gc.enable()
    predictions = predict_movies(
        predictor,
        movies,
        senses,
        limits,
        language=options.language,
        threshold=options.threshold,
        decide=options.decide,
        explain=options.explain,
    )
    # A bar and a table on one terminal would write over each other.
    if not sys.stdout.isatty():
        predictions = progress(predictions, "predicting", shared.length(movies))
    return predictions, predictor.genres


def _predict_with_ray(
    options: Options, limits: Limits
) -> tuple[Iterator[Prediction], tuple[str, ...]]:
    """The same, on several processes or machines."""
    gc.enable()
    if not options.out:
        raise UsageError("--engine ray needs --out DIR, for the finished parts")
    if options.plot or options.title or options.year:
        raise UsageError("--plot, --title and --year describe one movie: --engine local")
    if not options.paths or "-" in options.paths:
        raise UsageError("--engine ray needs files or folders, which every process can read")
    shared.need("scale")
    from genreel.app.scale import PART_ROWS, Job, predict
    from genreel.bundle import read_bundle
    from genreel.cores import cores

    job = Job(
        paths=options.paths,
        out=options.out,
        model=options.model,
        workers=options.workers or cores(),
        language=options.language,
        threshold=options.threshold,
        decide=options.decide,
        explain=options.explain,
        limits=limits,
        senses=sensing.senses_of(options.films, options.read, options.accept, options.own),
        part_rows=options.part_rows or PART_ROWS,
    )
    return predict(job), read_bundle(options.model).vocabulary.genres


def _movies(options: Options) -> Iterable[Movie]:
    """The movies that the command line names."""
    from genreel.app.sources import holds_many, movies_of
    from genreel.catalogue import movie_from_record

    about = {"plot": options.plot, "title": options.title, "year": options.year}
    paths = options.paths
    if paths and not any(about.values()):
        return movies_of(paths)
    if len(paths) > 1 or (paths and holds_many(paths[0])):
        raise UsageError("--plot, --title and --year describe one movie; give one poster")
    if not paths and not any(value.strip() for value in about.values()):
        raise UsageError("nothing to predict; give a poster, folder, catalogue or --plot")
    record = {**about, "poster": paths[0] if paths else ""}
    return [movie_from_record(record, Path(paths[0]).stem if paths else "movie")]


COMMAND = Command(
    Options,
    run,
    "examples:\n"
    "  genreel predict poster.jpg --plot 'A sheriff rides into town.' --year 1953\n"
    "  genreel predict posters/ --format csv > genres.csv\n"
    "  genreel predict posters/ --films films.db\n"
    '  echo \'{"id": 1, "plot": "…"}\' | genreel predict - --format jsonl',
)
