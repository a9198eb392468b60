"""What one would put together instead of genreel, from libraries that everybody knows.

`quality.py` trains and measures these beside the bundles that come along.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.ensemble import RandomForestClassifier
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression

from genreel.catalogue import Movie
from genreel.lab.weights import encoder_folder, weights_folder
from genreel.vocabulary import Vocabulary

ENCODER = "all-MiniLM-L6-v2"
FEW = 8
"""Plots a genre that SetFit learns from; it is made for few."""
LUDWIG_EPOCHS = 3
"""What it holds out it tells best after two; it keeps the best."""

Scorer = Callable[[Sequence[Movie], Any, Any, Sequence[Movie]], NDArray[np.float64]]
"""Training movies, their labels and known cells, test movies → scores, shape (n, genres)."""


def text(movie: Movie) -> str:
    """What the alternatives read."""
    return f"{movie.title or ''} ({movie.year or ''}). {movie.plot}"


def _tfidf(train_part: Sequence[Movie], test: Sequence[Movie]) -> Any:
    vectoriser = TfidfVectorizer(sublinear_tf=True, min_df=3, ngram_range=(1, 2))
    return vectoriser.fit_transform(map(text, train_part)), vectoriser.transform(map(text, test))


def _sentences(train_part: Sequence[Movie], test: Sequence[Movie]) -> Any:
    from sentence_transformers import SentenceTransformer

    encoder = SentenceTransformer(str(encoder_folder(ENCODER)), device="cpu")
    return tuple(encoder.encode([text(m) for m in part]) for part in (train_part, test))


def _setfit(
    train_part: Sequence[Movie], labels: Any, known: Any, test: Sequence[Movie]
) -> NDArray[np.float64]:
    from datasets import Dataset
    from sentence_transformers import SentenceTransformer
    from setfit import SetFitModel, Trainer, TrainingArguments
    from setfit.modeling import OneVsRestClassifier

    rng = np.random.default_rng(0)
    told = known.sum(axis=1) >= 18
    chosen = {
        int(i)
        for g in range(labels.shape[1])
        for i in rng.permutation(np.flatnonzero((labels[:, g] > 0) & told))[:FEW]
    }
    rows = sorted(chosen)
    few = Dataset.from_dict(
        {
            "text": [text(train_part[i]) for i in rows],
            "label": labels[rows].astype(int).tolist(),
        }
    )
    body = SentenceTransformer(str(encoder_folder(ENCODER)), device="cpu")
    head = OneVsRestClassifier(LogisticRegression(max_iter=1000))
    model = SetFitModel(model_body=body, model_head=head, multi_target_strategy="one-vs-rest")
    settings = TrainingArguments(num_epochs=1, num_iterations=5, batch_size=16)
    Trainer(model=model, args=settings, train_dataset=few).train()
    return np.asarray(model.predict_proba([text(m) for m in test], as_numpy=True), np.float64)


def _ludwig(
    train_part: Sequence[Movie], labels: Any, known: Any, test: Sequence[Movie]
) -> NDArray[np.float64]:
    import pandas as pd
    from ludwig.api import LudwigModel

    genres = Vocabulary().genres
    names = [genre.replace(" ", "_") for genre in genres]  # a set is words with spaces between
    sets = [" ".join(np.array(names)[row > 0]) for row in labels]
    rows = pd.DataFrame({"text": [text(movie) for movie in train_part], "genres": sets})
    config = {
        "input_features": [{"name": "text", "type": "text", "encoder": {"type": "parallel_cnn"}}],
        # With a threshold it would give the scores of what is over it alone.
        "output_features": [{"name": "genres", "type": "set", "threshold": 0.0}],
        "trainer": {"epochs": LUDWIG_EPOCHS, "batch_size": 64, "validation_metric": "loss"},
    }
    with tempfile.TemporaryDirectory() as folder:
        model = LudwigModel(config, backend={"type": "local", "cache_dir": folder})
        options = {"output_directory": folder, "skip_save_processed_input": True}
        model.train(dataset=rows, random_seed=0, **options)
        asked = pd.DataFrame({"text": [text(movie) for movie in test]})
        found, _ = model.predict(dataset=asked, output_directory=folder)
    told = model.training_set_metadata["genres"]["str2idx"]
    scores = np.stack(found["genres_probabilities"].to_numpy())
    return np.asarray(scores[:, [told[name] for name in names]], np.float64)


def _vectors(train_part: Sequence[Movie], test: Sequence[Movie]) -> Any:
    """MobileNetV2's, the eager way: PIL, torchvision's resizing, timm."""
    import timm
    import torch
    from PIL import Image
    from safetensors.torch import load_file
    from torchvision import transforms

    net = timm.create_model("mobilenetv2_100", pad_type="same", num_classes=0)
    state = load_file(weights_folder() / "mobilenetv2_100.safetensors")
    net.load_state_dict({k: v for k, v in state.items() if not k.startswith("classifier")})
    net.eval()
    prepare = transforms.Compose(
        [transforms.Resize((224, 224)), transforms.ToTensor(), transforms.Normalize(0.5, 0.5)]
    )

    def of(movies: Sequence[Movie]) -> NDArray[np.float32]:
        found = []
        with torch.inference_mode():
            for i in range(0, len(movies), 64):
                images = [Image.open(m.poster).convert("RGB") for m in movies[i : i + 64]]
                found.append(net(torch.stack([prepare(image) for image in images])).numpy())
        return np.concatenate(found)

    return of(train_part), of(test)


def _logistic(C: float = 4.0) -> Any:
    return LogisticRegression(C=C, max_iter=300)


def _each_genre(features: Any, model: Callable[[], Any]) -> Scorer:
    """An estimator a genre on the same features."""

    def scores(
        train_part: Sequence[Movie], labels: Any, known: Any, test: Sequence[Movie]
    ) -> NDArray[np.float64]:
        x, y = features(train_part, test)
        columns = [
            model().fit(x[cells], positive[cells]).predict_proba(y)[:, 1]
            for positive, cells in zip(labels.T, known.T, strict=True)
        ]
        return np.stack(columns, axis=1)

    return scores


ALTERNATIVES: dict[str, tuple[str, str, Scorer]] = {
    "scikit-learn: tf-idf, logistic regression": ("plot only", "", _each_genre(_tfidf, _logistic)),
    "scikit-learn: tf-idf, random forest": (
        "plot only",
        "",
        _each_genre(
            _tfidf,
            lambda: RandomForestClassifier(60, min_samples_leaf=3, n_jobs=-1, random_state=0),
        ),
    ),
    "sentence-transformers, logistic regression": (
        "plot only",
        "sentence_transformers",
        _each_genre(_sentences, _logistic),
    ),
    f"SetFit, {FEW} plots a genre": ("plot only", "setfit", _setfit),
    f"Ludwig: its text encoder, {LUDWIG_EPOCHS} epochs": ("plot only", "ludwig", _ludwig),
    "timm: MobileNetV2 frozen, logistic regression": (
        "poster only",
        "",
        _each_genre(_vectors, lambda: _logistic(0.01)),
    ),
}
"""Name → input case, a module that it needs, its scores of the test films."""
