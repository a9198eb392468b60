"""Figures as SVG, in a page or in a file of their own; figure.css has their colours and fonts."""

from __future__ import annotations

import html
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

Point = tuple[float, float]


class Svg(str):
    """Text that is SVG already: neither `element` nor a template escapes it again."""

    __slots__ = ()

    def __html__(self) -> Svg:
        return self


@dataclass(frozen=True)
class Whisker:
    """A figure with its interval; `colour` is CSS."""

    name: str
    value: float
    low: float
    high: float
    colour: str = "var(--accent)"
    note: str = ""

    @property
    def hint(self) -> str:
        """What is shown under the pointer."""
        return f"{self.value:.3f} ({self.low:.3f}–{self.high:.3f})"


@dataclass(frozen=True)
class Axis:
    """Places values from `low` to `high` between two coordinates, `start` and `end`."""

    low: float
    high: float
    start: float
    end: float

    def place(self, value: float) -> float:
        """The coordinate of a value; one beyond the axis stands at its end."""
        share = (min(max(value, self.low), self.high) - self.low) / (self.high - self.low)
        return self.start + share * (self.end - self.start)

    def ticks(self) -> list[float]:
        """Six values, evenly apart."""
        return [self.low + (self.high - self.low) * i / 5 for i in range(6)]


def element(name: str, *content: str, **attributes: str | float) -> Svg:
    """An SVG element; what is no Svg yet is escaped.

    Args:
        name: such as "rect".
        content: text and elements inside it.
        attributes: `text_anchor` stands for text-anchor, `class_` for class; numbers are rounded
            to hundredths, "" leaves the attribute out.
    """
    words = [name]
    for key, value in attributes.items():
        text_value = value if isinstance(value, str) else f"{value:.2f}".rstrip("0").rstrip(".")
        if text_value:
            words.append(f'{key.rstrip("_").replace("_", "-")}="{html.escape(text_value)}"')
    inner = "".join(c if isinstance(c, Svg) else html.escape(c, quote=False) for c in content)
    return Svg(f"<{' '.join(words)}>{inner}</{name}>")


def svg(width: float, height: float, parts: Iterable[str], label: str) -> Svg:
    """A whole figure, in pixels; `label` is what a screen reader says."""
    return element(
        "svg",
        *parts,
        class_="plot",
        role="img",
        aria_label=label,
        viewBox=f"0 0 {width:g} {height:g}",
        width=width,
        height=height,
        xmlns="http://www.w3.org/2000/svg",
    )


def sheet(width: float, height: float, title: str, parts: Iterable[str]) -> str:
    """A figure under its title, as a file of its own that brings its colours and fonts along."""
    style = Path(__file__).with_name("figure.css").read_text(encoding="utf-8")
    drawing = element(
        "svg",
        element("style", style),
        text(24, 40, title, kind="title"),
        *parts,
        class_="plot sheet",
        viewBox=f"0 0 {width:g} {height:g}",
        xmlns="http://www.w3.org/2000/svg",
    )
    return drawing + "\n"


def text(x: float, y: float, words: str, anchor: str = "start", kind: str = "") -> Svg:
    """Words at a place; `kind` is a class of figure.css."""
    return element("text", words, x=x, y=y, text_anchor=anchor, class_=kind)


def turned_text(
    x: float, y: float, degrees: float, words: str, anchor: str = "start", kind: str = ""
) -> Svg:
    """Words turned about a place, clockwise."""
    transform = f"translate({x:g} {y:g}) rotate({degrees:g})"
    return element("text", words, transform=transform, text_anchor=anchor, class_=kind)


def _grid(path: str) -> Svg:
    return element("path", class_="grid", d=path)


def _range(path: str, colour: str) -> Svg:
    return element("path", class_="range", d=path, style=f"stroke:{colour}")


def _dot(x: float, y: float, colour: str, hint: str) -> Svg:
    title = element("title", hint)
    return element("circle", title, cx=x, cy=y, r=4.5, style=f"fill:{colour}")


def whiskers(rows: Sequence[Whisker], low: float, high: float, label: str) -> Svg:
    """One row a figure: a dot in its interval, on an axis from `low` to `high`."""
    axis, step = Axis(low, high, 118, 380), 22
    bottom = 8 + step * len(rows)
    parts: list[str] = []
    for tick in axis.ticks():
        x = axis.place(tick)
        parts += [
            _grid(f"M{x:.1f} 4V{bottom}"),
            text(x, bottom + 13, f"{tick:.2g}", "middle", "muted"),
        ]
    for i, row in enumerate(rows):
        y = 8 + step * i + step / 2
        parts += [
            text(axis.start - 10, y + 4, row.name, "end"),
            _range(f"M{axis.place(row.low):.1f} {y}H{axis.place(row.high):.1f}", row.colour),
            _dot(axis.place(row.value), y, row.colour, row.hint),
            text(axis.end + 12, y + 4, f"{row.value:.3f}  {row.note}"),
        ]
    return svg(axis.end + 110, bottom + 20, parts, label)


def panel(
    title: str,
    note: str,
    lines: Mapping[str, Sequence[Point]],
    axes: tuple[str, str],
    diagonal: bool,
) -> Svg:
    """A small square plot of lines in the unit square; CSS colour → points."""
    left, top, side = 26, 22, 120
    right, bottom, half = left + side, top + side, side / 2
    parts = [
        text(left, 13, title, kind="name"),
        text(right, 13, note, "end", "muted"),
        element("rect", class_="grid", x=left, y=top, width=side, height=side),
        _grid(f"M{left} {top + half}h{side}M{left + half} {top}v{side}"),
        text(left - 4, top + 8, "1", "end", "muted"),
        text(left - 4, bottom, "0", "end", "muted"),
        text(right, bottom + 13, "1", "end", "muted"),
        text(left + half, bottom + 13, axes[0], "middle", "muted"),
        turned_text(left - 8, top + half, -90, axes[1], "middle", "muted"),
    ]
    if diagonal:
        parts.append(element("path", class_="faint", d=f"M{left} {bottom}L{right} {top}"))
    for colour, points in lines.items():
        path = " ".join(f"{left + x * side:.1f},{bottom - y * side:.1f}" for x, y in points)
        parts.append(element("polyline", class_="line", style=f"stroke:{colour}", points=path))
    return svg(right + 6, bottom + 20, parts, f"{title}: {axes[1]} over {axes[0]}")


def epochs(title: str, lines: Mapping[str, Sequence[float | None]], digits: int) -> Svg:
    """A small plot of a figure by epoch, on a scale that it fills; CSS colour → values.

    A value that is None leaves a gap; ticks of the scale have so many decimal places.
    """
    left, top, width, height = 38, 22, 150, 110
    values = [value for line in lines.values() for value in line if value is not None]
    count = max(map(len, lines.values()), default=0)
    low, high = min(values, default=0.0), max(values, default=1.0)
    across = Axis(1, max(2, count), left, left + width)
    up = Axis(low, high if high > low else low + 1, top + height, top)
    parts = [
        text(left, 13, title, kind="name"),
        element("rect", class_="grid", x=left, y=top, width=width, height=height),
        text(left - 4, top + 8, f"{up.high:.{digits}f}", "end", "muted"),
        text(left - 4, top + height, f"{up.low:.{digits}f}", "end", "muted"),
        text(left, top + height + 13, "1", "middle", "muted"),
        text(left + width, top + height + 13, f"{across.high:.0f}", "middle", "muted"),
        text(left + width / 2, top + height + 13, "epoch", "middle", "muted"),
    ]
    for colour, line in lines.items():
        places = [
            (across.place(i + 1), up.place(value))
            for i, value in enumerate(line)
            if value is not None
        ]
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in places)
        parts.append(element("polyline", class_="line", style=f"stroke:{colour}", points=path))
        style = f"fill:{colour}"
        parts += [element("circle", cx=x, cy=y, r=1.8, style=style) for x, y in places]
    return svg(left + width + 10, top + height + 20, parts, f"{title} by epoch")


def heatmap(
    names: Sequence[str],
    columns: Sequence[str],
    cells: Sequence[Sequence[float | None]],
    label: str,
    digits: int = 0,
    scale: tuple[float, float] = (0.0, 1.0),
) -> Svg:
    """Values as shades, the deepest at the end of the scale.

    Args:
        names: of the rows.
        columns: their names.
        cells: row by row; one that is None stays empty.
        label: see `svg`.
        digits: decimal places; 0 writes shares as per cent, and none below ten.
        scale: the values of the lightest and the deepest shade.
    """
    size, left, top = (24, 92, 86) if len(columns) > 12 else (44, 92, 76)
    axis = Axis(*scale, 0, 1)
    parts: list[str] = []
    for c, column in enumerate(columns):
        parts.append(turned_text(left + c * size + size / 2 + 4, top - 6, -55, column))
    for r, (name, row) in enumerate(zip(names, cells, strict=True)):
        y = top + r * size
        parts.append(text(left - 8, y + size / 2 + 4, name, "end"))
        for c, value in enumerate(row):
            if value is not None:
                hint = f"{name} → {columns[c]}: {value:.3f}"
                square = (left + c * size, y, size)
                parts += _shade(square, value, axis.place(value), digits, hint)
    return svg(left + len(columns) * size + 40, top + len(names) * size + 4, parts, label)


def _shade(
    square: tuple[float, float, float], value: float, depth: float, digits: int, hint: str
) -> list[Svg]:
    """A cell of a heat map; `square` is its left, top and side."""
    x, y, size = square
    fill = f"fill:color-mix(in oklab, var(--accent) {depth * 100:.0f}%, var(--card))"
    box = {"x": x + 1, "y": y + 1, "width": size - 2, "height": size - 2, "rx": 3}
    parts = [element("rect", element("title", hint), **box, style=fill)]
    if digits or value >= 0.1:
        ink = "var(--on-accent)" if depth > 0.55 else "currentColor"
        parts.append(
            element(
                "text",
                f"{value:.{digits}f}" if digits else f"{value * 100:.0f}",
                x=x + size / 2,
                y=y + size / 2 + 4,
                text_anchor="middle",
                style=f"fill:{ink};font-size:{10 if digits else 9}px",
            )
        )
    return parts


def columns(
    groups: Sequence[tuple[str, int, Sequence[Whisker]]], low: float, high: float, label: str
) -> Svg:
    """Figures in groups side by side, such as decades: (name, how many movies, figures)."""
    step, left, top, height = 74, 34, 12, 170
    axis = Axis(low, high, top + height, top)
    width = left + step * len(groups)
    parts: list[str] = []
    for tick in axis.ticks():
        y = axis.place(tick)
        parts += [
            _grid(f"M{left} {y:.1f}H{width}"),
            text(left - 5, y + 4, f"{tick:.2g}", "end", "muted"),
        ]
    for i, (name, count, rows) in enumerate(groups):
        middle = left + step * i + step / 2
        parts += [
            text(middle, axis.start + 16, name, "middle", "name"),
            text(middle, axis.start + 30, f"{count:,}", "middle", "muted"),
        ]
        for k, row in enumerate(rows):
            x = middle + (k - (len(rows) - 1) / 2) * 14
            path = f"M{x:.1f} {axis.place(row.low):.1f}V{axis.place(row.high):.1f}"
            parts += [
                _range(path, row.colour),
                _dot(x, axis.place(row.value), row.colour, f"{name}, {row.name}: {row.hint}"),
            ]
    return svg(width + 8, axis.start + 38, parts, label)


def strip(
    colours: Sequence[tuple[str, float]], x: float, y: float, width: float, height: float
) -> Svg:
    """Colours (CSS, share) side by side in a box, as wide as their shares."""
    total = sum(share for _, share in colours)
    parts = []
    for colour, share in colours:
        part = width * share / total
        # A little wider than its share, so that no gap shows where two meet.
        box = {"x": x, "y": y, "width": part + 0.3, "height": height}
        parts.append(
            element("rect", element("title", f"{colour} · {share:.0%}"), **box, fill=colour)
        )
        x += part
    return element("g", *parts)
