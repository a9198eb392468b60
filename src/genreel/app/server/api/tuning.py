"""Thresholds, and what is learnt from reviews."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query

from genreel.app.server.dependencies import ServiceDep
from genreel.app.server.problems import RESPONSES
from genreel.app.server.shapes import DecisionIn, ThresholdsIn
from genreel.app.service.service import Service
from genreel.app.store import preview
from genreel.errors import InputError

router = APIRouter(prefix="/api", tags=["tuning"], responses=RESPONSES)


@router.get("/thresholds")
def thresholds(service: ServiceDep) -> dict[str, Any]:
    """The decision in use, and what each would give; and for each case that films have, genre →
    the score from which it is assigned. Those that a person applied hold in every case; above 1, a
    genre is never assigned.
    """
    tuning, cases = service.store.tuning, preview.cases(service.store)
    decide, applied = tuning.decision(), tuning.overrides()
    return {
        "decide": decide,
        "decisions": {
            name: one._asdict() for name, one in preview.preview_decisions(service.store).items()
        },
        "films": cases,
        "cases": {case: {**tuning.own_thresholds(case, decide), **applied} for case in cases},
        "thresholds": tuning.thresholds(),
        "applied": applied,
    }


@router.post("/thresholds/preview", name="preview")
def preview_thresholds(service: ServiceDep, body: ThresholdsIn) -> dict[str, Any]:
    """What applying thresholds would change, with nothing written."""
    _check_genres(service, body.thresholds)
    return service.store.tuning.preview_thresholds(body.thresholds)


@router.get("/thresholds/promise", name="promised")
def promise(
    service: ServiceDep, precision: Annotated[float, Query(ge=0.01, le=0.999)]
) -> dict[str, Any]:
    """The lowest thresholds from which genres are right as often as promised."""
    return {"thresholds": service.store.tuning.promised_thresholds(precision)}


@router.put("/decision")
def decide(service: ServiceDep, body: DecisionIn) -> dict[str, Any]:
    """Takes a decision for all films, in place of the thresholds that a person applied; a person's
    word about a film stays. Undo takes it back.
    """
    service.store.tuning.decide(body.decide)
    return {"decide": body.decide}


@router.put("/thresholds")
def apply(service: ServiceDep, body: ThresholdsIn) -> dict[str, Any]:
    """Applies thresholds; a person's decisions stay."""
    _check_genres(service, body.thresholds)
    return {"changed": service.store.tuning.apply_thresholds(body.thresholds)}


@router.get("/learning")
def learning(service: ServiceDep) -> dict[str, Any]:
    """What was learnt from reviews and what was tried, the newest first; which of it is in use."""
    tuning = service.store.tuning
    return {
        "on": tuning.is_learning(),
        "in_use": tuning.correction()[0],
        "learnt": tuning.list_corrections(),
        "attempts": tuning.attempts(),
        "reviews": tuning.count_reviews(),
    }


@router.post("/learning")
def learn(service: ServiceDep) -> dict[str, Any]:
    """Learns from all reviews now, and goes on learning."""
    service.store.tuning.set_learning(True)
    return {"in_use": service.learner.learn()}


@router.post("/learning/back")
def back(service: ServiceDep) -> dict[str, Any]:
    """Goes back to what was in use before, and stops learning."""
    return {"in_use": service.store.tuning.go_back()}


def _check_genres(service: Service, thresholds: dict[str, float]) -> None:
    unknown = set(thresholds) - set(service.store.defaults)
    if unknown:
        raise InputError(f"unknown genre {', '.join(sorted(unknown))}")
