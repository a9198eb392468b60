"""Hostile texts and years: records as a program, a JSON line or a form may give them."""

from __future__ import annotations

import json
from collections.abc import Callable
from random import Random
from typing import Any

from attacks.case import Case
from attacks.images import predictor
from attacks.mutate import damaged
from genreel.catalogue import movie_from_record
from genreel.errors import InputError

PLOT = "A sheriff is hired to hold a town while two brothers dig for gold in the hills above it."
MIB = 2**20


def attempt(case: Case) -> bool:
    """Whether a record gives scores; otherwise its prediction must say what is in error."""
    record = json.loads(case.files["record.json"])
    for name, text in record.items():
        if isinstance(text, dict) and set(text) == {"digits"}:
            record[name] = 10 ** int(text["digits"])  # which JSON does not hold
    [prediction] = predictor().predict_many([record])
    assert bool(prediction.scores) or bool(prediction.error), prediction
    json.dumps(prediction.to_dict(), allow_nan=False)
    movie = movie_from_record(record, "film", extra=True)
    assert "\n" not in movie.problem
    try:
        predictor().predict(**{k: record[k] for k in ("plot", "title", "year") if k in record})
    except InputError:
        return False
    return True


def case(random: Random, number: int) -> Case:
    """A record written by hand, or texts with drawn damage."""
    if number < len(ATTACKS):
        name, record = ATTACKS[number]
    else:
        name, record = "drawn", _drawn(random)
    return Case(name, {"record.json": json.dumps(record).encode()})


def _drawn(random: Random) -> dict[str, Any]:
    record: dict[str, Any] = {"id": "film"}
    for name in ("plot", "title", "year", "genres", "id", "split", "poster"):
        if random.random() < 0.6:
            record[name] = random.choice(_MAKERS)(random)
    return record


def _text(random: Random) -> str:
    words = [random.choice((*PLOT.split(), *_ODD)) for _ in range(random.choice((1, 8, 300, 5000)))]
    return random.choice((" ", "", "\n", "\u200b")).join(words)


def _broken(random: Random) -> str:
    return damaged(random, (PLOT * 3).encode()).decode("utf-8", random.choice(_HANDLERS))


def _any(random: Random) -> str:
    return "".join(chr(random.randrange(0x110000)) for _ in range(random.choice((1, 20, 3000))))


def _number(random: Random) -> Any:
    return random.choice((1953, 1953.0, -1, 0, 1e308, 2**63, 10**300, True, 1953.5, "1953", "MCM"))


def _nested(random: Random) -> Any:
    return random.choice(([], [[]], {}, {"a": [1]}, ["War", 3], ["War"] * 5000, [None], ["\ud800"]))


_HANDLERS = ("replace", "surrogateescape", "ignore", "backslashreplace")
_MAKERS: tuple[Callable[[Random], Any], ...] = (_text, _text, _broken, _any, _number, _nested)
_ODD = (
    *("\0", "\ud800", "\udfff", "\u202e", "\u2066", "\ufeff", "\ufffd", "\x1b[31m", "\r\n"),
    *("&amp;", "&#0;", "&#x110000;", "&" * 40, "<script>", "'; DROP TABLE films; --", "{{7*7}}"),
    *(
        "e\u0301\u0302\u0303\u0304" * 20,
        "ß" * 40,
        "İ",
        "ﷺ",
        "👩‍👩‍👧‍👦",
        "क्‍ष",
        "１９５３",
        "%s%n%x",
        "../..",
    ),
)


def _plot(text: Any) -> dict[str, Any]:
    return {"id": "film", "plot": text}


_LONG = (
    ("one word", "x"),
    ("words", "sheriff "),
    ("letters", "a "),
    ("entities", "&amp;"),
    ("half an entity", "&"),
    ("numbered entities", "&#x1F600;"),
    ("accents", "a\u0301"),
    ("marks", "\u0316\u0301"),
    ("dotted capitals", "İ"),
    ("ligatures", "ﷺ"),
    ("lines", "\n"),
    ("blanks", " "),
    ("NULs", "\0"),
    ("surrogates", "\ud800"),
    ("digits", "9"),
    ("bars", "|"),
)

ATTACKS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("nothing", {}),
    ("nulls", dict.fromkeys(("id", "plot", "title", "year", "poster", "genres"))),
    *((f"10 MiB of {name}", _plot(text * (10 * MIB // len(text)))) for name, text in _LONG),
    *((f"100,000 characters of {n}", _plot((t * 100_000)[:100_000])) for n, t in _LONG),
    *((f"a title of {n}", {"title": (t * 100_000)[:100_000]}) for n, t in _LONG),
    *((f"a genre of {n}", {"plot": PLOT, "genres": (t * MIB)[:MIB]}) for n, t in _LONG),
    *((f"a year of {n}", {"plot": PLOT, "year": (t * MIB)[:MIB]}) for n, t in _LONG),
    ("a number of 5,000 digits", {"plot": f"{PLOT} &#{'9' * 5_000};"}),
    ("a year of 5,000 digits", {"plot": PLOT, "year": {"digits": 5000}}),
    ("an id of 5,000 digits", {"plot": PLOT, "id": {"digits": 5000}}),
    ("a plot of 5,000 digits", {"plot": {"digits": 5000}}),
    ("a year that is not", {"plot": PLOT, "year": float("nan")}),
    ("a year without end", {"plot": PLOT, "year": float("inf")}),
    ("unknown genres", {"plot": PLOT, "genres": [f"x{k}" for k in range(100_000)]}),
    ("a mark", {"plot": PLOT, "genres": "War", "genreel": "[" * 100_000}),
    ("a mark of NaN", {"plot": PLOT, "genres": "War", "genreel": '{"genres": NaN}'}),
    ("a poster elsewhere", {"plot": PLOT, "poster": "/dev/zero"}),
    ("a poster that is a pipe", {"plot": PLOT, "poster": "/dev/stdin"}),
    ("a poster of NULs", {"plot": PLOT, "poster": "\0"}),
    ("a poster's long path", {"plot": PLOT, "poster": "x/" * 100_000}),
)
