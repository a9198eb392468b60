"""A vocabulary of one's own: genres beside the bundle's, which may be renamed or hidden."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from genreel.errors import VocabularyError
from genreel.own.genre import OwnGenre

MOST = 200
"""Genres of one's own in a vocabulary."""


@dataclass(frozen=True)
class OwnVocabulary:
    """Genres of one's own, and what becomes of the bundle's.

    Attributes:
        bundle: the first digits of the SHA-256 of the graph that the genres were learnt with: what
            another graph makes of movies is not comparable.
        genres: those of one's own.
        new_names: a genre of the bundle → what it is called.
        hidden_genres: genres of the bundle that no movie is given.
    """

    bundle: str
    genres: tuple[OwnGenre, ...] = ()
    new_names: Mapping[str, str] = field(default_factory=dict)
    hidden_genres: tuple[str, ...] = ()

    def check(self, bundle: str, genres: Sequence[str]) -> None:
        """Whether it goes with a bundle.

        Args:
            bundle: digits of that bundle.
            genres: its genres.

        Raises:
            VocabularyError: it does not.
        """
        if any(genre.linear for genre in self.genres) and self.bundle != bundle:
            raise VocabularyError(
                f"own genres were learnt with bundle {self.bundle}, this one is {bundle}; "
                "use that one, or export them again from the store that taught them"
            )
        unknown = sorted({*self.new_names, *self.hidden_genres} - {*genres})
        if unknown:
            raise VocabularyError(f"own genres: the bundle has no genre {unknown[0]!r} to change")
        parents_of(self.genres, genres)


def parents_of(own_genres: Iterable[OwnGenre], genres: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """Genre of one's own → all that a movie has which has it: its parent, that one's, and so on.

    Raises:
        VocabularyError: a parent is no genre, or a genre is its own ancestor.
    """
    parent_of = {genre.name: genre.parent for genre in own_genres}
    ancestors: dict[str, tuple[str, ...]] = {}
    for name in parent_of:
        line: list[str] = []
        at = parent_of[name]
        while at:
            if at == name or at in line:
                parent = parent_of[name]
                raise VocabularyError(
                    f"genre {name!r} cannot be under {parent!r}, which is under it"
                )
            if at not in parent_of and at not in genres:
                raise VocabularyError(f"genre {name!r}: no genre {at!r} to be its parent")
            line.append(at)
            at = parent_of.get(at, "")
        ancestors[name] = tuple(line)
    return ancestors
