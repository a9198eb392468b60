"""Plots as inline SVG: their colours are CSS variables, which STYLE gives in light and dark."""

from __future__ import annotations

import html
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

STYLE = """
:root {
  color-scheme: light dark;
  --paper: #fbfaf8; --card: #ffffff; --ink: #1d1c1a; --muted: #6a665f; --line: #e4e0d8;
  --accent: #b3432b; --on-accent: #fff; --good: #2c7a4b;
  --all: #55524c; --both: #b3432b; --plot: #1f6f8b; --poster: #8a6a12;
  --mark: 255 176 59;
}
@media (prefers-color-scheme: dark) {
  :root {
    --paper: #161513; --card: #1f1e1b; --ink: #ece8e1; --muted: #a09a8f; --line: #35322d;
    --accent: #ee8368; --on-accent: #1b100c; --good: #74c794;
    --all: #b9b3a8; --both: #ee8368; --plot: #63bcd9; --poster: #d8b04a;
    --mark: 214 140 28;
  }
}
svg.plot { font: 11px system-ui, sans-serif; fill: currentColor; max-width: 100%; height: auto;
  overflow: visible; }
svg.plot .grid { stroke: var(--line); fill: none; }
svg.plot .faint { stroke: var(--muted); stroke-dasharray: 3 3; fill: none; }
svg.plot .muted { fill: var(--muted); }
svg.plot .name { font-weight: 600; }
svg.plot .line { fill: none; stroke-width: 1.8; stroke-linejoin: round; }
"""

Point = tuple[float, float]


@dataclass(frozen=True)
class Whisker:
    """A figure with its interval; `colour` is CSS."""

    name: str
    value: float
    low: float
    high: float
    colour: str = "var(--accent)"
    note: str = ""


def svg(width: float, height: float, parts: Iterable[str], label: str) -> str:
    """A whole SVG element; `label` is what a screen reader says."""
    return (
        f'<svg class="plot" role="img" aria-label="{html.escape(label)}" '
        f'viewBox="0 0 {width:g} {height:g}" width="{width:g}" height="{height:g}" '
        f'xmlns="http://www.w3.org/2000/svg">{"".join(parts)}</svg>'
    )


def text(x: float, y: float, words: str, anchor: str = "start", kind: str = "") -> str:
    """Words at a place."""
    place = f'x="{x:g}" y="{y:g}" text-anchor="{anchor}" class="{kind}"'
    return f"<text {place}>{html.escape(words)}</text>"


def polyline(points: Sequence[Point], colour: str, title: str = "") -> str:
    """A line through points."""
    path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    hint = f"<title>{html.escape(title)}</title>" if title else ""
    return f'<polyline class="line" style="stroke:{colour}" points="{path}">{hint}</polyline>'


def whiskers(rows: Sequence[Whisker], low: float, high: float, label: str) -> str:
    """One row a figure: a dot in its interval, on an axis from `low` to `high`."""
    left, right, step = 118, 380, 22
    bottom = 8 + step * len(rows)

    def x(value: float) -> float:
        return left + (min(max(value, low), high) - low) / (high - low) * (right - left)

    ticks = [low + (high - low) * i / 5 for i in range(6)]
    parts = [
        f'<path class="grid" d="M{x(tick):.1f} 4V{bottom}"/>'
        + text(x(tick), bottom + 13, f"{tick:.2g}", "middle", "muted")
        for tick in ticks
    ]
    for i, row in enumerate(rows):
        y = 8 + step * i + step / 2
        parts += [
            text(left - 10, y + 4, row.name, "end"),
            f'<path d="M{x(row.low):.1f} {y}H{x(row.high):.1f}" stroke-width="5" '
            f'stroke-linecap="round" style="stroke:{row.colour};opacity:.3"/>'
            f'<circle cx="{x(row.value):.1f}" cy="{y}" r="4.5" style="fill:{row.colour}">'
            f"<title>{row.value:.3f} ({row.low:.3f}–{row.high:.3f})</title></circle>",
            text(right + 12, y + 4, f"{row.value:.3f}  {row.note}"),
        ]
    return svg(right + 110, bottom + 20, parts, label)


def panel(
    title: str,
    note: str,
    lines: Mapping[str, Sequence[Point]],
    axes: tuple[str, str],
    diagonal: bool,
) -> str:
    """A small square plot of lines in the unit square; colour → points."""
    left, top, side = 26, 22, 120

    def place(point: Point) -> Point:
        return left + point[0] * side, top + (1 - point[1]) * side

    parts = [
        text(left, 13, title, kind="name"),
        text(left + side, 13, note, "end", "muted"),
        f'<rect class="grid" x="{left}" y="{top}" width="{side}" height="{side}"/>',
        f'<path class="grid" d="M{left} {top + side / 2}h{side}M{left + side / 2} {top}v{side}"/>',
        text(left - 4, top + 8, "1", "end", "muted"),
        text(left - 4, top + side, "0", "end", "muted"),
        text(left + side, top + side + 13, "1", "end", "muted"),
        text(left + side / 2, top + side + 13, axes[0], "middle", "muted"),
        f'<text transform="translate({left - 8} {top + side / 2}) rotate(-90)" '
        f'text-anchor="middle" class="muted">{html.escape(axes[1])}</text>',
    ]
    if diagonal:
        parts.append(f'<path class="faint" d="M{left} {top + side}L{left + side} {top}"/>')
    parts += [polyline([place(p) for p in points], colour) for colour, points in lines.items()]
    return svg(left + side + 6, top + side + 20, parts, f"{title}: {axes[1]} over {axes[0]}")


def heatmap(
    names: Sequence[str],
    columns: Sequence[str],
    cells: Sequence[Sequence[float | None]],
    label: str,
    digits: int = 0,
    scale: tuple[float, float] = (0.0, 1.0),
) -> str:
    """Shares as shades; a cell that is None stays empty. `digits` 0 writes them as per cent."""
    size, left, top = (24, 92, 86) if len(columns) > 12 else (44, 92, 76)
    parts = []
    for c, name in enumerate(columns):
        x = left + c * size + size / 2 + 4
        parts.append(
            f'<text transform="translate({x:g} {top - 6}) rotate(-55)">{html.escape(name)}</text>'
        )
    for r, (name, row) in enumerate(zip(names, cells, strict=True)):
        y = top + r * size
        parts.append(text(left - 8, y + size / 2 + 4, name, "end"))
        for c, value in enumerate(row):
            if value is None:
                continue
            depth = min(max((value - scale[0]) / (scale[1] - scale[0]), 0), 1)
            shown = f"{value * 100:.0f}" if not digits else f"{value:.{digits}f}"
            hint = f"{name} → {columns[c]}: {value:.3f}"
            parts.append(
                f'<rect x="{left + c * size + 1}" y="{y + 1}" width="{size - 2}" '
                f'height="{size - 2}" rx="3" style="fill:color-mix(in oklab, var(--accent) '
                f'{depth * 100:.0f}%, var(--card))"><title>{html.escape(hint)}</title></rect>'
            )
            if digits or value >= 0.1:
                ink = "var(--on-accent)" if depth > 0.55 else "currentColor"
                parts.append(
                    f'<text x="{left + c * size + size / 2}" y="{y + size / 2 + 4}" '
                    f'text-anchor="middle" style="fill:{ink};font-size:{10 if digits else 9}px">'
                    f"{shown}</text>"
                )
    return svg(left + len(columns) * size + 40, top + len(names) * size + 4, parts, label)


def columns_of(
    rows: Sequence[tuple[str, int, Mapping[str, Whisker]]], low: float, high: float, label: str
) -> str:
    """Groups (name, films, colour → figure) side by side, such as decades."""
    step, left, top, height = 74, 34, 12, 170

    def y(value: float) -> float:
        return top + (1 - (min(max(value, low), high) - low) / (high - low)) * height

    width = left + step * len(rows)
    parts = []
    for i in range(6):
        tick = low + (high - low) * i / 5
        parts.append(f'<path class="grid" d="M{left} {y(tick):.1f}H{width}"/>')
        parts.append(text(left - 5, y(tick) + 4, f"{tick:.2g}", "end", "muted"))
    for i, (name, films, figures) in enumerate(rows):
        middle = left + step * i + step / 2
        parts.append(text(middle, top + height + 16, name, "middle", "name"))
        parts.append(text(middle, top + height + 30, f"{films:,}", "middle", "muted"))
        for k, row in enumerate(figures.values()):
            x = middle + (k - (len(figures) - 1) / 2) * 14
            parts.append(
                f'<path d="M{x:.1f} {y(row.low):.1f}V{y(row.high):.1f}" stroke-width="5" '
                f'stroke-linecap="round" style="stroke:{row.colour};opacity:.3"/>'
                f'<circle cx="{x:.1f}" cy="{y(row.value):.1f}" r="4.5" style="fill:{row.colour}">'
                f"<title>{html.escape(name)}, {html.escape(row.name)}: {row.value:.3f} "
                f"({row.low:.3f}–{row.high:.3f})</title></circle>"
            )
    return svg(width + 8, top + height + 38, parts, label)
