"""Dominant colours: what they are, in which order, and what becomes of a batch."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from genreel.catalogue import Movie
from genreel.errors import PosterError
from genreel.features import load_feature
from genreel.features.colours import Colours, ColourSettings, dominant, from_oklab, oklab


def test_oklab_of_known_colours() -> None:
    """Values as its author prints them, to three decimals."""
    rgb = np.array([[255, 255, 255], [255, 0, 0], [0, 255, 0], [0, 0, 255]], np.uint8)
    printed = [[1, 0, 0], [0.628, 0.225, 0.126], [0.866, -0.234, 0.179], [0.452, -0.032, -0.312]]
    np.testing.assert_allclose(oklab(rgb), printed, atol=1e-3)


def test_there_and_back() -> None:
    rgb = np.random.default_rng(0).integers(0, 256, (500, 3)).astype(np.uint8)
    assert np.abs(from_oklab(oklab(rgb)).astype(int) - rgb).max() <= 1


def test_the_largest_colour_comes_first() -> None:
    image = Image.new("RGB", (64, 96), "navy")
    image.paste("orange", (0, 0, 64, 32))
    row = Colours(ColourSettings(count=3)).read(Movie("a", poster=image))
    assert row is not None and row.shape == (12,) and row.dtype == np.float32
    colours = row.reshape(3, 4)
    np.testing.assert_allclose(colours[:, 3], [2 / 3, 1 / 3, 0], atol=0.01)
    np.testing.assert_allclose(from_oklab(colours[0, :3]), [0, 0, 128], atol=2)
    np.testing.assert_allclose(from_oklab(colours[1, :3]), [255, 165, 0], atol=2)


def test_centres_are_the_means_of_what_is_nearest() -> None:
    lab = np.random.default_rng(1).random((400, 3)).astype(np.float32)
    colours, shares = dominant(lab, 4)
    member = ((lab[:, None] - colours) ** 2).sum(axis=2).argmin(axis=1)
    assert shares.sum() == pytest.approx(1) and (np.diff(shares) <= 0).all()
    for k in range(4):  # within a round or two of the end of Lloyd's algorithm
        np.testing.assert_allclose(colours[k], lab[member == k].mean(axis=0), atol=0.05)


def test_a_batch_holds_only_the_posters_that_are_there() -> None:
    feature = load_feature("colours", {"count": 2}, {})
    grey = feature.read(Movie("a", poster=Image.new("RGB", (20, 30), (90, 90, 90))))
    arrays = feature.collate([None, grey, None])
    assert arrays["rows"].tolist() == [1] and arrays["colours"].shape == (1, 8)
    assert feature.read(Movie("b")) is None
    with pytest.raises(PosterError):
        feature.read(Movie("c", poster=b"no image"))
