"""What a genre of one's own may be called."""

from __future__ import annotations

import pytest

from genreel.errors import VocabularyError
from genreel.own.naming import check_description, check_name, check_new

OTHERS = ("Spaghetti Western", "Western")


@pytest.mark.parametrize("name", ["Blaxploitation", " Film  à clef ", "時代劇", "Heist 💎"])
def test_names_of_any_script_and_with_emoji(name: str) -> None:
    assert check_new(name, OTHERS) == " ".join(name.split())


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("", "needs a letter"),
        (" 💎 ", "needs a letter"),
        ("x" * 41, "at most 40 characters"),
        ("Heist/Caper", "'/' separates genres"),
        ("Heist|Caper", r"'\|' separates genres"),
        ("Heist, Caper", "',' separates genres"),
        ("Heist; Caper", "';' separates genres"),
        ("Hei\u202est", "control characters"),
        ("Hei\x00st", "control characters"),
        ("spaghetti western", "'Spaghetti Western' is there already"),
        ("SPAGHETTI-WESTERN", "'Spaghetti Western' is there already"),
        ("Spaghétti Western", "'Spaghetti Western' is there already"),
        ("Title", "column of that name"),
        ("genres", "column of that name"),
    ],
)
def test_others_are_refused_with_a_reason(name: str, reason: str) -> None:
    with pytest.raises(VocabularyError, match=reason):
        check_name(name, OTHERS)


@pytest.mark.parametrize("name", ["Science Fiction", "scifi", "Kids", "Krimi"])
def test_another_spelling_of_a_known_genre_is_no_new_one(name: str) -> None:
    with pytest.raises(VocabularyError, match=r"rename (Sci-Fi|Family|Crime) instead"):
        check_new(name, OTHERS)


def test_a_description_is_bounded() -> None:
    assert check_description(" Two \n gangs. ") == "Two gangs."
    with pytest.raises(VocabularyError, match="at most 2,000 characters"):
        check_description("x" * 2_001)
