"""A genre is learnt from its name, then from a few examples; it says how well."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from worlds import GENRES, WIDTH, movies, words

from genreel.calibration import sigmoid
from genreel.own.genre import BAR, LEAST, Figure, OwnGenre, judge
from genreel.own.learning import Words, learn
from genreel.own.teaching import suggest, teach, verdicts_of
from genreel.own.traits import Traits, take

POOL, IS_OF = movies(600)
TEST, TRUTH = movies(400, seed=1)


def auc(scores: np.ndarray, labels: np.ndarray) -> float:
    return float((scores[labels][:, None] > scores[~labels][None]).mean())


def examples(yes: int, no: int) -> list[bool | None]:
    """Verdicts of POOL: of the first `yes` movies that are of the genre, and `no` that are not."""
    rows = [*np.flatnonzero(IS_OF)[:yes], *np.flatnonzero(~IS_OF)[:no]]
    return [bool(IS_OF[i]) if i in rows else None for i in range(len(IS_OF))]


def taught(yes: int, no: int, parent: int | None = None) -> OwnGenre:
    genre = OwnGenre("Heist", "A robbery.", GENRES[parent] if parent is not None else "")
    return teach(genre, words(parent), POOL, examples(yes, no))


def test_the_name_alone_ranks_and_examples_rank_better() -> None:
    by_name = auc(taught(0, 0).scores(TEST), TRUTH)
    assert by_name > 0.82
    assert auc(taught(20, 20).scores(TEST), TRUTH) > by_name


def test_examples_outweigh_a_name_that_misleads() -> None:
    lying = Words(words().others, words().others)
    genre = OwnGenre("Heist")
    before = auc(teach(genre, lying, POOL, [None] * 600).scores(TEST), TRUTH)
    after = auc(teach(genre, lying, POOL, examples(40, 40)).scores(TEST), TRUTH)
    assert before < 0.7 < 0.85 < after


def test_a_parent_counts_where_the_words_say_nothing() -> None:
    nothing = Words({}, {}, parent=3)
    scores = teach(OwnGenre("Dust", parent="Western"), nothing, POOL, [None] * 600).scores(TEST)
    assert np.corrcoef(scores, TEST["scores"][:, 3])[0, 1] > 0.9


def test_without_words_parent_and_examples_nothing_is_preferred() -> None:
    scores = teach(OwnGenre("Dust"), Words({}, {}), POOL, [None] * 600).scores(TEST)
    assert np.allclose(scores, scores[0])


def test_movies_without_a_plot_are_judged_by_their_scores() -> None:
    genre = taught(20, 20)
    blind = {**TEST, "plot": np.zeros_like(TEST["plot"])}
    assert auc(genre.scores(blind), TRUTH) > 0.75
    assert np.allclose(genre.scores({"scores": TEST["scores"]}), genre.scores(blind))


@pytest.mark.parametrize(("yes", "no"), [(0, 0), (1, 0), (0, 1), (1, 15), (4, 30), (30, 4), (9, 0)])
def test_few_examples_leave_it_silent_and_every_weight_finite(yes: int, no: int) -> None:
    genre = taught(yes, no)
    assert genre.threshold is None
    assert (genre.figure.yes, genre.figure.no) == (yes, no)
    assert np.isfinite(genre.scores(TEST)).all()
    assert np.ptp(genre.scores(TEST)) > 0
    wanted = [f"{n} more" for n in (LEAST - yes, LEAST - no) if n > 0]
    assert all(text in genre.why_silent() for text in wanted)


def test_once_it_is_more_often_right_than_wrong_it_speaks() -> None:
    genre = taught(30, 30)
    assert genre.threshold is not None
    assert genre.threshold >= BAR
    assert genre.why_silent() == ""
    given = genre.scores(TEST) >= genre.threshold
    assert TRUTH[given].mean() > 0.9
    assert given.sum() > 10
    assert (genre.figure.yes, genre.figure.positives) == (30, 0)
    assert genre.what_it_is_worth() == (
        "given from a score of 0.50 on, which none of its 30 examples reaches yet; answer those "
        "suggested"
    )
    better = replace(genre, figure=Figure(30, 30, 0.96, 21, 20))
    assert better.what_it_is_worth() == (
        "of 21 examples that it would be given, 20 have it, of 30 in all"
    )


def test_the_figure_is_about_that_of_other_movies() -> None:
    genre = taught(60, 100)
    assert genre.figure.auc == pytest.approx(auc(genre.scores(TEST), TRUTH), abs=0.05)


def test_examples_that_say_nothing_leave_it_silent() -> None:
    random = np.random.default_rng(3)
    noise: Traits = {"scores": random.normal(size=(200, 4)).astype(np.float32)}
    labels = [bool(flip) for flip in random.random(200) < 0.5]
    genre = teach(OwnGenre("Noise"), Words({}, {}), noise, labels)
    assert genre.threshold is None
    assert "more often right than wrong" in genre.why_silent()


def test_one_movie_is_pool_enough() -> None:
    one = take(POOL, [0])
    genre = teach(OwnGenre("Heist"), words(), one, [True])
    assert np.isfinite(genre.scores(TEST)).all()


def test_the_weights_are_those_of_the_traits_themselves() -> None:
    rows = np.r_[np.flatnonzero(IS_OF)[:9], np.flatnonzero(~IS_OF)[:9]]
    linear, tested = learn(words(), POOL, take(POOL, rows), IS_OF[rows])
    by_hand = linear.bias + sum(
        TEST[name] @ linear.weights[name] + linear.biases[name] for name in ("scores", "plot")
    )
    assert np.allclose(linear(TEST), by_hand)
    assert tested.shape == (18,)
    assert ((tested > 0) & (tested < 1)).all()


def test_judging_counts_what_would_be_given() -> None:
    labels = np.array([True] * 6 + [False] * 6)
    scores = np.array([0.9, 0.9, 0.8, 0.8, 0.7, 0.6, 0.4, 0.3, 0.3, 0.2, 0.1, 0.1])
    threshold, figure = judge(scores, labels)
    assert threshold == 0.5 or threshold == 0.6
    assert figure == Figure(6, 6, 1.0, 6, 6)
    assert judge(1 - scores, labels) == (None, Figure(6, 6, 0.0))


def test_those_it_is_surest_of_and_least_sure_of_are_suggested() -> None:
    scores = np.array([0.9, 0.1, 0.5, 0.8, 0.55, 0.99])
    surest, unsure = suggest(scores, [None, None, None, None, None, True], 2)
    assert surest == [0, 3]
    assert unsure == [2, 4]


def test_a_movie_that_names_other_genres_is_not_of_this_one() -> None:
    from genreel.catalogue import movie_from_record

    names = ["Drama|heist", "Drama", "", "HEIST"]
    rows = [movie_from_record({"id": str(i), "genres": n}, "") for i, n in enumerate(names)]
    assert verdicts_of("Heist", rows) == [True, False, None, True]


def test_traits_of_this_world_have_the_width_that_they_say() -> None:
    assert POOL["plot"].shape == (600, WIDTH)


def test_in_a_small_store_examples_do_not_count_against_themselves() -> None:
    small = take(POOL, slice(0, 60))
    yes, no = np.flatnonzero(IS_OF[:60])[:10], np.flatnonzero(~IS_OF[:60])[:10]
    verdicts = [bool(IS_OF[i]) if i in (*yes, *no) else None for i in range(60)]
    scores = teach(OwnGenre("Heist"), words(), small, verdicts).scores(small)
    rows = np.sort(np.r_[yes, no])
    before, _ = learn(words(), small, take(small, rows), np.isin(rows, yes))
    assert (scores[yes] >= BAR).sum() == 5
    assert (sigmoid(before(small))[yes] >= BAR).sum() == 0
    assert (scores[no] >= BAR).sum() == 1
