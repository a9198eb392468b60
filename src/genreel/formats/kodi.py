"""A media library of Kodi, Jellyfin, Emby or Plex: a movie a folder, or many movies in one.

Alba (1999)/Alba (1999).mkv, movie.nfo or Alba (1999).nfo, poster.jpg or folder.jpg
Alba (1999).mkv, Alba (1999).nfo, Alba (1999)-poster.jpg

Which files are one movie is told in `layout`.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path, PurePosixPath

from genreel.catalogue import Movie
from genreel.errors import CatalogueError
from genreel.formats.artwork import FOLDERS as ARTWORK_FOLDERS
from genreel.formats.artwork import is_artwork
from genreel.formats.film import Options, film
from genreel.formats.folder import title_and_year
from genreel.formats.layout import (
    VIDEOS,
    Group,
    groups_of,
    home_of,
    is_disc,
    is_of_extras,
    is_season,
    names_of,
)
from genreel.formats.nfo import Nfo, is_notice, read_nfo
from genreel.formats.source import Source
from genreel.posters import SUFFIXES

_IMAGES = (".jpg", ".jpeg", ".png", ".webp", ".tbn", ".jfif", ".jpe")
_OF_THE_FOLDER = ("poster", "folder", "cover", "movie", "default")
_NO_MOVIE = ("tvshow", "season", "artist", "album", "collection", "set")


@dataclass
class _Folder:
    """A folder with the discs and parts in it.

    Attributes:
        path: in the library.
        files: name in small letters, with the folder of a disc before it → path in the library.
        videos, nfos: names without suffix.
        discs: folders of discs and parts with videos in them.
    """

    path: str
    files: dict[str, str] = field(default_factory=dict)
    videos: list[str] = field(default_factory=list)
    nfos: list[str] = field(default_factory=list)
    discs: list[str] = field(default_factory=list)

    @property
    def name(self) -> str:
        return PurePosixPath(self.path).name

    @property
    def has_videos(self) -> bool:
        return bool(self.videos or self.discs)

    @property
    def is_of_others(self) -> bool:
        """Whether all its NFO files are those of artists, albums, sets and series."""
        return bool(self.nfos) and all(s.lower().startswith(_NO_MOVIE) for s in self.nfos)

    def add(self, path: PurePosixPath) -> None:
        below = path.relative_to(self.path)
        self.files.setdefault(below.as_posix().lower(), path.as_posix())
        suffix = path.suffix.lower()
        if len(below.parts) > 1:
            if suffix in VIDEOS or is_disc(path.parent.name):
                self.discs.append(below.parts[0])
        elif suffix in VIDEOS:
            self.videos.append(path.stem)
        elif suffix == ".nfo":
            self.nfos.append(path.stem)

    def groups(self) -> list[Group]:
        """The movies of the folder: of its videos, or else of its NFO files."""
        groups = groups_of(self.name, self.videos, set(self.discs))
        if groups or self.videos:
            return groups
        stems = [s for s in self.nfos if not s.lower().startswith(_NO_MOVIE)]
        groups = groups_of(self.name, [s for s in stems if s.lower() != "movie"])
        return groups or [Group(s, (s,)) for s in stems[:1]]


def read_kodi(path: Path, options: Options) -> Iterator[Movie]:
    """A movie for each movie, its id the path of its files in the library, without suffix.

    `extra["nfo"]` is the path of its NFO file, where there is one. Its genres may come from
    several scrapers and from a person, so they are trusted as those of mixed sources; genres
    that genreel itself wrote are left out. Series, music videos and extras are passed over.

    Raises:
        CatalogueError: the library cannot be read, or holds no movie.
    """
    source = Source(path)
    is_empty = True
    for place in places(source.names):
        movie = _movie(source, place, options)
        if movie is not None:
            is_empty = False
            yield movie
    if is_empty:
        raise CatalogueError(
            f"{path} holds no movies; series, music videos and extras are passed over; "
            "check the path"
        )


@dataclass(frozen=True)
class Place:
    """A movie of a library, by the names of its files.

    Attributes:
        id: the path of its files, without suffix.
        title, year: what the names say; the year may be empty.
        poster: path of its picture; empty where it has none.
        nfos: paths of the NFO files that it may have, the likeliest first.
    """

    id: str
    title: str
    year: str
    poster: str
    nfos: tuple[str, ...]


def places(names: Iterable[str]) -> Iterator[Place]:
    """The movies of a library whose files have these paths; series and extras are passed over."""
    for folder in _of_movies(_folders(names)):
        yield from _places(folder)


def posters(names: Iterable[str]) -> Iterator[Place]:
    """The posters among files of these paths, each with what else belongs to its movie.

    In a folder with videos they are those of its movies, elsewhere all pictures but artwork: the
    videos may lie in another place. There a name says a title only if it says a year.
    """
    names = list(names)
    folders = _folders(names)
    if any(folder.has_videos or folder.nfos for folder in folders):
        folders = _of_movies(folders)
    of_movies = {}
    for folder in folders:
        for place in _places(folder):
            is_named = folder.has_videos or place.year
            of_movies[place.poster] = place if is_named else replace(place, title="")
    of_movies.pop("", None)
    yield from of_movies.values()
    homes = {f.path for f in folders if not f.has_videos and not f.is_of_others}
    nfos = {name.lower(): name for name in names}
    for poster in sorted(_lone_posters(names, homes, of_movies)):
        yield _lone(poster, nfos)


def _lone_posters(
    names: Iterable[str], homes: Container[str], of_movies: Iterable[str]
) -> Iterator[PurePosixPath]:
    """Posters in these folders that are not known to be of movies.

    Of poster.jpg, folder.jpg and the like in one folder the first counts: they are one movie's.
    """
    paths = set(map(PurePosixPath, of_movies))
    parents = {path.parent for path in paths if _is_of_folder(path)}
    for path in sorted(map(PurePosixPath, names), key=_rank):
        if path in paths or path.suffix.lower() not in SUFFIXES or is_artwork(path.stem):
            continue
        in_artwork = any(part.lower() in ARTWORK_FOLDERS for part in path.parts[:-1])
        if in_artwork or home_of(str(path.parent)) not in homes:
            continue
        if _is_of_folder(path):
            if path.parent in parents:
                continue
            parents.add(path.parent)
        yield path


def _is_of_folder(path: PurePosixPath) -> bool:
    return path.stem.lower() in _OF_THE_FOLDER


def _rank(path: PurePosixPath) -> tuple[bool, int, str]:
    """Of several pictures of a folder's movie, the one that counts with a movie.nfo first."""
    stem = path.stem.lower()
    place = _OF_THE_FOLDER.index(stem) if stem in _OF_THE_FOLDER else 0
    return (stem != "movie", place, str(path))


def _lone(poster: PurePosixPath, by_lower_name: Mapping[str, str]) -> Place:
    """A poster without a video."""
    stem = poster.stem
    label = poster.parent.name if _is_of_folder(poster) else stem.removesuffix("-poster")
    title, year = title_and_year(label)
    beside = [str(poster.with_name(name)) for name in nfo_names(poster.name)]
    nfos = [by_lower_name[name.lower()] for name in beside if name.lower() in by_lower_name]
    new = str(PurePosixPath(beside[0]).with_suffix(""))
    return Place(new, title if year else "", year, str(poster), tuple(nfos))


def _of_movies(folders: Sequence[_Folder]) -> list[_Folder]:
    """Folders that may hold movies: not series, seasons and extras."""
    shows = {folder.path for folder in folders if "tvshow.nfo" in folder.files}
    homes = {folder.path for folder in folders if len(folder.groups()) == 1}
    return [
        folder
        for folder in folders
        if not any(
            str(path) in shows or is_season(path.name)
            for path in (PurePosixPath(folder.path), *PurePosixPath(folder.path).parents)
        )
        and not is_of_extras(folder.path, homes)
    ]


def _places(folder: _Folder) -> Iterator[Place]:
    groups = folder.groups()
    for group in groups:
        yield _place(folder, group, len(groups) == 1)


def nfo_names(poster: str) -> tuple[str, ...]:
    """Names that the NFO file beside a poster may have, the likeliest first."""
    stem = PurePosixPath(poster).stem
    if stem.lower() in _OF_THE_FOLDER:
        return ("movie.nfo", f"{stem}.nfo")
    return tuple(dict.fromkeys((f"{stem.removesuffix('-poster')}.nfo", f"{stem}.nfo")))


def new_nfo(path: Path) -> Path:
    """Where a movie gets an NFO file whose own place, `path`, is taken by a notice: movie.nfo, if
    the folder holds no other movie; `path` itself elsewhere.
    """
    names = [PurePosixPath(file.name) for file in path.parent.iterdir()]
    folder = _Folder(".")
    for name in names:
        folder.add(name)
    free = path.with_name("movie.nfo")
    return free if len(folder.groups()) == 1 and "movie.nfo" not in folder.files else path


def _folders(names: Iterable[str]) -> list[_Folder]:
    folders: dict[str, _Folder] = {}
    for name in names:
        path = PurePosixPath(name)
        home = home_of(str(path.parent))
        folders.setdefault(home, _Folder(home)).add(path)
    return [folder for _, folder in sorted(folders.items())]


def _place(folder: _Folder, group: Group, is_only: bool) -> Place:
    names = [name.lower() for name in names_of(group, folder.name)]
    # A folder of one movie names it better than "movie.nfo" does.
    label = folder.name if group.name.lower() == "movie" and folder.name else group.name
    title, year = title_and_year(label)
    nfos = tuple(folder.files[name] for name in _nfos(folder, group, names, is_only))
    movie_id = (PurePosixPath(folder.path) / group.name).as_posix()
    return Place(movie_id, title, year, _poster(folder, names, is_only) or "", nfos)


def _movie(source: Source, place: Place, options: Options) -> Movie | None:
    """A movie; None where its NFO file says that it is none."""
    nfo = read_nfos(source, place.nfos)
    if nfo.facts.kind not in ("", "movie"):
        return None
    return film(
        {
            "id": place.id,
            "title": nfo.facts.title or place.title,
            "year": nfo.facts.year or place.year,
            "plot": nfo.facts.plot,
        },
        place.id,
        options,
        genres=nfo.facts.said,
        taxonomy="mixed",
        poster=partial(source.poster, place.poster) if place.poster else None,
        extra={"nfo": nfo.path, "file": place.poster}
        | {f"{name}_id": value for name, value in nfo.ids.items()},
        problem=nfo.problem,
    )


def _nfos(folder: _Folder, group: Group, names: Sequence[str], is_only: bool) -> list[str]:
    """NFO files that a movie may have, in the order of the servers: of a disc its own, then
    movie.nfo where the folder holds one movie, then those of its name, then the only one there.
    """
    candidates = [f"{name}.nfo" for name in names]
    if is_only:
        candidates = ["movie.nfo", *candidates, f"{folder.name.lower()}.nfo"]
        if group.discs:
            candidates = ["video_ts/video_ts.nfo", "video_ts.nfo", *candidates]
            candidates += ["bdmv/index.nfo", "index.nfo", "bdmv/movie.nfo", "video_ts/movie.nfo"]
        if len(folder.nfos) == 1:
            candidates.append(f"{folder.nfos[0].lower()}.nfo")
    return [name for name in dict.fromkeys(candidates) if name in folder.files]


@dataclass(frozen=True)
class Nfos:
    """What the NFO files of a movie say, and the one that counts."""

    facts: Nfo = Nfo()  # noqa: RUF009 - frozen
    path: str | None = None
    ids: dict[str, str] = field(default_factory=dict)
    problem: str = ""


def read_nfos(source: Source, paths: Sequence[str]) -> Nfos:
    """The first file that is XML; of the notices and addresses before it, only the ids."""
    ids: dict[str, str] = {}
    for path in paths:
        data = b""
        try:
            data = source.read(path)
            nfo = read_nfo(data)
        except CatalogueError as error:
            if data.strip() and is_notice(data):  # an uploader's text is no fault
                continue
            return Nfos(path=path, ids=ids, problem=f"{path}: {error}")
        if nfo.kind:
            return Nfos(nfo, path, {**ids, **nfo.ids})
        ids |= nfo.ids
    return Nfos(ids=ids)


def _poster(folder: _Folder, names: Sequence[str], is_only: bool) -> str | None:
    stems = [stem for name in names for stem in (f"{name}-poster", name)]
    if is_only:
        name = folder.name.lower()
        stems += [f"{name}-poster", name, *_OF_THE_FOLDER]
        stems += [f"video_ts/{stem}" for stem in ("poster", "folder", "video_ts")]
    candidates = (f"{stem}{suffix}" for stem in stems for suffix in _IMAGES)
    return next((folder.files[name] for name in candidates if name in folder.files), None)
