"""Media servers: genres by their API, refreshing, and every fault in one line."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from pathlib import Path, PurePath

import pytest
from fakes import ANSWERS, KEY, Fake

from genreel.app.cli import main
from genreel.app.media import client
from genreel.app.media.client import MediaError
from genreel.app.media.editing import Edits, ServerJournal, edit, undo_edits
from genreel.app.media.item import Item, MediaServer, belongs
from genreel.app.media.servers import SERVERS, Refresher, open_server, parse_server
from genreel.catalogue import Movie
from genreel.formats.names import Names
from genreel.prediction import Prediction

WITH_LOCKS = ("jellyfin", "emby", "plex")


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, socket_enabled: None) -> None:
    monkeypatch.setattr(client.time, "sleep", lambda seconds: None)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    for name in SERVERS:
        monkeypatch.setenv(f"GENREEL_{name.upper()}_KEY", KEY)


@pytest.fixture(params=list(SERVERS))
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def fake(name: str) -> Iterator[Fake]:
    fake = Fake(ANSWERS[name])
    yield fake
    fake.close()


@pytest.fixture
def server(name: str, fake: Fake) -> MediaServer:
    return open_server(name, fake.address)


def western(movies: Iterable[Movie]) -> Iterator[Prediction]:
    for movie in movies:
        assert movie.plot
        yield Prediction(movie.id, {"Western": 0.9}, ("Western", "Sci-Fi"))


def genres(fake: Fake) -> dict[str, list[str]]:
    return {movie["title"]: movie["genres"] for movie in fake.movies.values()}


class Run:
    """Edits a server as the command does."""

    def __init__(self, server: MediaServer, name: str, fake: Fake) -> None:
        self.server, self.name, self.fake = server, name, fake
        self.lines: list[str] = []

    def edit(self, **settings: bool) -> Edits:
        journal = ServerJournal(self.name, self.fake.address)
        try:
            return edit(
                self.server,
                journal,
                western,
                Names({"sci-fi": ("Science Fiction",)}),
                self.lines.append,
                self.lines.append,
                **settings,
            )
        finally:
            journal.close()

    def undo(self) -> Edits:
        journal = ServerJournal(self.name, self.fake.address)
        try:
            return undo_edits(self.server, journal, self.lines.append)
        finally:
            journal.close()


@pytest.fixture
def run(server: MediaServer, name: str, fake: Fake) -> Run:
    return Run(server, name, fake)


def test_movies_without_genres_get_some_and_locks_hold(run: Run, name: str, fake: Fake) -> None:
    before = genres(fake)
    counts = run.edit()
    locked = 2 if name in WITH_LOCKS else 0
    assert (counts.changed, counts.locked, counts.failed) == (3 - locked, locked, 0)
    now = genres(fake)
    assert now["Alba"] == ["Western", "Science Fiction"]
    assert now["Brill"] == ["Drama"]
    assert (now["Carrow"] == []) == (name in WITH_LOCKS)
    assert run.lines[0] == "Alba: – → Western, Science Fiction\n"
    if name in ("jellyfin", "emby"):
        assert fake.movies["11"]["tags"] == ["mine"]  # the rest of the movie stays
    if name == "plex":
        assert fake.movies["11"]["genres_locked"]  # or its agent would put its own back
    again = run.edit()
    assert (again.changed, again.failed) == (0, 0)
    assert run.undo().changed == 3 - locked
    assert genres(fake) == before
    assert not fake.movies["11"]["genres_locked"]
    with pytest.raises(MediaError, match="nothing to undo"):
        run.undo()


def test_undo_leaves_what_was_edited_since(run: Run, fake: Fake) -> None:
    run.edit()
    fake.movies["11"]["genres"] = ["Western", "War"]
    run.undo()
    assert genres(fake)["Alba"] == ["Western", "War"]
    assert any("edited since" in line for line in run.lines)


def test_genres_join_those_that_stand_there_on_request(run: Run, fake: Fake) -> None:
    run.edit(add=True)
    assert genres(fake)["Brill"] == ["Drama", "Western", "Science Fiction"]
    run.undo()
    assert genres(fake)["Brill"] == ["Drama"]


def test_an_item_that_is_gone_is_one_line(run: Run, server: MediaServer, fake: Fake) -> None:
    items = list(server.items())
    del fake.movies["11"]

    class Stale:
        name = server.name
        items = staticmethod(lambda: iter(items))
        item, write, refresh = server.item, server.write, server.refresh

    run.server = Stale()  # type: ignore[assignment]
    counts = run.edit()
    assert counts.failed == 1
    assert [line for line in run.lines if "does not have that any more" in line] == [
        f"Alba: {server.name} at {fake.address}: does not have that any more"
    ]


@pytest.mark.parametrize("status", [429, 503, 0])
def test_what_is_busy_or_restarting_is_asked_again(
    server: MediaServer, fake: Fake, status: int
) -> None:
    fake.faults = [status] * 3
    assert len(list(server.items())) == 4


@pytest.mark.parametrize(
    ("status", "reason"),
    [
        (401, "does not accept the key"),
        (403, "does not accept the key"),
        (429, r"is busy or starting \(429\)"),
        (500, "answers 500"),
        (302, "sends elsewhere"),
        (0, "does not answer"),
    ],
)
def test_every_fault_is_one_line_without_the_key(
    server: MediaServer, fake: Fake, status: int, reason: str
) -> None:
    fake.faults = [status] * 99
    with pytest.raises(MediaError, match=reason) as error:
        list(server.items())
    assert KEY not in str(error.value)
    assert "\n" not in str(error.value)
    assert str(error.value).startswith(f"{server.name} at {fake.address}: ")


def test_a_server_that_is_down_is_one_line(name: str, fake: Fake) -> None:
    server = open_server(name, fake.address)
    fake.close()
    with pytest.raises(MediaError, match="does not answer"):
        list(server.items())
    fake.__init__(ANSWERS[name])  # type: ignore[misc]


def test_what_changed_is_read_anew(server: MediaServer, fake: Fake) -> None:
    lines: list[str] = []
    refresher = Refresher([server], lines.append)
    files = [Path("/films/Alba (1961)/movie.nfo"), Path("/films/Brill (1961)/Brill (1961).nfo")]
    refresher.refresh(files)
    assert (fake.refreshed, refresher.refreshes, lines) == (["Alba", "Brill"], 2, [])
    refresher.refresh([Path("/films/Elsewhere/movie.nfo")])
    assert lines == [f"{server.name} does not have the movie of /films/Elsewhere/movie.nfo"]
    del fake.movies["11"]
    refresher.refresh(files)
    assert fake.refreshed[2:] == ["Brill"]
    assert "Alba: " in lines[-1]


def test_a_server_that_fails_stops_nothing(server: MediaServer, fake: Fake) -> None:
    lines: list[str] = []
    fake.faults = [401]
    refresher = Refresher([server, server], lines.append)
    refresher.refresh([Path("/films/Alba (1961)/movie.nfo")])
    assert fake.refreshed == ["Alba"]
    assert len(lines) == refresher.failures == 1


def test_an_nfo_file_is_that_of_its_item() -> None:
    item = Item("1", path=r"D:\Movies\Alba (1999)\Alba (1999) - 1080p.mkv")
    assert belongs(PurePath("/nas/Alba (1999)/movie.nfo"), item)
    assert belongs(PurePath("/nas/Alba (1999)/Alba (1999).nfo"), item)
    assert not belongs(PurePath("/nas/Alba (1999)/Brill.nfo"), item)
    assert not belongs(PurePath("/nas/Brill/movie.nfo"), item)
    assert not belongs(PurePath("/nas/movie.nfo"), Item("1"))


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("jellyfin", "write KIND=ADDRESS"),
        ("kody=http://nas", "unknown server 'kody'"),
        ("plex=ftp://nas", "is no address"),
        ("plex=http://me:secret@nas", "no key in the address"),
        ("plex=http://", "is no address"),
        ("plex=http://[", "is no address"),
        ("plex=http://nas:abc", "is no address"),
        ("plex=http://nas:99999", "is no address"),
        ("plex=http://nas/\u00fc", "is no address"),
        ("plex=http://nas/a b", "is no address"),
    ],
)
def test_what_is_no_server(text: str, reason: str) -> None:
    with pytest.raises(MediaError, match=reason) as error:
        parse_server(text)
    assert "secret" not in str(error.value)


def test_a_key_comes_from_the_environment_or_a_file(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv("GENREEL_PLEX_KEY")
    with pytest.raises(MediaError, match=r"put it into \$GENREEL_PLEX_KEY"):
        open_server("plex", "http://nas")
    file = tmp_path / "key"
    monkeypatch.setenv("GENREEL_PLEX_KEY_FILE", str(file))
    with pytest.raises(MediaError, match="_FILE cannot be read"):
        open_server("plex", "http://nas")
    file.write_text(f"{KEY}\n")
    assert open_server("plex", "http://nas").name == "plex"


def test_two_runs_at_once_are_refused(name: str, fake: Fake) -> None:
    first = ServerJournal(name, fake.address)
    with pytest.raises(MediaError, match="another genreel writes"):
        ServerJournal(name, fake.address)
    first.close()


@pytest.mark.parametrize("name", ["jellyfin"])
def test_the_command(
    name: str, fake: Fake, words_bundle: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    argv = ["remote", name, fake.address, "--model", str(words_bundle)]
    before = genres(fake)
    assert main([*argv, "--dry-run"]) == 0
    assert genres(fake) == before
    assert "1 would change" in capsys.readouterr().err
    assert main(argv) == 0
    assert genres(fake)["Alba"]
    assert main([*argv, "--undo"]) == 0
    assert genres(fake) == before
    said = capsys.readouterr()
    assert KEY not in said.out + said.err


@pytest.mark.parametrize("name", ["plex"])
def test_apply_refreshes_what_it_wrote(
    name: str, fake: Fake, words_bundle: Path, tmp_path: Path
) -> None:
    home = tmp_path / "Alba (1961)"
    home.mkdir()
    (home / "Alba (1961).mkv").touch()
    (home / "movie.nfo").write_text("<movie><title>Alba</title></movie>")
    told = tmp_path.with_name("told.jsonl")
    row = {"id": "Alba (1961)/Alba (1961)", "genres": ["War"], "scores": {"War": 0.9}}
    told.write_text(json.dumps(row))
    argv = ["apply", str(tmp_path), "--to", "nfo", "--predictions", str(told)]
    server = f"{name}={fake.address}"
    assert main([*argv, "--dry-run", "--refresh", server]) == 0
    assert fake.refreshed == []
    assert main([*argv, "--refresh", server]) == 0
    assert fake.refreshed == ["Alba"]
    assert main([*argv, "--refresh", server]) == 0
    assert fake.refreshed == ["Alba"]  # nothing changed
