"""Whatever a program sends to the API, the answer is as the API's own description says."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

schemathesis = pytest.importorskip("schemathesis")

from hypothesis import HealthCheck, settings  # noqa: E402

from genreel.app.server.application import create_app  # noqa: E402
from genreel.app.server.service import Service  # noqa: E402
from genreel.app.server.settings import Settings  # noqa: E402
from genreel.app.store import Store  # noqa: E402
from genreel.predictor import Predictor  # noqa: E402


@pytest.fixture(scope="module")
def api_schema(predictor: Predictor, tmp_path_factory: pytest.TempPathFactory) -> Iterator[object]:
    folder = tmp_path_factory.mktemp("api")
    store = Store(str(folder / "films.db"), predictor.thresholds())
    service = Service(predictor, store, Settings())
    yield schemathesis.openapi.from_asgi("/api/openapi.json", create_app(service))
    service.close()


schema = schemathesis.pytest.from_fixture("api_schema")


@schema.parametrize()
@settings(max_examples=8, deadline=None, suppress_health_check=list(HealthCheck))
def test_answers_are_as_described(case: schemathesis.Case) -> None:
    case.call_and_validate(headers={"Host": "localhost"})
