"""Reads what is printed on posters; the only file that imports rapidocr (extra `read`)."""

from __future__ import annotations

import functools
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image

from genreel.errors import GenreelError, MissingExtra, PosterError
from genreel.lettering import MAX_LINES, Lettering, Line
from genreel.posters import Limits, PosterSource, name_of, open_poster

if TYPE_CHECKING:
    from rapidocr import RapidOCR

SIDE = 450
"""Pixels of the shorter side of a poster that is read."""

_MAX_RATIO = 4
"""Of the sides; a longer strip gets an edge, as the detector scales its shorter side up."""

_lock = threading.Lock()


def read_lettering(poster: PosterSource, limits: Limits | None = None) -> Lettering:
    """What is printed on a poster. It takes one thread; several threads may call it at once.

    Args:
        poster: a path, the bytes of an image file or a PIL image.
        limits: what the poster may cost to open.

    Returns:
        Lines from top to bottom, texts stripped, each box upright; none where nothing is printed.

    Raises:
        PosterError: for anything wrong with the poster, naming it and the remedy.
        MissingExtra: rapidocr is not installed.
        GenreelError: rapidocr is damaged.
    """
    with _lock:  # or the first threads would each load the models
        engine = _engine()
    image, width, height = _canvas(open_poster(poster, (SIDE, SIDE), limits))
    try:
        result: Any = engine(np.ascontiguousarray(np.asarray(image)[:, :, ::-1]))  # OpenCV's order
    except MemoryError:
        raise PosterError(f"poster {name_of(poster)}: not enough memory to read it") from None
    except Exception as error:  # what OpenCV and onnxruntime raise is not documented
        reason = str(error).strip().splitlines()[-1:] or [type(error).__name__]
        raise PosterError(
            f"poster {name_of(poster)}: its text cannot be read ({reason[0]:.80}); replace it"
        ) from None
    if result.txts is None or result.boxes is None or result.scores is None:
        return Lettering()
    lines = []
    for text, score, corners in zip(result.txts, result.scores, result.boxes, strict=True):
        if text.strip():
            box = np.asarray(corners, np.float64) / (width, height)
            lines.append(_line(text.strip(), float(score), box))
    return Lettering(tuple(lines[:MAX_LINES]))


def _canvas(image: Image.Image) -> tuple[Image.Image, int, int]:
    """An image as large as it is read, and the width and height of the poster in its corner."""
    factor = min(SIDE / min(image.size), _MAX_RATIO * SIDE / max(image.size))
    width, height = (max(1, round(side * factor)) for side in image.size)
    image = image.resize((width, height), Image.Resampling.LANCZOS)
    least = max(image.size) // _MAX_RATIO
    if min(image.size) >= least:
        return image, width, height
    canvas = Image.new("RGB", (max(width, least), max(height, least)))
    canvas.paste(image)
    return canvas, width, height


def _line(text: str, score: float, corners: np.ndarray) -> Line:
    """A line by the corners of its box in fractions of the poster, [4, 2]."""
    left, top = (round(float(v), 4) for v in np.clip(corners.min(0), 0, 1))
    right, bottom = (float(v) for v in np.clip(corners.max(0), 0, 1))
    width, height = round(right - left, 4), round(bottom - top, 4)
    return Line(text, round(min(max(score, 0.0), 1.0), 3), left, top, width, height)


@functools.cache
def _engine() -> RapidOCR:
    """The models of rapidocr's own wheel, named by path, as it would download any other."""
    try:
        import rapidocr
    except ModuleNotFoundError as error:
        raise MissingExtra(error.name or "rapidocr", "read") from None
    except ImportError as error:  # such as OpenCV without a library of the system
        raise GenreelError(f"rapidocr cannot be loaded ({error}); install it again") from None
    models = Path(rapidocr.__file__).parent / "models"
    params: dict[str, object] = {
        # Turns single lines by 180°; posters that stand upright have none.
        "Global.use_cls": False,
        "Global.log_level": "critical",
        # Its default, 736, enlarges each poster again, which costs more than it finds.
        "Det.limit_side_len": SIDE,
        "EngineConfig.onnxruntime.intra_op_num_threads": 1,
        "EngineConfig.onnxruntime.inter_op_num_threads": 1,
    }
    for step in ("det", "rec"):
        paths = sorted(models.glob(f"*_{step}_*.onnx"))
        if not paths:
            raise GenreelError(
                f"rapidocr has no models in {models}; "
                "run: python -m pip install --force-reinstall rapidocr"
            )
        params[f"{step.title()}.model_path"] = str(paths[-1])
    return rapidocr.RapidOCR(params=params)
