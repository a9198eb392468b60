"""Progress of long work on stderr, with the time that is left."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator
from typing import TypeVar

from genreel.errors import one_line

T = TypeVar("T")


def is_first_process() -> bool:
    """Whether this is the first, or only, process of a training; `torchrun` numbers them."""
    return os.environ.get("RANK", "0") == "0"


def progress(items: Iterable[T], what: str, total: int | None = None) -> Iterator[T]:
    """Passes `items` on and shows how far it is; silent where stderr is not a terminal."""
    if not sys.stderr.isatty() or not is_first_process():
        yield from items
        return
    # Loaded only where something is shown, as it would take a tenth of a cold start.
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )

    bar = Progress(
        TextColumn(what),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
        console=Console(stderr=True),
        transient=True,
        redirect_stdout=False,  # standard output is for data, and may go to a file
    )
    with bar:
        yield from bar.track(items, total=total)


def say(message: str) -> None:
    """One line to stderr; of several processes of one training, the first speaks."""
    if is_first_process():
        print(one_line(message), file=sys.stderr, flush=True)
