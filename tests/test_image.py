"""A poster becomes pixels of one size; a batch holds only the posters that are there."""

from __future__ import annotations

import io
import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from genreel import features as genreel_features
from genreel.catalogue import Movie
from genreel.errors import BundleError, PosterError
from genreel.features import collate, load_feature, read_together
from genreel.features.image import Pixels, PixelSettings
from genreel.features.text import Terms, TermSettings
from genreel.posters import Limits, open_poster

SMALL = PixelSettings(height=48, width=32)


def striped(size: tuple[int, int] = (64, 96)) -> Image.Image:
    """Red, green and blue from top to bottom, a third each."""
    image = Image.new("RGB", size)
    for n, colour in enumerate(("red", "lime", "blue")):
        image.paste(colour, (0, n * size[1] // 3, size[0], (n + 1) * size[1] // 3))
    return image


def encoded(image: Image.Image, format: str = "PNG") -> bytes:  # noqa: A002
    file = io.BytesIO()
    image.save(file, format)
    return file.getvalue()


def test_channels_rows_and_columns_in_that_order() -> None:
    row = Pixels(SMALL).read(Movie("a", poster=striped()))
    assert row is not None
    assert (row.dtype, row.shape, row.flags.c_contiguous) == (np.uint8, (3, 48, 32), True)
    for channel in range(3):  # amid each third one channel is full, the others empty
        assert [int(row[channel, y, 16]) for y in (8, 24, 40)] == [
            255 * (channel == third) for third in range(3)
        ]
    assert (row == row[:, :, :1]).all()  # nothing changes from left to right


def test_resizing_is_bicubic_and_antialiased() -> None:
    image = Image.effect_noise((200, 300), 90).convert("RGB")
    row = Pixels(SMALL).read(Movie("a", poster=encoded(image)))
    assert row is not None
    expected = np.asarray(image.resize((32, 48), Image.Resampling.BICUBIC))
    assert np.array_equal(row.transpose(1, 2, 0), expected)


@pytest.mark.parametrize("size", [(300, 450), (1500, 2250)])
@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
def test_sizes_that_are_close_share_one_decoding(
    size: tuple[int, int], kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And are as without: what a model sees does not hang on what else is read."""
    noise = Image.effect_noise((300, 450), 90).convert("RGB").resize(size)
    movie = Movie("a", poster=encoded(noise, kind))
    sizes = {"large": (224, 152), "small": (192, 128), "tiny": (48, 32)}
    features = {name: Pixels(PixelSettings(*sides)) for name, sides in sizes.items()}
    apart = {name: feature.read(movie) for name, feature in features.items()}
    opened = []
    monkeypatch.setattr(
        genreel_features,
        "open_poster",
        lambda *arguments: opened.append(arguments[1]) or open_poster(*arguments),
    )
    together = read_together(features, movie)
    assert opened == [(152, 224), (32, 48)]
    for name, row in apart.items():
        np.testing.assert_array_equal(together[name], row)


def test_a_poster_that_cannot_be_read_is_told_of_every_feature() -> None:
    features = {"large": Pixels(PixelSettings(224, 152)), "small": Pixels(SMALL)}
    found = read_together(features, Movie("a", poster=b"no image"))
    assert set(map(str, found.values())) == {
        "poster of 8 bytes: is not a JPEG, PNG, WebP or GIF image; convert or replace it"
    }
    assert read_together(features, Movie("a")) == {"large": None, "small": None}


def test_any_aspect_fills_the_size() -> None:
    wide = Pixels(SMALL).read(Movie("a", poster=striped((300, 96))))
    tall = Pixels(SMALL).read(Movie("a", poster=striped((64, 960))))
    assert wide is not None
    assert tall is not None
    assert wide.shape == tall.shape == (3, 48, 32)
    assert np.array_equal(wide[:, 8, 16], [255, 0, 0])
    assert np.array_equal(tall[:, 40, 16], [0, 0, 255])


def test_grey_is_one_channel_of_luma() -> None:
    feature = Pixels(PixelSettings(height=48, width=32, grey=True))
    row = feature.read(Movie("a", poster=striped()))
    assert row is not None
    assert row.shape == feature.shape == (1, 48, 32)
    assert [int(row[0, y, 16]) for y in (8, 24, 40)] == [76, 150, 29]  # ITU-R 601-2


def test_path_bytes_and_image_give_identical_rows(tmp_path: Path) -> None:
    data = encoded(striped((1400, 2100)), "JPEG")
    path = tmp_path / "poster.jpg"
    path.write_bytes(data)
    feature = Pixels(PixelSettings())
    with Image.open(path) as image:
        rows = [feature.read(Movie("a", poster=source)) for source in (path, data, image)]
    assert rows[0] is not None
    assert rows[0].shape == (3, 192, 128)
    for row in rows[1:]:
        assert row is not None
        assert np.array_equal(row, rows[0])


def test_how_large_a_jpeg_was_hardly_shows() -> None:
    """Decoding at a fraction of the size changes what the model sees by less than a rounding."""
    noise = np.random.default_rng(1).integers(0, 256, (30, 20, 3), np.uint8)
    image = Image.fromarray(noise).resize((1600, 2400), Image.Resampling.BICUBIC)
    data = encoded(image, "JPEG")
    feature = Pixels(PixelSettings(height=192, width=128))
    fraction = feature.read(Movie("a", poster=data))
    with Image.open(io.BytesIO(data)) as opened:
        opened.load()
        whole = np.asarray(opened.resize((128, 192), Image.Resampling.BICUBIC))
    assert fraction is not None
    assert np.abs(fraction.transpose(1, 2, 0).astype(int) - whole).mean() < 0.5


def test_no_poster_is_no_row_and_a_bad_one_an_error() -> None:
    feature = Pixels(SMALL)
    assert feature.read(Movie("a", plot="A plot.")) is None
    with pytest.raises(PosterError, match="is empty; replace it"):
        feature.read(Movie("a", poster=b""))
    with pytest.raises(PosterError, match=r"poster gone.jpg: does not exist"):
        feature.read(Movie("a", poster=Path("gone.jpg")))


def test_limits_are_those_of_the_feature() -> None:
    feature = Pixels(SMALL, Limits(max_pixels=100))
    with pytest.raises(PosterError, match="raise max_pixels"):
        feature.read(Movie("a", poster=striped()))
    feature.limits = Limits()
    assert feature.read(Movie("a", poster=striped())) is not None


def test_settings_survive_loading() -> None:
    feature = Pixels.fit(PixelSettings(height=30, width=20, grey=True), [])
    loaded = load_feature("pixels", json.loads(json.dumps(feature.settings())), feature.state())
    assert isinstance(loaded, Pixels)
    assert loaded.settings() == {"height": 30, "width": 20, "grey": True}
    assert loaded.shape == (1, 30, 20)
    with pytest.raises(BundleError, match="feature 'pixels' has wrong settings"):
        load_feature("pixels", {"hieght": 30}, {})


# Batches


def test_collate_holds_only_the_posters_that_are_there() -> None:
    feature = Pixels(SMALL)
    red, blue = (
        feature.read(Movie("a", poster=Image.new("RGB", (32, 48), c))) for c in ("red", "blue")
    )
    arrays = feature.collate([None, red, None, blue, red])
    assert arrays["rows"].dtype == np.int64
    assert arrays["rows"].tolist() == [1, 3, 4]
    assert arrays["pixels"].dtype == np.uint8
    assert arrays["pixels"].shape == (3, 3, 48, 32)
    assert arrays["pixels"][:, :, 5, 5].tolist() == [[255, 0, 0], [0, 0, 255], [255, 0, 0]]


@pytest.mark.parametrize("rows", [[], [None], [None, None]])
def test_collate_without_any_poster(rows: list[None]) -> None:
    arrays = Pixels(SMALL).collate(rows)
    assert (arrays["pixels"].shape, arrays["rows"].shape) == ((0, 3, 48, 32), (0,))
    assert (arrays["pixels"].dtype, arrays["rows"].dtype) == (np.uint8, np.int64)


def test_all_arrays_of_a_batch() -> None:
    movies = [
        Movie("a", plot="dawn", title="Dawn", poster=striped()),
        Movie("b", plot="dawn rides"),
        Movie("c", title="Nightfall", poster=striped()),
        Movie("d"),
        Movie("e", title="Dawn", year=1999),
    ]
    features = {
        "poster": Pixels(SMALL),
        "plot": Terms.fit(TermSettings(min_count=1), movies),
        "title": Terms.fit(TermSettings(input="title", min_count=2), movies),
        "heading": Terms.fit(TermSettings(input="title", min_count=1), movies),
    }
    rows = {name: [feature.read(m) for m in movies] for name, feature in features.items()}
    arrays = collate(features, rows)
    assert sorted(arrays) == [
        "heading.indices",
        "heading.values",
        "plot.indices",
        "plot.values",
        "poster.pixels",
        "poster.rows",
        "present",
        "title.indices",
        "title.values",
    ]
    assert arrays["present"].dtype == np.float32
    # picture, words, title (known to either feature); year, lettering, languages (read by none)
    assert arrays["present"].tolist() == [
        [1, 1, 1, 0, 0, 0],
        [0, 1, 0, 0, 0, 0],
        [1, 0, 1, 0, 0, 0],
        [0, 0, 0, 0, 0, 0],
        [0, 0, 1, 0, 0, 0],
    ]
    assert arrays["poster.rows"].tolist() == [0, 2]
    assert (arrays["title.values"].sum(1) > 0).tolist() == [True, False, False, False, True]
    assert (arrays["plot.values"] > 0).sum(1).tolist() == [1, 2, 0, 0, 0]
