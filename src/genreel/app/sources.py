"""The movies that a command line names: posters, folders, catalogues, standard input."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path, PurePosixPath

from genreel.catalogue import TABLE_SUFFIXES, TABLES, Catalogue, Movie, movies_from_json_lines
from genreel.errors import GenreelError
from genreel.posters import SUFFIXES
from genreel.progress import say


def movies_of(paths: Sequence[str]) -> Iterable[Movie]:
    """The movies of all `paths`, one after the other.

    Raises:
        GenreelError: the only path holds no movie; of several paths, such a one becomes a movie
            with a `problem`.
    """
    if len(paths) == 1:
        return _movies_at(paths[0])
    return itertools.chain.from_iterable(map(_movies_or_problem, paths))


def library_at(
    path: Path, taxonomy: str = "genreel", genres: tuple[str, ...] = ()
) -> Iterable[Movie]:
    """The movies of a catalogue, of a media library, or of a folder of posters.

    Args:
        path: of it.
        taxonomy: of the column genres of a catalogue.
        genres: that are known besides genreel's.

    Raises:
        GenreelError: there are none.
    """
    if not path.exists():
        raise GenreelError(f"{path} does not exist; check the path")
    if path.is_dir() and not any((path / name).is_file() for name in TABLES):
        # Imported where they are needed, as one poster from a cold shell does not wait for them.
        from genreel.formats.film import Options
        from genreel.formats.folder import read_folder
        from genreel.formats.kodi import read_kodi
        from genreel.formats.layout import VIDEOS
        from genreel.formats.source import Source

        names = Source(path).names
        is_library = any(PurePosixPath(n).suffix.lower() in (".nfo", *VIDEOS) for n in names)
        return (read_kodi if is_library else read_folder)(path, Options(genres=genres))
    return Catalogue(path, taxonomy, extra=True, genres=genres)


def say_series(path: Path) -> None:
    """Says how many series of a media library were passed over."""
    if not path.is_dir() or any((path / name).is_file() for name in TABLES):
        return
    from genreel.formats.series import find_series
    from genreel.formats.source import Source

    shows = find_series(Source(path).names)
    if shows:
        episodes = sum(series.episodes for series in shows)
        say(
            f"{len(shows):,} series with {episodes:,} episodes passed over; "
            "genreel apply --series judges each as a whole"
        )


def holds_many(name: str) -> bool:
    """Whether a path is a catalogue, a folder or standard input ("-") rather than a poster."""
    path = Path(name)
    return name == "-" or path.suffix.lower() in TABLE_SUFFIXES or path.is_dir()


def _movies_at(name: str) -> Iterable[Movie]:
    """The movies of one path; GenreelError if it holds none."""
    path = Path(name)
    if name == "-":
        return movies_from_json_lines()
    if not holds_many(name):
        return [Movie(path.stem, poster=path)]
    if path.suffix.lower() in TABLE_SUFFIXES or any((path / name).is_file() for name in TABLES):
        return Catalogue(path)
    from genreel.formats.source import posters_in

    files = (p.relative_to(path).as_posix() for p in path.rglob("*") if not p.is_dir())
    posters = posters_in(files)
    if not posters:
        raise GenreelError(f"{path}: no posters ({', '.join(SUFFIXES)}) and no table")
    return [
        Movie(str(Path(name).with_suffix("").as_posix()), poster=path / name) for name in posters
    ]


def _movies_or_problem(name: str) -> Iterator[Movie]:
    """The movies of one path of several; an error becomes a movie, so that the others go on."""
    try:
        yield from _movies_at(name)
    except GenreelError as error:
        yield Movie(name, problem=str(error))
