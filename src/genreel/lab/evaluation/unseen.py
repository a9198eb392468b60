"""Movies to measure a bundle on: those that it was neither trained nor tuned on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from genreel.bundle import Bundle
from genreel.catalogue import Movie
from genreel.errors import CatalogueError
from genreel.progress import say


@dataclass(frozen=True)
class Measured:
    """What is measured.

    Attributes:
        movies: those to measure on.
        left_out: how many others a bundle was trained or tuned on.
        trained_on: of `movies`, how many a bundle was trained or tuned on; None where a bundle
            does not know what it was trained on.
    """

    movies: Sequence[Movie]
    left_out: int = 0
    trained_on: int | None = None

    def sentence(self, movies: int, catalogue: str) -> str:
        """The page's first sentence, which says what its figures are worth.

        Args:
            movies: that stand behind the page's main figures.
            catalogue: what they come from.
        """
        measured = f"Measured on {movies:,} movies of {catalogue}"
        if self.trained_on is None:
            return f"{measured}; the bundle cannot tell which movies it was trained on."
        if self.trained_on:
            return (
                f"{measured}, and it was trained or tuned on {self.trained_on:,} of all "
                f"{len(self.movies):,}: this says little about others."
            )
        rest = f"; {self.left_out:,} that it was are left out" if self.left_out else ""
        return f"{measured} that it was neither trained nor tuned on{rest}."


def leave_out_seen(
    bundles: Sequence[Bundle],
    movies: Sequence[Movie],
    catalogue: str,
    include_trained: bool = False,
) -> Measured:
    """The movies that no bundle was trained or tuned on; says on stderr what is left out.

    Args:
        bundles: that are measured on the same movies.
        movies: to choose from.
        catalogue: what they come from, for the error.
        include_trained: measure all of them nevertheless.

    Raises:
        CatalogueError: there are none.
    """
    memories = [bundle.seen for bundle in bundles if bundle.seen]
    is_known = len(memories) == len(bundles)
    if movies and not is_known:
        say("the bundle cannot tell which movies it was trained on; give movies that are new to it")
    unseen = [
        movie
        for movie in movies
        if not any(seen.part_of(movie) in ("train", "valid") for seen in memories)
    ]
    count = len(movies) - len(unseen)
    if include_trained:
        if count:
            say(f"it was trained or tuned on {count:,} of the {len(movies):,} movies")
        return Measured(movies, 0, count if is_known else None)
    if movies and not unseen:
        raise CatalogueError(
            f"{catalogue}: the bundle was trained or tuned on all {count:,} movies, so none can "
            "tell how good it is; give others, or --include-trained to measure these all the same"
        )
    if count:
        say(f"{count:,} movies that it was trained or tuned on are left out")
    return Measured(unseen, count, 0 if is_known else None)
