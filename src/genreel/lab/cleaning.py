"""What is wrong with a catalogue's posters, plots and genres: findings, and a cleaned copy.

Posters are compared by a 64-bit difference hash (dHash: whether each of 9 × 8 grey values is
brighter than its right neighbour) and a small thumbnail. Two copies of a picture differ in one part
of it, such as the title, so their hashes agree in at least one of six bands of bits. A poster is
therefore compared only with those that share a band (locality-sensitive hashing): time and memory
grow linearly with the movies.
"""

from __future__ import annotations

import hashlib
import re
from collections import defaultdict, deque
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from genreel.catalogue import Movie
from genreel.errors import CatalogueError, PosterError
from genreel.placeholders import is_placeholder
from genreel.posters import open_poster
from genreel.tables import csv_rows

TINY = 64
"""A poster with a shorter side below this many pixels shows no detail."""

GREY = 16.0
"""A poster is grey if its channels differ by at most this, of 255, in 98 of 100 areas: a grey
picture saved as colour JPEG has some colour, and a small title may be red. A mean would call dark
posters grey."""

FLAT = 6.0
"""Largest standard deviation of grey values, of 255, of a picture that shows nothing."""

NEAR_BITS = 8
"""Bits of 64 in which the hashes of two copies of one picture may differ."""

NEAR = 0.36
"""Largest distance between two thumbnails of one picture: root mean square, as a share of the
larger standard deviation of the two. Two black posters with other titles are further apart."""

SHARED = 3
"""A picture that at least so many movies of different titles have is a placeholder."""

_BUCKET = 512  # most hashes of one bucket, so that time is bounded
_BANDS = (0, 11, 22, 33, 44, 53)  # first bit of each band of 11; the last two share two bits
_THUMBNAIL = (8, 12)

KINDS = {
    "problem": "the row, or one of its values, cannot be used",
    "no poster": "none is given",
    "unreadable poster": "the file is missing, damaged or no image",
    "tiny poster": f"a side is under {TINY} pixels",
    "grey poster": "no colours, but for a small title",
    "placeholder poster": f"shows nothing, or {SHARED} films and more share the picture",
    "duplicate poster": "another film has nearly the same picture",
    "no plot": "none is given",
    "placeholder plot": "says that there is none",
    "duplicate plot": "another film has the same",
    "damaged plot": "characters were lost: � or runs of question marks",
    "no genres": "none that genreel knows",
}
"""Kind of finding → what it means."""

_TAKES_POSTER = {"unreadable poster", "tiny poster", "placeholder poster"}
_TAKES_PLOT = {"placeholder plot"}

_LOST = re.compile(r"\ufffd|\w\?\?+\w|(?<!\w)\?\?\?+(?=\w)")


@dataclass(frozen=True)
class Finding:
    """One finding about a movie: its kind (see KINDS), details, and the movie it resembles."""

    id: str
    kind: str
    detail: str = ""
    other: str = ""


@dataclass(frozen=True)
class Look:
    """A poster's size, and what it is compared by.

    Attributes:
        size: width and height in pixels.
        hash: 64-bit dHash.
        thumbnail: uint8, shape (12, 8, 3), RGB.
        colour: difference between the largest and the smallest channel, 0 to 255; the 98th
            percentile over areas.
        spread: standard deviation of grey values, 0 to 127.
    """

    size: tuple[int, int]
    hash: int
    thumbnail: NDArray[np.uint8]
    colour: float
    spread: float


def look(movie: Movie) -> Look:
    """The look of a movie's poster; PosterError where it cannot be opened."""
    assert movie.poster is not None
    image = open_poster(movie.poster, (96, 96))
    size = image.size
    if isinstance(movie.poster, Path):
        with Image.open(movie.poster) as file:  # a large JPEG was decoded at a fraction
            size = file.size
    small = image.resize((48, 48), Image.Resampling.BOX)
    pixels = np.asarray(small, np.float32)
    return Look(
        size,
        difference_hash(image),
        np.asarray(small.resize(_THUMBNAIL, Image.Resampling.BOX)),
        float(np.percentile(pixels.max(axis=2) - pixels.min(axis=2), 98)),
        float(pixels.mean(axis=2).std()),
    )


def difference_hash(image: Image.Image) -> int:
    """The 64-bit dHash of an RGB image (Krawetz, "Kind of Like That", 2013)."""
    small = image.convert("L").resize((9, 8), Image.Resampling.BOX)
    values = np.asarray(small, np.int16)
    bits = np.packbits(values[:, 1:] > values[:, :-1])
    return int.from_bytes(bits.tobytes(), "big")


class Pictures:
    """The posters so far; finds for a new one an earlier one that shows the same picture."""

    def __init__(self) -> None:
        self._bands: list[dict[int, list[int]]] = [defaultdict(list) for _ in _BANDS]
        self._hashes: list[int] = []
        self._thumbnails: list[bytes] = []
        self._ids: list[str] = []

    def add(self, movie_id: str, poster: Look) -> str:
        """The id of the first movie with nearly this picture; "" if it is new, and then added."""
        keys = [(poster.hash >> shift) & 0x7FF for shift in _BANDS]
        candidates: set[int] = set()
        for band, key in zip(self._bands, keys, strict=True):
            candidates.update(band.get(key, ()))
        for i in sorted(candidates):
            bits = (self._hashes[i] ^ poster.hash).bit_count()
            if bits <= NEAR_BITS and self._is_alike(i, poster):
                return self._ids[i]
        number = len(self._ids)
        self._ids.append(movie_id)
        self._hashes.append(poster.hash)
        self._thumbnails.append(poster.thumbnail.tobytes())
        for band, key in zip(self._bands, keys, strict=True):
            if len(band[key]) < _BUCKET:
                band[key].append(number)
        return ""

    def _is_alike(self, i: int, poster: Look) -> bool:
        one = poster.thumbnail.reshape(-1).astype(np.float32)
        other = np.frombuffer(self._thumbnails[i], np.uint8).astype(np.float32)
        distance = float(np.sqrt(np.square(one - other).mean()))
        return distance <= NEAR * max(float(one.std()), float(other.std()))


def find(movies: Iterable[Movie], threads: int = 2) -> list[Finding]:
    """All findings, movie by movie in the order of the catalogue, then those about shared pictures.

    Args:
        movies: a stream; memory holds about a kilobyte for each.
        threads: how many decode posters.
    """
    pictures, plots = Pictures(), dict[bytes, str]()
    findings: list[Finding] = []
    groups: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for movie, poster in _looks(movies, threads):
        for problem in filter(None, (movie.problem, movie.label_problem)):
            findings.append(Finding(movie.id, "problem", problem))
        if not movie.genres:
            findings.append(Finding(movie.id, "no genres"))
        findings += _plot_findings(movie, plots)
        if poster is None:
            findings.append(Finding(movie.id, "no poster"))
        elif isinstance(poster, PosterError):
            findings.append(Finding(movie.id, "unreadable poster", str(poster)))
        else:
            findings += _look_findings(movie.id, poster)
            if poster.spread > FLAT:
                first = pictures.add(movie.id, poster)
                groups[first or movie.id].append((movie.id, movie.title))
    return findings + list(_group_findings(groups))


def _looks(
    movies: Iterable[Movie], threads: int
) -> Iterator[tuple[Movie, Look | PosterError | None]]:
    """Each movie with the look of its poster, or why there is none; a few are read ahead."""

    def attempt(movie: Movie) -> Look | PosterError | None:
        if movie.poster is None:
            return None
        try:
            return look(movie)
        except PosterError as error:
            return error

    waiting: deque[tuple[Movie, Future[Look | PosterError | None]]] = deque()
    with ThreadPoolExecutor(threads) as pool:
        for movie in movies:
            waiting.append((movie, pool.submit(attempt, movie)))
            if len(waiting) > 64:
                ahead, future = waiting.popleft()
                yield ahead, future.result()
        for ahead, future in waiting:
            yield ahead, future.result()


def _plot_findings(movie: Movie, plots: dict[bytes, str]) -> Iterator[Finding]:
    plot = movie.plot.strip()
    if not plot:
        yield Finding(movie.id, "no plot")
        return
    if is_placeholder(plot):
        yield Finding(movie.id, "placeholder plot", plot[:80])
        return
    if _LOST.search(plot):
        yield Finding(movie.id, "damaged plot", plot[:80])
    words = " ".join(re.findall(r"\w+", plot.casefold()))
    first = plots.setdefault(hashlib.blake2b(words.encode(), digest_size=12).digest(), movie.id)
    if first != movie.id:
        yield Finding(movie.id, "duplicate plot", other=first)


def _look_findings(movie_id: str, poster: Look) -> Iterator[Finding]:
    size = "{}×{} pixels".format(*poster.size)
    if min(poster.size) < TINY:
        yield Finding(movie_id, "tiny poster", size)
    if poster.spread <= FLAT:
        yield Finding(movie_id, "placeholder poster", f"shows nothing, {size}")
    elif poster.colour <= GREY:
        yield Finding(movie_id, "grey poster", f"colour {poster.colour:.0f} of 255")


def _group_findings(groups: dict[str, list[tuple[str, str]]]) -> Iterator[Finding]:
    """A picture of SHARED titles or more is a placeholder; of fewer, a duplicate."""
    for first, group in groups.items():
        titles = {title.casefold() or movie_id for movie_id, title in group}
        if len(titles) >= SHARED:
            for movie_id, _ in group:
                yield Finding(movie_id, "placeholder poster", f"of {len(group)} films", first)
        else:
            for movie_id, _ in group[1:]:
                yield Finding(movie_id, "duplicate poster", other=first)


def findings_table(findings: Iterable[Finding]) -> list[tuple[str, ...]]:
    """Rows of a table, its columns first: id, kind, detail, other."""
    rows = [(one.id, one.kind, one.detail, one.other) for one in findings]
    return [("id", "kind", "detail", "other"), *rows]


def read_alike(path: Path) -> list[tuple[str, str]]:
    """Ids of pairs of movies with nearly the same poster, from a table of findings.

    Raises:
        CatalogueError: it cannot be read.
    """
    kinds = ("duplicate poster", "placeholder poster")
    try:
        with path.open(encoding="utf-8", newline="") as file:
            columns, rows = csv_rows(file)
            if not {"id", "kind", "other"} <= set(columns):
                raise CatalogueError(f"{path}: no columns id, kind, other; is it of genreel clean?")
            return [
                (row["id"], row["other"])
                for _, row in rows
                if not isinstance(row, CatalogueError) and row["kind"] in kinds and row["other"]
            ]
    except (OSError, UnicodeDecodeError) as error:
        raise CatalogueError(f"{path} cannot be read ({error}); check the path") from None


def cleaned(movies: Iterable[Movie], findings: Sequence[Finding]) -> Iterator[Movie]:
    """The useful movies, without posters and plots that show or say nothing.

    Left out are movies without poster and plot, and each movie that has the poster or the plot
    of an earlier one with the same title and year.
    """
    kinds: dict[str, set[str]] = defaultdict(set)
    others: dict[str, set[str]] = defaultdict(set)
    for finding in findings:
        kinds[finding.id].add(finding.kind)
        if finding.kind.startswith("duplicate"):
            others[finding.id].add(finding.other)
    titles: dict[str, tuple[str, int | None]] = {}  # of the movies so far, with their years
    for movie in movies:
        if movie.id in titles:
            continue
        titles[movie.id] = (movie.title.casefold(), movie.year)
        if any(titles.get(other) == titles[movie.id] for other in others[movie.id]):
            continue
        if kinds[movie.id] & _TAKES_POSTER:
            movie = replace(movie, poster=None)
        if kinds[movie.id] & _TAKES_PLOT:
            movie = replace(movie, plot="")
        if movie.has("poster") or movie.has("plot"):
            yield movie
