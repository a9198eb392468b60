"""A service over a bundle and a store that are named."""

from __future__ import annotations

from genreel.app.service.service import Service
from genreel.app.service.settings import NEW_DECISION, Settings
from genreel.app.store.store import Store
from genreel.predictor import Predictor


def open_service(model: str, store: str, settings: Settings) -> Service:
    """A service over a bundle and the URL of a store.

    Raises:
        BundleError, StoreError, FilmsError: one of them, or the index of films, cannot be used.
    """
    predictor = Predictor(model, limits=settings.limits)
    predictor.load()  # so that nobody's first poster waits for it
    return Service(predictor, _open_store(predictor, store, settings.decide), settings)


def _open_store(predictor: Predictor, url: str, decide: str) -> Store:
    by_case = predictor.bundle.rules().by_case()
    store = Store(url, predictor.thresholds(), by_case, decide or NEW_DECISION)
    if decide:
        store.tuning.decide(decide)
    return store
