"""MM-IMDb (Arevalo et al. 2017), as it was released.

mmimdb/dataset/0012345.json, 0012345.jpeg     facts and poster of a movie, by IMDb number
mmimdb/split.json                             {"train": [...], "dev": [...], "test": [...]}
multimodal_imdb.hdf5                          imdb_ids, images, genres; no text
"""

from __future__ import annotations

import io
import json
from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path, PurePosixPath
from typing import Any

from genreel.catalogue import Movie
from genreel.errors import CatalogueError, MissingExtra
from genreel.formats.film import Options, film
from genreel.formats.source import Source

_PARTS = {"train": "train", "dev": "valid", "test": "test"}

# What make_dataset.py of the authors took from blue, green and red before it stored an image.
_MEAN_BGR = (103.939, 116.779, 123.68)


def read_mmimdb(path: Path, options: Options) -> Iterator[Movie]:
    """Movies with their official split; the longest of a movie's plots, as the authors chose.

    Raises:
        CatalogueError: it is neither the released folder nor its HDF5 file.
        MissingExtra: an HDF5 file without h5py.
    """
    if path.suffix.lower() in (".hdf5", ".h5"):
        yield from _read_hdf5(path, options)
        return
    source = Source(path)
    parts = _read_split(source)
    facts = [
        name
        for name in source.names
        if name.endswith(".json") and PurePosixPath(name).stem.isdigit()
    ]
    if not facts:
        raise CatalogueError(f"{path}: no NUMBER.json there; give the folder that holds dataset/")
    for name in facts:
        number = PurePosixPath(name).stem
        movie_id = f"tt{number}"
        try:
            table = json.loads(source.read(name))
            if not isinstance(table, dict):
                raise ValueError("not a JSON object")
        except (ValueError, RecursionError, CatalogueError) as error:
            yield Movie(movie_id, problem=f"{name}: {error}; mend it")
            continue
        image = PurePosixPath(name).with_suffix(".jpeg").as_posix()
        record = {"id": movie_id, "title": table.get("title"), "year": table.get("year")}
        record |= {"plot": _longest(table), "split": parts.get(number)}
        yield film(
            record,
            movie_id,
            options,
            genres=[g for g in _list(table.get("genres")) if isinstance(g, str)],
            taxonomy="imdb",
            poster=partial(source.poster, image) if image in source else None,
        )


def _read_split(source: Source) -> dict[str, str]:
    if not source.has("split.json"):
        return {}
    try:
        split = json.loads(source.read(source.find("split.json")))
        return {str(i): ours for theirs, ours in _PARTS.items() for i in split[theirs]}
    except (ValueError, KeyError, TypeError) as error:
        raise CatalogueError(f"{source.path}: split.json is damaged ({error}); mend it") from None


def _longest(table: Mapping[str, Any]) -> str:
    plots = [plot for plot in _list(table.get("plot")) if isinstance(plot, str)]
    outline = table.get("plot outline")
    return max(plots, key=len, default=outline if isinstance(outline, str) else "")


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _read_hdf5(path: Path, options: Options) -> Iterator[Movie]:
    try:
        import h5py
    except ModuleNotFoundError:
        raise MissingExtra("h5py", "hdf5") from None
    try:
        with h5py.File(path, "r") as file:
            names = json.loads(file["genres"].attrs["target_names"])
            ends = _part_ends(file.attrs.get("split", ()))
            for row, number in enumerate(file["imdb_ids"]):
                movie_id = f"tt{number.decode()}"
                part = next(
                    (name for name, (start, stop) in ends.items() if start <= row < stop), ""
                )
                yield film(
                    {"id": movie_id, "split": part},
                    movie_id,
                    options,
                    genres=[
                        n for n, is_its in zip(names, file["genres"][row], strict=True) if is_its
                    ],
                    taxonomy="imdb",
                    poster=partial(_jpeg, file["images"][row]),
                )
    except (OSError, KeyError, ValueError, TypeError, AttributeError) as error:
        raise CatalogueError(f"{path}: not the HDF5 file of MM-IMDb ({error}); check it") from None


def _part_ends(rows: Any) -> dict[str, tuple[int, int]]:
    """Part → its first row and the one after its last, from Fuel's table of splits."""
    return {
        _PARTS[row["split"].decode()]: (int(row["start"]), int(row["stop"]))
        for row in rows
        if row["source"] == b"imdb_ids"
    }


def _jpeg(image: Any) -> bytes:
    """A JPEG of an image, int32 of shape (3, height, width), blue first and less its mean."""
    import numpy as np
    from PIL import Image

    colours = np.asarray(image, np.float32) + np.reshape(_MEAN_BGR, (3, 1, 1))
    pixels = np.clip(np.rint(colours[::-1].transpose(1, 2, 0)), 0, 255).astype(np.uint8)
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "JPEG", quality=95)
    return file.getvalue()
