"""Which files of a media library are one movie, by the names that servers go by.

Extras, samples, versions, parts and discs are told as Jellyfin (Emby.Naming, NamingOptions) and
Kodi (moviestacking, FindNFO) tell them. Everything here is a function of names.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import PurePosixPath

from genreel.formats.folder import title_and_year

VIDEOS = (
    *(".mkv", ".mp4", ".m4v", ".avi", ".mov", ".wmv", ".ts", ".m2ts", ".mpg", ".mpeg", ".iso"),
    *(".webm", ".flv", ".ogv", ".strm", ".vob", ".divx", ".mts", ".3gp", ".asf", ".rmvb", ".evo"),
    *(".ifo", ".ogm", ".m2v", ".mk3d", ".wtv", ".disc"),
)
_EXTRA = re.compile(
    r"(movie-)?(trailer|sample)\d*|sample-.*|.*[-._ ](trailers?|sample)\d*"
    r"|.*-(scene|clip|interview|behindthescenes|deleted|deletedscene|featurette|short|extras?"
    r"|other|bonus)\d*"
)
_EXTRA_FOLDERS = {
    *("extras", "extra", "!extras", "bonus", "trailers", "trailer", "sample", "samples"),
    *("featurettes", "featurette", "behind the scenes", "deleted scenes", "interviews"),
    *("theme-music", "backdrops", "extrafanart", "extrathumbs", "subs", "subtitles"),
}
# Folders that may also sort a library: extras only where a movie lies beside them.
_EXTRA_BESIDE = {"scenes", "shorts", "other", "others", "clips", "specials", "proof", "screens"}
_SEASON = re.compile(
    r"(season|staffel|saison|series|temporada|stagione|s[aä]song|s[æe]son|kausi|sezon|seizoen"
    r"|сезон)[ ._-]*\d{1,4}(?!\d)(?P<rest>.*)|s\d{1,2}"
)
_EPISODE = re.compile(r"(?<![a-z0-9])s\d{1,4}[ ._-]*e(p[ ._-]*)?\d{1,4}(?!\d)", re.I)
_NUMBERED_EPISODE = re.compile(r"(?<![a-z0-9])\d{1,2}x\d{2,3}(?![a-z0-9])", re.I)
_DISC_FOLDERS = {"video_ts", "audio_ts", "hvdvd_ts", "bdmv", "bdav", "avchd", "certificate", "aacs"}
_DISC_PART = re.compile(r"(cd|dvd|dis[ck])[ ._-]*\d{1,2}")
_DISC_FILE = re.compile(r"video_ts|vts_\d\d_\d")
# A run of separators is tried from its beginning alone, or a name of many takes seconds.
_PART = re.compile(
    r"(?P<before>.*?)(?<![ ._-])[ ._-]*[(\[]?(?<![a-z0-9])(?:cd|dvd|p(?:ar)?t|dis[ck])[ ._-]*"
    r"(?P<number>\d{1,2})[)\]]?(?P<after>(?![a-z0-9]).*)"
    r"|(?P<before2>.*?)(?<![ ._-])[ ._-]+[(\[]?(?P<number2>\d{1,2})[ ._-]*of[ ._-]*\d{1,2}[)\]]?"
    r"(?P<after2>.*)"
    r"|(?P<before3>.*?)(?:(?<![ ._-])[ ._-]+|(?<=[)\]\d]))(?P<number3>[a-d])(?P<after3>)",
    re.I,
)


@dataclass(frozen=True)
class Group:
    """The videos, or else the NFO files, of one movie in one folder.

    Attributes:
        name: what it is called: a video's name without suffix, less its part and version.
        stems: the names of its files without suffix, in order.
        discs: folders below with the structure of a disc, such as "VIDEO_TS".
    """

    name: str
    stems: tuple[str, ...] = ()
    discs: tuple[str, ...] = ()


def is_extra(name: str) -> bool:
    """Whether a video, by its name without suffix, is a trailer, a sample or another extra."""
    return _EXTRA.fullmatch(name.casefold()) is not None


def is_episode(name: str) -> bool:
    """Whether a name without suffix is that of a series' episode: S01E02, or 1x02 and no year."""
    if _EPISODE.search(name):
        return True
    return bool(_NUMBERED_EPISODE.search(name)) and not title_and_year(name)[1]


def is_season(folder: str) -> bool:
    """Whether a folder's name is that of a season; "Series 7 - The Race (2001)" is a movie's."""
    title, year = title_and_year(folder.casefold())
    match = _SEASON.fullmatch(title)
    return match is not None and (not year or not match["rest"])


def is_disc(folder: str) -> bool:
    """Whether a folder is part of a disc's structure."""
    return folder.casefold() in _DISC_FOLDERS


def home_of(folder: str) -> str:
    """The folder of the movie whose disc, or part, a folder is; the folder itself elsewhere."""
    path = PurePosixPath(folder)
    for number, part in enumerate(path.parts):
        if is_disc(part):
            path = PurePosixPath(*path.parts[:number])
            break
    while path.name and _DISC_PART.fullmatch(path.name.casefold()):
        path = path.parent
    return str(path)


def is_of_extras(folder: str, homes: Iterable[str]) -> bool:
    """Whether a folder, or one that it lies in, holds extras alone.

    Args:
        folder: its path in the library.
        homes: the folders that hold a movie themselves.
    """
    path = PurePosixPath(folder)
    homes = set(homes)
    for part in (path, *path.parents):
        name = part.name.casefold()
        if name in _EXTRA_FOLDERS or (name in _EXTRA_BESIDE and str(part.parent) in homes):
            return True
    return False


def groups_of(folder: str, stems: Iterable[str], discs: Iterable[str] = ()) -> list[Group]:
    """The movies of one folder.

    Args:
        folder: its name, which versions of its movie begin with.
        stems: names of its videos without suffix; extras are left out here.
        discs: folders in it that hold a disc.
    """
    videos = [s for s in sorted(set(stems)) if not is_extra(s) and not is_episode(s)]
    discs = tuple(sorted(discs)) + tuple(s for s in videos if _DISC_FILE.fullmatch(s.casefold()))
    videos = [s for s in videos if s not in discs]
    bases = _without_parts(videos)
    movies: dict[str, list[str]] = {}
    names: dict[str, str] = {}
    for stem in videos:
        name = _without_version(folder, bases[stem])
        names.setdefault(name.casefold(), name)
        movies.setdefault(name.casefold(), []).append(stem)
    groups = [
        Group(stems[0] if len(stems) == 1 else names[name], tuple(stems))
        for name, stems in movies.items()
    ]
    if discs and not groups:
        return [Group(folder or discs[0], (), discs)]
    return groups


def names_of(group: Group, folder: str) -> tuple[str, ...]:
    """What files beside a movie may be called, without suffix, the likeliest first."""
    bases = _without_parts(group.stems)
    parts = (m.group("before") for s in group.stems if (m := _PART.fullmatch(s)) and m["before"])
    versions = (_without_version(folder, bases[stem]) for stem in group.stems)
    return tuple(dict.fromkeys((group.name, *group.stems, *parts, *versions)))


def _without_parts(stems: Iterable[str]) -> dict[str, str]:
    """Name → the name of all its parts, where there are several."""
    stems = list(stems)
    parts: dict[tuple[str, str], dict[str, tuple[str, str]]] = {}
    for stem in stems:
        if match := _PART.fullmatch(stem):
            before, number, after = (
                next((v for k in ("", "2", "3") if (v := match[kind + k]) is not None), "")
                for kind in ("before", "number", "after")
            )
            of_one = parts.setdefault((before.casefold(), after.casefold()), {})
            of_one[number.casefold()] = (stem, before + after)
    bases = {stem: stem for stem in stems}
    for numbers in parts.values():
        if len(numbers) > 1:
            bases |= {stem: base for stem, base in numbers.values() if base}
    return bases


def _without_version(folder: str, stem: str) -> str:
    """The movie that a file is a version of: "Alba (1999) - 1080p" of "Alba (1999)"."""
    rest = stem[len(folder) :]
    if (
        folder
        and stem.casefold().startswith(folder.casefold())
        and re.match(r"\s*[-_.\[({]|$", rest)
    ):
        return stem[: len(folder)]
    title, year = title_and_year(stem)
    return f"{title} ({year})" if year else stem
