"""Pages from templates; each is one file that needs no network and no other file."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

import genreel
from genreel.lab.evaluation.figures import figure_text


def render(template: str, values: Mapping[str, Any]) -> str:
    """A page as HTML: a template of this folder, filled in with values.

    Every text among the values is escaped; figures of `plots` are put in as they are.
    """
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["figure"] = figure_text
    page = environment.get_template(template).render(values, version=genreel.__version__)
    return page + "\n"
