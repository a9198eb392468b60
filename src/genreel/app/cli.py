"""The command line: every command, its flags named like the keywords behind them."""

from __future__ import annotations

import argparse
import dataclasses
import gc
import itertools
import os
import shlex
import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import genreel
from genreel.errors import GenreelError, MissingExtra

if TYPE_CHECKING:
    from genreel.catalogue import Movie

DONE, NOTHING_DONE, USAGE, SOME_FAILED = 0, 1, 2, 3
"""Exit codes: all done; nothing could be done; wrong usage; some inputs failed."""


def main(argv: Sequence[str] | None = None) -> int:
    """Runs one command and returns its exit code; a person's error is one line on stderr.

    Raises:
        SystemExit: with code 2 on wrong usage, with 0 after --help and --version.
    """
    argv = sys.argv[1:] if argv is None else argv
    arguments = build_parser().parse_args(argv)
    arguments.command = shlex.join(["genreel", *argv])
    try:
        code: int = arguments.run(arguments)
        sys.stdout.flush()
        return code
    except GenreelError as error:
        print(f"genreel: {error}", file=sys.stderr)
        return NOTHING_DONE
    except KeyboardInterrupt:
        print("genreel: stopped", file=sys.stderr)
        return 130
    except BrokenPipeError:  # whoever read our output has seen enough
        _settle_output()
        return DONE
    except OSError as error:  # such as a disk that is full, or a file that may not be read
        _settle_output()
        what = f" ({error.filename!s:.80})" if error.filename else ""
        print(f"genreel: {error.strerror}{what}".replace("\n", " "), file=sys.stderr)
        return NOTHING_DONE


def _settle_output() -> None:
    """Sends what cannot be written nowhere, so that Python does not stumble over it at exit."""
    try:
        sys.stdout.flush()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


class _Parser(argparse.ArgumentParser):
    """Wrong usage is one line, like every error."""

    def error(self, message: str) -> NoReturn:
        self.exit(USAGE, f"{self.prog}: {message}; see {self.prog} --help\n")


def build_parser() -> argparse.ArgumentParser:
    """The parser of all commands; docs/cli.md is made from it."""
    parser = _Parser(
        prog="genreel", description="Tells a movie's genres from its poster, its plot, or both."
    )
    parser.add_argument("--version", action="version", version=f"genreel {genreel.__version__}")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for add in (
        _add_predict,
        _add_recipes,
        _add_train,
        _add_evaluate,
        _add_calibrate,
        _add_compare,
        _add_eras,
        _add_split,
        _add_colours,
        _add_serve,
        _add_watch,
        _add_doctor,
    ):
        add(commands)
    return parser


def _command(commands: Any, name: str, run: Any, text: str, epilog: str = "") -> Any:
    """A command whose help opens with `text`."""
    parser = commands.add_parser(
        name,
        help=text,
        description=text[0].upper() + text[1:] + ".",
        epilog=epilog,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.set_defaults(run=run, parser=parser)
    return parser


def _add_predict(commands: Any) -> None:
    parser = _command(
        commands,
        "predict",
        _predict,
        "tell the genres of movies",
        "examples:\n"
        "  genreel predict poster.jpg --plot 'A sheriff rides into town.' --year 1953\n"
        "  genreel predict posters/ --format csv > genres.csv\n"
        "  genreel predict catalogue.csv --format jsonl\n"
        '  echo \'{"id": 1, "plot": "…"}\' | genreel predict - --format jsonl',
    )
    parser.add_argument(
        "paths",
        nargs="*",
        metavar="PATH",
        help="poster files, folders of posters, catalogues (.csv .jsonl .parquet, or a folder "
        "with movies.csv); - reads JSON lines from standard input",
    )
    parser.add_argument("--plot", default="", help="plot of the one movie, in English")
    parser.add_argument("--title", default="", help="title of the one movie")
    parser.add_argument("--year", default="", help="year of release of the one movie")
    parser.add_argument(
        "--model", default="default", metavar="BUNDLE", help="bundle to use (default: %(default)s)"
    )
    parser.add_argument(
        "--format",
        choices=("table", "json", "jsonl", "csv", "parquet"),
        default="table",
        help="what to write to standard output (default: %(default)s)",
    )
    parser.add_argument(
        "--top-k", type=_positive, default=3, metavar="N", help="scores a row of the table shows"
    )
    parser.add_argument(
        "--threshold",
        type=_share,
        metavar="P",
        help="assign a genre from this score on, instead of the bundle's own thresholds",
    )
    parser.add_argument(
        "--explain",
        action="store_true",
        help="say which words of the plot and areas of the poster spoke for each genre",
    )
    parser.add_argument(
        "--max-bytes", type=_positive, metavar="N", help="largest poster file (128 MiB)"
    )
    parser.add_argument(
        "--max-pixels", type=_positive, metavar="N", help="largest poster (128 million pixels)"
    )
    parser.add_argument(
        "--max-side", type=_positive, metavar="N", help="longest side of a poster (30,000 pixels)"
    )


def _add_recipes(commands: Any) -> None:
    parser = _command(commands, "recipes", _recipes, "list the recipes, or show one")
    parser.add_argument("name", nargs="?", metavar="NAME", help="the recipe to show")


def _add_train(commands: Any) -> None:
    parser = _command(
        commands,
        "train",
        _train,
        "train a recipe on a catalogue and write its bundle",
        "A run that was stopped goes on where it was when the same command is given again.",
    )
    parser.add_argument("recipe", metavar="RECIPE", help="name of a recipe, or a .toml file")
    _add_catalogue(parser)
    parser.add_argument("--out", required=True, type=Path, metavar="BUNDLE", help="where it goes")
    _add_split_file(parser)
    _add_extra(parser)
    _add_set(parser)


def _add_evaluate(commands: Any) -> None:
    parser = _command(commands, "evaluate", _evaluate, "measure a bundle on a labelled catalogue")
    parser.add_argument("bundle", metavar="BUNDLE", help="a bundle's folder or name")
    _add_catalogue(parser)
    parser.add_argument(
        "--out", required=True, type=Path, metavar="DIR", help="for metrics.json and report.html"
    )
    _add_split_file(parser)
    parser.add_argument(
        "--part",
        choices=("train", "valid", "test"),
        default="test",
        help="part of the split to measure (default: %(default)s)",
    )
    parser.add_argument(
        "--against", metavar="BUNDLE", help="another bundle to set beside it, genre by genre"
    )


def _add_calibrate(commands: Any) -> None:
    parser = _command(
        commands,
        "calibrate",
        _calibrate,
        "choose a bundle's calibration and thresholds anew",
        "They are chosen on the valid part of the split, for every combination of poster and\n"
        "plot, and measured on its test part; nothing is trained.",
    )
    parser.add_argument("bundle", metavar="BUNDLE", help="a bundle's folder or name")
    _add_catalogue(parser)
    parser.add_argument("--out", required=True, type=Path, metavar="BUNDLE", help="where it goes")
    _add_split_file(parser, required=True)


def _add_compare(commands: Any) -> None:
    parser = _command(
        commands,
        "compare",
        _compare,
        "train recipes on one split and compare them",
        "A recipe that is finished is not trained again; one that fails does not stop the rest.",
    )
    _add_catalogue(parser)
    parser.add_argument("recipes", nargs="+", metavar="RECIPE", help="names or .toml files")
    parser.add_argument(
        "--out", required=True, type=Path, metavar="DIR", help="for leaderboard.csv, .json, .html"
    )
    _add_split_file(parser)
    _add_extra(parser)
    _add_set(parser)


def _add_eras(commands: Any) -> None:
    parser = _command(
        commands,
        "eras",
        _eras,
        "train a recipe on each decade and measure it on every other",
        "Writes eras.csv, eras.json and eras.html. A run that was stopped goes on where it was.",
    )
    parser.add_argument("recipe", metavar="RECIPE", help="name of a recipe, or a .toml file")
    _add_catalogue(parser)
    parser.add_argument("--out", required=True, type=Path, metavar="DIR", help="where they go")
    _add_split_file(parser)
    _add_set(parser)


def _add_split(commands: Any) -> None:
    parser = _command(
        commands, "split", _split, "split a catalogue so that every genre keeps its share"
    )
    _add_catalogue(parser)
    parser.add_argument("--out", required=True, type=Path, metavar="FILE", help="JSON file")
    parser.add_argument("--valid", type=_share, default=0.1, help="share (default: %(default)s)")
    parser.add_argument("--test", type=_share, default=0.1, help="share (default: %(default)s)")
    parser.add_argument("--seed", type=_seed, default=0, help="(default: %(default)s)")


def _add_colours(commands: Any) -> None:
    parser = _command(
        commands,
        "colours",
        _colours,
        "find the dominant colours of posters by genre and period",
        "Writes colours.csv, genres.svg and periods.svg.",
    )
    _add_catalogue(parser)
    parser.add_argument("--out", required=True, type=Path, metavar="DIR", help="where they go")


def _add_serve(commands: Any) -> None:
    parser = _command(
        commands,
        "serve",
        _serve,
        "review films in a browser, and answer other programs",
        "It listens on this machine alone unless --host says otherwise; then it asks for a token.",
    )
    _add_store(parser)
    parser.add_argument("--host", default="127.0.0.1", help="(default: %(default)s)")
    parser.add_argument("--port", type=_port, default=8750, help="(default: %(default)s)")
    parser.add_argument(
        "--token",
        default=os.environ.get("GENREEL_TOKEN", ""),
        help="what every request must carry (default: $GENREEL_TOKEN, or a new one where needed)",
    )
    parser.add_argument(
        "--waiting",
        type=_positive,
        default=2,
        metavar="N",
        help="films that may wait for a prediction; more are answered 429 (default: %(default)s)",
    )
    parser.add_argument(
        "--max-body", type=_positive, default=64 * 2**20, metavar="N", help="bytes of a request"
    )
    parser.add_argument(
        "--fetch-urls",
        action="store_true",
        help="fetch posters from public addresses where Label Studio names them",
    )


def _add_watch(commands: Any) -> None:
    parser = _command(
        commands,
        "watch",
        _watch,
        "classify the posters that land in a folder",
        "NAME.txt beside NAME.jpg is its plot. A file that cannot be used goes to set-aside/,\n"
        "with the reason beside it. What was taken is not taken again; a file that is moved or\n"
        "renamed stays the same film.",
    )
    parser.add_argument("folder", type=Path, metavar="FOLDER", help="the folder to watch")
    _add_store(parser)
    parser.add_argument("--once", action="store_true", help="take what is there, then end")


def _add_store(parser: Any) -> None:
    parser.add_argument(
        "--store",
        default="films.db",
        metavar="URL",
        help="a file, or postgresql://user:password@host/name (default: %(default)s)",
    )
    parser.add_argument(
        "--model", default="default", metavar="BUNDLE", help="bundle to use (default: %(default)s)"
    )


def _add_doctor(commands: Any) -> None:
    _command(commands, "doctor", _doctor, "say what is installed, what is missing and the remedy")


def _add_catalogue(parser: Any) -> None:
    parser.add_argument("catalogue", metavar="CATALOGUE", help="a table or its folder")
    parser.add_argument(
        "--taxonomy",
        default="genreel",
        metavar="NAME",
        help="what the column genres speaks: genreel (all genres), imdb, tmdb, movielens, mixed",
    )


def _add_split_file(parser: Any, required: bool = False) -> None:
    parser.add_argument(
        "--split",
        type=Path,
        metavar="FILE",
        required=required,
        help="JSON with the ids of train, valid and test",
    )


def _add_extra(parser: Any) -> None:
    parser.add_argument(
        "--extra",
        metavar="CATALOGUE",
        help="more movies to train on; rows whose column split is not train are left out",
    )


def _add_set(parser: Any) -> None:
    parser.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="KEY=VALUE",
        help="change a setting of the recipe, such as training.epochs=3",
    )


def _positive(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from 1 on")
    return int(text)


def _port(text: str) -> int:
    if not text.isdecimal() or int(text) >= 2**16:
        raise argparse.ArgumentTypeError(f"{text!r} is not a port from 0 to 65535")
    return int(text)


def _seed(text: str) -> int:
    if not text.isdecimal() or int(text) >= 2**32:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from 0 to 2³² - 1")
    return int(text)


def _share(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 <= value <= 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number from 0 to 1")
    return value


def _predict(arguments: argparse.Namespace) -> int:
    # Nothing made while starting is garbage; looking for some, then and at the end, would be a
    # sixth of the time that one movie takes from a cold shell.
    gc.disable()
    from genreel.app import output
    from genreel.posters import Limits
    from genreel.predictor import Predictor
    from genreel.progress import progress

    if arguments.explain and arguments.format in ("csv", "parquet"):
        arguments.parser.error("--explain needs --format table, json or jsonl")
    movies = _movies(arguments)
    given = {
        name: value
        for name in ("max_bytes", "max_pixels", "max_side")
        if (value := getattr(arguments, name))
    }
    predictor = Predictor(arguments.model, limits=dataclasses.replace(Limits(), **given))
    gc.freeze()
    gc.enable()
    failed = answered = 0

    def counted(predictions: Iterable[Any]) -> Iterator[Any]:
        nonlocal failed, answered
        for prediction in predictions:
            failed += prediction.error is not None
            answered += bool(prediction.scores)
            yield prediction

    predictions = counted(
        predictor.predict_many(movies, threshold=arguments.threshold, explain=arguments.explain)
    )
    # A bar and a table on one terminal would write over each other.
    if not sys.stdout.isatty():
        predictions = progress(predictions, "predicting", _length(movies))
    output.write(predictions, arguments.format, predictor.genres, arguments.top_k)
    if failed:
        what = "input" if failed == 1 else "inputs"
        print(f"genreel: {failed} {what} failed; see the error of each", file=sys.stderr)
    elif not answered:
        print("genreel: no movies there; nothing to predict", file=sys.stderr)
    if not answered:
        return NOTHING_DONE
    return SOME_FAILED if failed else DONE


def _movies(arguments: argparse.Namespace) -> Iterable[Movie]:
    """The movies that the command line names."""
    from genreel.catalogue import movie_from_record

    about = {name: getattr(arguments, name) for name in ("plot", "title", "year")}
    paths: list[str] = arguments.paths
    if any(about.values()) or not paths:
        if len(paths) > 1 or (paths and _holds_many(paths[0])):
            arguments.parser.error("--plot, --title and --year describe one movie; give one poster")
        if not paths and not any(value.strip() for value in about.values()):
            arguments.parser.error("nothing to predict; give a poster, folder, catalogue or --plot")
        record = {**about, "poster": paths[0] if paths else ""}
        return [movie_from_record(record, Path(paths[0]).stem if paths else "movie")]
    if len(paths) == 1:
        return _source(paths[0])
    return itertools.chain.from_iterable(map(_source_or_failure, paths))


def _source(given: str) -> Iterable[Movie]:
    """The movies of one argument; GenreelError if it holds none."""
    from genreel.catalogue import Catalogue, Movie, movies_from_json_lines
    from genreel.posters import SUFFIXES

    path = Path(given)
    if given == "-":
        return movies_from_json_lines()
    if not _holds_many(given):
        return [Movie(path.stem, poster=path)]
    if path.suffix.lower() in _TABLE_SUFFIXES or _has_table(path):
        return Catalogue(path)
    found = sorted(p for p in path.rglob("*") if p.suffix.lower() in SUFFIXES and not p.is_dir())
    if not found:
        raise GenreelError(f"{path}: no posters ({', '.join(SUFFIXES)}) and no table")
    return [Movie(p.relative_to(path).with_suffix("").as_posix(), poster=p) for p in found]


def _source_or_failure(given: str) -> Iterator[Movie]:
    """The movies of one argument of several; a failure is a movie, so that the others go on."""
    from genreel.catalogue import Movie

    try:
        yield from _source(given)
    except GenreelError as error:
        yield Movie(given, problem=str(error))


_TABLE_SUFFIXES = (".csv", ".jsonl", ".parquet")


def _holds_many(given: str) -> bool:
    """Whether an argument is a catalogue, a folder or standard input rather than a poster."""
    path = Path(given)
    return given == "-" or path.suffix.lower() in _TABLE_SUFFIXES or path.is_dir()


def _has_table(path: Path) -> bool:
    from genreel.catalogue import TABLES

    return any((path / name).is_file() for name in TABLES)


def _length(movies: Any) -> int | None:
    return len(movies) if hasattr(movies, "__len__") and sys.stderr.isatty() else None


def _recipes(arguments: argparse.Namespace) -> int:
    _need_lab()
    from genreel.lab.recipe import load_recipe, recipe_names

    if arguments.name:
        print(load_recipe(arguments.name).text)
        return DONE
    recipes = [load_recipe(name) for name in recipe_names()]
    width = max(len(recipe.head.id) for recipe in recipes)
    for recipe in recipes:
        print(f"{recipe.head.id:<{width}}  {recipe.head.title} ({recipe.head.source})")
    return DONE


def _train(arguments: argparse.Namespace) -> int:
    _need_lab()
    from genreel.catalogue import Catalogue
    from genreel.lab.recipe import load_recipe
    from genreel.lab.splits import read_split
    from genreel.lab.training.run import train

    metrics = train(
        load_recipe(arguments.recipe, arguments.set),
        Catalogue(arguments.catalogue, arguments.taxonomy),
        arguments.out,
        split=read_split(arguments.split) if arguments.split else None,
        extra=Catalogue(arguments.extra, arguments.taxonomy) if arguments.extra else None,
        command=arguments.command,
    )
    if metrics:
        _print_figures(metrics["test"])
        print(f"bundle written to {arguments.out}", file=sys.stderr)
    return DONE


def _compare(arguments: argparse.Namespace) -> int:
    _need_lab()
    from genreel.app.output import print_leaderboard
    from genreel.catalogue import Catalogue
    from genreel.lab.evaluation.compare import compare
    from genreel.lab.recipe import load_recipe
    from genreel.lab.splits import read_split, stratified_split, write_split
    from genreel.lab.training.run import train
    from genreel.vocabulary import Vocabulary

    recipes = [load_recipe(name, arguments.set) for name in arguments.recipes]
    catalogue = Catalogue(arguments.catalogue, arguments.taxonomy)
    extra = Catalogue(arguments.extra, arguments.taxonomy) if arguments.extra else None
    movies = catalogue.by_id()
    _make_folder(arguments.out)
    kept = arguments.out / "split.json"
    if arguments.split:
        split = read_split(arguments.split)
    elif kept.is_file():  # of an earlier run that this one resumes
        split = read_split(kept)
    else:
        split = stratified_split([m for m in movies.values() if m.genres], Vocabulary(), seed=0)
    write_split(split, kept)
    rows = compare(
        recipes,
        lambda recipe, bundle: train(
            recipe,
            catalogue,
            bundle,
            split=split,
            extra=extra,
            command=arguments.command,
            checkpoints=arguments.out / "checkpoints",
        ),
        split.part("test", movies),
        split,
        arguments.out,
    )
    print_leaderboard(rows)
    failed = sum(row["error"] is not None for row in rows)
    return NOTHING_DONE if failed == len(rows) else SOME_FAILED if failed else DONE


def _eras(arguments: argparse.Namespace) -> int:
    _need_lab()
    from genreel.app.output import print_decades
    from genreel.catalogue import Catalogue
    from genreel.lab.decades import compare_decades
    from genreel.lab.recipe import load_recipe
    from genreel.lab.splits import read_split, stratified_split

    recipe = load_recipe(arguments.recipe, arguments.set)
    movies = Catalogue(arguments.catalogue, arguments.taxonomy).by_id()
    labelled = [movie for movie in movies.values() if movie.genres]
    if arguments.split:
        split = read_split(arguments.split)
    else:
        split = stratified_split(labelled, recipe.vocabulary, recipe.head.seed)
    _make_folder(arguments.out)
    print_decades(compare_decades(recipe, movies, split, arguments.out))
    print(f"page written to {arguments.out / 'eras.html'}", file=sys.stderr)
    return DONE


def _evaluate(arguments: argparse.Namespace) -> int:
    _need_lab()
    from genreel.catalogue import Catalogue
    from genreel.lab.evaluation.report import write_report
    from genreel.lab.splits import read_split
    from genreel.predictor import Predictor

    catalogue = Catalogue(arguments.catalogue, arguments.taxonomy)
    movies = catalogue.by_id()
    if arguments.split:
        chosen = read_split(arguments.split).present(arguments.part, movies)
    else:
        chosen = list(movies.values())
    _make_folder(arguments.out)
    other = arguments.against
    against = (other, Predictor(other)) if other else None
    figures = write_report(
        Predictor(arguments.bundle), chosen, catalogue, arguments.out, against=against
    )
    _print_figures(figures)
    print(f"report written to {arguments.out / 'report.html'}", file=sys.stderr)
    return DONE


def _calibrate(arguments: argparse.Namespace) -> int:
    _need_lab()
    from genreel.catalogue import Catalogue
    from genreel.lab.evaluation.recalibrate import recalibrate
    from genreel.lab.splits import read_split

    movies = Catalogue(arguments.catalogue, arguments.taxonomy).by_id()
    split = read_split(arguments.split)
    valid, test = (split.part(name, movies) for name in ("valid", "test"))
    metrics = recalibrate(arguments.bundle, arguments.out, valid, test, arguments.command)
    _print_figures(metrics["test"])
    print(f"bundle written to {arguments.out}", file=sys.stderr)
    return DONE


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise GenreelError(f"cannot make {folder} ({error.strerror})") from None


def _print_figures(cases: dict[str, Any]) -> None:
    from genreel.app.output import print_figures

    print_figures(cases)


def _split(arguments: argparse.Namespace) -> int:
    _need_lab()
    from genreel.catalogue import Catalogue
    from genreel.lab.splits import PARTS, stratified_split, write_split
    from genreel.vocabulary import Vocabulary

    valid, test = arguments.valid, arguments.test
    if not (valid > 0 and test > 0 and valid + test < 1):
        arguments.parser.error("--valid and --test must be over 0, and leave movies to train on")
    movies = [m for m in Catalogue(arguments.catalogue, arguments.taxonomy) if m.genres]
    split = stratified_split(movies, Vocabulary(), arguments.seed, valid, test)
    write_split(split, arguments.out)
    sizes = ", ".join(f"{name} {len(getattr(split, name)):,}" for name in PARTS)
    print(f"{sizes}: written to {arguments.out}", file=sys.stderr)
    return DONE


def _colours(arguments: argparse.Namespace) -> int:
    from genreel.catalogue import Catalogue
    from genreel.lab.colours import write_colours

    movies = list(Catalogue(arguments.catalogue, arguments.taxonomy))
    _make_folder(arguments.out)
    write_colours(movies, arguments.out)
    return DONE


def _serve(arguments: argparse.Namespace) -> int:
    _need("app")
    import secrets

    from genreel.app.server.application import run
    from genreel.app.server.service import open_service
    from genreel.app.server.settings import Settings
    from genreel.progress import say

    names = ("host", "port", "token", "waiting", "max_body", "fetch_urls")
    settings = Settings(**{name: getattr(arguments, name) for name in names})
    if not settings.loopback and not settings.token:
        settings = dataclasses.replace(settings, token=secrets.token_urlsafe(24))
        say(f"token: {settings.token}")
    service = open_service(arguments.model, arguments.store, settings)
    shown = f"[{settings.host}]" if ":" in settings.host else settings.host
    say(f"films of {arguments.store} on http://{shown}:{settings.port}/ (Ctrl+C stops it)")
    run(service)
    return DONE


def _watch(arguments: argparse.Namespace) -> int:
    _need("app")
    from genreel.app.server.service import open_service
    from genreel.app.server.settings import Settings
    from genreel.app.watch import Landed, Watcher
    from genreel.progress import say

    def tell(landed: Landed) -> None:
        what = ", ".join(landed.genres) or landed.reason or "none of these"
        print(f"{landed.what}\t{landed.path}\t{what}", flush=True)

    patience = 1.0 if arguments.once else 30.0
    service = open_service(arguments.model, arguments.store, Settings())
    try:
        watcher = Watcher(service, arguments.folder, patience=patience)
        if not arguments.once:
            say(f"watching {arguments.folder} (Ctrl+C stops it)")
            watcher.run(tell)
        aside = 0
        for landed in watcher.once():
            tell(landed)
            aside += landed.what == "aside"
        return SOME_FAILED if aside else DONE
    finally:
        service.close()


def _doctor(arguments: argparse.Namespace) -> int:
    from genreel.app.doctor import examine

    return DONE if examine() else NOTHING_DONE


def _need_lab() -> None:
    _need("lab")


def _need(extra: str) -> None:
    """Says what to install where an extra is missing, before anything else happens."""
    from genreel.app.doctor import missing

    absent = missing(extra)
    if absent:
        raise MissingExtra(absent[0], extra)


if __name__ == "__main__":
    sys.exit(main())
