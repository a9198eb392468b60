"""An audit as one HTML page that needs nothing but itself: no script, no network."""

from __future__ import annotations

import base64
import io
from collections.abc import Iterator
from html import escape

from genreel.audit.findings import GENRE_KINDS, KINDS, Finding
from genreel.audit.report import Report
from genreel.catalogue import Movie
from genreel.errors import GenreelError
from genreel.posters import open_poster

_MOST = 500  # findings of a kind; all are in the CSV
_PICTURES = 200  # posters, of about 4 kB each
_SIZE = (80, 120)

_STYLE = """
:root{color-scheme:light dark;--ink:#1c1b1a;--paper:#faf8f5;--line:#ddd6cc;--soft:#6b645b;
--bad:#a3261b;--good:#1f6b3a;--card:#fff}
@media(prefers-color-scheme:dark){:root{--ink:#ece7df;--paper:#191714;--line:#3a352e;
--soft:#a79e92;--bad:#ff9a8d;--good:#7fd69b;--card:#221f1b}}
body{margin:0;background:var(--paper);color:var(--ink);font:16px/1.5 system-ui,sans-serif}
main{max-width:62rem;margin:auto;padding:1.5rem 1rem 4rem}
h1{font-size:1.7rem;margin:0 0 .25rem}h2{font-size:1.2rem;margin:2.5rem 0 .25rem}
p{margin:.25rem 0}.soft{color:var(--soft)}
nav ul{display:flex;flex-wrap:wrap;gap:.5rem;list-style:none;margin:1rem 0;padding:0}
nav a{display:block;padding:.25rem .75rem;border:1px solid var(--line);border-radius:2rem;
background:var(--card);color:inherit;text-decoration:none}
nav a:hover{border-color:var(--ink)}
ol{list-style:none;margin:1rem 0 0;padding:0}
li.row{display:flex;gap:1rem;padding:.75rem;margin-bottom:.5rem;border:1px solid var(--line);
border-radius:.5rem;background:var(--card)}
li.row img{width:40px;height:60px;object-fit:cover;border-radius:.25rem;flex:none}
li.row h3{font-size:1rem;margin:0}li.row div{min-width:0;flex:1;overflow-wrap:anywhere}
.sure{flex:none;min-width:3.5rem;text-align:right;font-variant-numeric:tabular-nums}
.sure b{display:block;font-size:1.15rem}
.genres span{display:inline-block;margin:.15rem .25rem .15rem 0;padding:0 .5rem;
border:1px solid var(--line);border-radius:2rem;font-size:.875rem}
.genres .bad{color:var(--bad);border-color:currentColor;text-decoration:line-through}
.genres .good{color:var(--good);border-color:currentColor}
"""


def page_of(report: Report, title: str) -> str:
    """The page: what was found, by kind, the surest first.

    Args:
        report: the audit.
        title: of the page, such as the name of the library.
    """
    movies = {movie.id: movie for movie in report.judgement.movies}
    counts = report.counts()
    links = "".join(
        f'<li><a href="#{_slug(kind)}">{escape(kind)} <b>{count:,}</b></a></li>'
        for kind, count in counts.items()
    )
    sections = "".join(_section(kind, report, movies) for kind in counts)
    nothing = "" if counts else "<p>Nothing looks wrong.</p>"
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        '<meta http-equiv="Content-Security-Policy" content="default-src \'none\'; '
        "style-src 'unsafe-inline'; img-src data:\">"
        f"<title>Audit of {escape(title)}</title><style>{_STYLE}</style></head>\n<body><main>"
        f"<h1>Audit of {escape(title)}</h1>"
        f'<p class="soft">{len(movies):,} movies. A percentage is how probable it is that two '
        "public sources would disagree with what stands there.</p>"
        f'<nav aria-label="Kinds of findings"><ul>{links}</ul></nav>{nothing}{sections}'
        "</main></body></html>\n"
    )


def _section(kind: str, report: Report, movies: dict[str, Movie]) -> str:
    findings = [finding for finding in report.findings if finding.kind == kind]
    rest = len(findings) - _MOST
    more = f'<p class="soft">{rest:,} more are in the table.</p>' if rest > 0 else ""
    rows = "".join(_rows(findings[:_MOST], movies))
    return (
        f'<section><h2 id="{_slug(kind)}">{escape(kind.capitalize())}</h2>'
        f'<p class="soft">{escape(KINDS[kind])}</p><ol>{rows}</ol>{more}</section>\n'
    )


def _rows(findings: list[Finding], movies: dict[str, Movie]) -> Iterator[str]:
    for number, finding in enumerate(findings):
        movie = movies.get(finding.id)
        picture = _picture(movie) if movie and number < _PICTURES else ""
        year = f" ({finding.year})" if finding.year else ""
        name = f"{finding.title}{year}" if finding.title else finding.id or finding.genre
        sure = ""
        if finding.kind in (*GENRE_KINDS, "other film's poster"):
            sure = f'<p class="sure"><b>{finding.sure:.0%}</b><span class="soft">sure</span></p>'
        yield (
            f'<li class="row">{picture}<div><h3 dir="auto">{escape(name)}</h3>'
            f'{_genres(finding)}<p class="soft">{escape(finding.why)}</p></div>{sure}</li>'
        )


def _genres(finding: Finding) -> str:
    """What stands there, with the genre that is wrong or missing."""
    if finding.kind == "two names" or not (finding.genres or finding.genre):
        return ""
    words = []
    for genre in finding.genres:
        is_wrong = finding.kind == "wrong genre" and genre == finding.genre
        words.append(
            f'<span class="bad">{escape(genre)}</span>'
            if is_wrong
            else f"<span>{escape(genre)}</span>"
        )
    if finding.kind == "missing genre":
        words.append(f'<span class="good">+ {escape(finding.genre)}</span>')
    return f'<p class="genres">{"".join(words)}</p>'


def _picture(movie: Movie) -> str:
    if movie.poster is None:
        return ""
    try:
        image = open_poster(movie.poster, _SIZE)
    except GenreelError:
        return ""
    image.thumbnail(_SIZE)
    file = io.BytesIO()
    image.convert("RGB").save(file, "JPEG", quality=70)
    data = base64.b64encode(file.getvalue()).decode()
    return f'<img alt="" src="data:image/jpeg;base64,{data}">'


def _slug(kind: str) -> str:
    return "".join(letter if letter.isalnum() else "-" for letter in kind)
