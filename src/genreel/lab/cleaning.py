"""What is wrong with a catalogue's posters, plots and genres: findings, and a cleaned copy.

Posters are looked at through a 64-bit difference hash (dHash: whether each of 9 × 8 grey values is
brighter than its right neighbour) and a small thumbnail. What differs between two copies of a
picture, such as a title, lies in one part of it, so that their hashes agree in at least one of six
bands of bits: near-duplicates are found by looking into the buckets of the bands alone, in time and
memory that grow with the films.
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

from genreel.catalogue import Movie, csv_rows
from genreel.errors import CatalogueError, PosterError
from genreel.formats.table import csv_text
from genreel.placeholders import is_placeholder
from genreel.posters import open_poster

TINY = 64
"""A poster with a shorter side below this many pixels shows no detail."""

GREY = 16.0
"""Largest distance between the channels, of 255, that 98 of 100 areas of a grey poster keep: a grey
picture saved as colour JPEG has some, and a small title may be red. A mean would call dark posters
grey."""

FLAT = 6.0
"""Largest standard deviation of grey values, of 255, of a picture that shows nothing."""

NEAR_BITS = 8
"""Bits of 64 in which the hashes of two copies of one picture may differ."""

NEAR = 0.36
"""Largest distance of two thumbnails of one picture: root mean square, as a share of the standard
deviation of the livelier one. Two black posters with other titles are further apart."""

SHARED = 3
"""From this many films of different titles on, one same picture is a placeholder."""

_BUCKET = 512  # hashes of one bucket that each new one is compared with: bounds the time
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
    """One thing about one movie: its kind (see KINDS), the details, and the film it resembles."""

    id: str
    kind: str
    detail: str = ""
    other: str = ""


@dataclass(frozen=True)
class Look:
    """What a poster looks like.

    Attributes:
        size: width and height in pixels.
        hash: 64-bit dHash.
        thumbnail: uint8, shape (12, 8, 3), RGB.
        colour: distance between the largest and the smallest channel that 98 of 100 areas keep,
            0 to 255.
        spread: standard deviation of grey values, 0 to 127.
    """

    size: tuple[int, int]
    hash: int
    thumbnail: NDArray[np.uint8]
    colour: float
    spread: float


def look(movie: Movie) -> Look:
    """Looks at a movie's poster; PosterError where it cannot be opened."""
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
    """Posters seen so far; finds for each one an earlier one that shows the same picture."""

    def __init__(self) -> None:
        self._bands: list[dict[int, list[int]]] = [defaultdict(list) for _ in _BANDS]
        self._hashes: list[int] = []
        self._thumbnails: list[bytes] = []
        self._ids: list[str] = []

    def add(self, movie_id: str, seen: Look) -> str:
        """The id of the first film with nearly this picture, or an empty one; then adds it."""
        keys = [(seen.hash >> shift) & 0x7FF for shift in _BANDS]
        near: set[int] = set()
        for band, key in zip(self._bands, keys, strict=True):
            near.update(band.get(key, ()))
        close = [i for i in near if (self._hashes[i] ^ seen.hash).bit_count() <= NEAR_BITS]
        for i in sorted(close):
            if self._alike(i, seen):
                return self._ids[i]  # its group has a picture already
        number = len(self._ids)
        self._ids.append(movie_id)
        self._hashes.append(seen.hash)
        self._thumbnails.append(seen.thumbnail.tobytes())
        for band, key in zip(self._bands, keys, strict=True):
            if len(band[key]) < _BUCKET:
                band[key].append(number)
        return ""

    def _alike(self, i: int, seen: Look) -> bool:
        here = seen.thumbnail.reshape(-1).astype(np.float32)
        other = np.frombuffer(self._thumbnails[i], np.uint8).astype(np.float32)
        distance = float(np.sqrt(np.square(here - other).mean()))
        return distance <= NEAR * max(float(here.std()), float(other.std()))


def find(movies: Iterable[Movie], threads: int = 2) -> list[Finding]:
    """All findings, film by film in the order of the catalogue.

    Args:
        movies: a stream; memory holds about a kilobyte for each.
        threads: that decode posters.
    """
    pictures, plots = Pictures(), dict[bytes, str]()
    findings: list[Finding] = []
    groups: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for movie, seen in _looked(movies, threads):
        if movie.problem:
            findings.append(Finding(movie.id, "problem", movie.problem))
        if not movie.genres:
            findings.append(Finding(movie.id, "no genres"))
        findings += _plot_findings(movie, plots)
        if seen is None:
            findings.append(Finding(movie.id, "no poster"))
        elif isinstance(seen, PosterError):
            findings.append(Finding(movie.id, "unreadable poster", str(seen)))
        else:
            findings += _look_findings(movie.id, seen)
            if seen.spread > FLAT:
                first = pictures.add(movie.id, seen)
                groups[first or movie.id].append((movie.id, movie.title))
    return findings + list(_group_findings(groups))


def _looked(
    movies: Iterable[Movie], threads: int
) -> Iterator[tuple[Movie, Look | PosterError | None]]:
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


def _look_findings(movie_id: str, seen: Look) -> Iterator[Finding]:
    shown = "{}×{} pixels".format(*seen.size)
    if min(seen.size) < TINY:
        yield Finding(movie_id, "tiny poster", shown)
    if seen.spread <= FLAT:
        yield Finding(movie_id, "placeholder poster", f"shows nothing, {shown}")
    elif seen.colour <= GREY:
        yield Finding(movie_id, "grey poster", f"colour {seen.colour:.0f} of 255")


def _group_findings(groups: dict[str, list[tuple[str, str]]]) -> Iterator[Finding]:
    """A picture of many different films stands for none; of two, it is a duplicate."""
    for first, group in groups.items():
        titles = {title.casefold() or movie_id for movie_id, title in group}
        if len(titles) >= SHARED:
            for movie_id, _ in group:
                yield Finding(movie_id, "placeholder poster", f"of {len(group)} films", first)
        else:
            for movie_id, _ in group[1:]:
                yield Finding(movie_id, "duplicate poster", other=first)


def findings_table(findings: Iterable[Finding]) -> str:
    """Findings as CSV with the columns id, kind, detail, other."""
    rows = [("id", "kind", "detail", "other")]
    rows += [(f.id, f.kind, f.detail, f.other) for f in findings]
    return "".join(csv_text(row) for row in rows)


def read_alike(path: Path) -> list[tuple[str, str]]:
    """Pairs of films with nearly the same poster, from a table of findings.

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
    """The movies that are of use, without what was found to show or say nothing.

    Left out are films without poster and plot, and each film that has the poster or the plot
    of an earlier one with the same title and year.
    """
    found: dict[str, set[str]] = defaultdict(set)
    others: dict[str, set[str]] = defaultdict(set)
    for finding in findings:
        found[finding.id].add(finding.kind)
        if finding.kind.startswith("duplicate"):
            others[finding.id].add(finding.other)
    named: dict[str, tuple[str, int | None]] = {}
    done: set[str] = set()
    for movie in movies:
        if movie.id in done:
            continue
        done.add(movie.id)
        named[movie.id] = (movie.title.casefold(), movie.year)
        if any(named.get(other) == named[movie.id] for other in others[movie.id]):
            continue
        if found[movie.id] & _TAKES_POSTER:
            movie = replace(movie, poster=None)
        if found[movie.id] & _TAKES_PLOT:
            movie = replace(movie, plot="")
        if movie.has("poster") or movie.has("plot"):
            yield movie
