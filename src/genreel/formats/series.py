"""The series of a media library, told apart from its movies: each is one thing to judge.

Alba (1999)/tvshow.nfo, poster.jpg, Season 1/Alba S01E01.mkv
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path, PurePosixPath

from genreel.catalogue import Movie
from genreel.errors import CatalogueError
from genreel.formats.film import Options, film
from genreel.formats.folder import title_and_year
from genreel.formats.kodi import read_nfos
from genreel.formats.layout import VIDEOS, is_episode, is_extra, is_season
from genreel.formats.source import Source
from genreel.posters import SUFFIXES

NFO = "tvshow.nfo"
_POSTERS = ("poster", "folder", "cover", "season-all-poster")


@dataclass(frozen=True)
class Series:
    """A series of a library, by the names of its files.

    Attributes:
        path: of its folder.
        nfo, poster: paths; empty where it has none.
        episodes: number of their video files.
    """

    path: str
    nfo: str = ""
    poster: str = ""
    episodes: int = 0


def find_series(names: Iterable[str]) -> list[Series]:
    """The series of a library whose files have these paths, in order.

    A folder is one that has a tvshow.nfo, or, where no folder above it has, one with seasons or
    episodes in it.
    """
    paths = [PurePosixPath(name) for name in names]
    nfos = {path.parent: path for path in paths if path.name.lower() == NFO}
    episodes: Counter[PurePosixPath] = Counter()
    for path in paths:
        is_video = path.suffix.lower() in VIDEOS and not is_extra(path.stem)
        if is_video and (is_episode(path.stem) or is_season(path.parent.name)):
            home = next((parent for parent in path.parents if parent in nfos), None)
            episodes[home or _home(path)] += 1
    if PurePosixPath(".") not in nfos:  # loose episodes of any series
        episodes.pop(PurePosixPath("."), None)
    posters: dict[PurePosixPath, dict[str, str]] = {}
    for path in paths:
        if path.suffix.lower() in SUFFIXES:
            posters.setdefault(path.parent, {}).setdefault(path.stem.lower(), str(path))
    return [
        Series(
            str(home),
            str(nfos.get(home, "")),
            next((posters[home][s] for s in _POSTERS if s in posters.get(home, {})), ""),
            episodes[home],
        )
        for home in sorted({*nfos, *episodes})
    ]


def _home(path: PurePosixPath) -> PurePosixPath:
    """The folder of an episode's series: that above its season."""
    home = path.parent
    while is_season(home.name):
        home = home.parent
    return home


def read_series(path: Path, options: Options) -> Iterator[Movie]:
    """Each series as one movie, its id the path of its folder; `extra["nfo"]` is its tvshow.nfo.

    Raises:
        CatalogueError: the library cannot be read, or holds no series.
    """
    source = Source(path)
    shows = find_series(source.names)
    if not shows:
        raise CatalogueError(f"{path} holds no series; check the path")
    for series in shows:
        nfos = read_nfos(source, [series.nfo] if series.nfo else [])
        title, year = title_and_year(PurePosixPath(series.path).name)
        is_show = nfos.facts.kind in ("", "tvshow")
        movie = film(
            {
                "id": series.path,
                "title": nfos.facts.title or title,
                "year": nfos.facts.year or year,
                "plot": nfos.facts.plot,
            },
            series.path,
            options,
            genres=nfos.facts.said,
            taxonomy="mixed",
            poster=partial(source.poster, series.poster) if series.poster else None,
            extra={"nfo": series.nfo, "kind": "tvshow"},
            problem=nfos.problem,
        )
        yield movie if is_show else replace(movie, problem=f"{series.nfo}: is no series'")
