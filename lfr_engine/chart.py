"""Charts as SVG, one look for all of them: the only import of matplotlib.

Every chart carries its title and a sentence for those who cannot see it (`<title>`, `<desc>`, role img), text stays text, and
the same figures give the same bytes. Whoever shows a chart shows its figures as a table beside it.
"""

import io
import re
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

import matplotlib as mpl

mpl.use("svg")
from matplotlib import pyplot as plt  # after the choice of a backend that needs no screen
from matplotlib.figure import Figure

# Told apart in grey print and by colour-blind readers: the palette of Okabe and Ito, each with its own stroke.
_STROKES = (("#0072b2", "-", "o"), ("#d55e00", "--", "s"), ("#009e73", "-.", "^"), ("#cc79a7", ":", "D"), ("#000000", "-", "x"))
_LOOK: dict[Any, Any] = {
    "svg.fonttype": "none",
    "svg.hashsalt": "lawful-lfr",
    "font.family": "sans-serif",
    "font.size": 11,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "grid.color": "#dddddd",
    "axes.axisbelow": True,
    "figure.autolayout": True,
}
_SIZE_INCHES = (7.2, 4.2)


@dataclass(frozen=True, slots=True)
class Line:
    """One line: `x` and `y` of equal length; `low` and `high`, where given, bound each y and are drawn as a band."""

    label: str
    x: Sequence[float]
    y: Sequence[float]
    low: Sequence[float] = ()
    high: Sequence[float] = ()


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar with its interval (`low` and `high`, or None where there is none)."""

    label: str
    value: float
    low: float | None = None
    high: float | None = None


def line_chart(
    lines: Sequence[Line],
    *,
    title: str,
    alt: str,
    x_label: str,
    y_label: str,
    x_log: bool = False,
    y_log: bool = False,
    marks: Sequence[tuple[float, str]] = (),
) -> str:
    """An SVG of lines; `marks` are upright lines with a word each (a threshold, a limit)."""
    with mpl.rc_context(_LOOK):
        figure, axes = plt.subplots(figsize=_SIZE_INCHES)
        for number, line in enumerate(lines):
            colour, stroke, sign = _STROKES[number % len(_STROKES)]
            axes.plot(line.x, line.y, stroke, color=colour, label=line.label, marker=sign if len(line.x) <= 30 else None, markersize=4)
            if len(line.low):
                axes.fill_between(line.x, line.low, line.high, color=colour, alpha=0.15, linewidth=0)
        for at, word in marks:
            axes.axvline(at, color="#505a5f", linewidth=1)
            axes.annotate(word, (at, 1.0), xycoords=("data", "axes fraction"), fontsize=9, color="#505a5f", va="bottom", ha="center")
        if x_log:
            axes.set_xscale("log")
        if y_log:
            axes.set_yscale("log")
        axes.set_xlabel(x_label)
        axes.set_ylabel(y_label)
        if len(lines) > 1:
            axes.legend(frameon=False)
        return _svg(figure, title, alt)


def bar_chart(
    bars: Sequence[Bar], *, title: str, alt: str, value_label: str, marks: Sequence[tuple[float, str]] = (), log: bool = False
) -> str:
    """An SVG of lying bars, the first on top, each with its interval; `marks` as in `line_chart`."""
    with mpl.rc_context(_LOOK):
        figure, axes = plt.subplots(figsize=(_SIZE_INCHES[0], max(1.8, 0.9 + 0.42 * len(bars))))
        places = range(len(bars))
        axes.barh(places, [bar.value for bar in bars], color=_STROKES[0][0], height=0.6)
        for place, bar in zip(places, bars, strict=True):
            if bar.low is not None and bar.high is not None:
                axes.plot([bar.low, bar.high], [place, place], color="#0b0c0c", linewidth=1.5, marker="|")
        for at, word in marks:
            axes.axvline(at, color="#505a5f", linewidth=1)
            axes.annotate(word, (at, 1.0), xycoords=("data", "axes fraction"), fontsize=9, color="#505a5f", va="bottom", ha="center")
        axes.set_yticks(list(places), [bar.label for bar in bars])
        axes.invert_yaxis()
        axes.grid(axis="y", visible=False)
        if log:
            axes.set_xscale("log")
        axes.set_xlabel(value_label)
        return _svg(figure, title, alt)


def _svg(figure: Figure, title: str, alt: str) -> str:
    """The figure as SVG text with its title and description, without date or program."""
    out = io.StringIO()
    figure.savefig(out, format="svg", metadata={"Date": None, "Creator": None})
    plt.close(figure)
    text = out.getvalue()
    text = text[text.index("<svg") :]
    named = f'<svg role="img" aria-label="{escape(title)}"'
    described = f"<title>{escape(title)}</title>\n<desc>{escape(alt)}</desc>\n"
    return re.sub(r"^<svg([^>]*)>", lambda found: f"{named}{found.group(1)}>\n{described}", text, count=1)
