"""genreel similar."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from genreel.app.commands import DONE, NOTHING_DONE, shared
from genreel.app.commands.flags import Command, argument, flag
from genreel.app.commands.values import positive

if TYPE_CHECKING:
    from genreel.similar import Likeness

FORMATS = ("table", "json", "jsonl", "csv")


@dataclass(frozen=True, kw_only=True)
class Options:
    """What is to be like what."""

    film: str = argument("FILM", "an id or a title of CATALOGUE, or a poster file", str)
    catalogue: Path = argument(
        "CATALOGUE", "a table or its folder, a media library, or a folder of posters", Path
    )
    count: int = flag(10, "movies to name (default: %(default)s)", positive, metavar="N")
    model: str = shared.model_flag()
    language: str = shared.language_flag("all plots")
    format: str = flag(
        "table", "what to write to standard output (default: %(default)s)", choices=FORMATS
    )


def run(options: Options) -> int:
    """Finds the movies of a catalogue that are most like one."""
    from genreel.app.sources import library_at
    from genreel.catalogue import Movie
    from genreel.memo import predict_vectors
    from genreel.posters import SUFFIXES
    from genreel.predictor import Predictor
    from genreel.progress import progress, say
    from genreel.similar import Shelf, find_movie

    movies = list(library_at(options.catalogue))
    path = Path(options.film)
    is_poster = path.suffix.lower() in SUFFIXES and path.is_file()
    number = -1 if is_poster else find_movie(movies, options.film)
    predictor = Predictor(options.model)
    pairs = predict_vectors(predictor, movies, options.language)
    shelf = Shelf((movie, one.vectors) for movie, one in progress(pairs, "reading", len(movies)))
    if is_poster:
        [vectors] = predictor.vectors([Movie(path.stem, poster=path)])
        answers = shelf.like(vectors, options.count)
    else:
        answers = shelf.like_one(number, options.count)
    _WRITERS[options.format](answers)
    if not answers:
        say("genreel: nothing there has a plot or a poster that can be compared with it")
    return DONE if answers else NOTHING_DONE


def _json_lines(answers: Sequence[Likeness]) -> None:
    from genreel.app.output import json_text

    for answer in answers:
        print(json_text(answer.to_dict()))


def _json(answers: Sequence[Likeness]) -> None:
    from genreel.app.output import json_text

    print(json_text([answer.to_dict() for answer in answers], indent=1))


def _csv(answers: Sequence[Likeness]) -> None:
    from genreel.app.output import write_csv

    names = ["id", "title", "year", "score", "plot", "poster"]
    rows = [[answer.to_dict().get(name) for name in names] for answer in answers]
    write_csv([names, *rows])


def _table(answers: Sequence[Likeness]) -> None:
    from genreel.characters import printable

    print(f"{'ALIKE':>6}  {'PLOT':>5}  {'POSTER':>6}  FILM")
    for answer in answers:
        parts = [answer.parts.get(name) for name in ("plot", "poster")]
        plot, poster = ("" if part is None else f"{part:.2f}" for part in parts)
        year = f" ({answer.movie.year})" if answer.movie.year else ""
        name = f"{answer.movie.title}{year}" if answer.movie.title else answer.movie.id
        print(f"{answer.score:>6.2f}  {plot:>5}  {poster:>6}  {printable(name)}")


_WRITERS = {"table": _table, "json": _json, "jsonl": _json_lines, "csv": _csv}

COMMAND = Command(
    Options,
    run,
    "1 is the same, 0 no more alike than any two movies of the catalogue. What was read is kept\n"
    "in the cache, so that the next question is answered at once.\n\n"
    "examples:\n"
    "  genreel similar 'Alba (1999)' ~/Movies\n"
    "  genreel similar poster.jpg movies.csv --count 5 --format json",
)
