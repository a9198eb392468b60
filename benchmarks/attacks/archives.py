"""Damaged and adversarial archives, imported as folders of posters are."""

from __future__ import annotations

import functools
import gzip
import io
import stat
import struct
import warnings
import zipfile
from collections.abc import Iterable
from random import Random

from attacks.case import Attack, Case
from attacks.mutate import cut_at, damaged
from attacks.shapes import encode, noise
from genreel.errors import GenreelError
from genreel.formats import FORMATS
from genreel.formats.film import Options
from genreel.formats.importing import write_import

MIB = 2**20
READERS = ("folder", "kodi", "mmimdb", "kaggle_movies", "movielens", "class_table", "imdb")


def attempt(case: Case) -> bool:
    """Whether a reader of archives makes a catalogue of it; nothing may be written beside that."""
    good = False
    with case.folder() as folder:
        [path] = folder.iterdir()
        target = folder / "catalogue"
        readers = ("imdb",) if path.suffix == ".gz" else READERS[:-1]
        for name in readers:
            try:
                done = write_import(FORMATS[name].read(path, Options()), target, overwrite=True)
                good = good or (done.movies > 0 and not done.problems)
            except GenreelError as error:
                assert "\n" not in str(error)
        assert {found.name for found in folder.iterdir()} <= {path.name, "catalogue"}
        assert not any(found.is_symlink() for found in target.rglob("*"))
    return good


def case(random: Random, number: int) -> Case:
    """An attack written by hand, or an archive with drawn damage."""
    if number < len(ATTACKS):
        name, make = ATTACKS[number]
        return Case(name, {"films.tsv.gz" if name.startswith("gzip") else "films.zip": make()})
    name, data = random.choice(seeds())
    if random.random() < 0.4:
        marks = [k for k in range(len(data)) if data.startswith(b"PK", k)]
        return Case("cut at a mark", {name: cut_at(random, data, marks)})
    if random.random() < 0.5 and name.endswith("zip"):  # its directory, at the end
        at = data.find(b"PK\x01\x02")
        return Case("directory damaged", {name: data[:at] + damaged(random, data[at:])})
    return Case("damaged", {name: damaged(random, data)})


@functools.cache
def poster() -> bytes:
    """A small poster."""
    return encode(noise(), "JPEG")


def zipped(files: Iterable[tuple[str | zipfile.ZipInfo, bytes]], how: int = 0) -> bytes:
    """A zip archive."""
    data = io.BytesIO()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of names that are there twice
        with zipfile.ZipFile(data, "w", how) as archive:
            for name, content in files:
                archive.writestr(name, content)
    return data.getvalue()


@functools.cache
def seeds() -> tuple[tuple[str, bytes], ...]:
    """Name and bytes of whole archives."""
    nfo = b"<movie><title>Alba</title><year>1999</year><genre>War</genre></movie>"
    table = b"movieId,title,genres\n1,Alba (1999),War|Drama\n2,Brume (2001),Comedy\n"
    films = [("Alba (1999).jpg", poster()), ("Alba (1999).txt", b"Rain."), ("Alba (1999).nfo", nfo)]
    films += [("Alba (1999).mkv", b""), ("movies.csv", table), ("links.csv", b"movieId\n1\n")]
    rows = b"tconst\ttitleType\tprimaryTitle\tstartYear\tgenres\ntt1\tmovie\tAlba\t1999\tDrama\n"
    found = [("films.zip", zipped(films, how)) for how in (0, 8, 12, 14)]
    return (*found, ("films.tsv.gz", gzip.compress(rows * 40, mtime=0)))


def link(name: str, to: str) -> tuple[zipfile.ZipInfo, bytes]:
    """A symbolic link in an archive."""
    info = zipfile.ZipInfo(name)
    info.external_attr = (stat.S_IFLNK | 0o777) << 16
    return info, to.encode()


def patched(data: bytes, at: int, fmt: str, value: int) -> bytes:
    """An archive with another number in its first directory entry."""
    place = data.find(b"PK\x01\x02") + at
    new = struct.pack(fmt, value)
    return data[:place] + new + data[place + len(new) :]


_NAMES = (
    *("../../evil.jpg", "/etc/evil.jpg", "C:\\evil.jpg", "..\\..\\evil.jpg", "a/../../../evil.jpg"),
    *(
        "./././evil.jpg",
        "//x/evil.jpg",
        "a\x00.jpg",
        "CON.jpg",
        "." * 250 + ".jpg",
        "x" * 60_000 + ".jpg",
    ),
    *(
        "\u202egpj.live",
        "a\nb.jpg",
        "a/b/c" * 200 + ".jpg",
        "~/.ssh/x.jpg",
        "films.zip/../x.jpg",
        ".jpg",
    ),
)


def _one(name: str = "a.jpg", how: int = 8) -> bytes:
    return zipped([(name, poster())], how)


ATTACKS: tuple[Attack, ...] = (
    ("nothing", lambda: b""),
    ("an empty archive", lambda: zipped([])),
    ("an end alone", lambda: b"PK\x05\x06" + b"\xff" * 18),
    *((f"a name: {name[:20]!r}", lambda name=name: _one(name)) for name in _NAMES),
    (
        "links",
        lambda: zipped([link("a.jpg", "/etc/passwd"), link("b", ".."), ("b/c.jpg", poster())]),
    ),
    ("a name ten times", lambda: zipped([("a.jpg", poster())] * 10)),
    ("names that differ in case", lambda: zipped([("a.jpg", poster()), ("A.JPG", poster())])),
    ("a file that is a folder", lambda: zipped([("a.jpg", b"x"), ("a.jpg/b.jpg", poster())])),
    ("a poster of 200 MiB", lambda: zipped([("a.jpg", b"\xff\xd8\xff" + bytes(200 * MIB))], 8)),
    ("a plot of 100 MiB", lambda: zipped([("a.jpg", poster()), ("a.txt", bytes(100 * MIB))], 8)),
    ("an NFO of 100 MiB", lambda: zipped([("a.mkv", b""), ("a.nfo", bytes(100 * MIB))], 8)),
    (
        "a table of 100 MiB",
        lambda: zipped([("movies.csv", b"movieId,title\n" + b"," * (100 * MIB))], 8),
    ),
    (
        "an archive in archives",
        lambda: functools.reduce(
            lambda data, _: zipped([("a.zip", data), ("a.jpg", data)], 8), range(10), _one()
        ),
    ),
    ("10,000 empty posters", lambda: zipped([(f"{k}.jpg", b"") for k in range(10_000)])),
    ("encrypted", lambda: patched(_one(), 8, "<H", 1)),
    ("strongly encrypted", lambda: patched(_one(), 8, "<H", 0x41)),
    *((f"method {n}", lambda n=n: patched(_one(), 10, "<H", n)) for n in (1, 9, 12, 14, 93, 99)),
    ("a version to come", lambda: patched(_one(), 6, "<H", 99)),
    *(
        (f"{n:#x} bytes packed", lambda n=n: patched(_one(), 20, "<I", n))
        for n in (0, 2**31, 2**32 - 1)
    ),
    *(
        (f"{n:#x} bytes unpacked", lambda n=n: patched(_one(), 24, "<I", n))
        for n in (0, 2**31, 2**32 - 1)
    ),
    ("an offset outside", lambda: patched(_one(), 42, "<I", 2**31)),
    ("an offset of itself", lambda: patched(_one(), 42, "<I", 4)),
    ("an extra field too long", lambda: patched(_one(), 30, "<H", 0xFFFF)),
    ("a name too long", lambda: patched(_one(), 28, "<H", 0xFFFF)),
    ("bytes before", lambda: b"MZ" * 5000 + _one()),
    ("two archives", lambda: _one("a.jpg") + _one("b.jpg")),
    ("gzip nothing", lambda: b""),
    ("gzip of zeros", lambda: gzip.compress(bytes(100 * MIB))),
    ("gzip cut", lambda: seeds()[-1][1][:-9]),
    (
        "gzip ten times",
        lambda: functools.reduce(lambda data, _: gzip.compress(data), range(10), b""),
    ),
    ("gzip that is a zip", lambda: _one()),
)
