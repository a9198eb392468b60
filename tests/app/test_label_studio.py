"""Label Studio's side of the contract: configurations, tasks and the files that it holds."""

from __future__ import annotations

import base64
import json
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from genreel.app.commands import values
from genreel.app.server.application import create_app
from genreel.app.server.labelling import MAX_BYTES, read_configuration
from genreel.app.service.service import Service
from genreel.app.service.settings import Settings
from genreel.app.store.store import Store
from genreel.errors import GenreelError
from genreel.predictor import Predictor

POSTER = Path(__file__).parent.parent.parent / "samples" / "posters" / "emberfell.jpg"
PLOT = "A detective hunts a killer who murdered a policeman; the gang fears the murder trial."

GENRES = "".join(f'<Choice value="{g}"/>' for g in ("Crime", "Thriller", "Drama", "Mystery"))
IMAGE = '<Image name="poster" value="$cover"/>'


def serve(predictor: Predictor, folder: Path, **settings: Any) -> TestClient:
    store = Store(str(folder / "films.db"), predictor.thresholds())
    return TestClient(
        create_app(Service(predictor, store, Settings(**settings))), "http://localhost"
    )


@pytest.fixture
def client(predictor: Predictor, tmp_path: Path) -> Iterator[TestClient]:
    with serve(predictor, tmp_path) as client:
        yield client


def ask(client: TestClient, view: str, **data: Any) -> dict[str, Any]:
    """The answer to one task."""
    body = {"tasks": [{"id": 1, "data": data}], "label_config": f"<View>{view}</View>"}
    answer = client.post("/labelstudio/predict", json=body)
    assert answer.status_code == 200, answer.text
    [result] = answer.json()["results"]
    return dict(result)


def choices(view: str, *genres: str, data: dict[str, Any] | None = None) -> Any:
    """What a control of a configuration says of genres: its name, the genres, the value."""
    control = read_configuration(f"<View>{view}</View>").control(data or {})
    return None if control is None else (control.name, *control.value(genres))


# Which control


def test_of_several_controls_the_one_with_genres_answers(client: TestClient) -> None:
    view = (
        '<Choices name="scan" toName="poster"><Choice value="Good"/><Choice value="Drama"/>'
        f"</Choices>{IMAGE}"
        f'<Choices name="kind" toName="poster" choice="multiple">{GENRES}</Choices>'
    )
    answer = ask(client, view, plot=PLOT)
    [result] = answer["result"]
    assert (result["from_name"], result["to_name"], result["type"]) == ("kind", "poster", "choices")
    assert "Crime" in result["value"]["choices"]
    assert answer["score"] > 0


def test_of_two_with_the_same_genres_that_of_the_poster_answers() -> None:
    view = (
        f'<Choices name="a" toName="trailer">{GENRES}</Choices><Video name="trailer" value="$v"/>'
        f'<Choices name="b" toName="poster">{GENRES}</Choices>{IMAGE}'
    )
    assert choices(view, "Crime") == ("b", ["Crime"], ["Crime"])
    view = f'<Choices name="a" toName="x">{GENRES}</Choices>'
    assert choices(view + view.replace('"a"', '"genre2"'), "Crime")[0] == "genre2"


def test_a_control_of_regions_is_none() -> None:
    assert choices(f'<Choices name="g" toName="p" perRegion="true">{GENRES}</Choices>') is None


def test_a_configuration_without_genres_is_told(client: TestClient) -> None:
    answer = ask(client, '<Choices name="a" toName="b"><Choice value="Good"/></Choices>', plot=PLOT)
    assert answer["result"] == []
    assert "has no <Choices> with genres; add one" in answer["error"]


# What it says


@pytest.mark.parametrize(
    ("choice", "value"),
    [
        ("", ["Crime"]),
        ('choice="single"', ["Crime"]),
        ('choice="single-radio"', ["Crime"]),
        ('choice="multiple"', ["Crime", "Drama"]),
    ],
)
def test_a_single_choice_is_one(choice: str, value: list[str]) -> None:
    view = f'<Choices name="g" toName="p" {choice}>{GENRES}</Choices>'
    assert choices(view, "Western", "Crime", "Drama") == ("g", value, value)


def test_the_score_is_that_of_what_is_said(client: TestClient) -> None:
    view = f'<Choices name="g" toName="poster" choice="CHOICE">{GENRES}</Choices>'
    single = ask(client, view.replace("CHOICE", "single"), plot=PLOT)
    several = ask(client, view.replace("CHOICE", "multiple"), plot=PLOT)
    assert len(single["result"][0]["value"]["choices"]) == 1
    assert len(several["result"][0]["value"]["choices"]) > 1
    assert single["score"] > several["score"]


def test_an_alias_takes_the_place_of_a_value() -> None:
    view = (
        '<Choices name="g" toName="p" choice="multiple"><Choice value="Krimi" alias="crime"/>'
        '<Choice value="science fiction" alias="878"/></Choices>'
    )
    assert choices(view, "Sci-Fi", "Crime")[2] == ["878", "crime"]


def test_nested_choices() -> None:
    inside = (
        '<Choice value="Fiction" alias="f"><Choice value="Drama"/><Choice value="Dark">'
        '<Choice value="Crime" alias="c"/></Choice></Choice><View><Choice value="War"/></View>'
    )
    flat = f'<Choices name="g" toName="p" choice="multiple">{inside}</Choices>'
    assert choices(flat, "Crime", "Drama", "War")[2] == ["c", "Drama", "War"]
    nested = flat.replace("choice=", 'allowNested="true" choice=')
    assert choices(nested, "Crime", "Drama")[2] == [["f", "Dark", "c"], ["f", "Drama"]]


def test_a_taxonomy(client: TestClient) -> None:
    view = (
        f'{IMAGE}<Taxonomy name="t" toName="poster"><Choice value="Film">{GENRES}</Choice>'
        "</Taxonomy>"
    )
    [result] = ask(client, view, plot=PLOT)["result"]
    assert result["type"] == "taxonomy"
    assert ["Film", "Crime"] in result["value"]["taxonomy"]


def test_choices_that_a_task_lists() -> None:
    view = '<Choices name="g" toName="p" value="$options" choice="multiple"/>'
    options = [
        "War",
        {"value": "Krimi", "alias": "crime"},
        {"value": "x", "children": ["Drama"]},
        3,
    ]
    assert choices(view, "Crime", "War", "Drama", data={"options": options})[2] == [
        *("crime", "War", "Drama")
    ]
    assert choices(view, "Crime", data={"options": 7}) is None


def test_capitals_of_tags_and_attributes_do_not_matter() -> None:
    view = f'<choices name="g" toname="p" CHOICE="multiple">{GENRES}</choices>'
    assert choices(view, "Crime", "Drama")[2] == ["Crime", "Drama"]


# Bad configurations


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ("<View><Choices></View>", "label_config: not well-formed XML in line 1"),
        ("<!DOCTYPE x [<!ENTITY a 'b'>]><View/>", "label_config: has a DOCTYPE"),
        ("Choices", "label_config is no XML"),
        ("<View>" + " " * MAX_BYTES + "</View>", "label_config has more than 65,536 bytes"),
    ],
)
def test_a_bad_configuration_is_one_line(client: TestClient, config: str, message: str) -> None:
    with pytest.raises(GenreelError, match=message):
        read_configuration(config)
    body = {"tasks": [{"data": {"plot": PLOT}}], "label_config": config}
    answer = client.post("/labelstudio/predict", json=body)
    assert answer.status_code == 422
    assert message in answer.json()["detail"]
    assert client.post("/labelstudio/setup", json={"schema": config}).status_code == 422


def test_lone_surrogates_are_no_error_of_the_server(client: TestClient) -> None:
    body = json.dumps({"tasks": [{"data": {"plot": PLOT}}], "label_config": "<View a='\ud800'/>"})
    headers = {"Content-Type": "application/json"}
    assert client.post("/labelstudio/predict", content=body, headers=headers).status_code == 200


@pytest.mark.parametrize(
    "piece", ["<Choice ", "<Choice value='Drama' ", "<Choices name='a'", "<a>"]
)
def test_configurations_take_a_time_in_proportion(piece: str) -> None:
    def seconds(size: int) -> float:
        start = time.perf_counter()
        for _ in range(5):
            try:
                read_configuration("<View>" + piece * (size // len(piece)))
            except GenreelError:
                continue
        return time.perf_counter() - start

    seconds(1000)
    assert seconds(60_000) < 0.5 + 20 * seconds(6000)


# Posters and texts


def test_a_text_with_a_colon_is_a_text(client: TestClient) -> None:
    cover = "data:image/jpeg;base64," + base64.b64encode(POSTER.read_bytes()).decode()
    view = f'<Header value="$title"/>{IMAGE}<Choices name="g" toName="poster">{GENRES}</Choices>'
    plain = ask(client, view, title="Ghost", cover=cover)
    colon = ask(client, view, title="Ghost: Return", cover=cover, note="See: http://x.example/")
    assert "error" not in plain
    assert "error" not in colon


def test_the_text_of_the_page_is_the_plot(client: TestClient) -> None:
    view = f'<Text name="t" value="$overview"/><Choices name="g" toName="t">{GENRES}</Choices>'
    assert ask(client, view, overview=PLOT) == ask(client, view, plot=PLOT)


@pytest.mark.parametrize(
    ("address", "line"),
    [
        ("/data/upload/7/a.jpg", "lies in Label Studio; say where that is with genreel serve"),
        ("/data/local-files/?d=a.jpg", "lies in Label Studio"),
        ("s3://bucket/a.jpg", "turn on pre-signed URLs for it in Label Studio"),
        ("azure-blob://c/a.jpg", "turn on pre-signed URLs"),
        ("https://x.example/a.jpg", "start genreel serve with --fetch-urls"),
        ("Ghost: Return", "is no address"),
        ("//x.example/a.jpg", "is no address"),
        ("data:image/png;base64,!", "is not base64"),
        (["/data/upload/7/a.jpg", "/b.jpg"], "poster /data/upload/7/a.jpg lies in Label Studio"),
        ({"a": 1}, "is no text"),
    ],
)
def test_a_poster_that_cannot_be_had_is_told(client: TestClient, address: Any, line: str) -> None:
    view = f'{IMAGE}<Choices name="g" toName="poster">{GENRES}</Choices>'
    answer = ask(client, view, cover=address, plot=PLOT)
    assert line in answer["error"]
    assert answer["result"], "the plot answers"


class Files(BaseHTTPRequestHandler):
    """A Label Studio that holds one poster, for two tokens."""

    asked: list[tuple[str, str]]

    def do_GET(self) -> None:
        token = self.headers.get("Authorization", "")
        self.asked.append((self.path, token))
        if self.path == "/leave":
            self.answer(302, b"", Location="http://127.0.0.1:9/data/a.jpg")
        elif token not in ("Token secret", "Bearer short"):
            self.answer(302, b"", Location="/user/login/?next=/data")
        elif "upload" in self.path:
            self.answer(200, POSTER.read_bytes())
        else:
            self.answer(404, b"")

    def do_POST(self) -> None:
        sent = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        is_known = self.path == "/api/token/refresh" and sent == {"refresh": "a.b.c"}
        self.answer(200 if is_known else 401, b'{"access": "short"}' if is_known else b"{}")

    def answer(self, status: int, body: bytes, **headers: str) -> None:
        self.send_response(status)
        for name, value in {**headers, "Content-Length": str(len(body))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args: Any) -> None:
        pass


@pytest.fixture
def label_studio(socket_enabled: None) -> Iterator[str]:
    Files.asked = []
    with ThreadingHTTPServer(("127.0.0.1", 0), Files) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.mark.parametrize("token", ["secret", "a.b.c"])
def test_uploaded_files_are_fetched(
    predictor: Predictor, tmp_path: Path, label_studio: str, token: str
) -> None:
    view = f'{IMAGE}<Choices name="g" toName="poster" choice="multiple">{GENRES}</Choices>'
    data = base64.b64encode(POSTER.read_bytes()).decode()
    with serve(predictor, tmp_path, label_studio=label_studio, label_studio_token=token) as client:
        expected = ask(client, view, cover=f"data:image/jpeg;base64,{data}")
        assert ask(client, view, cover="/data/upload/7/Café a.jpg") == expected
        assert ask(client, view, cover=f"{label_studio}/data/upload/7/a.jpg") == expected
        other = ask(client, view, cover="http://127.0.0.1:9/data/upload/7/a.jpg")
        assert "start genreel serve with --fetch-urls" in other["error"]
        lost = ask(client, view, cover="/data/lost.jpg")
        assert "answered 404" in lost["error"]
        left = ask(client, view, cover="/leave")
        assert "127.0.0.1 is not a public address" in left["error"], "it is trusted itself alone"
    assert Files.asked[0][0] == "/data/upload/7/Caf%C3%A9%20a.jpg"


@pytest.mark.parametrize("token", ["", "wrong", "x.y.z"])
def test_a_wrong_token_is_told(
    predictor: Predictor, tmp_path: Path, label_studio: str, token: str
) -> None:
    with serve(predictor, tmp_path, label_studio=label_studio, label_studio_token=token) as client:
        answer = ask(client, IMAGE, cover="/data/upload/7/a.jpg")
    assert "set LABEL_STUDIO_API_KEY to a token of an account there" in answer["error"]
    assert token not in answer["error"] or not token


def test_the_address_of_label_studio_is_checked() -> None:
    assert values.web_address("http://localhost:8080") == "http://localhost:8080"
    for wrong in (
        "localhost:8080",
        "ftp://x/",
        "http://",
        "http://u:p@x/",
        "http://x:99999/",
        "http://[",
    ):
        with pytest.raises(values.ArgumentTypeError, match="is not an address"):
            values.web_address(wrong)


def test_settings_do_not_print_tokens() -> None:
    assert "secret" not in repr(Settings(label_studio_token="secret"))
