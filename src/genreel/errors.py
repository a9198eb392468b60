"""Every error a person can cause, as one line that names the input and the remedy."""

import re

# Control characters, line ends of Unicode, marks that turn the direction of writing, and halves of
# UTF-16, which are how Python has the bytes of a name that is not UTF-8.
_UNPRINTABLE = re.compile("[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")


def one_line(text: str) -> str:
    r"""A text that a file's name may be in, so that no terminal acts on it: Escape is \x1b."""
    return _UNPRINTABLE.sub(_escape, text)


def _escape(match: re.Match[str]) -> str:
    character = match[0]
    if "\udc80" <= character <= "\udcff":
        return f"\\x{ord(character) - 0xDC00:02x}"
    return character.encode("unicode_escape").decode()


class GenreelError(Exception):
    """Base of all genreel errors; `str(error)` is one line that a person can act on."""

    def __str__(self) -> str:
        return one_line(" ".join(super().__str__().split()))


class InputError(GenreelError):
    """A movie's input (poster, plot, title or year) cannot be used."""


class PosterError(InputError):
    """A poster cannot be opened, is too large, too small or not an image."""


class CatalogueError(GenreelError):
    """A catalogue, or one of its rows, cannot be read."""


class VocabularyError(GenreelError):
    """A genre or a taxonomy is unknown."""


class BundleError(GenreelError):
    """A bundle is missing, damaged or of another format."""


class RecipeError(GenreelError):
    """A recipe has an unknown key, a wrong value or an impossible combination."""


class StoreError(GenreelError):
    """The reviewed catalogue cannot be opened, or refuses a change."""


class StoreGone(StoreError):
    """The store's disk or server does not answer for now."""


class StoreDamaged(StoreError):
    """What the store's disk or server gives back is not what was kept there."""


class UnknownFilm(StoreError):
    """No film of the store has this id."""

    def __init__(self, film_id: str) -> None:
        super().__init__(f"no film {film_id[:80]!r}; list the films to see their ids")


class UnknownGenre(StoreError):
    """A store has no such genre."""

    def __init__(self, genre: str) -> None:
        super().__init__(f"no genre {genre[:80]!r}; list the genres to see their names")


class Conflict(StoreError):
    """Somebody else changed a film or a genre since it was read."""


class WriteError(GenreelError):
    """A file or a folder cannot be written; an older one is unchanged."""


class FilmsError(GenreelError):
    """An index of films is missing, damaged, of another version, or cannot be made."""


class MissingExtra(GenreelError):
    """An optional part of genreel is not installed.

    Attributes:
        remedy: how to install it, to end another line with.
    """

    def __init__(self, module: str, extra: str) -> None:
        command = f"python -m pip install 'genreel[{extra}]'"
        super().__init__(f"{module} is not installed; run: {command}")
        self.remedy = f"install {module}: {command}"
