"""What a genre of one's own may be called."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from genreel.errors import InputError, VocabularyError
from genreel.files import read_file
from genreel.vocabulary import key, known_spelling

LONGEST = 40
"""Characters of a name."""

LONGEST_DESCRIPTION = 2_000
"""Characters of a description."""

_MAX_BYTES = 2**20  # of a file of names

# What separates genres in tables, tags and NFO files.
_SEPARATORS = "|,;/\\"

COLUMNS = frozenset(
    "id title year plot poster genres language lettering state missing error split film "
    "probability source price sku handle tags status".split()
)
"""Names of columns, which a genre's column must not be confused with."""


_NO_GENRE = "none"


def check_name(name: str, others: Iterable[str]) -> str:
    """The name without white space at its ends.

    Args:
        name: of a new genre, or a new name of an old one.
        others: names that are taken.

    Raises:
        VocabularyError: it cannot be a genre's, with the reason.
    """
    name = " ".join(name.split())
    quote = repr(name[:LONGEST])
    if not key(name):
        raise VocabularyError(f"genre {quote}: a name needs a letter or a digit")
    if len(name) > LONGEST:
        raise VocabularyError(f"genre {quote}…: at most {LONGEST} characters; shorten it")
    if not name.isprintable():
        raise VocabularyError(f"genre {quote}: a name holds no control characters")
    for character in _SEPARATORS:
        if character in name:
            raise VocabularyError(
                f"genre {quote}: {character!r} separates genres in files; use a space or a hyphen"
            )
    if key(name) in COLUMNS:
        raise VocabularyError(f"genre {quote}: tables have a column of that name; choose another")
    if key(name) == _NO_GENRE:
        raise VocabularyError(f"genre {quote}: that asks for movies without one; choose another")
    for other in others:
        if key(other) == key(name):
            raise VocabularyError(f"genre {quote}: {other!r} is there already")
    return name


def check_new(name: str, others: Iterable[str]) -> str:
    """`check_name`, for a genre that is no spelling of one that genreel knows.

    Raises:
        VocabularyError: with the reason.
    """
    name = check_name(name, others)
    genre = known_spelling(name)
    if genre is not None:
        raise VocabularyError(
            f"genre {name!r}: that is what others call {genre}; rename {genre} instead"
        )
    return name


def check_description(text: str) -> str:
    """The description on one line, without characters that nobody sees; VocabularyError where it is
    too long.
    """
    text = "".join(c for c in " ".join(text.split()) if c.isprintable())
    if len(text) > LONGEST_DESCRIPTION:
        raise VocabularyError(
            f"a description has at most {LONGEST_DESCRIPTION:,} characters; shorten it"
        )
    return text


def check_genres(names: Iterable[str]) -> tuple[str, ...]:
    """A vocabulary of one's own: what genreel knows in its spelling, the rest as it is written.

    Raises:
        VocabularyError: there is none, one is no name, or two are one genre.
    """
    genres: dict[str, str] = {}  # as genreel has it → as it is written here
    for name in names:
        genre = known_spelling(name) or check_name(name, genres)
        if genre in genres:
            raise VocabularyError(f"{genres[genre]!r} and {name!r} are one genre; keep one of them")
        genres[genre] = name
    if not genres:
        raise VocabularyError("a vocabulary needs at least one genre; name one")
    return tuple(genres)


def read_genres(text: str) -> tuple[str, ...]:
    """A vocabulary of one's own: names with commas between, or a .txt file with one on a line.

    Raises:
        VocabularyError: as `check_genres`; the file cannot be read.
    """
    if not text.casefold().endswith(".txt"):
        return check_genres(name for name in text.split(",") if name.strip())
    try:
        lines = read_file(Path(text), _MAX_BYTES).decode("utf-8-sig").splitlines()
        return check_genres(line for line in lines if line.strip() and not line.startswith("#"))
    except OSError as error:
        raise VocabularyError(f"{text}: {error.strerror}; check the path") from None
    except UnicodeDecodeError:
        raise VocabularyError(f"{text}: not UTF-8; save it as UTF-8") from None
    except InputError as error:
        raise VocabularyError(str(error)) from None
    except VocabularyError as error:
        raise VocabularyError(f"{text}: {error}") from None
