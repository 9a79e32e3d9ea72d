"""The report and the JSON of a calibration: false alerts and misses to expect, by list band, and how far that was checked."""

from collections.abc import Sequence
from itertools import groupby

from lfr_engine.chart import Line, line_chart
from lfr_engine.evaluation.bands import CalibratedBand
from lfr_engine.evaluation.calibration import predicted_fpir
from lfr_engine.evaluation.calibration_scores import CalibrationScores
from lfr_engine.evaluation.document import Picture, Section, Table
from lfr_engine.evaluation.expectation import METHOD as COUNTED_BY
from lfr_engine.evaluation.extrapolation import BackTest

PASSERS = (1_000, 10_000)
_CURVE_POINTS = 24
_METHOD = (
    "Up to the number of people measured, FPIR is the mean over all lists of that size drawn from them; the interval is Clopper "
    "and Pearson's on the number of independent searches that these are worth, with people among searches and entries clustered. Beyond, "
    "blocks of the measured size are taken as independent, which errs towards too many false alerts; such a line is marked."
)


def calibration_figures(
    scores: CalibrationScores, bands: Sequence[CalibratedBand], tests: Sequence[BackTest], *, target: float, threshold: float
) -> dict[str, object]:
    """`bands` as a certificate takes them, the back-tests one by one, and what was measured."""
    return {
        "target": target,
        "threshold_used": f"{threshold:.4f}",
        "searches": len(scores.non_mated.people),
        "measured_entries": scores.non_mated.entries,
        "mated": len(scores.mated),
        "unit": scores.what,
        "bands": [band.as_json() for band in bands],
        "back_tests": [test.as_json() for test in tests],
        "back_tests_held": {"k": sum(test.holds for test in tests), "n": len(tests)},
        "groups": [],
    }


def calibration_sections(
    scores: CalibrationScores, bands: Sequence[CalibratedBand], tests: Sequence[BackTest], *, threshold: float
) -> tuple[tuple[str, ...], tuple[Section, ...]]:
    """Summary and sections."""
    summary = tuple(f"List of up to {band.max_entries:,} at {band.threshold:g}: {band.words(PASSERS[0])}." for band in bands)
    sections = [_bands(bands), _curve(scores, bands, threshold)]
    if tests:
        sections.append(_back_tests(tests))
    return summary, tuple(sections)


def _bands(bands: Sequence[CalibratedBand]) -> Section:
    rows = []
    for band in bands:
        given = band.as_json()
        false, missed = given["false_alerts"], given["misses"]
        rows.append(
            (
                f"{band.max_entries:,}",
                given["threshold"],
                f"{false['k']} of {false['n']}",
                f"{100 * false['low']:.3g} to {100 * false['high']:.3g} %",
                f"{missed['k']} of {missed['n']}" if missed["n"] else "not measured",
                f"{100 * missed['low']:.3g} to {100 * missed['high']:.3g} %" if missed["n"] else "",
                "yes" if band.kept else f"no: {band.needed_searches:,} error-free searches would show it",
                "beyond" if band.false_alerts.extrapolated else "within",
            )
        )
    columns = ("List", "Threshold", "False alerts", "95 %", "Missed", "95 %", "Target kept", "Measured list")
    words = tuple(f"List of up to {band.max_entries:,}: {band.words(people)}." for band in bands for people in PASSERS)
    return Section(
        "Thresholds by length of list",
        words,
        (Table("Counts are whole effective trials, rounded towards more errors", columns, tuple(rows), 2),),
        notes=(_METHOD, f"Numbers of people to expect: {COUNTED_BY}."),
    )


def _curve(scores: CalibrationScores, bands: Sequence[CalibratedBand], threshold: float) -> Section:
    longest = max(band.max_entries for band in bands)
    sizes = sorted({max(1, round(longest ** (step / (_CURVE_POINTS - 1)))) for step in range(_CURVE_POINTS)})
    lines = []
    for at in sorted({threshold, *(band.threshold for band in bands)}):
        found = [predicted_fpir(scores.non_mated, at, size).rate for size in sizes]
        lines.append(Line(f"at {at:g}", sizes, [one.rate for one in found], [one.low for one in found], [one.high for one in found]))
    measured = scores.non_mated.entries
    alt = f"False alerts per search rise with the length of the list; measured up to {measured:,} people, extrapolated beyond."
    svg = line_chart(
        lines,
        title="False alerts by length of list",
        alt=alt,
        x_label="people on the list (N)",
        y_label=f"FPIR(N), per {scores.what.removesuffix('s')}",
        x_log=True,
        marks=((measured, "measured"),),
    )
    return Section("False alerts by length of list", pictures=(Picture("fpir-by-list", svg, alt, alt),))


def _back_tests(tests: Sequence[BackTest]) -> Section:
    rows = []
    for factor, group in groupby(sorted(tests, key=lambda test: test.factor), key=lambda test: test.factor):
        found = list(group)
        foretold, counted = sum(test.expected.about for test in found), sum(test.counted for test in found)
        rows.append(
            (f"{factor:g} times", str(len(found)), f"{foretold:.1f}", str(counted), f"{sum(test.holds for test in found)} of {len(found)}")
        )
    words = (
        "Half of the people were held out at random, the longer list's false alerts foretold from the other half with a shorter list, "
        "then counted. Divisions overlap, so that these rows are not independent of each other."
    )
    table = Table("Extrapolation, back-tested", ("List longer by", "Divisions", "Foretold", "Counted", "Inside its limits"), tuple(rows))
    return Section("Was the extrapolation right?", (words,), (table,))
