"""Which pictures of a folder are posters of movies, by their names."""

from __future__ import annotations

import pytest

from genreel.formats.artwork import is_artwork
from genreel.formats.kodi import Place, posters


@pytest.mark.parametrize(
    "stem",
    [
        *("fanart", "Fanart2", "Alba (1999)-fanart", "Alba (1999)-fanart-3", "backdrop", "banner"),
        *("logo", "clearlogo", "Alba-clearart", "thumb", "landscape", "disc", "discart", "keyart"),
        *("season01-poster", "season-all-banner", "season-specials-poster", "season02"),
        *("characterart", "background", "alba.banner"),
    ],
)
def test_artwork(stem: str) -> None:
    assert is_artwork(stem)


@pytest.mark.parametrize(
    "stem",
    [
        *("poster", "Alba (1999)", "Alba (1999)-poster", "Season of the Witch (2031)"),
        *("The Banner Men", "Alba - Thumbs Up", "Discord", "logopedia", "seasons"),
    ],
)
def test_no_artwork(stem: str) -> None:
    assert not is_artwork(stem)


def test_posters_of_a_library() -> None:
    names = [
        *("Alba (1999)/Alba (1999).mkv", "Alba (1999)/movie.nfo", "Alba (1999)/poster.jpg"),
        *("Alba (1999)/screenshot.jpg", "Alba (1999)/extras/making of.jpg"),
        *("Bora/tvshow.nfo", "Bora/poster.jpg", "Bora/Season 1/folder.jpg"),
        *("Cor/artist.nfo", "Cor/folder.jpg"),
        *("Duna (2001)/folder.jpg", "Duna (2001)/poster.jpg", "Duna (2001)/movie.nfo"),
        *("loose.jpg", "IMG_0057.jpg", "IMG_0057.nfo"),
    ]
    assert sorted(posters(names), key=lambda place: place.id) == [
        Place(
            *("Alba (1999)/Alba (1999)", "Alba", "1999", "Alba (1999)/poster.jpg"),
            ("Alba (1999)/movie.nfo",),
        ),
        Place(
            *("Duna (2001)/movie", "Duna", "2001", "Duna (2001)/poster.jpg"),
            ("Duna (2001)/movie.nfo",),
        ),
        Place("IMG_0057", "", "", "IMG_0057.jpg", ("IMG_0057.nfo",)),
        Place("loose", "", "", "loose.jpg", ()),
    ]


def test_posters_of_a_folder_without_videos() -> None:
    names = [
        "samples/a.jpg",
        "samples/A.jpg",
        "b-poster.jpg",
        "b.txt",
        "c.nfo.jpg",
        "extrafanart/1.jpg",
    ]
    assert [(place.id, place.poster) for place in posters(names)] == [
        ("b", "b-poster.jpg"),
        ("c.nfo", "c.nfo.jpg"),
        ("samples/A", "samples/A.jpg"),
        ("samples/a", "samples/a.jpg"),
    ]
