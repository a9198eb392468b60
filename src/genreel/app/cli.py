"""The command line: every command, its flags named like the keywords behind them."""

from __future__ import annotations

import argparse
import dataclasses
import gc
import os
import shlex
import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import genreel
from genreel.decade import decade_of
from genreel.errors import GenreelError, MissingExtra

if TYPE_CHECKING:
    from genreel.catalogue import Movie
    from genreel.posters import Limits
    from genreel.predictor import Prediction

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
        print(f"genreel: {error.strerror or error}{what}".replace("\n", " "), file=sys.stderr)
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
        _add_import,
        _add_apply,
        _add_undo,
        _add_clean,
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
    parser.add_argument(
        "--max-whole",
        type=_positive,
        metavar="N",
        help="largest poster that cannot be decoded at a fraction of its size: PNG, WebP, GIF and "
        "progressive JPEG (40 million pixels, up to 16 bytes of memory each)",
    )
    parser.add_argument(
        "--engine",
        choices=("local", "ray"),
        default="local",
        help="local: this process; ray: several, on one machine or on the cluster that "
        "RAY_ADDRESS names (default: %(default)s)",
    )
    parser.add_argument(
        "--out",
        type=Path,
        metavar="DIR",
        help="for ray: folder of finished parts, from which a run that was stopped goes on",
    )
    parser.add_argument(
        "--workers", type=_positive, metavar="N", help="for ray: processes (default: all cores)"
    )
    parser.add_argument(
        "--part-rows", type=_positive, metavar="N", help="for ray: movies of a part (250)"
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
    _add_terms(parser)
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
    _add_terms(parser)
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


def _add_import(commands: Any) -> None:
    from genreel.formats import FORMATS

    width = max(map(len, FORMATS))
    parser = _command(
        commands,
        "import",
        _import,
        "make a catalogue of films that are kept in another format",
        "formats:\n"
        + "".join(f"  {name:<{width}}  {found.about}\n" for name, found in FORMATS.items())
        + "\nTMDb wants a token in GENREEL_TMDB_TOKEN. A run that was stopped is begun again by "
        "the\nsame command, without fetching or copying twice.",
    )
    parser.add_argument("format", choices=tuple(FORMATS), metavar="FORMAT", help="see below")
    parser.add_argument("source", metavar="SOURCE", help="folder, file, zip archive or query")
    parser.add_argument(
        "catalogue", type=Path, metavar="CATALOGUE", help="folder, or .csv, .jsonl, .parquet in one"
    )
    parser.add_argument(
        "--map",
        action="append",
        default=[],
        metavar="OURS=THEIRS",
        help="a column of a table by the name it has there, such as plot=Overview",
    )
    parser.add_argument("--delimiter", default=",", help="of a CSV table (default: comma)")
    parser.add_argument("--encoding", default="utf-8-sig", help="of a CSV table (default: UTF-8)")
    parser.add_argument("--separator", default="|", help="between genres in a cell (default: |)")
    parser.add_argument("--taxonomy", default="", metavar="NAME", help="what the genres speak")
    parser.add_argument("--names", metavar="FILE", help="TOML: rename, merge or drop their genres")
    parser.add_argument("--posters", type=Path, metavar="DIR", help="posters apart from the source")
    parser.add_argument(
        "--with-poster", action="store_true", help="leave out films that have no poster"
    )
    parser.add_argument("--overwrite", action="store_true", help="replace an older table")


def _add_apply(commands: Any) -> None:
    parser = _command(
        commands,
        "apply",
        _apply,
        "write genres to where other programs look for them",
        "Genres that a person wrote or locked stay, one that a person took away stays away, and\n"
        "where nothing is found nothing changes. genreel undo goes back.\n\n"
        "examples:\n"
        "  genreel apply ~/Movies --to nfo --dry-run\n"
        "  genreel apply posters/ --to xmp\n"
        "  genreel apply movies.csv --to csv --names tmdb\n"
        "  genreel apply movies.csv --to shopify --out products_export.csv",
    )
    parser.add_argument(
        "catalogue",
        type=Path,
        metavar="CATALOGUE",
        help="a table or its folder; a media library (nfo) or a folder of posters (xmp) itself",
    )
    parser.add_argument(
        "--to",
        required=True,
        choices=("nfo", "xmp", "csv", "jsonl", "parquet", "shopify"),
        help="NFO files, sidecars, a column of a table, tags of products",
    )
    parser.add_argument(
        "--out",
        type=Path,
        metavar="PATH",
        help="folder of the NFO files or sidecars; table or product CSV (default: CATALOGUE's own)",
    )
    parser.add_argument(
        "--model", default="default", metavar="BUNDLE", help="bundle to use (default: %(default)s)"
    )
    parser.add_argument(
        "--threshold", type=_share, metavar="P", help="assign a genre from this score on"
    )
    parser.add_argument(
        "--predictions",
        type=Path,
        metavar="FILE",
        help="use these, which genreel predict --format jsonl wrote, and predict nothing",
    )
    parser.add_argument(
        "--names",
        metavar="NAMES",
        help="what genres are called there: genreel, imdb, tmdb, tmdb-ids, movielens, kodi "
        "(default for nfo), or a TOML file that renames, merges and drops",
    )
    parser.add_argument("--add", action="store_true", help="beside genres of a person, too")
    parser.add_argument("--create", action="store_true", help="NFO files for films without one")
    parser.add_argument(
        "--safe-cells", action="store_true", help="an apostrophe before cells like formulas"
    )
    parser.add_argument(
        "--iptc", action="store_true", help="for xmp: keywords inside JPEG posters, too (exiftool)"
    )
    parser.add_argument("--dry-run", action="store_true", help="show what would change")


def _add_undo(commands: Any) -> None:
    parser = _command(
        commands,
        "undo",
        _undo,
        "put back what the last apply changed; files that were edited since stay",
    )
    parser.add_argument(
        "folder", type=Path, metavar="FOLDER", help="where apply wrote: the library or the folder"
    )


def _add_clean(commands: Any) -> None:
    parser = _command(
        commands,
        "clean",
        _clean,
        "find what is wrong with a catalogue's posters, plots and genres",
        "The findings are a CSV table on standard output: id, kind, detail, other (the film that\n"
        "it resembles).",
    )
    _add_catalogue(parser)
    parser.add_argument(
        "--out", type=Path, metavar="CATALOGUE", help="write a cleaned copy with its posters there"
    )
    parser.add_argument("--overwrite", action="store_true", help="replace an older table there")


def _add_split(commands: Any) -> None:
    parser = _command(
        commands, "split", _split, "split a catalogue so that every genre keeps its share"
    )
    _add_catalogue(parser)
    parser.add_argument("--out", required=True, type=Path, metavar="FILE", help="JSON file")
    parser.add_argument("--valid", type=_share, default=0.1, help="share (default: %(default)s)")
    parser.add_argument("--test", type=_share, default=0.1, help="share (default: %(default)s)")
    parser.add_argument("--seed", type=_seed, default=0, help="(default: %(default)s)")
    parser.add_argument(
        "--by",
        choices=("genre", "group", "decade", "column"),
        default="genre",
        help="genre: at random, every genre with its share; group: so, but films of one title and "
        "year, one franchise (column group) or one picture (--findings) stay together; decade: "
        "test on --test-decades; column: as the column split says (default: %(default)s)",
    )
    parser.add_argument(
        "--test-decades", type=_decades, default=(), metavar="1970,1980", help="for --by decade"
    )
    parser.add_argument(
        "--train-decades", type=_decades, default=(), metavar="2010", help="default: all others"
    )
    parser.add_argument(
        "--findings", type=Path, metavar="FILE", help="CSV of genreel clean, for --by group"
    )


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
        "NAME.txt beside NAME.jpg is its plot; NAME.nfo (movie.nfo beside poster.jpg) says title,\n"
        "year, plot and genres. A file that cannot be used goes to set-aside/, with the reason\n"
        "beside it. What was taken is not taken again; a file that is moved or renamed stays the\n"
        "same film. With --apply, genres go beside the poster as genreel apply writes them.",
    )
    parser.add_argument("folder", type=Path, metavar="FOLDER", help="the folder to watch")
    _add_store(parser)
    parser.add_argument(
        "--apply",
        choices=("nfo", "xmp"),
        help="write genres into NFO files or XMP sidecars; genreel undo goes back",
    )
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


def _add_terms(parser: Any) -> None:
    parser.add_argument(
        "--accept-terms",
        action="append",
        default=[],
        choices=("tmdb",),
        help="you have the agreement that a source's terms ask for where a model learns from it",
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


def _decades(text: str) -> tuple[int, ...]:
    years = text.replace("s", "").split(",")
    if not all(year.isdecimal() and decade_of(int(year)) == int(year) for year in years):
        raise argparse.ArgumentTypeError(f"{text!r} are no decades; write 1970,1980")
    return tuple(map(int, years))


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
    given = {
        name: value
        for name in ("max_bytes", "max_pixels", "max_side", "max_whole")
        if (value := getattr(arguments, name))
    }
    limits = dataclasses.replace(Limits(), **given)
    if arguments.engine == "ray":
        gc.enable()
        predictions, genres = _predict_with_ray(arguments, limits)
    else:
        for name in ("out", "workers", "part_rows"):
            if getattr(arguments, name):
                flag = name.replace("_", "-")
                arguments.parser.error(f"--{flag} goes with --engine ray")
        movies = _movies(arguments)
        predictor = Predictor(arguments.model, limits=limits)
        gc.freeze()
        gc.enable()
        predictions = predictor.predict_many(
            movies, threshold=arguments.threshold, explain=arguments.explain
        )
        # A bar and a table on one terminal would write over each other.
        if not sys.stdout.isatty():
            predictions = progress(predictions, "predicting", _length(movies))
        genres = predictor.genres
    failed = answered = 0

    def counted(predictions: Iterable[Any]) -> Iterator[Any]:
        nonlocal failed, answered
        for prediction in predictions:
            failed += prediction.error is not None
            answered += bool(prediction.scores)
            yield prediction

    output.write(counted(predictions), arguments.format, genres, arguments.top_k)
    if failed:
        what = "input" if failed == 1 else "inputs"
        print(f"genreel: {failed} {what} failed; see the error of each", file=sys.stderr)
    elif not answered:
        print("genreel: no movies there; nothing to predict", file=sys.stderr)
    if not answered:
        return NOTHING_DONE
    return SOME_FAILED if failed else DONE


def _predict_with_ray(
    arguments: argparse.Namespace, limits: Limits
) -> tuple[Iterator[Prediction], tuple[str, ...]]:
    """The predictions of all parts in the input's order, and the bundle's genres."""
    if not arguments.out:
        arguments.parser.error("--engine ray needs --out DIR, for the finished parts")
    if any(getattr(arguments, name) for name in ("plot", "title", "year")):
        arguments.parser.error("--plot, --title and --year describe one movie: --engine local")
    if not arguments.paths or "-" in arguments.paths:
        arguments.parser.error("--engine ray needs files or folders, which every process can read")
    _need("scale")
    from genreel.app.scale import PART_ROWS, Job, predict
    from genreel.bundle import read_bundle
    from genreel.predictor import cores

    job = Job(
        tuple(arguments.paths),
        arguments.out,
        arguments.model,
        arguments.workers or cores(),
        arguments.threshold,
        arguments.explain,
        limits,
        arguments.part_rows or PART_ROWS,
    )
    return predict(job), read_bundle(arguments.model).vocabulary.genres


def _movies(arguments: argparse.Namespace) -> Iterable[Movie]:
    """The movies that the command line names."""
    from genreel.app.sources import holds_many, movies_of
    from genreel.catalogue import movie_from_record

    about = {name: getattr(arguments, name) for name in ("plot", "title", "year")}
    paths: list[str] = arguments.paths
    if any(about.values()) or not paths:
        if len(paths) > 1 or (paths and holds_many(paths[0])):
            arguments.parser.error("--plot, --title and --year describe one movie; give one poster")
        if not paths and not any(value.strip() for value in about.values()):
            arguments.parser.error("nothing to predict; give a poster, folder, catalogue or --plot")
        record = {**about, "poster": paths[0] if paths else ""}
        return [movie_from_record(record, Path(paths[0]).stem if paths else "movie")]
    return movies_of(paths)


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
    from genreel.formats.tmdb import check_terms
    from genreel.lab.recipe import load_recipe
    from genreel.lab.splits import read_split
    from genreel.lab.training.run import train

    for given in filter(None, (arguments.catalogue, arguments.extra)):
        check_terms(Catalogue(given, arguments.taxonomy, extra=True), arguments.accept_terms)
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
    from genreel.formats.tmdb import check_terms
    from genreel.lab.evaluation.compare import compare
    from genreel.lab.recipe import load_recipe
    from genreel.lab.splits import read_split, stratified_split, write_split
    from genreel.lab.training.run import train
    from genreel.vocabulary import Vocabulary

    recipes = [load_recipe(name, arguments.set) for name in arguments.recipes]
    catalogue = Catalogue(arguments.catalogue, arguments.taxonomy)
    extra = Catalogue(arguments.extra, arguments.taxonomy) if arguments.extra else None
    for given in filter(None, (arguments.catalogue, arguments.extra)):
        check_terms(Catalogue(given, arguments.taxonomy, extra=True), arguments.accept_terms)
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


def _import(arguments: argparse.Namespace) -> int:
    from genreel.formats import FORMATS
    from genreel.formats.film import Options
    from genreel.formats.importing import PROBLEMS, write_import
    from genreel.formats.names import Names, read_names
    from genreel.progress import progress
    from genreel.vocabulary import find_taxonomy

    columns = dict(pair.partition("=")[::2] for pair in arguments.map)
    if not all(columns.values()):
        arguments.parser.error("--map is written OURS=THEIRS, such as plot=Overview")
    if len(arguments.delimiter) != 1:
        arguments.parser.error("--delimiter is one character")
    options = Options(
        columns,
        arguments.delimiter,
        arguments.encoding,
        arguments.separator,
        read_names(Path(arguments.names)) if arguments.names else Names(),
        find_taxonomy(arguments.taxonomy).name if arguments.taxonomy else "",
        arguments.posters,
    )
    done = write_import(
        progress(FORMATS[arguments.format].read(Path(arguments.source), options), "importing"),
        arguments.catalogue,
        with_poster=arguments.with_poster,
        overwrite=arguments.overwrite,
    )
    told = f"{done.films:,} films: written to {done.table}"
    if done.problems:
        told += f"; {done.left_out:,} left out, {done.problems:,} problems: see {PROBLEMS} there"
    print(told, file=sys.stderr)
    return SOME_FAILED if done.problems and done.films else DONE if done.films else NOTHING_DONE


def _apply(arguments: argparse.Namespace) -> int:
    from genreel.formats import applying
    from genreel.formats.iptc import find_exiftool
    from genreel.formats.names import find_names
    from genreel.progress import progress, say

    target = arguments.to
    if arguments.iptc:
        if target != "xmp":
            arguments.parser.error("--iptc goes with --to xmp")
        find_exiftool()
    names = find_names(arguments.names) if arguments.names else applying.names_for(target)
    movies = applying.find_movies(arguments.catalogue, target)
    choices = applying.Choices(
        arguments.out or applying.place_of(movies, arguments.catalogue, target),
        arguments.add,
        arguments.create,
        arguments.safe_cells,
        arguments.dry_run,
        arguments.iptc,
    )
    if arguments.predictions:
        told = applying.read_predictions(arguments.predictions)
        pairs = applying.pairs_of(movies, told, names)
    else:
        from genreel.predictor import Predictor

        predictor = Predictor(arguments.model)
        pairs = applying.predicted(movies, predictor, names, arguments.threshold)
    pairs = progress(pairs, "applying")
    if target in ("nfo", "xmp"):
        done = applying.apply_to_files(pairs, target, choices, sys.stdout.write, say)
    else:
        done = applying.apply_to_table(pairs, target, choices, sys.stdout.write)
    changed = "would change" if arguments.dry_run else "changed"
    counts = f"{done.changed:,} {changed}, {done.unchanged:,} stay as they are"
    counts += f", {done.without_file:,} without a file to write to" if done.without_file else ""
    say(counts + (f", {done.failed:,} failed" if done.failed else ""))
    if not done.failed:
        return DONE
    return SOME_FAILED if done.changed or done.unchanged else NOTHING_DONE


def _undo(arguments: argparse.Namespace) -> int:
    from genreel.formats.journal import undo

    done = undo(arguments.folder)
    for path in done.left:
        print(f"genreel: {path} was edited since; left as it is", file=sys.stderr)
    print(f"restored: {len(done.restored):,}, left: {len(done.left):,}", file=sys.stderr)
    return SOME_FAILED if done.left else DONE


def _clean(arguments: argparse.Namespace) -> int:
    from collections import Counter

    from genreel.catalogue import Catalogue
    from genreel.formats.importing import write_import
    from genreel.lab.cleaning import cleaned, find, findings_table
    from genreel.progress import progress

    catalogue = Catalogue(arguments.catalogue, arguments.taxonomy, extra=True)
    findings = find(progress(catalogue, "looking", _length(catalogue)))
    sys.stdout.write(findings_table(findings))
    for kind, count in Counter(finding.kind for finding in findings).most_common():
        print(f"{count:>7,}  {kind}", file=sys.stderr)
    if not findings:
        print("nothing found", file=sys.stderr)
    if arguments.out:
        done = write_import(
            cleaned(catalogue, findings), arguments.out, overwrite=arguments.overwrite
        )
        print(f"{done.films:,} films: written to {done.table}", file=sys.stderr)
    return DONE


def _split(arguments: argparse.Namespace) -> int:
    _need_lab()
    from genreel.catalogue import Catalogue
    from genreel.lab import splits
    from genreel.lab.cleaning import read_alike
    from genreel.lab.splits import PARTS, write_split
    from genreel.vocabulary import Vocabulary

    valid, test = arguments.valid, arguments.test
    if not (valid > 0 and test > 0 and valid + test < 1):
        arguments.parser.error("--valid and --test must be over 0, and leave movies to train on")
    if (arguments.by == "decade") != bool(arguments.test_decades):
        arguments.parser.error("--by decade and --test-decades go together")
    catalogue = Catalogue(arguments.catalogue, arguments.taxonomy, extra=True)
    movies = [movie for movie in catalogue.by_id().values() if movie.genres]
    if arguments.by == "column":
        split = splits.column_split(movies)
    elif arguments.by == "decade":
        tested, trained = arguments.test_decades, arguments.train_decades
        split = splits.decade_split(movies, Vocabulary(), arguments.seed, tested, valid, trained)
    elif arguments.by == "group":
        alike = read_alike(arguments.findings) if arguments.findings else []
        groups = splits.groups_of(movies, alike)
        split = splits.group_split(movies, Vocabulary(), arguments.seed, valid, test, groups=groups)
    else:
        split = splits.stratified_split(movies, Vocabulary(), arguments.seed, valid, test)
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
        reason = landed.reason
        what = ", ".join(landed.genres) or (reason if landed.what == "aside" else "none of these")
        print(f"{landed.what}\t{landed.path}\t{what}", flush=True)
        if reason and landed.what != "aside":
            say(f"not applied: {reason}")

    patience = 1.0 if arguments.once else 30.0
    service = open_service(arguments.model, arguments.store, Settings())
    try:
        watcher = Watcher(service, arguments.folder, patience=patience, target=arguments.apply)
        if not arguments.once:
            say(f"watching {arguments.folder} (Ctrl+C stops it)")
            watcher.run(tell)
        failed = 0
        for landed in watcher.once():
            tell(landed)
            failed += bool(landed.reason)
        return SOME_FAILED if failed else DONE
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
