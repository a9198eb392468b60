"""JSON lines whose members are changed by their place; every other byte stays."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from genreel.tables import read_json_lines

_SPACE = re.compile(r"[ \t\n\r]*")


@dataclass(frozen=True)
class Member:
    """A member of a JSON object: its key, and where in the text its value begins and ends."""

    key: str
    start: int
    end: int


def edit_lines(
    data: bytes, decide: Callable[[int, Mapping[str, Any]], Mapping[str, Any] | None]
) -> bytes:
    """JSON lines with some values changed; a line that cannot be read stays.

    Args:
        data: the lines.
        decide: number of a line, from 1, and its object → key → new value; None: no change.
    """
    lines = []
    for number, line in enumerate(io.BytesIO(data), 1):
        for _, record in read_json_lines(io.BytesIO(line)):
            change = decide(number, record) if isinstance(record, dict) else None
            if change is not None:
                line = _with_values(line, change)
        lines.append(line)
    return b"".join(lines)


def _with_values(line: bytes, change: Mapping[str, Any]) -> bytes:
    text = line.decode()
    first, members = _members(text)
    # Members that are added look like those of the line: `"key": value, ` or `"key":value,`.
    colon = ": " if not members or text[members[0].start - 1].isspace() else ":"
    comma = ", " if colon == ": " else ","
    spans, new_members = [], ""
    for key, value in change.items():
        # Of a key that is there twice, every reader of Python's takes the last.
        place = next((m for m in reversed(members) if m.key == key), None)
        if place:
            spans.append((place.start, place.end, _text(value)))
        else:
            before = comma if members or new_members else ""
            new_members += f"{before}{_text(key)}{colon}{_text(value)}"
    end = members[-1].end if members else first
    spans.append((end, end, new_members))
    for start, stop, new in sorted(spans, key=lambda span: span[0], reverse=True):
        text = text[:start] + new + text[stop:]
    return text.encode()


def _text(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    try:
        text.encode()
    except UnicodeEncodeError:  # half a character, which JSON can spell and UTF-8 cannot
        return json.dumps(value)
    return text


def _members(text: str) -> tuple[int, list[Member]]:
    """Where the first member of a line's object begins, and all of them."""
    decoder = json.JSONDecoder()

    def after_space(at: int) -> int:
        space = _SPACE.match(text, at)
        return space.end() if space else at

    first = at = text.index("{") + 1
    at = after_space(at)
    members = []
    while text[at] != "}":
        key, at = decoder.raw_decode(text, at)
        start = after_space(after_space(at) + 1)  # behind the colon
        _, end = decoder.raw_decode(text, start)
        members.append(Member(key, start, end))
        at = after_space(end)
        if text[at] == ",":
            at = after_space(at + 1)
    return first, members
