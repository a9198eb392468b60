"""A source's figures, and ours by the same measures."""

from __future__ import annotations

import numpy as np

from genreel.lab.evaluation.reported import MEASURES, as_text, decision_of, ours, theirs
from genreel.lab.metrics import summary
from genreel.lab.recipe import load_recipe, recipe_heads, recipe_names, recipe_text


def test_ours_by_the_measures_of_the_source() -> None:
    head = load_recipe("zhang-add").head
    figures = {"macro_roc_auc": 0.7, "label_accuracy": 0.86, "log_loss": None, "macro_f1": 0.3}
    assert ours(head, {}, figures) == {"roc_auc": 0.7, "label_accuracy": 0.86, "loss": None}
    assert theirs(head) == {"roc_auc": 0.8122, "label_accuracy": 0.8762, "loss": 0.347}
    assert as_text(ours(head, {}, figures)) == "ROC AUC 0.7; label accuracy 0.86; loss —"


def test_a_movie_of_one_class_is_decided_by_its_highest_score() -> None:
    labels = np.eye(3, dtype=np.float32)[[0, 1, 2, 2]]
    scores = np.array([[0.9, 0.2, 0.1], [0.3, 0.2, 0.1], [0.1, 0.2, 0.3], [0.4, 0.5, 0.9]])
    known = np.ones_like(labels, bool)
    figures = summary("abc", labels, known, scores, scores > 0.5)
    assert figures[MEASURES["class_accuracy"][1]] == 0.75


def test_how_a_recipe_decides() -> None:
    ways = {head.id: decision_of(head) for head in recipe_heads()}
    assert ways["dealer-pca-knn"] == "the highest score"
    assert ways["zhang-add"] == ways["dealer-resnet50-mlp"] == "0.5 for every genre"
    assert ways["gomez-forest-tfidf"] == "by genre, for F1 on valid"


def test_heads_and_texts_are_those_of_the_checked_recipes() -> None:
    heads = {head.id: head for head in recipe_heads()}
    assert list(heads) == recipe_names()
    for name in ("gomez-average", "zhang-frozen"):
        assert heads[name] == load_recipe(name).head
        assert recipe_text(name) == load_recipe(name).text
