"""A media library of Kodi, Jellyfin, Emby or Plex: a movie a folder, or many movies in one.

Alba (1999)/Alba (1999).mkv, movie.nfo or Alba (1999).nfo, poster.jpg or folder.jpg
Alba (1999).mkv, Alba (1999).nfo, Alba (1999)-poster.jpg

Which files are one movie is told in `layout`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path, PurePosixPath

from genreel.catalogue import Movie
from genreel.errors import CatalogueError
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
    folders = _folders(source.names)
    shows = {folder.path for folder in folders if "tvshow.nfo" in folder.files}
    homes = {folder.path for folder in folders if len(folder.groups()) == 1}
    is_empty = True
    for folder in folders:
        parents = [PurePosixPath(folder.path), *PurePosixPath(folder.path).parents]
        if any(str(p) in shows or is_season(p.name) for p in parents):
            continue
        if is_of_extras(folder.path, homes):
            continue
        groups = folder.groups()
        for group in groups:
            movie = _movie(source, folder, group, len(groups) == 1, options)
            if movie is not None:
                is_empty = False
                yield movie
    if is_empty:
        raise CatalogueError(
            f"{path} holds no videos or NFO files of movies (series, music videos and extras are "
            "passed over); check the path"
        )


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


def _movie(
    source: Source, folder: _Folder, group: Group, is_only: bool, options: Options
) -> Movie | None:
    """A movie; None where its NFO file says that it is none."""
    names = [name.lower() for name in names_of(group, folder.name)]
    parent = PurePosixPath(folder.path)
    movie_id = (parent / group.name).as_posix()
    # A folder of one movie names it better than "movie.nfo" does.
    label = folder.name if group.name.lower() == "movie" and folder.name else group.name
    title, year = title_and_year(label)
    facts = _read_nfos(source, [folder.files[n] for n in _nfos(folder, group, names, is_only)])
    if facts.nfo.kind not in ("", "movie"):
        return None
    image = _poster(folder, names, is_only)
    return film(
        {
            "id": movie_id,
            "title": facts.nfo.title or title,
            "year": facts.nfo.year or year,
            "plot": facts.nfo.plot,
        },
        movie_id,
        options,
        genres=facts.nfo.said,
        taxonomy="mixed",
        poster=partial(source.poster, image) if image else None,
        extra={"nfo": facts.path, "file": image}
        | {f"{name}_id": value for name, value in facts.ids.items()},
        problem=facts.problem,
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
class _Facts:
    """What the NFO files of a movie say, and the one that counts."""

    nfo: Nfo = Nfo()  # noqa: RUF009 - frozen
    path: str | None = None
    ids: dict[str, str] = field(default_factory=dict)
    problem: str = ""


def _read_nfos(source: Source, paths: Sequence[str]) -> _Facts:
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
            return _Facts(path=path, ids=ids, problem=f"{path}: {error}")
        if nfo.kind:
            return _Facts(nfo, path, {**ids, **nfo.ids})
        ids |= nfo.ids
    return _Facts(ids=ids)


def _poster(folder: _Folder, names: Sequence[str], is_only: bool) -> str | None:
    stems = [stem for name in names for stem in (f"{name}-poster", name)]
    if is_only:
        name = folder.name.lower()
        stems += [f"{name}-poster", name, *_OF_THE_FOLDER]
        stems += [f"video_ts/{stem}" for stem in ("poster", "folder", "video_ts")]
    candidates = (f"{stem}{suffix}" for stem in stems for suffix in _IMAGES)
    return next((folder.files[name] for name in candidates if name in folder.files), None)
