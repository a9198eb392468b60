"""How titles are compared, and which other forms they have."""

from __future__ import annotations

import pytest

from genreel.films.titles import MAIN, OTHER, PART, forms, squeeze, trigrams


@pytest.mark.parametrize(
    ("title", "text"),
    [
        ("The Quince Orchard", "thequinceorchard"),
        ("Café Ærø & Søn", "cafeaeroandson"),
        ("  …!? ", ""),
        ("Дом 7", "дом7"),
        ("城と月", "城と月"),
        ("STRAẞE", "strasse"),
        ("x" * 999, "x" * 200),
    ],
)
def test_letters_and_digits_count(title: str, text: str) -> None:
    assert squeeze(title) == text


@pytest.mark.parametrize(
    ("title", "others"),
    [
        ("Orchard, The", [("The Orchard", MAIN)]),
        ("Orchard;The", [("The Orchard", MAIN)]),
        ("Eau, L'", [("L'Eau", MAIN)]),
        ("Boat, The (Bateau, Le)", [("The Boat", MAIN), ("Le Bateau", OTHER)]),
        ("Elf (a.k.a. E1f)", [("Elf", MAIN), ("E1f", OTHER)]),
        ("Alba: The Return", [("Alba: The Return", MAIN), ("The Return", PART)]),
        ("It", [("It", MAIN)]),
        ("(untitled)", [("(untitled)", MAIN), ("untitled", OTHER)]),
    ],
)
def test_a_title_has_several_forms(title: str, others: list[tuple[str, int]]) -> None:
    assert list(forms(title)) == others


def test_trigrams_stay_inside_their_text() -> None:
    keys, owners = trigrams(["abcd", "", "x", "abc", "城と月"])
    assert owners.tolist() == [0, 0, 3, 4]
    assert keys[0] == keys[2]
    assert len(set(keys.tolist())) == 3
    assert [len(part) for part in trigrams([])] == [0, 0]
    assert [len(part) for part in trigrams(["ab"])] == [0, 0]
