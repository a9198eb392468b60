"""A text as one vector of an encoder that reads many languages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from genreel.catalogue import Movie
from genreel.characters import unescape
from genreel.errors import InputError, MissingExtra
from genreel.features.checks import check_types
from genreel.features.feature import FeatureKind, present_rows
from genreel.features.text import check_length
from genreel.reading import languages as encoder

Vector = NDArray[np.float32]


@dataclass(frozen=True)
class SentencesSettings:
    """Settings of `Sentences`: its `input`, "plot" or "title"."""

    input: str = "plot"

    def __post_init__(self) -> None:
        check_types(self, ("plot", "title"))


class Sentences(FeatureKind):
    """Vectors of a text by `reading.languages`; needs the extra [languages].

    Arrays hold only the movies that have the text: `vectors` float32, shape (m, 512), each of
    length 1, and `rows` int64, shape (m,), each one's row in the batch.
    """

    kind = "sentences"
    own_sense = "languages"
    array = "vectors"
    languages = encoder.READS
    width = encoder.WIDTH
    Settings = SentencesSettings

    def __init__(self, settings: SentencesSettings) -> None:
        self._settings = settings
        self.input = settings.input

    @classmethod
    def fit(cls, settings: SentencesSettings, movies: Any) -> Self:
        """Nothing is learnt; MissingExtra where the encoder is not installed."""
        if not encoder.is_installed():
            raise MissingExtra(encoder.PACKAGE, "languages")
        return cls(settings)

    def lacks(self) -> str:
        """The extra, where the encoder is not installed."""
        return "" if encoder.is_installed() else MissingExtra(encoder.PACKAGE, "languages").remedy

    @staticmethod
    def version() -> str:
        """Of what reads: rows of another version are others."""
        return encoder.encoder_version()

    @classmethod
    def load(cls, settings: Mapping[str, Any], state: Mapping[str, Any]) -> Self:
        """From `settings()`; the encoder is not needed until a text is read."""
        return cls(SentencesSettings(**settings))

    def settings(self) -> dict[str, Any]:
        """JSON values."""
        return asdict(self._settings)

    def state(self) -> dict[str, Any]:
        """Nothing is learnt."""
        return {}

    def read(self, movie: Movie) -> Vector | None:
        """float32, shape (512,).

        Raises:
            InputError: the text is too long, a plot holds no word, or the encoder is not
                installed.
        """
        row: Vector | InputError | None
        [row] = self.read_many([movie])
        if isinstance(row, InputError):
            raise row
        return row

    def read_many(self, movies: Sequence[Movie]) -> list[Any]:
        """The rows of a batch, read together; see `read`."""
        rows: list[Any] = [self._check(movie) for movie in movies]
        texts = [i for i, row in enumerate(rows) if isinstance(row, str)]
        try:
            vectors = encoder.sentence_vectors([rows[i] for i in texts])
        except MissingExtra as error:
            for i in texts:
                rows[i] = InputError(f"{self.input} is not read; {error.remedy}")
            return rows
        for i, vector in zip(texts, vectors, strict=True):
            rows[i] = vector
        return rows

    def collate(self, rows: Sequence[Vector | None]) -> dict[str, Any]:
        """`vectors` and `rows` of the movies that have the text."""
        present = present_rows(rows)
        vectors = np.empty((len(present), self.width), np.float32)
        for k, i in enumerate(present):
            vectors[k] = rows[i]
        return {"vectors": vectors, "rows": present}

    def _check(self, movie: Movie) -> str | InputError | None:
        """The text as it is to be read; None where it is missing."""
        if not movie.has(self.input):
            return None
        text: str = getattr(movie, self.input)
        try:
            check_length(text, self.input)
        except InputError as error:
            return error
        text = unescape(text)
        if any(map(str.isalpha, text[: encoder.LENGTH])):
            return text
        # A title often has no word ("1917"); a plot without one is a problem to report.
        return (
            InputError("plot holds no word; describe the movie") if self.input == "plot" else None
        )
