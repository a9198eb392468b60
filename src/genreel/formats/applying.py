"""Genres written to where other programs look for them, with a way back."""

from __future__ import annotations

import difflib
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from genreel import __version__
from genreel.catalogue import TABLES, Catalogue, Movie
from genreel.errors import CatalogueError, GenreelError, one_line
from genreel.files import open_file, read_file
from genreel.formats import iptc
from genreel.formats.film import Options
from genreel.formats.folder import read_folder
from genreel.formats.journal import Journal
from genreel.formats.kodi import new_nfo, read_kodi
from genreel.formats.mark import Found
from genreel.formats.names import OUT, Names
from genreel.formats.nfo import is_notice, write_nfo
from genreel.formats.products import handle_of, unique
from genreel.formats.rows import write_table
from genreel.formats.series import read_series
from genreel.formats.shopify import marks_text, new_products, read_marks, write_shopify
from genreel.formats.source import MAX_TEXT
from genreel.formats.xmp import read_xmp, write_xmp
from genreel.posters import Limits
from genreel.prediction import Prediction
from genreel.progress import say
from genreel.tables import read_json_lines

TARGETS = ("nfo", "xmp", "csv", "jsonl", "parquet", "shopify")


@dataclass(frozen=True)
class Choices:
    """How genres are written.

    Attributes:
        out: the folder of the NFO files or sidecars, or the table or product CSV.
        add: whether genres join those of a person.
        create: whether a movie without an NFO file gets one.
        safe_cells: whether CSV cells that look like formulas get an apostrophe.
        dry_run: show a diff, write nothing.
        iptc: whether JPEG posters get the keywords of their sidecars, too.
    """

    out: Path
    add: bool = False
    create: bool = False
    safe_cells: bool = False
    dry_run: bool = False
    iptc: bool = False


Say = Callable[[str], object]
Pairs = Iterable[tuple[Movie, Found]]
Predictions = Mapping[str, Prediction]
Predict = Callable[[Iterable[Movie]], Iterator[Prediction]]


def read_predictions(path: Path) -> dict[str, Prediction]:
    """Id → genres, scores, source and error, of what `genreel predict --format jsonl` wrote.

    Raises:
        GenreelError: the file cannot be read, or a line is no prediction.
    """
    found = {}
    try:
        with path.open("rb") as file:
            for number, record in read_json_lines(file):
                try:
                    if isinstance(record, CatalogueError):
                        raise record
                    scores = {str(g): float(s) for g, s in record["scores"].items()}
                    genres = tuple(str(genre) for genre in record["genres"])
                    source = {str(g): str(s) for g, s in (record.get("source") or {}).items()}
                    error = str(record.get("error") or "") or None
                    one = Prediction(str(record["id"]), scores, genres, error=error, source=source)
                    found[one.id] = one
                except (KeyError, TypeError, ValueError, AttributeError, CatalogueError):
                    raise GenreelError(
                        f"{path}, line {number}: no prediction; write it with "
                        "genreel predict --format jsonl"
                    ) from None
    except OSError as error:
        raise GenreelError(f"{path} cannot be read ({error.strerror}); check it") from None
    return found


def find_movies(path: Path, target: str, is_of_series: bool = False) -> Iterable[Movie]:
    """The movies of a catalogue, or of a media library (nfo) or a folder of posters (xmp) itself.

    Args:
        path: of it.
        target: one of TARGETS.
        is_of_series: the series of a media library instead, each as a whole.

    Raises:
        CatalogueError: there are none.
    """
    if not path.exists():
        raise CatalogueError(f"{path} does not exist; check the path")
    if path.is_dir() and not any((path / name).is_file() for name in TABLES):
        if target == "nfo":
            return (read_series if is_of_series else read_kodi)(path, Options())
        if target == "xmp":
            return read_folder(path, Options())
    return Catalogue(path, extra=True)


def place_of(movies: Iterable[Movie], path: Path, target: str) -> Path:
    """Where genres go unless a person says it: the catalogue's own folder, or its own table."""
    place = movies.path if isinstance(movies, Catalogue) else path
    if target in ("nfo", "xmp"):
        return place.parent if isinstance(movies, Catalogue) else place
    if target == "shopify":
        return place.parent / "shopify.csv"
    if place.suffix.lower() != f".{target}":
        raise GenreelError(f"{place} is no .{target} file; say with --out which table is meant")
    return place


def pairs_of(movies: Iterable[Movie], predictions: Predictions, names: Names) -> Pairs:
    """Movies with what was predicted for them earlier; nothing for those that were not."""
    for movie in movies:
        prediction = predictions.get(movie.id, Prediction(movie.id))
        yield movie, _found(prediction, names, "predictions")


def answer_pairs(
    movies: Iterable[Movie], answers: Mapping[str, Mapping[str, bool]], names: Names
) -> Pairs:
    """The movies about whose genres a person gave answers, with these.

    Args:
        movies: a stream.
        answers: id → genre → whether it applies.
        names: what genres are called on the other side.
    """
    for movie in movies:
        verdicts = answers.get(movie.id, {})
        found = {name: applies for genre, applies in verdicts.items() for name in names([genre])}
        if found:
            yield movie, Found(answers=found, model="audit", version=__version__)


def predict_pairs(movies: Iterable[Movie], predict: Predict, names: Names, model: str) -> Pairs:
    """Movies with what is predicted for them.

    Args:
        movies: a stream; genres that they have do not decide here, but in `mark.merge`.
        predict: predictions of a stream of movies, in its order.
        names: what genres are called there.
        model: the bundle's name.
    """
    waiting: deque[Movie] = deque()

    def passing() -> Iterator[Movie]:
        for movie in movies:
            waiting.append(movie)
            yield replace(movie, genres={})

    for prediction in predict(passing()):
        yield waiting.popleft(), _found(prediction, names, model)


def _found(prediction: Prediction, names: Names, model: str) -> Found:
    by_source = {
        source: [genre for genre in prediction.genres if prediction.source.get(genre) == source]
        for source in ("file", "lookup")
    }
    found = found_of(
        prediction.genres,
        prediction.scores,
        names,
        model,
        __version__,
        by_source["file"],
        by_source["lookup"],
    )
    return replace(found, error=prediction.error or "")


@dataclass
class Applied:
    """How many movies changed, stayed as they are, have no file to write to, and failed.

    Attributes:
        partly: movies that changed or stayed as they are, though an input of theirs failed.
        files: that were written.
    """

    changed: int = 0
    unchanged: int = 0
    without_file: int = 0
    failed: int = 0
    partly: int = 0
    files: list[Path] = field(default_factory=list)

    def note(self, movie: Movie, found: Found, warn: Say) -> bool:
        """Tells and counts what failed of a movie; whether it has genres all the same."""
        if found.error:
            warn(f"{movie.id}: {found.error}")
            self.partly += bool(found.genres)
            self.failed += not found.genres
        return bool(found.genres) or not found.error


def found_of(
    genres: Iterable[str],
    scores: Mapping[str, float],
    names: Names,
    model: str,
    version: str,
    said: Iterable[str] = (),
    lookup: Iterable[str] = (),
) -> Found:
    """A prediction's genres by the names of the other side; of several for one, the best score.

    Args:
        said: those of the genres that a person or a file said.
        lookup: those that an index of films said.
    """
    found: dict[str, float] = {}
    for genre in genres:
        for name in names([genre]):
            found[name] = max(found.get(name, 0.0), float(scores.get(genre, 0.0)))
    return Found(found, model, version, names(said), lookup=names(lookup))


def names_for(target: str) -> Names:
    """What genres are called in one of TARGETS unless a person says it."""
    return OUT["kodi" if target == "nfo" else "genreel"]


def apply_to_files(
    pairs: Pairs,
    target: str,
    choices: Choices,
    show: Say,
    warn: Say,
    journal: Journal | None = None,
) -> Applied:
    """Writes genres into NFO files or XMP sidecars, one by one.

    Args:
        pairs: movies with what was found for them.
        target: "nfo" or "xmp".
        choices: how.
        show: takes the diff of a dry run.
        warn: takes one line for each movie that failed, in whole or in part.
        journal: of a run that is longer than this one, and goes on after it.
    """
    counts = Applied()
    run = journal or Journal(choices.out)
    for movie, found in pairs:
        if not counts.note(movie, found, warn):
            continue
        try:
            path = _file_of(movie, target, choices)
            if path is None:
                counts.without_file += 1
                continue
            old = _read(path, MAX_TEXT)
            if target == "nfo":
                kind = str(movie.extra.get("kind", "movie"))
                new = write_nfo(old, found, movie=movie, add=choices.add, kind=kind)
            else:
                new = write_xmp(old, found, add=choices.add)
            if new == (old or b""):
                counts.unchanged += 1
                continue
            poster = _keywords(path, old, new) if choices.iptc else None
            if not choices.dry_run:
                if poster:  # first: a sidecar that is as it should be is never looked at again
                    run.write(*poster)
                run.write(path, new)
                counts.files.append(path)
        except GenreelError as error:
            counts.failed += 1
            warn(f"{movie.id}: {error}")
            continue
        counts.changed += 1
        if choices.dry_run:
            show(diff(path, old or b"", new))
            if poster:
                show(f"{one_line(str(poster[0]))}: the same IPTC keywords\n")
    if journal is None:
        run.close()
    return counts


def apply_to_table(
    pairs: Pairs, target: str, choices: Choices, show: Say, warn: Say = say
) -> Applied:
    """Writes genres into one table or product CSV; arguments as in `apply_to_files`.

    Raises:
        GenreelError: it cannot be read or written; it is as it was.
    """
    applied = Applied()
    pairs = list(pairs)  # of rows with one id the first is meant, as in `Catalogue`
    path = choices.out
    old = _read(path)
    names: set[str] = set()
    handles = [handle_of(movie) for movie, _ in pairs]
    if old is None:  # a new product CSV, in which no two movies share a handle
        handles = [unique(handle, names) for handle in handles]
    also: dict[Path, bytes] = {}
    try:
        if target == "shopify":
            beside = path.with_name(path.name + ".genreel.json")
            new, marks, changes = write_shopify(
                new_products((m for m, _ in pairs), choices.safe_cells) if old is None else old,
                {h: found for h, (_, found) in reversed([*zip(handles, pairs, strict=True)])},
                read_marks(_read(beside) or b"{}"),
                add=choices.add,
                safe_cells=choices.safe_cells,
            )
            also[beside] = marks_text(marks)
        else:
            if old is None:
                raise GenreelError("does not exist; give the table that is to be changed")
            by_id = {movie.id: found for movie, found in reversed(pairs)}
            new, changes = write_table(
                old, f".{target}", by_id, add=choices.add, safe_cells=choices.safe_cells
            )
    except GenreelError as error:
        raise GenreelError(f"{path}: {error}") from None
    if choices.dry_run:
        for change in changes:
            show(f"{change}\n")
    elif changes:
        journal = Journal(path.parent)
        # The marks last: genres without one count as a person's, and stay.
        for where, data in {path: new, **also}.items():
            journal.write(where, data)
        journal.close()
    for movie, found in pairs:
        applied.note(movie, found, warn)
    applied.changed = len(changes)
    applied.unchanged = max(0, len(pairs) - len(changes) - applied.failed)
    return applied


def _read(path: Path, limit: int | None = None) -> bytes | None:
    try:
        if limit is not None:
            return read_file(path, limit)
        with open_file(path) as file:
            return file.read()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise GenreelError(f"{path} cannot be read ({error.strerror}); check it") from None


def diff(path: Path, old: bytes, new: bytes) -> str:
    """The change of a text file as a unified diff."""

    def lines(data: bytes) -> list[str]:
        text = data.decode(
            "utf-16" if data.startswith((b"\xff\xfe", b"\xfe\xff")) else "utf-8", "replace"
        )
        return [line.rstrip("\r\n") + "\n" for line in text.splitlines(keepends=True)]

    name = one_line(str(path))
    return "".join(difflib.unified_diff(lines(old), lines(new), name, name, n=1))


def _keywords(sidecar: Path, old: bytes | None, new: bytes) -> tuple[Path, bytes] | None:
    """The JPEG beside a sidecar, and its bytes with the genres that genreel wrote there."""
    bare_name = sidecar.with_suffix("")  # a.jpg.xmp, or a.xmp
    found = [bare_name, *(bare_name.with_suffix(suffix) for suffix in iptc.SUFFIXES)]
    poster = next((p for p in found if p.suffix.lower() in iptc.SUFFIXES and p.is_file()), None)
    data = _read(poster, Limits().max_bytes) if poster else None
    if poster is None or data is None:
        return None
    old_words = read_xmp(old).mark.genres if old else ()
    return poster, iptc.write_iptc(data, old_words, read_xmp(new).mark.genres)


def _file_of(movie: Movie, target: str, choices: Choices) -> Path | None:
    """The file that holds a movie's genres; None where it has none and none is to be made."""
    if target == "nfo":
        if movie.extra.get("nfo"):
            return choices.out / str(movie.extra["nfo"])
        path = choices.out / f"{movie.id}.nfo"
        if not choices.create or movie.extra.get("kind"):
            return None
        data = _read(path, MAX_TEXT)
        return path if data is None or not is_notice(data) else new_nfo(path)
    file = movie.extra.get("file")
    if file and (choices.out / str(file)).is_file():
        poster = choices.out / str(file)
    elif isinstance(movie.poster, Path):
        poster = movie.poster
    else:
        return None
    # digiKam, darktable and Immich say a.jpg.xmp, Lightroom a.xmp: the one that is there goes on.
    whole, bare = poster.with_name(poster.name + ".xmp"), poster.with_suffix(".xmp")
    return bare if bare.is_file() and not whole.is_file() else whole
