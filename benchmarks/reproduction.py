"""Writes docs/reproduction.md from the tables of results/."""

from __future__ import annotations

from pathlib import Path


def write_page(results: Path) -> None:
    """Writes the page."""
