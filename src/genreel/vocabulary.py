"""Genres, their spellings, and which of them each source can express.

Sources have different genres. TMDb has no Biography, so a movie labelled by TMDb is *unknown* for
Biography, not negative. `Vocabulary.encode` keeps the two apart.
"""

from __future__ import annotations

import difflib
import functools
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from genreel.errors import VocabularyError
from genreel.folding import fold
from genreel.genre_names import NAMES

GENRES = (
    "Action",
    "Adventure",
    "Animation",
    "Biography",
    "Comedy",
    "Crime",
    "Documentary",
    "Drama",
    "Family",
    "Fantasy",
    "Film-Noir",
    "History",
    "Horror",
    "Music",
    "Musical",
    "Mystery",
    "Romance",
    "Sci-Fi",
    "Sport",
    "Thriller",
    "War",
    "Western",
)
"""The genres that models learn unless a recipe says otherwise, in the order of their scores."""

# The class set that the MM-IMDb competition data uses: the default 22, News and Short.
GENRES_MMIMDB = sorted([*GENRES, "News", "Short"])

TMDB_IDS = {
    "Action": 28,
    "Adventure": 12,
    "Animation": 16,
    "Comedy": 35,
    "Crime": 80,
    "Documentary": 99,
    "Drama": 18,
    "Family": 10751,
    "Fantasy": 14,
    "History": 36,
    "Horror": 27,
    "Music": 10402,
    "Mystery": 9648,
    "Romance": 10749,
    "Sci-Fi": 878,
    "TV Movie": 10770,
    "Thriller": 53,
    "War": 10752,
    "Western": 37,
}
"""TMDb's 19 movie genres with their fixed ids, in genreel's spelling."""

# Key: lower-case letters and digits only (see `key`). Value: genreel's spelling. Names in other
# languages are in `genre_names`.
ALIASES = {
    "sciencefiction": "Sci-Fi",
    "scifi": "Sci-Fi",
    "sf": "Sci-Fi",
    "noir": "Film-Noir",
    "children": "Family",
    "childrens": "Family",
    "kids": "Family",
    "animated": "Animation",
    "biopic": "Biography",
    "biographical": "Biography",
    "sports": "Sport",
    "romantic": "Romance",
    "historical": "History",
    "suspense": "Thriller",
    "docu": "Documentary",
    "musicals": "Musical",
    "wartime": "War",
}


@dataclass(frozen=True)
class Taxonomy:
    """The genres of one source.

    Attributes:
        name: of the source.
        expresses: genres that it would name if they applied; another genre is unknown unless it
            names it.
    """

    name: str
    expresses: frozenset[str]

    def can_name(self, genre: str) -> bool:
        """Whether it would name a genre that applied; of genres of one's own, only "genreel"."""
        return genre in self.expresses or (self.name == "genreel" and genre not in EVERY_GENRE)


EVERY_GENRE = frozenset((*GENRES_MMIMDB, *TMDB_IDS))
"""All that genreel knows; another genre is a person's own."""

TAXONOMIES = {
    taxonomy.name: taxonomy
    for taxonomy in (
        Taxonomy("genreel", frozenset(GENRES_MMIMDB)),
        Taxonomy("imdb", frozenset(GENRES_MMIMDB)),
        Taxonomy("tmdb", frozenset(TMDB_IDS)),
        Taxonomy("movielens", frozenset(GENRES) - {"Biography", "History", "Music", "Sport"}),
        # Labels of several sources merged: the 18 genres that all the large ones have are known
        # present or absent, the others only where they are named.
        Taxonomy("mixed", frozenset(TMDB_IDS) - {"TV Movie"}),
    )
}

# Which source decides when a movie has genres of several. MovieLens decides only where there is no
# other: its tags are the loosest.
PRECEDENCE = ("genreel", "tmdb", "imdb", "mixed")
LAST_RESORT = ("movielens",)

Labels = NDArray[np.float32]
Known = NDArray[np.bool_]


_LONGEST = 200  # characters of a name that may be a genre's; some of Unicode become 18 each


def key(name: str) -> str:
    """By which two names are the same: letters and digits, without capitals and accents."""
    # Digits and letters of other scripts stay: "2020 Sports" is a tag of a person's, not Sport.
    return re.sub(r"[\W_]", "", fold(name))


@functools.lru_cache(maxsize=16)
def _spellings(own: tuple[str, ...] = ()) -> dict[str, str]:
    """Key of a name → the genre that it means."""
    foreign = [(name, g) for table in NAMES.values() for g, cell in table.items() for name in cell]
    ours = [(name, name) for name in (*GENRES_MMIMDB, *TMDB_IDS)]
    spellings = {key(name): genre for name, genre in foreign + ours} | ALIASES
    return spellings | {key(name): name for name in own}


def known_spelling(name: str, own: tuple[str, ...] = ()) -> str | None:
    """The spelling of a genre name, or None. A file may hold thousands of unknown names, and
    `spelling` takes long to search for the nearest of each.

    Args:
        name: in any of the spellings that genreel knows.
        own: genres of one's own, which are known too.
    """
    name = name.strip()
    return _spellings(own).get(key(name)) if len(name) <= _LONGEST else None


def spelling(name: str, own: tuple[str, ...] = ()) -> str:
    """As `known_spelling`.

    Raises:
        VocabularyError: no genre is spelled like it; the nearest one is offered.
    """
    genre = known_spelling(name, own)
    if genre is None:
        name = name[:40]  # enough to find it in the file
        spellings = _spellings(own)
        nearest = difflib.get_close_matches(key(name), list(spellings), n=1)
        hint = f"; did you mean {spellings[nearest[0]]!r}?" if nearest else ""
        raise VocabularyError(f"unknown genre {name!r}{hint}")
    return genre


def find_taxonomy(name: str) -> Taxonomy:
    """The taxonomy called `name`; raises VocabularyError with the known names."""
    if name not in TAXONOMIES:
        raise VocabularyError(f"unknown taxonomy {name!r}; choose one of {', '.join(TAXONOMIES)}")
    return TAXONOMIES[name]


@dataclass(frozen=True)
class Vocabulary:
    """The genres that a model tells apart, in the order of its scores."""

    genres: tuple[str, ...] = GENRES

    def __post_init__(self) -> None:
        if len(set(self.genres)) != len(self.genres) or not self.genres:
            raise VocabularyError("a vocabulary needs at least one genre, and each only once")

    def __len__(self) -> int:
        return len(self.genres)

    def encode(self, movies_genres: Iterable[Mapping[str, Sequence[str]]]) -> tuple[Labels, Known]:
        """Labels and known cells of movies, each given as taxonomy name → its genres.

        The first taxonomy of PRECEDENCE that the movie has and that can express a genre decides
        it; those of LAST_RESORT decide only for a movie that has no other. A genre that a source
        names is known to be positive even if the source does not always name it.

        Returns:
            labels: float32 in {0, 1}, shape (n, genres); 0 where unknown.
            known: bool, shape (n, genres).
        """
        rows = [self._encode_one(genres) for genres in movies_genres]
        shape = (len(rows), len(self.genres))
        labels = np.array([row[0] for row in rows], np.float32).reshape(shape)
        known = np.array([row[1] for row in rows], np.bool_).reshape(shape)
        return labels, known

    def _encode_one(self, genres: Mapping[str, Sequence[str]]) -> tuple[list[bool], list[bool]]:
        sources = [name for name in PRECEDENCE if genres.get(name)]
        sources = sources or [name for name in LAST_RESORT if genres.get(name)]
        labels, known = [], []
        for genre in self.genres:
            deciding = next(
                (
                    name
                    for name in sources
                    if TAXONOMIES[name].can_name(genre) or genre in genres[name]
                ),
                None,
            )
            known.append(deciding is not None)
            labels.append(deciding is not None and genre in genres[deciding])
        return labels, known


VOCABULARIES = {
    "default": Vocabulary(),
    "mmimdb": Vocabulary(tuple(GENRES_MMIMDB)),
    "tmdb": Vocabulary(tuple(TMDB_IDS)),
    "action-comedy-drama": Vocabulary(("Action", "Comedy", "Drama")),
    "action-drama": Vocabulary(("Action", "Drama")),
}
"""Named vocabularies that a recipe may ask for."""
