"""A service over a bundle and a store that are named."""

from __future__ import annotations

from genreel.app.service.service import Service
from genreel.app.service.settings import NEW_DECISION, Settings
from genreel.app.store.store import Store
from genreel.own.file import read_own
from genreel.own.predicting import bundle_id
from genreel.predictor import Predictor
from genreel.progress import say


def open_service(model: str, store: str, settings: Settings) -> Service:
    """A service over a bundle and the URL of a store.

    A store that has no genres of its own, and has changed none of the bundle's, begins with those
    of the file `settings.own`.

    Raises:
        BundleError, StoreError, FilmsError: one of them, or the index of films, cannot be used.
        VocabularyError: the file of genres of one's own cannot be used.
    """
    predictor = Predictor(model, limits=settings.limits)
    own = read_own(settings.own) if settings.own else None
    predictor.load()  # so that nobody's first poster waits for it
    service = Service(predictor, _open_store(predictor, store, settings.decide), settings)
    if own is not None and service.store.genres.now().rows:
        say(f"genres are those of the store; {settings.own} is for a store without")
    elif own is not None:
        try:
            service.genres.add(own)
        except BaseException:
            service.close()
            raise
    return service


def _open_store(predictor: Predictor, url: str, decide: str) -> Store:
    by_case = predictor.bundle.rules().by_case()
    thresholds = predictor.thresholds()
    store = Store(url, thresholds, by_case, decide or NEW_DECISION, bundle_id(predictor))
    if decide:
        store.tuning.decide(decide)
    return store
