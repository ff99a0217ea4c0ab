"""[shell] The pictures of a report, drawn by matplotlib: SVG for pages, PNG for mails.

Promises: no window and none of pyplot's globals, one picture at a time; text is drawn as paths in a Japanese font that comes with
the program, so that it looks the same everywhere; the same report gives the same bytes; nothing in a label is obeyed as
markup; what is told apart by colour (Okabe and Ito's, for colour-blind readers) is told apart by mark, hatch or line too.
"""

from __future__ import annotations

import importlib.util
import io
import threading
import unicodedata
from functools import lru_cache
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, assert_never

from models.errors import ConfigError
from reports.parts import Curves, Intervals, Stacks, Trends, Volumes

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from reports.intervals import Estimate
    from reports.parts import Chart, Document

Form: TypeAlias = Literal["svg", "png"]

_BLUE, _VERMILION, _GREEN, _ORANGE, _SKY, _PURPLE = "#0072b2", "#d55e00", "#009e73", "#e69f00", "#56b4e9", "#cc79a7"
_COLOURS = (_BLUE, _VERMILION, _GREEN, _PURPLE, _ORANGE, _SKY)
_MARKS = ("o", "s", "^", "D", "v", "P")
_DASHES = ("-", (0, (5, 2)), (0, (1, 1.2)), "-.")
_INK, _SOFT, _HAIR = "#222222", "#555555", "#d8d8d8"
# Inches, for letters of nine points: a page shows 860 pixels, a mail 640, and less on a phone, where these must still be read.
_WIDTHS: Mapping[Form, float] = {"svg": 7.6, "png": 5.4}
_PIXELS = 1280  # across a PNG: twice what a mail shows
_GETA = "〓"  # what printers of old set for a character that they had not
_NAME_WIDTH = 24  # columns of a label beside a bar
_LOCK = threading.Lock()
_SETTINGS: Any = {
    "font.size": 9.0,
    "text.parse_math": False,
    "axes.unicode_minus": False,
    "axes.edgecolor": _SOFT,
    "axes.linewidth": 0.8,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.labelcolor": _SOFT,
    "xtick.color": _SOFT,
    "ytick.color": _SOFT,
    "text.color": _INK,
    "hatch.linewidth": 0.8,
    "svg.fonttype": "path",
    "svg.hashsalt": "uketsuke",
}


def picture(document: Document, picture_id: str, form: Form) -> bytes:
    """One picture of a report.

    Raises:
        KeyError: The report has no such picture.
        ConfigError: The font is not installed.
    """
    chart = next((one for one in document.charts if one.id == picture_id), None)
    if chart is None:
        raise KeyError(picture_id)
    return drawn(chart, form)


def pictures(document: Document, form: Form) -> dict[str, bytes]:
    """All pictures of a report, by id."""
    return {chart.id: drawn(chart, form) for chart in document.charts}


def drawn(chart: Chart, form: Form) -> bytes:
    """A chart as SVG or PNG."""
    import matplotlib as mpl  # noqa: PLC0415 - half a second that only those wait for who draw

    with _LOCK, mpl.rc_context({**_SETTINGS, "font.family": _font_name()}):
        figure = _figure(chart, _WIDTHS[form])
        out = io.BytesIO()
        if form == "svg":
            figure.savefig(out, format="svg", transparent=True, metadata={"Date": None, "Creator": None})
        else:
            figure.savefig(
                out, format="png", dpi=_PIXELS / _WIDTHS[form], facecolor="white", metadata={"Software": None}
            )
        return out.getvalue()


def _figure(chart: Chart, width: float) -> Figure:
    match chart.drawing:
        case Trends():
            return _trends(chart.drawing, width)
        case Volumes():
            return _volumes(chart.drawing, width)
        case Stacks():
            return _stacks(chart.drawing, width)
        case Intervals():
            return _intervals(chart.drawing, width)
        case Curves():
            return _curves(chart.drawing, width)
        case _:
            assert_never(chart.drawing)


def _blank(width: float, height: float) -> Figure:
    from matplotlib.backends.backend_agg import FigureCanvasAgg  # noqa: PLC0415
    from matplotlib.figure import Figure as New  # noqa: PLC0415

    figure = New(figsize=(width, height), layout="constrained")
    FigureCanvasAgg(figure)
    return figure


def _trends(drawing: Trends, width: float) -> Figure:
    """Lines over the periods with their intervals; each is named at its end."""
    figure = _blank(width, 2.9)
    axes = figure.add_subplot()
    ends: list[tuple[float, str, str]] = []
    count = len(drawing.labels)
    for number, series in enumerate(drawing.series):
        shift = (number - (len(drawing.series) - 1) / 2) * 0.07  # so that intervals stand beside each other
        known = [(at + shift, one) for at, one in enumerate(series.points) if one.value is not None]
        colour = _COLOURS[number]
        axes.plot(
            [at for at, _ in known],
            [100 * (one.value or 0) for _, one in known],
            color=colour,
            linestyle=_DASHES[number],
            marker=_MARKS[number],
            markersize=5,
            linewidth=1.6,
            zorder=3,
        )
        for at, one in known:
            _whisker(axes, at, one, colour)
        if known:
            last = known[-1][1].value or 0
            ends.append((100 * last, f"{_shown(series.label)} {_percent(last)}", colour))
    for (_, name, colour), y in zip(ends, _apart([end[0] for end in ends], 9), strict=True):
        axes.annotate(name, (count - 1, y), xytext=(12, 0), textcoords="offset points", va="center", color=colour)
    axes.set_xlim(-0.4, count - 1 + 0.25)
    axes.set_xticks(range(count), [_shown(label) for label in drawing.labels])
    _percent_axis(axes)
    return figure


def _whisker(axes: Axes, at: float, one: Estimate, colour: str) -> None:
    if one.low is not None and one.high is not None:
        axes.vlines(at, 100 * one.low, 100 * one.high, color=colour, linewidth=1, alpha=0.75)


def _volumes(drawing: Volumes, width: float) -> Figure:
    """Bars by day or hour; what came out of hours is hatched and stands on top."""
    figure = _blank(width, 2.5)
    axes = figure.add_subplot()
    places = range(len(drawing.labels))
    axes.bar(places, drawing.inside, width=0.72, color=_BLUE, label=drawing.names[0])
    axes.bar(
        places,
        drawing.outside,
        width=0.72,
        bottom=drawing.inside,
        facecolor=_ORANGE,
        edgecolor="white",
        hatch="////",
        linewidth=0,
        label=drawing.names[1],
    )
    totals = [one + other for one, other in zip(drawing.inside, drawing.outside, strict=True)]
    for at, total in zip(places, totals, strict=True):
        if total:
            axes.annotate(f"{total:,}", (at, total), xytext=(0, 2), textcoords="offset points", ha="center", fontsize=8)
    is_dense = len(drawing.labels) > 12
    step = 3 if len(drawing.labels) == 24 else 2 if is_dense else 1
    axes.set_xticks(list(places)[::step], [_shown(label) for label in drawing.labels[::step]])
    axes.tick_params(axis="x", length=0, labelsize=8 if is_dense else 9)
    axes.set_xlim(-0.6, len(drawing.labels) - 0.4)
    axes.set_yticks([])
    axes.spines["left"].set_visible(False)
    axes.set_ylim(0, max(totals) * 1.12)
    _legend(axes, 2)
    return figure


def _stacks(drawing: Stacks, width: float) -> Figure:
    """Bars of parts, the first label on top, the numbers within."""
    figure = _blank(width, 0.75 + 0.36 * len(drawing.labels))
    axes = figure.add_subplot()
    places = range(len(drawing.labels))
    looks = ((_BLUE, "", "white"), (_SKY, "xxx", _INK), (_VERMILION, "////", _INK))
    left = [0] * len(drawing.labels)
    most = max(sum(parts) for parts in drawing.parts)
    for number, name in enumerate(drawing.names):
        values = [parts[number] for parts in drawing.parts]
        colour, hatch, ink = looks[number]
        axes.barh(
            places,
            values,
            left=left,
            height=0.68,
            facecolor=colour,
            edgecolor="white",
            hatch=hatch,
            linewidth=0,
            label=_shown(name),
        )
        for at, (value, start) in enumerate(zip(values, left, strict=True)):
            if value >= most * 0.03:
                box = {"facecolor": "white", "edgecolor": "none", "pad": 1} if hatch else None
                axes.text(start + value / 2, at, str(value), ha="center", va="center", fontsize=8, color=ink, bbox=box)
        left = [start + value for start, value in zip(left, values, strict=True)]
    axes.set_yticks(places, [_shown(label, _NAME_WIDTH) for label in drawing.labels])
    axes.tick_params(axis="y", length=0, labelcolor=_INK)
    axes.invert_yaxis()
    axes.set_xticks([])
    axes.spines["bottom"].set_visible(False)
    axes.set_xlim(0, most * 1.01)
    _legend(axes, len(drawing.names))
    return figure


def _intervals(drawing: Intervals, width: float) -> Figure:
    """A panel each with a mark and its interval a line."""
    figure = _blank(width, 0.85 + 0.32 * len(drawing.labels))
    panels = figure.subplots(1, len(drawing.panels), sharey=True)
    for number, (axes, series) in enumerate(zip(panels, drawing.panels, strict=True)):
        for at, one in enumerate(series.points):
            if one.value is None:
                axes.text(50, at, "–", ha="center", va="center", color=_SOFT)
                continue
            if one.low is not None and one.high is not None:
                axes.hlines(at, 100 * one.low, 100 * one.high, color=_COLOURS[number], linewidth=2.2, alpha=0.55)
            axes.plot([100 * one.value], [at], color=_COLOURS[number], marker=_MARKS[number], markersize=6)
        axes.set_title(_shown(series.label), fontsize=9, color=_INK, loc="left")
        axes.set_xlim(-4, 104)
        axes.set_xticks([0, 50, 100], ["0%", "50%", "100%"])
        axes.grid(axis="x", color=_HAIR, linewidth=0.8)
        axes.set_axisbelow(True)
        axes.spines["left"].set_visible(False)
        axes.tick_params(axis="y", length=0)
    panels[0].set_yticks(range(len(drawing.labels)), [_shown(label, _NAME_WIDTH) for label in drawing.labels])
    panels[0].tick_params(axis="y", labelcolor=_INK)
    panels[0].set_ylim(len(drawing.labels) - 0.5, -0.5)
    return figure


def _curves(drawing: Curves, width: float) -> Figure:
    """How many are done after how long; each curve is named at its end, its median marked."""
    figure = _blank(width, 2.9)
    axes = figure.add_subplot()
    ends: list[tuple[float, str, str]] = []
    for number, curve in enumerate(drawing.curves):
        steps = [step for step in curve.steps if step[0] <= drawing.longest] or [(0.0, 0.0)]
        colour = _COLOURS[number]
        axes.plot(
            [at for at, _ in steps],
            [100 * share for _, share in steps],
            color=colour,
            linestyle=_DASHES[number],
            drawstyle="steps-post",
            linewidth=1.7,
            zorder=3,
        )
        median = next((at for at, share in steps if share >= 0.5), None)
        if median is not None:
            axes.plot([median], [50], color=colour, marker=_MARKS[number], markersize=6, zorder=4)
        ends.append((100 * steps[-1][1], _shown(curve.label), colour))
    for (_, name, colour), y in zip(ends, _apart([end[0] for end in ends], 9), strict=True):
        axes.annotate(name, (drawing.longest, y), xytext=(8, 0), textcoords="offset points", va="center", color=colour)
    axes.axhline(50, color=_HAIR, linewidth=0.8)
    axes.set_xlim(0, drawing.longest)
    axes.set_xticks([at for at, _ in drawing.ticks], [_shown(label) for _, label in drawing.ticks])
    axes.tick_params(axis="x", labelsize=8)
    _percent_axis(axes)
    axes.set_ylabel(_shown(drawing.unit))
    axes.set_xlabel(_shown(drawing.along), fontsize=8)
    return figure


def _percent(share: float) -> str:
    """A share, never rounded to nothing or all."""
    return "<1%" if 0 < share < 0.01 else ">99%" if 0.99 < share < 1 else f"{share:.0%}"


def _percent_axis(axes: Axes) -> None:
    axes.set_ylim(0, 102)
    axes.set_yticks([0, 25, 50, 75, 100], ["0%", "25%", "50%", "75%", "100%"])
    axes.grid(axis="y", color=_HAIR, linewidth=0.8)
    axes.set_axisbelow(True)


def _legend(axes: Axes, columns: int) -> None:
    axes.legend(
        loc="lower left",
        bbox_to_anchor=(0, 1),
        ncols=columns,
        frameon=False,
        borderaxespad=0.2,
        handlelength=1.6,
        handleheight=1.1,
    )


def _apart(heights: Sequence[float], room: float) -> list[float]:
    """Heights moved as little as needed, so that names at them do not touch."""
    order = sorted(range(len(heights)), key=heights.__getitem__)
    placed = list(heights)
    for low, high in pairwise(order):
        placed[high] = max(placed[high], placed[low] + room)
    over = max(placed, default=0) - 100
    if over > 0:
        for place in reversed(order):
            above = [placed[other] for other in order[order.index(place) + 1 :]]
            placed[place] = min(placed[place], 100, *(other - room for other in above))
    return placed


def _shown(text: str, columns: int = 60) -> str:
    """A label that the font can draw, cut to a width."""
    shown, width = "", 0
    for char in text:
        width += 2 if unicodedata.east_asian_width(char) in "WF" else 1
        if width > columns:
            return f"{shown}…"
        shown += char if ord(char) in _glyphs() else _GETA
    return shown


@lru_cache(maxsize=1)
def _font_path() -> str:
    """The font's file, without importing the package that brings it: that would change settings for all."""
    spec = importlib.util.find_spec("matplotlib_fontja")
    path = Path(spec.origin).parent / "fonts" / "ipaexg.ttf" if spec and spec.origin else None
    if path is None or not path.is_file():
        raise ConfigError("pictures need the package matplotlib-fontja, for its font")
    return str(path)


@lru_cache(maxsize=1)
def _font_name() -> str:
    from matplotlib import font_manager  # noqa: PLC0415

    font_manager.fontManager.addfont(_font_path())
    return str(font_manager.FontProperties(fname=_font_path()).get_name())


@lru_cache(maxsize=1)
def _glyphs() -> frozenset[int]:
    from matplotlib.font_manager import get_font  # noqa: PLC0415

    return frozenset(get_font(_font_path()).get_charmap())
