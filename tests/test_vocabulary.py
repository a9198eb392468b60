"""Genres in any spelling; and a source's silence counts only where it could have spoken."""

from __future__ import annotations

import itertools
import time
from collections.abc import Mapping, Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from genreel.errors import VocabularyError
from genreel.genre_names import NAMES
from genreel.vocabulary import (
    ALIASES,
    GENRES,
    GENRES_MMIMDB,
    TAXONOMIES,
    TMDB_IDS,
    VOCABULARIES,
    Vocabulary,
    find_taxonomy,
    known_spelling,
    spelling,
)

Genres = Mapping[str, Sequence[str]]


def encode(genres: Genres, vocabulary: Vocabulary | None = None) -> tuple[set[str], set[str]]:
    """Positive genres and unknown genres of one movie."""
    vocabulary = vocabulary or Vocabulary()
    labels, known = vocabulary.encode([genres])
    assert labels.dtype == np.float32
    assert known.dtype == np.bool_
    assert labels.shape == known.shape == (1, len(vocabulary))
    assert not labels[~known].any()
    names = np.array(vocabulary.genres)
    return set(names[labels[0] == 1].tolist()), set(names[~known[0]].tolist())


def test_the_genres_and_their_order() -> None:
    assert " ".join(Vocabulary().genres) == (
        "Action Adventure Animation Biography Comedy Crime Documentary Drama Family Fantasy "
        "Film-Noir History Horror Music Musical Mystery Romance Sci-Fi Sport Thriller War Western"
    )
    assert {name: len(vocabulary) for name, vocabulary in VOCABULARIES.items()} == {
        "default": 22,
        "mmimdb": 24,
        "tmdb": 19,
        "action-comedy-drama": 3,
        "action-drama": 2,
    }
    assert list(VOCABULARIES["mmimdb"].genres) == sorted(VOCABULARIES["mmimdb"].genres)


def test_genres_are_understood_in_five_languages() -> None:
    meanings: dict[str, set[str]] = {}
    for names in NAMES.values():
        assert set(names) == {*GENRES_MMIMDB, *TMDB_IDS}
        for genre, words in names.items():
            for name in words:
                meanings.setdefault(name.casefold(), set()).add(genre)
                assert spelling(name) == spelling(name.upper()) == genre
    assert all(len(genres) == 1 for genres in meanings.values())
    for name, genre in {
        "krimi": "Crime", "Komodie": "Comedy", "CIENCIA FICCION": "Sci-Fi", "Épouvante": "Horror",
        "fantascienza": "Sci-Fi", "Faroeste": "Western", "Comédie Musicale": "Musical",
    }.items():  # fmt: skip
        assert spelling(name) == genre
    with pytest.raises(VocabularyError, match="'Krimmi'; did you mean 'Crime'"):
        spelling("Krimmi")


def test_what_each_source_cannot_express() -> None:
    assert {name: set(GENRES) - taxonomy.expresses for name, taxonomy in TAXONOMIES.items()} == {
        "genreel": set(),
        "imdb": set(),
        "tmdb": {"Biography", "Film-Noir", "Musical", "Sport"},
        "movielens": {"Biography", "History", "Music", "Sport"},
        "mixed": {"Biography", "Film-Noir", "Musical", "Sport"},
    }


# Spelling


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Science Fiction", "Sci-Fi"),
        ("sci fi", "Sci-Fi"),
        ("SF", "Sci-Fi"),
        ("SCI-FI", "Sci-Fi"),
        ("film noir", "Film-Noir"),
        ("noir", "Film-Noir"),
        ("Children's", "Family"),
        ("kids", "Family"),
        ("biopic", "Biography"),
        ("Sports", "Sport"),
        ("tv-movie", "TV Movie"),
        (" drama ", "Drama"),
        ("Musicals", "Musical"),
        ("music", "Music"),
        ("SUSPENSE", "Thriller"),
    ],
)
def test_aliases(name: str, expected: str) -> None:
    assert spelling(name) == expected


def test_every_genre_is_spelled_as_itself_and_every_alias_as_a_genre() -> None:
    names = {*GENRES_MMIMDB, *TMDB_IDS}
    for name in names:
        assert {spelling(n) for n in (name, name.upper(), name.replace("-", " "))} == {name}
    assert {spelling(alias) for alias in ALIASES} <= names


@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("Commedy", "unknown genre 'Commedy'; did you mean 'Comedy'?"),
        ("Westerns!", "unknown genre 'Westerns!'; did you mean 'Western'?"),
        ("Cience Fiction", "unknown genre 'Cience Fiction'; did you mean 'Sci-Fi'?"),
        ("Childern", "unknown genre 'Childern'; did you mean 'Family'?"),
        ("zzz", "unknown genre 'zzz'"),
        ("", "unknown genre ''"),
        ("42", "unknown genre '42'"),
        ("Драма", "unknown genre 'Драма'"),
        ("qq\nqq", r"unknown genre 'qq\nqq'"),
        ("z" * 1_000_000, f"unknown genre '{'z' * 40}'"),
    ],
)
def test_unknown_genres(name: str, line: str) -> None:
    with pytest.raises(VocabularyError) as caught:
        spelling(name)
    assert str(caught.value) == line


@settings(deadline=None)
@given(st.text())
def test_any_text_is_a_genre_or_one_line(name: str) -> None:
    try:
        assert spelling(name) in {*GENRES_MMIMDB, *TMDB_IDS}
    except VocabularyError as error:
        assert "\n" not in str(error)


def test_taxonomies_by_name() -> None:
    assert find_taxonomy("tmdb").name == "tmdb"
    with pytest.raises(VocabularyError) as caught:
        find_taxonomy("TMDb")
    assert str(caught.value) == (
        "unknown taxonomy 'TMDb'; choose one of genreel, imdb, tmdb, movielens, mixed"
    )


@pytest.mark.parametrize("genres", [(), ("Drama", "War", "Drama")])
def test_a_vocabulary_has_each_genre_once(genres: tuple[str, ...]) -> None:
    with pytest.raises(VocabularyError, match="at least one genre, and each only once"):
        Vocabulary(genres)


# Unknown is not negative


@pytest.mark.parametrize("source", TAXONOMIES)
def test_silence_of_one_source(source: str) -> None:
    positive, unknown = encode({source: ("Drama",)})
    assert positive == {"Drama"}
    assert unknown == set(GENRES) - TAXONOMIES[source].expresses


@pytest.mark.parametrize("source", TAXONOMIES)
def test_what_a_source_names_is_known_even_where_its_silence_means_nothing(source: str) -> None:
    positive, unknown = encode({source: GENRES})
    assert positive == set(GENRES)
    assert unknown == set()


def test_tmdb_decides_its_own_and_imdb_the_rest() -> None:
    tmdb, imdb = ("Drama", "Music"), ("Comedy", "Musical", "Biography")
    assert encode({"tmdb": tmdb, "imdb": imdb}) == (
        {"Drama", "Music", "Musical", "Biography"},
        set(),
    )
    assert encode({"tmdb": tmdb}) == (
        {"Drama", "Music"},
        {"Biography", "Film-Noir", "Musical", "Sport"},
    )
    assert encode({"imdb": imdb}) == (set(imdb), set())


def test_movielens_is_asked_only_where_nobody_else_spoke() -> None:
    movielens = ("Film-Noir", "Musical", "Comedy")
    alone = (set(movielens), {"Biography", "History", "Music", "Sport"})
    assert encode({"movielens": movielens}) == alone
    assert encode({"movielens": movielens, "tmdb": (), "imdb": ()}) == alone
    for source in ("tmdb", "imdb", "mixed", "genreel"):
        assert encode({"movielens": movielens, source: ("War",)}) == encode({source: ("War",)})


def test_mixed_sources_say_no_only_to_what_all_of_them_share() -> None:
    assert encode({"mixed": ("Drama", "Sport")}) == (
        {"Drama", "Sport"},
        {"Biography", "Film-Noir", "Musical"},
    )


def test_a_person_decides_before_any_source() -> None:
    others = {"tmdb": ("Comedy",), "imdb": ("Sport",), "mixed": ("Music",), "movielens": ("War",)}
    assert encode({**others, "genreel": ("Drama",)}) == ({"Drama"}, set())


def test_nobody_spoke() -> None:
    nothing: list[Genres] = [{}, {"tmdb": ()}, {"imdb": (), "movielens": ()}]
    for genres in nothing:
        assert encode(genres) == (set(), set(GENRES))


# Each source says something else of the same film; "genreel" speaks for the vocabulary itself.
SAID = {
    "tmdb": ("Drama", "Music"),
    "imdb": ("Comedy", "Musical", "Sport"),
    "movielens": ("War", "Film-Noir"),
    "mixed": ("Horror", "Biography", "Sport"),
    "genreel": ("Western", "Film-Noir"),
}


@pytest.mark.parametrize(
    "sources",
    [s for n in range(1, 6) for s in itertools.combinations(SAID, n)],
    ids="+".join,
)
def test_every_combination_of_sources(sources: tuple[str, ...]) -> None:
    """By the rule in words: who comes first among those that can say it, or do say it."""
    silent_on_four = {"Biography", "Film-Noir", "Musical", "Sport"}
    positive, unknown = set(), set()
    for genre in GENRES:
        says = {source: genre in SAID[source] for source in sources}
        if "genreel" in sources:
            answer: bool | None = says["genreel"]
        elif "tmdb" in sources and (genre not in silent_on_four or says["tmdb"]):
            answer = says["tmdb"]
        elif "imdb" in sources:
            answer = says["imdb"]
        elif "mixed" in sources and (genre not in silent_on_four or says["mixed"]):
            answer = says["mixed"]
        elif {*sources} == {"movielens"} and genre not in TAXONOMIES["movielens"].expresses:
            answer = None
        elif {*sources} == {"movielens"}:
            answer = says["movielens"]
        else:
            answer = None
        if answer is None:
            unknown.add(genre)
        elif answer:
            positive.add(genre)
    for order in (sources, sources[::-1]):  # of the mapping; it does not matter
        assert encode({source: SAID[source] for source in order}) == (positive, unknown)


def test_other_vocabularies() -> None:
    assert encode({"tmdb": ("TV Movie",)}, VOCABULARIES["tmdb"]) == ({"TV Movie"}, set())
    assert encode({"mixed": ("Drama",)}, VOCABULARIES["tmdb"]) == ({"Drama"}, {"TV Movie"})
    _, unknown = encode({"tmdb": ("Drama",)}, VOCABULARIES["mmimdb"])
    assert unknown == {"Biography", "Film-Noir", "Musical", "News", "Short", "Sport"}
    assert encode({"imdb": ("Drama",)}, Vocabulary(("War", "Drama"))) == ({"Drama"}, set())


def test_movies_keep_their_order() -> None:
    movies: list[Genres] = [{"imdb": ("War",)}, {}, {"tmdb": ("Drama",)}]
    labels, known = Vocabulary(("Drama", "Sport", "War")).encode(iter(movies))
    assert labels.tolist() == [[0, 0, 1], [0, 0, 0], [1, 0, 0]]
    assert known.tolist() == [[True] * 3, [False] * 3, [True, False, True]]


def test_no_movies() -> None:
    labels, known = Vocabulary().encode([])
    assert labels.shape == known.shape == (0, 22)
    assert (labels.dtype, known.dtype) == (np.float32, np.bool_)


def test_a_long_name_is_no_genre() -> None:
    start = time.process_time()
    assert known_spelling("\ufdfa" * 2_000_000) is None
    with pytest.raises(VocabularyError, match="unknown genre"):
        spelling("\ufdfa" * 2_000_000)
    assert time.process_time() - start < 0.5
    assert known_spelling(" " * 300 + "drama\n") == "Drama"


def test_only_genreel_s_taxonomy_tells_that_a_movie_is_none_of_ones_own_genre() -> None:
    own = Vocabulary(("Heist", "Drama"))
    assert encode({"genreel": ("Drama",)}, own) == ({"Drama"}, set())
    assert encode({"genreel": ("Heist",)}, own) == ({"Heist"}, set())
    assert encode({"tmdb": ("Drama",)}, own) == ({"Drama"}, {"Heist"})
    assert encode({"mixed": ("Heist",)}, own) == ({"Heist"}, set())
    # What others have and genreel's taxonomy does not stays unknown.
    assert encode({"genreel": ("Drama",)}, Vocabulary(("TV Movie",))) == (set(), {"TV Movie"})


def test_genres_of_ones_own_are_spelled_as_they_are_written() -> None:
    own = ("Spaghetti Western", "Drama")
    assert spelling(" spaghetti-WESTERN", own) == "Spaghetti Western"
    assert spelling("Science Fiction", own) == "Sci-Fi"
    with pytest.raises(VocabularyError, match="did you mean 'Spaghetti Western'"):
        spelling("Spagetti Western", own)
    assert known_spelling("Spaghetti Western") is None, "known to nobody else"
