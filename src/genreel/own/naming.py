"""What a genre of one's own may be called."""

from __future__ import annotations

import re
from collections.abc import Iterable

from genreel.errors import VocabularyError
from genreel.folding import fold
from genreel.vocabulary import known_spelling

LONGEST = 40
"""Characters of a name."""

LONGEST_DESCRIPTION = 2_000
"""Characters of a description."""

# What separates genres in tables, tags and NFO files.
_SEPARATORS = "|,;/\\"

COLUMNS = frozenset(
    "id title year plot poster genres language lettering state missing error split film "
    "probability source price sku handle tags status".split()
)
"""Names of columns, which a genre's column must not be confused with."""


_NO_GENRE = "none"


def key(name: str) -> str:
    """By which two names are the same: letters and digits, without capitals and accents."""
    return re.sub(r"[\W_]", "", fold(name))


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
