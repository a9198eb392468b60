"""A media library of Kodi, Jellyfin, Emby or Plex: a film a folder, or many films in one.

Alba (1999)/Alba (1999).mkv, .nfo or movie.nfo, poster.jpg or folder.jpg
Alba (1999).mkv, Alba (1999).nfo, Alba (1999)-poster.jpg
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from functools import partial
from pathlib import Path, PurePosixPath

from genreel.catalogue import Movie
from genreel.errors import CatalogueError
from genreel.formats.film import Options, film
from genreel.formats.folder import title_and_year
from genreel.formats.nfo import read_nfo
from genreel.formats.source import Source

VIDEOS = (
    *(".mkv", ".mp4", ".m4v", ".avi", ".mov", ".wmv", ".ts", ".m2ts", ".mpg", ".mpeg", ".iso"),
    *(".webm", ".flv", ".ogv", ".strm", ".vob", ".divx"),
)
_IMAGES = (".jpg", ".jpeg", ".png", ".webp", ".tbn")
_OF_THE_FOLDER = ("poster", "folder", "cover", "movie", "default")
_EXTRAS = ("-trailer", "-sample", "-behindthescenes", "-deleted", "-featurette", "-interview")
_EXTRA_FOLDERS = {"extras", "extrafanart", "extrathumbs", "trailers", "sample", "featurettes"}
_NO_FILM = {"tvshow", "season", "artist", "album"}


def read_kodi(path: Path, options: Options) -> Iterator[Movie]:
    """A movie for each film, its id the path of its files in the library, without suffix.

    `extra["nfo"]` is the path of its NFO file, where there is one. Its genres may come from
    several scrapers and from a person, so they are trusted as those of mixed sources; genres
    that genreel itself wrote are left out. Series are passed over.

    Raises:
        CatalogueError: the library cannot be read, or holds no film.
    """
    source = Source(path)
    by_folder: dict[str, list[str]] = defaultdict(list)
    for name in source.names:
        by_folder[str(PurePosixPath(name).parent)].append(name)
    found = False
    for folder, names in sorted(by_folder.items()):
        if PurePosixPath(folder).name.lower() in _EXTRA_FOLDERS:
            continue
        for movie in _films(source, folder, names, options):
            found = True
            yield movie
    if not found:
        raise CatalogueError(f"{path} holds neither videos nor NFO files of films; check the path")


def _films(source: Source, folder: str, names: list[str], options: Options) -> Iterator[Movie]:
    by_name = {PurePosixPath(name).name.lower(): name for name in names}
    if "tvshow.nfo" in by_name:
        return
    stems = sorted({_stem(name) for name in names if _is_film(name, VIDEOS)})
    nfos = sorted({_stem(name) for name in names if _is_film(name, (".nfo",))})
    films = stems or [s for s in nfos if s.lower() != "movie"] or nfos
    for stem in films:
        alone = len(films) == 1
        nfo = by_name.get(f"{stem.lower()}.nfo") or (by_name.get("movie.nfo") if alone else None)
        image = _poster(by_name, stem.lower(), alone)
        parent = PurePosixPath(folder)
        # A folder of one film names it better than "movie.nfo" does.
        named = parent.name if stem.lower() == "movie" and parent.name else stem
        yield _film(source, (parent / stem).as_posix(), named, nfo, image, options)


def nfo_names(poster: str) -> tuple[str, ...]:
    """Names that the NFO file beside a poster may have, the likeliest first."""
    stem = _stem(poster)
    if stem.lower() in _OF_THE_FOLDER:
        return ("movie.nfo", f"{stem}.nfo")
    return tuple(dict.fromkeys((f"{stem.removesuffix('-poster')}.nfo", f"{stem}.nfo")))


def _film(
    source: Source, movie_id: str, named: str, nfo: str | None, image: str | None, options: Options
) -> Movie:
    title, year = title_and_year(named)
    record = {"id": movie_id, "title": title, "year": year, "plot": ""}
    genres: list[str] = []
    extra: dict[str, str | None] = {"nfo": nfo, "file": image}
    problem = ""
    if nfo:
        try:
            told = read_nfo(source.read(nfo))
            record = {"id": movie_id, "title": told.title or title}
            record |= {"year": told.year or year, "plot": told.plot}
            genres = list(told.said)
            extra |= {f"{name}_id": value for name, value in told.ids.items()}
        except CatalogueError as error:
            problem = f"{nfo}: {error}"
    return film(
        record,
        movie_id,
        options,
        genres=genres,
        taxonomy="mixed",
        poster=partial(source.poster, image) if image else None,
        extra=extra,
        problem=problem,
    )


def _stem(name: str) -> str:
    return PurePosixPath(name).stem


def _is_film(name: str, suffixes: tuple[str, ...]) -> bool:
    path = PurePosixPath(name)
    stem = path.stem.lower()
    return path.suffix.lower() in suffixes and not stem.endswith(_EXTRAS) and stem not in _NO_FILM


def _poster(by_name: dict[str, str], stem: str, alone: bool) -> str | None:
    stems = [f"{stem}-poster", stem, *(_OF_THE_FOLDER if alone else ())]
    wanted = (f"{s}{suffix}" for s in stems for suffix in _IMAGES)
    return next((by_name[name] for name in wanted if name in by_name), None)
