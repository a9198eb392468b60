"""A service over a bundle and a store that are named."""

from __future__ import annotations

from dataclasses import replace

from genreel.app.service.service import Service
from genreel.app.service.settings import NEW_DECISION, Settings
from genreel.app.store.store import Store
from genreel.formats.names import Names
from genreel.own.predicting import names_of, own_thresholds, read_for
from genreel.own.vocabulary import OwnVocabulary
from genreel.predictor import Predictor


def open_service(model: str, store: str, settings: Settings) -> Service:
    """A service over a bundle and the URL of a store.

    Raises:
        BundleError, StoreError, FilmsError: one of them, or the index of films, cannot be used.
        VocabularyError: the file of genres of one's own cannot be used.
    """
    predictor = Predictor(model, limits=settings.limits)
    own = read_for(predictor, settings.own) if settings.own else None
    predictor.load()  # so that nobody's first poster waits for it
    if own and (own.new_names or own.hidden_genres):
        settings = replace(settings, names=names_of(own).then(settings.names or Names()))
    return Service(predictor, _open_store(predictor, store, settings.decide, own), settings, own)


def _open_store(predictor: Predictor, url: str, decide: str, own: OwnVocabulary | None) -> Store:
    by_case = predictor.bundle.rules().by_case()
    thresholds = predictor.thresholds()
    if own:
        thresholds = {g: t for g, t in thresholds.items() if g not in own.hidden_genres}
        thresholds |= own_thresholds(own)
    store = Store(url, thresholds, by_case, decide or NEW_DECISION)
    if decide:
        store.tuning.decide(decide)
    return store
