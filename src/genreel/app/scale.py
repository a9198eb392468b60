"""Predicts on several processes or machines with Ray. The only file that imports ray.

One task reads the movies and cuts them into parts. A pool of actors, each with a Predictor of one
thread, predicts parts and writes them to the output folder, whole or not at all. Ray carries rows
and paths, never posters: every machine must see the same files. A part that exists is not
predicted again, so the same command resumes a run that was stopped.
"""

from __future__ import annotations

import contextlib
import dataclasses
import hashlib
import itertools
import json
import logging
import os
import sys
import warnings
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import genreel
from genreel.app.senses import Senses, predict_movies
from genreel.app.sources import movies_of
from genreel.bundle import read_bundle
from genreel.calibration import BALANCED
from genreel.catalogue import Catalogue, Movie
from genreel.errors import GenreelError, MissingExtra
from genreel.files import remove_parts, write_whole
from genreel.films.films import Films
from genreel.lettering import parse_lettering
from genreel.own.file import digest_of, read_own
from genreel.posters import Limits
from genreel.prediction import Prediction
from genreel.predictor import Predictor
from genreel.progress import progress

os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")  # else a warning on stderr
try:
    import ray
    import ray.data
except ImportError:
    raise MissingExtra("ray", "scale") from None

FORMAT = 2
"""Version of the output folder's layout."""

PART_ROWS = 250
"""Movies of a part: seconds of work. A run that is stopped loses at most one part per actor."""

STORE_BYTES = 128 * 2**20
"""Memory that a local Ray may use for rows between its tasks."""

MANIFEST = "manifest.json"

_LOST = (
    ray.exceptions.ActorUnavailableError,
    ray.exceptions.NodeDiedError,
    ray.exceptions.ObjectLostError,
)
"""How Ray says that a machine is gone; of a worker that died by itself it says other things."""

_RETRIES = 3  # of a part whose actor dies; Ray Data would never give up


@dataclass(frozen=True)
class Job:
    """What to predict and where to put it; the same on every machine.

    Attributes:
        paths: posters, folders, catalogues.
        out: folder of the parts.
        model: a bundle's folder, or the name of one that came with the package.
        workers: actors, each on one core.
        language: as in `Predictor.predict_many`.
        threshold: as in `Predictor.predict_many`.
        decide: as in `Predictor.predict_many`.
        explain: as in `Predictor.predict_many`.
        limits: what a poster may cost.
        senses: whether posters are read and looked up; every machine must see the index.
        part_rows: movies of a part.
        folder: that relative paths start from; None: the current one.
    """

    paths: tuple[str, ...]
    out: Path
    model: str = "default"
    workers: int = 1
    language: str = ""
    threshold: float | None = None
    decide: str = BALANCED
    explain: bool = False
    limits: Limits = dataclasses.field(default_factory=Limits)
    senses: Senses = dataclasses.field(default_factory=Senses)
    part_rows: int = PART_ROWS
    folder: Path | None = None


def predict(job: Job) -> Iterator[Prediction]:
    """Predicts the parts that do not exist yet, then yields all predictions in the input's order.

    Raises:
        GenreelError: the input or the bundle cannot be used, the output folder belongs to another
            run, or Ray failed.
    """
    job = dataclasses.replace(job, out=job.out.resolve(), folder=job.folder or Path.cwd())
    movies_of(job.paths)  # raises where the input does not exist
    manifest = _manifest(job)
    parts = _open_folder(job.out, manifest)
    if parts is None or any(not _part(job.out, number).is_file() for number in range(parts)):
        parts = _run_on_what_is_left(job, manifest["bundle"])
        _write_manifest(job.out, {**manifest, "parts": parts})
    return _read_parts(job.out, parts)


# The output folder


def _manifest(job: Job) -> dict[str, Any]:
    """What the parts of a folder depend on, except the posters' content."""
    return {
        "format": FORMAT,
        "genreel": genreel.__version__,
        "paths": list(job.paths),
        "input": _fingerprint(job.paths),
        "bundle": read_bundle(job.model).config["sha256"],
        "language": job.language,
        "threshold": job.threshold,
        "decide": job.decide,
        "explain": job.explain,
        "limits": dataclasses.asdict(job.limits),
        "read": job.senses.needs_reading,
        "films": _fingerprint_of_index(job.senses.films),
        "accept": job.senses.accept,
        "own": _fingerprint_of_own(job.senses.own),
        "part_rows": job.part_rows,
    }


def _fingerprint_of_own(path: Path | None) -> str | None:
    """Hash of the genres of one's own; VocabularyError where they cannot be read."""
    return None if path is None else digest_of(read_own(path))


def _fingerprint(paths: Iterable[str]) -> str:
    """Hash of the tables' content and of the posters' names."""
    digest = hashlib.sha256()
    for path in paths:
        try:
            movies = movies_of([path])
            if isinstance(movies, Catalogue):
                with movies.path.open("rb") as file:
                    digest.update(hashlib.file_digest(file, "sha256").digest())
            else:
                for movie in movies:
                    digest.update(os.fsencode(str(movie.poster)) + b"\0")
        except (GenreelError, OSError) as error:
            digest.update(os.fsencode(str(error)))
    return digest.hexdigest()


def _fingerprint_of_index(path: Path | None) -> list[Any] | None:
    """An index of films: its path, size and time; None where there is none."""
    if path is None:
        return None
    Films(path).close()  # raises where it cannot be used
    status = path.stat()
    return [str(path), status.st_size, status.st_mtime_ns]


def _open_folder(out: Path, manifest: Mapping[str, Any]) -> int | None:
    """Prepares the folder; returns the number of its parts if an earlier run finished them."""
    try:
        out.mkdir(parents=True, exist_ok=True)
        text = (out / MANIFEST).read_bytes() if (out / MANIFEST).exists() else b""
        is_foreign = not text and any(out.glob("[!.]*"))
    except OSError as error:
        raise GenreelError(f"{out}: {error.strerror}; give another --out") from None
    if is_foreign:
        raise GenreelError(f"{out} holds files of something else; give another --out")
    remove_parts(out)
    if not text:
        _write_manifest(out, manifest)
        return None
    try:
        earlier = dict(json.loads(text))
    except (ValueError, TypeError):
        raise GenreelError(f"{out}/{MANIFEST} is damaged; give another --out") from None
    parts: int | None = earlier.get("parts")
    for key, value in manifest.items():
        if earlier.get(key) != value:
            raise GenreelError(
                f"{out} holds parts of another run (its {key} differs); give another --out "
                "or remove it"
            )
    return parts


def _write_manifest(out: Path, manifest: Mapping[str, Any]) -> None:
    write_whole(out / MANIFEST, (json.dumps(manifest, indent=1) + "\n").encode())


def _part(out: Path, number: int) -> Path:
    return out / f"part-{number:05}.jsonl"


def _read_parts(out: Path, parts: int) -> Iterator[Prediction]:
    for number in range(parts):
        with _part(out, number).open("rb") as file:
            yield from (Prediction.from_dict(json.loads(line)) for line in file)


def _prediction_line(prediction: Prediction) -> str:
    return json.dumps(prediction.to_dict() | {"thresholds": dict(prediction.thresholds)}) + "\n"


# What Ray runs. Rows are {"part", "movies" (JSON lines), "error"}; the last has no movies.

_Rows = dict[str, list[Any]]


class _HostLost(GenreelError):
    """A machine of the cluster is gone, and others may be left."""


def _run_on_what_is_left(job: Job, seal: str) -> int:
    """As `_run`, begun anew where a machine dies; parts that are there stay."""
    for _ in range(_RETRIES):
        with contextlib.suppress(_HostLost):
            return _run(job, seal)
    return _run(job, seal)


def _run(job: Job, seal: str) -> int:
    """Predicts the parts that do not exist; returns the number of all parts."""
    total = None
    cut: Any = _cut  # Ray's types do not know fn_args
    with _quiet(), _ray(job.workers):
        rows = (
            ray.data.from_items([{"part": 0}])
            # With no core of its own, reading never waits for one that an actor holds, and Ray
            # does not fuse it with the actors, which would then read one after the other.
            .map_batches(cut, fn_args=(job,), num_cpus=0, batch_format="numpy")
            .map_batches(
                _Worker,
                fn_constructor_args=(job, seal),
                batch_size=1,
                batch_format="numpy",
                compute=ray.data.ActorPoolStrategy(size=job.workers),
                num_cpus=1,
                max_task_retries=_RETRIES,
            )
        )
        for row in progress(rows.iter_rows(), "parts"):
            if row["error"]:
                raise GenreelError(row["error"])
            total = row["part"] if row["last"] else total
    if total is None:
        raise GenreelError("Ray ended early; run the command again to go on")
    return int(total)


def _cut(batch: Mapping[str, Any], job: Job) -> Iterator[_Rows]:
    """Reads the movies and cuts them into parts; leaves out those that exist."""
    os.chdir(job.folder or ".")
    number = 0
    try:
        movies = iter(movies_of(job.paths))
        while part := list(itertools.islice(movies, job.part_rows)):
            if not _part(job.out, number).is_file():
                yield _row(number, "".join(map(_line, part)))
            number += 1
        yield _row(number)
    except GenreelError as error:
        yield _row(number, error=str(error))


def _row(part: int, movies: str = "", error: str = "") -> _Rows:
    return {"part": [part], "movies": [movies], "error": [error]}


class _Worker:
    """An actor: a Predictor on one core."""

    def __init__(self, job: Job, seal: str) -> None:
        os.chdir(job.folder or ".")
        self.job = job
        self.predictor = Predictor(job.model, threads=1, limits=job.limits)
        self.error = ""
        if self.predictor.bundle.config["sha256"] != seal:
            self.error = f"{job.model} is another bundle on {os.uname().nodename}; copy it there"

    def __call__(self, batch: Mapping[str, Any]) -> _Rows:
        """Predicts one part and writes it."""
        [part], [movies], [error] = batch["part"], batch["movies"], batch["error"]
        error = error or self.error
        if movies and not error:
            job = self.job
            predictions = predict_movies(
                self.predictor,
                map(_movie, movies.splitlines()),
                job.senses,
                job.limits,
                language=job.language,
                threshold=job.threshold,
                decide=job.decide,
                explain=job.explain,
            )
            try:
                lines = "".join(map(_prediction_line, predictions))
                write_whole(_part(job.out, part), lines.encode())
            except GenreelError as failure:
                error = str(failure)
        return {"part": [part], "last": [not movies], "error": [error]}


def _line(movie: Movie) -> str:
    """A movie as a line of JSON."""
    names = ("id", "title", "year", "plot", "genres", "problem", "language")
    row = {name: getattr(movie, name) for name in names}
    row["lettering"] = None if movie.lettering is None else movie.lettering.to_json()
    row["poster"] = None if movie.poster is None else str(movie.poster)
    return json.dumps(row) + "\n"


def _movie(line: str) -> Movie:
    row = json.loads(line)
    poster, lettering = row.pop("poster"), row.pop("lettering")
    return Movie(
        **row,
        poster=None if poster is None else Path(poster),
        lettering=None if lettering is None else parse_lettering(lettering),
    )


@contextlib.contextmanager
def _ray(workers: int) -> Iterator[None]:
    """Ray, while it is needed: the cluster that RAY_ADDRESS names, or one on this machine."""
    address = os.environ.get("RAY_ADDRESS")
    local: dict[str, Any] = {
        "address": "local",
        "num_cpus": workers,
        "object_store_memory": STORE_BYTES,
        "include_dashboard": False,
    }
    try:
        ray.init(
            **({"address": address} if address else local),
            log_to_driver=False,
            logging_level=logging.CRITICAL,
        )
        logging.getLogger("ray.data").setLevel(logging.CRITICAL)
        context = ray.data.DataContext.get_current()
        context.enable_progress_bars = False
        context.print_on_execution_start = False
        context.target_max_block_size = 1  # byte: a block per part, so that all actors work
        context.target_min_block_size = 1
        yield
    except (ray.exceptions.RayError, ConnectionError) as error:
        last = str(error).strip().splitlines()[-1:]
        raise (_HostLost if isinstance(error, _LOST) else GenreelError)(
            f"Ray failed ({''.join(last)}); run the command again to go on"
        ) from None
    finally:
        ray.shutdown()


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Drops what Ray itself writes to stdout and stderr, which no setting stops.

    Python's own `sys.stderr`, with our progress and errors, still works; predictions go to stdout
    only after this.
    """
    sys.stderr.flush()
    terminal, stderr = os.dup(2), sys.stderr
    try:
        with (
            os.fdopen(os.dup(terminal), "w", buffering=1) as ours,
            Path(os.devnull).open("w") as nowhere,
            contextlib.redirect_stdout(nowhere),  # Ray prints its raylets' errors there
        ):
            os.dup2(nowhere.fileno(), 2)
            if stderr is sys.__stderr__:
                sys.stderr = ours
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # such as fewer parts than actors
                yield
    finally:
        sys.stderr = stderr
        os.dup2(terminal, 2)
        os.close(terminal)
