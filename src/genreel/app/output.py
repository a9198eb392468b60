"""Predictions and figures on standard output."""

from __future__ import annotations

import io
import json
import os
import re
import sys
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from genreel.characters import escape_controls, printable
from genreel.errors import GenreelError, MissingExtra
from genreel.formats.table import csv_text
from genreel.identification import Identification
from genreel.prediction import Prediction

if TYPE_CHECKING:
    from rich.console import Console

    from genreel.formats.names import Names
    from genreel.why import Area, Why


def write(
    predictions: Iterable[Prediction],
    form: str,
    genres: Sequence[str],
    top_k: int,
    with_films: bool = False,
    names: Names | None = None,
) -> None:
    """Writes predictions as they come.

    Args:
        predictions: a stream.
        form: "table", "json" (one array), "jsonl", "csv" or "parquet".
        genres: columns of scores in csv and parquet.
        top_k: scores that a row of the table shows.
        with_films: whether an index was asked which films they are, so that csv, parquet and the
            table have columns for it.
        names: what genres are called; None: genreel's names.
    """
    if names:
        genres = names(genres)
        predictions = _rename_all(predictions, names)
    _use_utf8()
    if form == "table":
        _write_table(predictions, top_k, with_films)
    elif form == "parquet":
        _write_parquet(predictions, genres, with_films)
    elif form == "csv":
        write_csv(_csv_rows(predictions, genres, with_films))
    else:
        sys.stdout.writelines(_TEXTS[form](predictions))


def write_csv(rows: Iterable[Iterable[Any]]) -> None:
    """Writes rows of a CSV table as they come; no cell holds what a terminal would obey."""
    _use_utf8()
    for row in rows:
        cells = (escape_controls(cell) if isinstance(cell, str) else cell for cell in row)
        sys.stdout.write(csv_text(cells))


def json_text(value: object, indent: int | None = None) -> str:
    """JSON in which nothing stands that a terminal would obey; `json` leaves the controls of
    Latin-1 as they are.
    """
    text = json.dumps(value, ensure_ascii=False, indent=indent)
    return re.sub("[\x7f-\x9f]", lambda match: f"\\u{ord(match[0]):04x}", text)


def _use_utf8() -> None:
    """A file is UTF-8 on every system; a file name that is not Unicode is written with escapes."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        encoding = None if sys.stdout.isatty() else "utf-8"
        sys.stdout.reconfigure(encoding=encoding, errors="backslashreplace")


def _rename_all(predictions: Iterable[Prediction], names: Names) -> Iterator[Prediction]:
    from genreel.formats.names import rename

    for prediction in predictions:
        yield rename(prediction, names)


def _json_lines(predictions: Iterable[Prediction]) -> Iterator[str]:
    for prediction in predictions:
        yield json_text(prediction.to_dict()) + "\n"


def _json_array(predictions: Iterable[Prediction]) -> Iterator[str]:
    opening = "[\n"
    for line in _json_lines(predictions):
        yield opening + line.rstrip("\n")
        opening = ",\n"
    yield "[]\n" if opening == "[\n" else "\n]\n"


def _csv_rows(
    predictions: Iterable[Prediction], genres: Sequence[str], with_films: bool
) -> Iterator[Iterable[Any]]:
    films = FILM_COLUMNS if with_films else ()
    yield ["id", "genres", *genres, "missing", "language", "error", *films]
    for prediction in predictions:
        cells = _flat(prediction, genres)
        if with_films:
            cells |= _film_cells(prediction)
            cells["source"] = "|".join(cells["source"])
        yield cells.values()


_TEXTS = {"json": _json_array, "jsonl": _json_lines}

FILM_COLUMNS = ("film", "title", "year", "probability", "source")
"""Columns of an identification: the accepted film, how probable the likeliest is, and who decided
each of the movie's genres, in their order.
"""


def _film_cells(prediction: Prediction) -> dict[str, Any]:
    """The values of FILM_COLUMNS."""
    one = prediction.identified or Identification()
    values = (one.film, one.title, one.year, one.probability)
    source = [prediction.source.get(genre, "model") for genre in prediction.genres]
    return dict(zip(FILM_COLUMNS, (*values, source), strict=True))


def _flat(prediction: Prediction, genres: Sequence[str]) -> dict[str, Any]:
    scores = {genre: prediction.scores.get(genre) for genre in genres}
    return {
        "id": prediction.id,
        "genres": "|".join(prediction.genres),
        **{g: None if score is None else round(score, 6) for g, score in scores.items()},
        "missing": "|".join(prediction.missing),
        "language": prediction.language,
        "error": prediction.error,
    }


def _write_parquet(
    predictions: Iterable[Prediction], genres: Sequence[str], with_films: bool
) -> None:
    if sys.stdout.isatty():
        raise GenreelError(
            "Parquet is binary; send it to a file: genreel predict … > genres.parquet"
        )
    try:
        import pyarrow as pa
        import pyarrow.parquet as pq
    except ModuleNotFoundError:
        raise MissingExtra("pyarrow", "parquet") from None
    text = pa.list_(pa.string())
    fields = [("id", pa.string()), ("genres", text)]
    fields += [(genre, pa.float32()) for genre in genres]
    fields += [("missing", text), ("language", pa.string()), ("error", pa.string())]
    if with_films:
        kinds = (pa.string(), pa.string(), pa.int32(), pa.float32(), text)
        fields += zip(FILM_COLUMNS, kinds, strict=True)
    schema = pa.schema(fields)

    def row(prediction: Prediction) -> dict[str, Any]:
        cells = {**prediction.scores, **prediction.to_dict(), **_film_cells(prediction)}
        for name in ("id", "error"):
            if cells[name]:  # a file name may hold what UTF-8 cannot
                cells[name] = cells[name].encode("utf-8", "backslashreplace").decode()
        return cells

    rows = map(row, predictions)
    with pq.ParquetWriter(sys.stdout.buffer, schema) as writer:
        while batch := [row for _, row in zip(range(4096), rows, strict=False)]:
            writer.write_table(pa.Table.from_pylist(batch, schema))


def _write_table(predictions: Iterable[Prediction], top_k: int, with_films: bool) -> None:
    """Rows of fixed widths, so that each can be printed as soon as it is predicted."""
    from rich.cells import set_cell_size
    from rich.text import Text

    console = _console()
    width = min(console.width, 140) if console.is_terminal else 120
    first = max(16, min(32, width // 4))
    second = max(20, min(36, width // 3))
    third = max(20, min(36, width // 4)) if with_films else 0
    film_heading = [(set_cell_size("FILM", third) + "  ", "bold")] if with_films else []
    console.print(
        Text.assemble(
            (set_cell_size("MOVIE", first) + "  ", "bold"),
            (set_cell_size("GENRES", second) + "  ", "bold"),
            *film_heading,
            ("HIGHEST SCORES", "bold"),
        )
    )
    for prediction in predictions:
        line = Text(set_cell_size(_fit(prediction.id, first), first) + "  ")
        if prediction.scores:
            genres = ", ".join(prediction.genres) or "none of these"
            style = "green" if prediction.genres else "dim"
            line.append(set_cell_size(_fit(genres, second), second) + "  ", style)
            scores = prediction.labels(top_k)
            if with_films:
                film = _fit(_film(prediction.identified), third)
                line.append(set_cell_size(film, third) + "  ")
            text = "  ".join(f"{s['label']} {s['score']:.2f}" for s in scores)
            line.append(printable(text), "dim")
        if prediction.error:
            line.append(("  " if prediction.scores else "") + printable(prediction.error), "red")
        console.print(line)
        for genre, why in (prediction.why or {}).items():
            console.print(Text(f"  {genre}: {_reasons(why)}", "cyan"))


def _film(identified: Identification | None) -> str:
    """The film that was accepted, or that none was."""
    if identified is None or not identified.title:
        return "not sure" if identified and identified.candidates else "—"
    year = f" ({identified.year})" if identified.year else ""
    return f"{identified.title}{year}, {100 * identified.probability:.0f} %"


def _reasons(why: Why) -> str:
    """Why a genre was predicted, in one line: words and places with their weights."""
    words = {_word(word.word): word.weight for word in why["words"]}
    reasons = [f"{word} +{weight:.1f}" for word, weight in words.items()]
    printed = {_word(word.word): word.weight for word in why.get("printed", ())}
    reasons += [f'printed "{word}" +{weight:.1f}' for word, weight in printed.items()]
    reasons += [f"poster {_place(area)} +{area.weight:.1f}" for area in why["areas"][:2]]
    return ", ".join(reasons) or "nothing in particular"


def _word(text: str) -> str:
    """A word as a terminal shows it: behind one that is written from right to left stands a mark,
    or its weight would be shown on its other side.
    """
    joiners = "\u200c\u200d"  # of Persian and Hindi; they are not printable by themselves
    letters = "".join(c if c in joiners else printable(c) for c in text)
    is_from_right = any(unicodedata.bidirectional(c) in ("R", "AL") for c in letters)
    return letters + "\u200e" * is_from_right


def _place(area: Area) -> str:
    """Where on the poster: top, middle or bottom, and left, centre or right."""
    down, right = (area.top + area.bottom) / 2, (area.left + area.right) / 2
    row = "top" if down < 1 / 3 else "bottom" if down > 2 / 3 else "middle"
    column = "left" if right < 0.3 else "right" if right > 0.7 else "centre"
    return f"{row} {column}"


def _console() -> Console:
    """Standard output; without colours where it is not a terminal, or NO_COLOR is set."""
    from rich.console import Console

    class Output(Console):
        def on_broken_pipe(self) -> None:
            raise BrokenPipeError  # as every other format does; rich would end the process

    # By itself, rich would still print bold and dim where NO_COLOR is set.
    return Output(
        highlight=False,
        soft_wrap=True,
        color_system=None if os.environ.get("NO_COLOR") else "auto",
    )


def _fit(text: str, width: int) -> str:
    """Printable text, cut to `width` cells with an ellipsis."""
    from rich.cells import cell_len, set_cell_size

    text = printable(text)
    return text if cell_len(text) <= width else set_cell_size(text, width - 1).rstrip() + "…"


def print_figures(cases: Mapping[str, Any]) -> None:
    """The headline figures of an evaluation, a row per input case."""
    from rich.table import Table

    table = Table("inputs", box=None, header_style="bold")
    columns = {
        "movies": "movies",
        "macro_roc_auc": "ROC AUC",
        "macro_average_precision": "AP",
        "macro_f1": "F1 macro",
        "micro_f1": "F1 micro",
        "log_loss": "log loss",
    }
    for heading in columns.values():
        table.add_column(heading, justify="right")
    for case, figures in cases.items():
        cells = [figures[column] for column in columns]
        table.add_row(case, *map(_figure, cells))
    _console().print(table)


def _figure(value: float | int | None) -> str:
    if value is None:  # undefined, such as a ROC AUC without a positive
        return "—"
    return f"{value:.3f}" if isinstance(value, float) else f"{value:,}"


def print_decades(cells: Sequence[Any]) -> None:
    """Macro ROC AUC: a row per training decade, a column per test decade."""
    from rich.table import Table

    columns = list(dict.fromkeys(cell.tested_on for cell in cells))
    table = Table("trained on", box=None, header_style="bold")
    for column in columns:
        table.add_column(column, justify="right")
    for row in dict.fromkeys(cell.trained_on for cell in cells):
        values = {c.tested_on: c.macro_roc_auc for c in cells if c.trained_on == row}
        table.add_row(row, *(_figure(values[name]) if name in values else "" for name in columns))
    _console().print(table)


def print_leaderboard(rows: Sequence[Mapping[str, Any]]) -> None:
    """Recipes, best first: our figures with their intervals, and the source's."""
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    table = Table("recipe", "inputs", box=None, header_style="bold")
    for heading in ("ROC AUC", "95 %", "AP", "F1 macro", "F1 micro", "seconds"):
        table.add_column(heading, justify="right")
    table.add_column("reported by the source")
    for row in rows:
        if row["error"]:
            table.add_row(row["recipe"], "", "", "", "", "", "", "", escape(row["error"]))
            continue
        low, high = row.get("macro_roc_auc_low"), row.get("macro_roc_auc_high")
        figures = ("macro_roc_auc", "macro_average_precision", "macro_f1", "micro_f1")
        auc, *rest = ("—" if row[name] is None else f"{row[name]:.3f}" for name in figures)
        spread = "—" if low is None else f"{low:.3f}–{high:.3f}"
        seconds = f"{row['training_seconds']:,.0f}"
        table.add_row(
            row["recipe"], row["case"], auc, spread, *rest, seconds, escape(row["reported"])
        )
    Console().print(table)
