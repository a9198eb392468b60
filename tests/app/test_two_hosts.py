"""A run of Ray outlives one of its machines; two network namespaces stand for two of them."""

from __future__ import annotations

import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

from genreel.errors import GenreelError

BENCHMARKS = Path(__file__).parent.parent.parent / "benchmarks"

pytestmark = pytest.mark.skipif(
    find_spec("ray") is None, reason="no Ray; pip install 'genreel[scale]'"
)


def can_have_hosts() -> bool:
    """Whether this process may make network namespaces."""
    if not hasattr(os, "geteuid") or os.geteuid() or len(os.sched_getaffinity(0)) < 2:
        return False
    try:
        for verb in ("add", "delete"):
            subprocess.run(["ip", "netns", verb, "genreel-try"], check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError):
        return False
    return True


def test_a_run_begins_anew_where_a_machine_dies(monkeypatch: pytest.MonkeyPatch) -> None:
    from genreel.app import scale

    job = scale.Job(("movies.csv",), Path("out"))
    answers = [scale._HostLost("gone"), scale._HostLost("gone"), 7]

    def run(*_: object) -> int:
        answer = answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    monkeypatch.setattr(scale, "_run", run)
    assert scale._run_on_what_is_left(job, "") == 7
    answers += [scale._HostLost("gone")] * 9
    with pytest.raises(GenreelError, match="gone"):
        scale._run_on_what_is_left(job, "")
    assert len(answers) == 5  # after four


@pytest.mark.slow
def test_a_run_on_two_hosts_outlives_one(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not can_have_hosts():
        pytest.skip("network namespaces need root, `ip` and two cores")
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    monkeypatch.setenv("GENREEL_DATA", str(data))
    sys.modules.pop("two_hosts", None)
    import two_hosts

    with two_hosts.two_hosts(tmp_path) as hosts:
        films = two_hosts.write_catalogue(tmp_path, 300)
        [row] = two_hosts.ray_rows(hosts, tmp_path, films, [(2, 1)])
    assert (row["dies"], row["first_run"]) == ("host-2", "done")
    assert row["rows_that_differ"] <= 3  # by a rounding
