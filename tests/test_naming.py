"""What a genre of one's own may be called."""

from __future__ import annotations

from pathlib import Path

import pytest

from genreel.errors import VocabularyError
from genreel.naming import check_description, check_genres, check_name, check_new, read_genres

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


def test_a_vocabulary_of_ones_own_has_genreels_spelling_where_it_has_one() -> None:
    names = ["Spaghetti Western", " science fiction ", "Noir", "時代劇"]
    assert check_genres(names) == ("Spaghetti Western", "Sci-Fi", "Film-Noir", "時代劇")
    assert read_genres("Blaxploitation, drama,,Heist ") == ("Blaxploitation", "Drama", "Heist")


@pytest.mark.parametrize(
    ("names", "line"),
    [
        ([], "a vocabulary needs at least one genre; name one"),
        (["Sci-Fi", "Science Fiction"], "'Sci-Fi' and 'Science Fiction' are one genre; keep one"),
        (["Heist", "HEIST"], "genre 'HEIST': 'Heist' is there already"),
        (["Heist|Caper"], r"genre 'Heist\|Caper': '\|' separates genres in files; use a space"),
        (["Title"], "genre 'Title': tables have a column of that name; choose another"),
    ],
)
def test_a_vocabulary_that_is_none(names: list[str], line: str) -> None:
    with pytest.raises(VocabularyError, match=line):
        check_genres(names)


def test_a_file_of_genres(tmp_path: Path) -> None:
    path = tmp_path / "genres.TXT"
    path.write_bytes(b"\xef\xbb\xbf# mine\nHeist\r\n\n  Spaghetti Western\n")
    assert read_genres(str(path)) == ("Heist", "Spaghetti Western")
    for data, reason in (
        (b"Com\xe9die", "not UTF-8; save it as UTF-8"),
        (b"Heist\nheist", "genre 'heist': 'Heist' is there already"),
        (b"#", "a vocabulary needs at least one genre"),
        (b"Heist\n" * 200_000, "more than 1,048,576 bytes"),
    ):
        path.write_bytes(data)
        with pytest.raises(VocabularyError, match=rf"genres\.TXT.*{reason}"):
            read_genres(str(path))
    with pytest.raises(VocabularyError, match=r"nowhere\.txt: No such file or directory; check"):
        read_genres("nowhere.txt")
