"""Whatever a program sends to the API, the answer is as the API's own description says."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, seed, settings

from genreel.app.server.application import create_app
from genreel.app.service.service import Service
from genreel.app.service.settings import Settings
from genreel.app.store.store import Store
from genreel.predictor import Predictor

schemathesis = pytest.importorskip("schemathesis")
checks = pytest.importorskip("schemathesis.specs.openapi.checks")

EXAMPLES = 5  # of each operation


def test_answers_are_as_described(predictor: Predictor, tmp_path: Path) -> None:
    store = Store(str(tmp_path / "films.db"), predictor.thresholds())
    service = Service(predictor, store, Settings())
    wrong: list[str] = []
    try:
        app = create_app(service)
        schema = schemathesis.openapi.from_asgi(
            "/api/openapi.json", app, headers={"Host": "localhost"}
        )
        for found in schema.get_all_operations():
            operation = found.ok()

            @seed(7)
            @settings(
                max_examples=EXAMPLES,
                deadline=None,
                database=None,
                phases=[Phase.generate],
                suppress_health_check=list(HealthCheck),
            )
            @given(case=operation.as_strategy())
            def check(case: Any) -> None:
                # A schema does not say which genres there are, or that a poster is an image.
                left_out = [checks.positive_data_acceptance]
                case.call_and_validate(headers={"Host": "localhost"}, excluded_checks=left_out)

            try:
                check()
            except BaseException as error:
                told = " ".join(str(e) for e in getattr(error, "exceptions", (error,)))
                wrong.append(f"{operation.label}: {type(error).__name__}: {told[:900]}")
    finally:
        service.close()
    assert not wrong, "\n\n".join(wrong)
