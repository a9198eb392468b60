"""A CSV file whose cells are changed by their place; every other byte stays."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

from genreel.errors import CatalogueError
from genreel.formats.table import safe_cell
from genreel.tables import MAX_CELL


@dataclass(frozen=True)
class Row:
    """One row of a CSV file.

    Attributes:
        number: from 1, as `Catalogue` counts; 0 for the header and for blank lines.
        text: its characters, line end included.
        cells: what it holds; None where it cannot be read or its cells do not fit the header.
    """

    number: int
    text: str
    cells: Sequence[str] | None


class Cells:
    """A CSV file as rows, in UTF-8, UTF-16 (by its mark) or Windows-1252.

    Args:
        data: the file.
        names: of columns, in lower case; the delimiter is that which shows most of them.

    Raises:
        CatalogueError: it has no header that can be read.
    """

    def __init__(self, data: bytes, names: Collection[str]) -> None:
        text, self.encoding = decode_table(data)
        self._start = "\ufeff" if text.startswith("\ufeff") else ""
        # Line ends stay as they are, and each of \r\n, \n and \r ends a line.
        lines = list(io.StringIO(text.removeprefix(self._start), newline=""))
        self.delimiter = _delimiter(lines[0] if lines else "", names)
        csv.field_size_limit(MAX_CELL)
        reader = csv.reader(lines, strict=True, delimiter=self.delimiter)
        try:
            self.columns: Sequence[str] = next(reader, [])
        except csv.Error as error:
            raise CatalogueError(f"{error}; is it really a CSV file?") from None
        self.header = Row(0, "".join(lines[: reader.line_num]), self.columns)
        self.rows = list(_rows(reader, lines, len(self.columns)))

    def places(self, *names: str) -> list[int]:
        """Where columns of these names stand, in capitals or not."""
        return [i for i, name in enumerate(self.columns) if name.strip().lower() in names]

    def place(self, *names: str) -> int | None:
        """Where the one column of these names stands; None where there is none.

        Raises:
            CatalogueError: there are several.
        """
        places = self.places(*names)
        if len(places) > 1:
            raise CatalogueError(f"several columns {names[0]!r}; keep one of them")
        return places[0] if places else None

    def with_texts(
        self,
        changes: Mapping[int, Mapping[int, str]],
        columns: Sequence[str] = (),
        *,
        safe_cells: bool = False,
    ) -> bytes:
        """The file with some cells changed.

        Args:
            changes: number of a row → place of a cell → its text.
            columns: further ones, behind those of the file.
            safe_cells: whether other cells of changed rows are made safe for spreadsheets.

        Raises:
            CatalogueError: a text cannot be written in the file's encoding.
        """
        first = len(self.columns)
        extra = dict(enumerate(columns, first))
        new = [self._start, self._row(self.header, extra, extra, False)]
        for row in self.rows:
            if row.cells is None:
                new.append(row.text)
            else:
                new.append(self._row(row, changes.get(row.number, {}), extra, safe_cells))
        return encode_table("".join(new), self.encoding)

    def _row(
        self, row: Row, texts: Mapping[int, str], extra: Collection[int], safe_cells: bool
    ) -> str:
        if not texts and not extra:
            return row.text
        end = row.text[len(row.text.rstrip("\r\n")) :]
        body = row.text.removesuffix(end)
        cells = row.cells or ()
        if texts:
            raw = _split(body, self.delimiter)
            whole = all(cell.startswith('"') for cell in raw)
            for place, cell in enumerate(cells):
                text = texts.get(place, cell)
                text = safe_cell(text) if safe_cells else text
                if text != cell:
                    raw[place] = self._cell(text, raw[place].startswith('"'))
            raw += [self._cell(texts[place], whole) if place in texts else "" for place in extra]
            return self.delimiter.join(raw) + end
        return body + self.delimiter * len(extra) + end

    def _cell(self, text: str, in_quotes: bool) -> str:
        if in_quotes or any(c in text for c in (self.delimiter, '"', "\r", "\n")):
            return '"' + text.replace('"', '""') + '"'
        return text


def _rows(reader: Iterator[list[str]], lines: Sequence[str], width: int) -> Iterator[Row]:
    # Blank lines that follow each other are one row: a file may hold a million.
    start = at = reader.line_num  # type: ignore[attr-defined]
    number = 0
    while at < len(lines):
        cells: list[str] | None
        try:
            cells = next(reader)
        except StopIteration:
            break
        except csv.Error:
            cells = None
        start_of_row, at = at, reader.line_num  # type: ignore[attr-defined]
        if cells == []:
            continue
        if start < start_of_row:
            yield Row(0, "".join(lines[start:start_of_row]), None)
        number += 1
        text = "".join(lines[start_of_row:at])
        yield Row(number, text, cells if cells and len(cells) == width else None)
        start = at
    if start < at:
        yield Row(0, "".join(lines[start:at]), None)


def _delimiter(header: str, names: Collection[str]) -> str:
    def count(delimiter: str) -> int:
        cells = (cell.strip(' "\r\n').lower() for cell in header.split(delimiter))
        return sum(cell in names for cell in cells)

    return max(",;\t", key=count)


def _split(row: str, delimiter: str) -> list[str]:
    """Cells of a row as they are written, quotes included; the row was read before."""
    cell = re.compile(rf'"[^"]*(?:""[^"]*)*"|[^{re.escape(delimiter)}]*')
    cells, at = [], 0
    while True:
        match = cell.match(row, at)
        text = match[0] if match else ""
        cells.append(text)
        at += len(text) + 1
        if at > len(row):
            return cells


def decode_table(data: bytes) -> tuple[str, str]:
    """Text of a table and its encoding, from which `encode_table` makes the same bytes again.

    Raises:
        CatalogueError: half a character of UTF-16.
    """
    for start, encoding in ((b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be")):
        if data.startswith(start):
            try:
                return data.decode(encoding, "surrogatepass"), encoding
            except UnicodeDecodeError:
                raise CatalogueError("not whole in UTF-16; save it as UTF-8") from None
    text = data.decode("utf-8", "surrogateescape")
    # With a character of several bytes it is UTF-8, in which some other bytes are wrong.
    if data.isascii() or re.search("[^\0-\x7f\udc80-\udcff]", text):
        return text, "utf-8"
    return data.decode("cp1252", "surrogateescape"), "cp1252"


def encode_table(text: str, encoding: str) -> bytes:
    """Bytes of a text that `decode_table` gave, with some of it changed.

    Raises:
        CatalogueError: the encoding lacks a character.
    """
    lenient = "surrogatepass" if encoding.startswith("utf-16") else "surrogateescape"
    try:
        return text.encode(encoding, lenient)
    except UnicodeEncodeError as error:
        raise CatalogueError(
            f"{text[error.start]!r} cannot be written in {encoding}; save the table as UTF-8"
        ) from None
