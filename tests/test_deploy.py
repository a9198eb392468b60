"""Container and units: what they run is a command line of genreel, and they can do little else."""

from __future__ import annotations

import configparser
import json
import re
import shlex
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from genreel.app.cli import build_parser

ROOT = Path(__file__).parents[1]
UNITS = sorted((ROOT / "deploy").glob("*.service"))
HEALTH = "http://127.0.0.1:8750/health/ready"


def instructions() -> list[tuple[str, str]]:
    """The Dockerfile's, each in one line."""
    text = re.sub(r"\\\n\s*", " ", (ROOT / "Dockerfile").read_text(encoding="utf-8"))
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    return [(line.split(maxsplit=1)[0], line.split(maxsplit=1)[1]) for line in lines]


def parsed(argv: list[str]) -> dict[str, Any]:
    """The options of a command line; the test fails where it is none."""
    assert argv[0].rpartition("/")[2] == "genreel"
    return vars(build_parser().parse_args(argv[1:]))


def test_the_image_serves_as_nobody_in_particular() -> None:
    last = dict(instructions())
    options = parsed([*json.loads(last["ENTRYPOINT"]), *json.loads(last["CMD"])])
    assert (options["host"], options["port"]) == ("0.0.0.0", int(last["EXPOSE"]))
    assert last["USER"] == "1000"
    assert HEALTH in last["HEALTHCHECK"]
    assert "GENREEL_STORE=/data/films.db" in last["ENV"] and last["VOLUME"] == "/data"


def test_the_image_gets_what_it_copies_and_extras_that_exist() -> None:
    ignored = (ROOT / ".dockerignore").read_text(encoding="utf-8").split()
    [install] = [text for name, text in instructions() if name == "RUN" and "pip install" in text]
    extras = set(re.search(r"\.\[(.*)\]", install)[1].split(","))  # type: ignore[index]
    project = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    assert all(re.search(rf"^{extra} = \[", project, re.MULTILINE) for extra in extras)
    copied = [text.split()[:-1] for name, text in instructions() if name == "COPY"]
    for source in (one for sources in copied for one in sources if not one.startswith(("-", "/"))):
        assert (ROOT / source).exists() and f"!{source}" in ignored


def test_compose_runs_both_and_looks_after_them() -> None:
    yaml = pytest.importorskip("yaml")
    compose = yaml.safe_load((ROOT / "compose.yaml").read_text(encoding="utf-8"))
    services = compose["services"]
    assert set(services) == {"serve", "watch"}
    for service in services.values():
        assert service["read_only"] and service["cap_drop"] == ["ALL"]
        assert service["restart"] == "unless-stopped" and service["healthcheck"]["test"]
        for volume in service["volumes"]:
            name = volume.partition(":")[0]
            assert name in compose["volumes"] or name.startswith("$")
    serve, watch = services["serve"], services["watch"]
    assert serve["ports"] == ["127.0.0.1:8750:8750"]  # this machine alone
    assert HEALTH in serve["healthcheck"]["test"][-1]
    assert serve["environment"]["GENREEL_TOKEN"].startswith("${GENREEL_TOKEN:?")
    assert watch["depends_on"]["serve"]["condition"] == "service_healthy"
    assert parsed(["genreel", *watch["command"]])["folder"] == Path("/library")
    assert watch["stop_signal"] == "SIGINT"


@pytest.mark.parametrize("unit", UNITS, ids=[unit.stem for unit in UNITS])
def test_a_unit_runs_a_command_and_writes_where_it_may(unit: Path) -> None:
    config = configparser.RawConfigParser(strict=False, comment_prefixes=("#",))
    config.optionxform = str  # type: ignore[assignment,method-assign]
    config.read(unit)
    service = config["Service"]
    options = parsed(shlex.split(service["ExecStart"].replace("%f", "/srv/films")))
    assert service["Restart"] == "on-failure"
    for rule in ("NoNewPrivileges", "PrivateTmp"):
        assert service[rule] == "yes"
    assert service["ProtectSystem"] == "strict"
    if "folder" in options:
        assert options["folder"] == Path("/srv/films")
        assert service["ReadWritePaths"] == "%f"
        assert (service["KillSignal"], service["SuccessExitStatus"]) == ("SIGINT", "130")
    else:
        assert options["host"] == "127.0.0.1"


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="no systemd")
@pytest.mark.parametrize("unit", UNITS, ids=[unit.stem for unit in UNITS])
def test_systemd_takes_a_unit(unit: Path, tmp_path: Path) -> None:
    program = shutil.which("true")
    assert program
    text = unit.read_text(encoding="utf-8").replace("/opt/genreel/bin/genreel", program)
    copy = tmp_path / unit.name.replace("@", "@srv-films")
    copy.write_text(text)
    done = subprocess.run(["systemd-analyze", "verify", copy], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.skipif(not shutil.which("hadolint"), reason="no hadolint")
def test_the_dockerfile_is_linted() -> None:
    subprocess.run(["hadolint", ROOT / "Dockerfile"], check=True)
