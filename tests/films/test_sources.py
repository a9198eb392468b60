"""Where films come from: catalogues, and what `genreel import` reads."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from genreel.catalogue import Movie
from genreel.errors import CatalogueError
from genreel.films.building import Builder
from genreel.films.film import film_of
from genreel.films.films import Films
from genreel.films.sources import add_source, find_source

BASICS = "tconst\ttitleType\tprimaryTitle\toriginalTitle\tisAdult\tstartYear\tgenres\n"
BASICS += "tt9000001\tmovie\tThe Quince Orchard\tLe Verger\t0\t1951\tDrama\n"
BASICS += "tt9000002\ttvSeries\tQuince Time\tQuince Time\t0\t1999\tComedy\n"
RATINGS = "tconst\taverageRating\tnumVotes\ntt9000001\t7.1\t1234\ntt9000002\t5\t9\n"
AKAS = "titleId\tordering\ttitle\tregion\ntt9000001\t1\tDer Quittengarten\tDE\n"
AKAS += "tt9000001\t2\tTHE QUINCE ORCHARD\tGB\ntt9000002\t1\tQuittenzeit\tDE\n"


def imdb(folder: Path) -> Path:
    for name, text in (("basics", BASICS), ("ratings", RATINGS), ("akas", AKAS)):
        (folder / f"title.{name}.tsv.gz").write_bytes(gzip.compress(text.encode()))
    return folder


def read(text: str, out: Path) -> tuple[Films, list[str]]:
    source = find_source(text)
    with Builder(out) as builder:
        problems = add_source(builder, source, source.movies())
    return Films(out), problems


@pytest.mark.parametrize("name", ["", "title.basics.tsv.gz"])
def test_imdbs_votes_and_other_titles_are_taken_along(tmp_path: Path, name: str) -> None:
    films, _ = read(str(imdb(tmp_path) / name), tmp_path / "films.db")
    [film] = films.search("Quittengarten")
    assert (film.id, film.votes, film.year) == ("tt9000001", 1234, 1951)
    assert len(films) == 1
    assert films.origins[0].format == "imdb"
    assert len(films.search("Quittenzeit")) <= 1


def test_a_table_of_imdb_that_is_damaged_is_one_line(tmp_path: Path) -> None:
    path = imdb(tmp_path) / "title.akas.tsv.gz"
    path.write_bytes(path.read_bytes()[:-12])
    with pytest.raises(CatalogueError, match="download it again"):
        read(str(tmp_path), tmp_path / "films.db")
    assert not (tmp_path / "films.db").exists()


def test_movielens_titles_are_turned_round(tmp_path: Path) -> None:
    table = "movieId,title,genres\n"
    table += '1,"Orchard, The (Verger, Le) (1951)",Drama\n2,Marsh;A (1988),Comedy\n'
    (tmp_path / "movies.csv").write_text(table)
    (tmp_path / "links.csv").write_text("movieId,imdbId,tmdbId\n1,9000001,77\n")
    films, _ = read(str(tmp_path), tmp_path / "films.db")
    film = films.get("tmdb77")
    assert film is not None
    assert (film.id, film.title, film.year) == ("tt9000001", "The Orchard", 1951)
    assert films.search("Le Verger")[0] == film
    assert films.search("A Marsh")[0].title == "A Marsh"


def test_a_catalogue_is_a_source(tmp_path: Path) -> None:
    table = "id,title,year,plot,genres,director,vote_count\n"
    table += "q,The Quince Orchard,1951,Two sisters.,Drama,Ilse Bream|Ottoline Marr,12\n"
    table += "r,,1950,,,,\ns,Marsh,noyear,,,,\n"
    (tmp_path / "own.csv").write_text(table)
    films, problems = read(str(tmp_path / "own.csv"), tmp_path / "films.db")
    film = films.get("q")
    assert film is not None
    assert film.people == ("Ilse Bream", "Ottoline Marr")
    assert (film.votes, film.plot, film.genres) == (12, "Two sisters.", {"genreel": ("Drama",)})
    assert films.get("s") is not None
    assert problems == []


@pytest.mark.parametrize(
    ("movie", "format_name", "ids"),
    [
        (Movie("tt9000001", "A"), "", ("tt9000001", "tt9000001", "")),
        (Movie("tmdb12", "A"), "", ("tmdb12", "", "12")),
        (Movie("12", "A"), "kaggle_movies", ("tmdb12", "", "12")),
        (Movie("12", "A"), "movielens", ("12", "", "")),
        (
            Movie("x", "A", extra={"imdb_id": "tt9000003", "tmdb_id": 5}),
            "kodi",
            ("tt9000003", "tt9000003", "5"),
        ),
    ],
)
def test_ids_are_known_by_their_form(
    movie: Movie, format_name: str, ids: tuple[str, str, str]
) -> None:
    film = film_of(movie, format_name)
    assert (film.id, film.imdb, film.tmdb) == ids


def test_a_format_is_seen_or_named(tmp_path: Path) -> None:
    (tmp_path / "movies_metadata.csv").write_text("")
    assert find_source(str(tmp_path)).format == "kaggle_movies"
    assert find_source(f"mmimdb:{tmp_path}").format == "mmimdb"
    assert find_source("year=1999 genre=Horror").format == "tmdb"
    (tmp_path / "films.txt").write_text("")
    with pytest.raises(CatalogueError, match="of no known format; name it: FORMAT:"):
        find_source(str(tmp_path / "films.txt"))
    with pytest.raises(CatalogueError, match="does not exist"):
        find_source(str(tmp_path / "none.csv"))
