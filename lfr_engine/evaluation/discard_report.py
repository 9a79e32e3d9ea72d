"""The report on quality measures: which of them foretell misses, and what the pipeline's limits throw away."""

from collections.abc import Sequence

from lfr_engine.chart import Line, line_chart
from lfr_engine.evaluation.discard import FRACTIONS, SCORE, Discard, ProbeTrial, at_limit, best_possible, curve
from lfr_engine.evaluation.document import Picture, Section, Table
from lfr_engine.quality import QualityGate
from lfr_engine.quality_components import LIMITS, MEASURES

SHOWN = 4  # lines in the chart: the measures that foretell misses best


def quality_figures(trials: Sequence[ProbeTrial], curves: Sequence[Discard], threshold: float) -> dict[str, object]:
    """Every curve, the conditions, and the limits."""
    return {
        "threshold_used": f"{threshold:.4f}",
        "comparisons": len(trials),
        "people": len({trial.person for trial in trials}),
        "fractions": list(FRACTIONS),
        "curves": {one.measure: {"fnmr": list(one.fnmr), "area": one.area} for one in curves},
        "limits": {name: dict(zip(("refused", "of_them_missed", "kept", "kept_missed"), _limit(trials, name, threshold), strict=True))
                   for name in MEASURES},
        "groups": [],
    }  # fmt: skip


def quality_curves(trials: Sequence[ProbeTrial], threshold: float) -> tuple[Discard, ...]:
    """One curve per measure, the most telling first."""
    return tuple(sorted((curve(trials, name, threshold) for name in (SCORE, *MEASURES)), key=lambda one: one.area))


def quality_sections(
    trials: Sequence[ProbeTrial], curves: Sequence[Discard], threshold: float
) -> tuple[tuple[str, ...], tuple[Section, ...]]:
    """Summary and sections."""
    first = curves[0]
    summary = (
        f"{len(trials):,} comparisons of {len({trial.person for trial in trials})} people with themselves; "
        f"{round(100 * first.fnmr[0])} of 100 are missed at {threshold:g} before anything is discarded.",
        f"Most telling: {first.measure}; discarding the worst tenth by it leaves {round(100 * first.fnmr[FRACTIONS.index(0.1)])} of 100.",
    )
    return summary, (_chart(trials, curves, threshold), _table(curves), _limits(trials, threshold), _conditions(trials, threshold))


def _chart(trials: Sequence[ProbeTrial], curves: Sequence[Discard], threshold: float) -> Section:
    lines = [Line(one.measure, FRACTIONS, one.fnmr) for one in curves[:SHOWN]]
    lines.append(Line("if misses were known", FRACTIONS, best_possible(trials, threshold)))
    alt = (
        f"Error versus discard: the share of mated comparisons missed falls most by {curves[0].measure} as the worst probes are discarded."
    )
    svg = line_chart(
        lines,
        title="Error versus discard",
        alt=alt,
        x_label="share of probes discarded, worst first",
        y_label="missed among those left (FNMR)",
    )
    return Section("Which measures foretell misses", pictures=(Picture("error-versus-discard", svg, alt, alt),))


def _table(curves: Sequence[Discard]) -> Section:
    tenth, fifth = FRACTIONS.index(0.1), FRACTIONS.index(0.2)
    rows = tuple(
        (one.measure, f"{100 * one.fnmr[0]:.1f} %", f"{100 * one.fnmr[tenth]:.1f} %", f"{100 * one.fnmr[fifth]:.1f} %", f"{one.area:.3f}")
        for one in curves
    )
    columns = ("Measure", "Nothing discarded", "A tenth", "A fifth", "Area to a fifth, of chance")
    return Section("Every measure", tables=(Table("Missed among those left; an area of 1 is no better than chance", columns, rows),))


def _limits(trials: Sequence[ProbeTrial], threshold: float) -> Section:
    rows = []
    for name in MEASURES:
        refused, refused_missed, kept, kept_missed = _limit(trials, name, threshold)
        rows.append((name, f"{LIMITS[name]:g}", f"{refused_missed} of {refused}", f"{kept_missed} of {kept}"))
    gate = QualityGate()
    words = (
        f"Of a passer-by the pipeline refuses less: {gate.smallest_eye_distance_px:g} pixels between the eyes, sharpness "
        f"{gate.least_sharpness:g}, turn {gate.largest_turn:g}. What it lets through still has to reach the threshold.",
    )
    columns = ("Measure", "Limit for reference photos", "Missed among refused", "Missed among kept")
    return Section("What the limits throw away", words, (Table("One limit at a time", columns, tuple(rows)),))


def _conditions(trials: Sequence[ProbeTrial], threshold: float) -> Section:
    rows = []
    for name in dict.fromkeys(trial.worsened for trial in trials):
        of = [trial for trial in trials if trial.worsened == name]
        unseen = sum(not trial.values for trial in of)
        rows.append((name, str(len(of)), str(unseen), str(sum(trial.similarity < threshold for trial in of) - unseen)))
    columns = ("Condition", "Comparisons", "No face found", "Face found, missed")
    return Section("How the probes were made worse", tables=(Table("Every condition at random strength", columns, tuple(rows)),))


def _limit(trials: Sequence[ProbeTrial], name: str, threshold: float) -> tuple[int, int, int, int]:
    return at_limit(trials, name, LIMITS[name], threshold)
