"""Memory that is kept between the steps of training."""

from __future__ import annotations

import platform
import subprocess
import sys

import pytest

from genreel.lab.networks import memory

FAULTS = """
import resource
import torch
from genreel.lab.networks.memory import keep_freed_memory
def faults():
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt
def print_faults():
    for step in range(12):
        if step == 8:  # blocks have found their places by then
            before = faults()
        blocks = [torch.ones(8, 1 << 20) for _ in range(4)]
        del blocks
    print(faults() - before)
print_faults()
assert keep_freed_memory()
print_faults()
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc can be told to")
def test_freed_blocks_are_used_again() -> None:
    ran = subprocess.run([sys.executable, "-c", FAULTS], capture_output=True, text=True, check=True)
    given_back, kept = map(int, ran.stdout.split())
    assert given_back > 100
    assert kept < given_back / 10


def test_other_systems_are_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory.sys, "platform", "darwin")
    assert not memory.keep_freed_memory()
    monkeypatch.setattr(memory.sys, "platform", "linux")
    monkeypatch.setattr(memory.ctypes, "CDLL", lambda name: object())
    assert not memory.keep_freed_memory()
