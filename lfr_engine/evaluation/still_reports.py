"""The reports of the two tests on still photos: what was asked, what came out, and what it does not show."""

from collections.abc import Sequence

from lfr_engine.chart import Line, line_chart
from lfr_engine.evaluation.document import Picture, Section, Table
from lfr_engine.evaluation.figures import complement
from lfr_engine.evaluation.identification import Identification
from lfr_engine.evaluation.interval import Measured
from lfr_engine.evaluation.operating_point import OperatingPoint
from lfr_engine.evaluation.run import RunFacts
from lfr_engine.evaluation.verification import Verification
from lfr_engine.evaluation.wording import between, in_words, percent

_FLOOR = 1e-5  # where a rate of nothing is drawn on a logarithmic axis


def run_facts(facts: RunFacts, result_digest: str, registered: str) -> tuple[tuple[str, str], ...]:
    """The lines that identify a run, for every report."""
    return (
        ("Test", facts.test),
        ("Model pack", facts.pack),
        ("Pack digest", facts.pack_digest),
        ("Pipeline digest", facts.pipeline_digest),
        *((f"Data digest: {name}", digest) for name, digest in sorted(facts.data.items())),
        ("Threshold", facts.threshold),
        ("Seed", str(facts.seed)),
        ("Registered", registered),
        ("Result digest", result_digest),
    )


def rate_cells(rate: Measured) -> tuple[str, str, str]:
    """k of n, the rate and its interval, as three cells."""
    if rate.value is None:
        return "0 of 0", "-", "-"
    return f"{rate.k:,} of {rate.n:,}", percent(rate.value), between(rate).removeprefix("95 %: ")


def methods_of(rates: Sequence[Measured]) -> tuple[str, ...]:
    """A note with every method that a table's intervals come from."""
    return tuple(f"Intervals are 95 %: {method}." for method in dict.fromkeys(rate.method for rate in rates))


def verification_sections(found: Verification) -> tuple[str, tuple[str, ...], tuple[Section, ...]]:
    """Title, summary and sections of a 1:1 test."""
    accuracy = found.accuracy
    summary = (
        in_words(accuracy, "Pairs judged rightly", "pairs"),
        "This is a smoke test. It compares one still photo with one other; a camera compares everybody with a whole list, "
        "from worse pictures. Its figures must not be quoted for a deployment.",
        in_words(found.failures, "Photos without a template (failure to acquire)", "photos"),
    )
    table = Table(
        "True accept rate (TAR) at a false accept rate (FAR), pairs without a template counted as not accepted",
        ("FAR at most", "Threshold", "FAR measured", "TAR", "TAR in %", "95 %, threshold as given", "95 %, threshold chosen here"),
        tuple(_tar_row(point) for point in found.points),
    )
    nonmated = sum(not pair.same for pair in found.pairs)
    section = Section(
        "How well the two kinds of pairs come apart",
        (
            f"{accuracy.n - nonmated:,} pairs show the same person, {nonmated:,} different people; {found.people:,} people in all, "
            f"told apart by {found.people_from}. Each pair is judged at the threshold that is best on the other nine of ten folds.",
            f"A FAR below 1 in {nonmated:,} cannot be measured with these pairs and is left out.",
        ),
        (table,),
        (_roc(found),),
        methods_of(_of_points(found.points)),
    )
    return "1:1 comparison of still photos", summary, (section,)


def _of_points(points: Sequence[OperatingPoint]) -> list[Measured]:
    return [rate for point in points for rate in (point.accepted, point.accepted_fixed)]


def _tar_row(point: OperatingPoint) -> tuple[str, ...]:
    k, share, given = rate_cells(point.accepted_fixed)
    chosen = rate_cells(point.accepted)[2]
    return (percent(point.target), point.threshold, f"{point.false.k} of {point.false.n:,}", k, share, given, chosen)


def _roc(found: Verification) -> Picture:
    shown = [point for point in found.roc if point.far > 0]
    nonmated = sum(not pair.same for pair in found.pairs)
    alt = f"Receiver operating characteristic: true accept rate against false accept rate over {nonmated:,} pairs of different people"
    svg = line_chart(
        [Line("all pairs", [point.far for point in shown], [point.tar for point in shown])],
        title="ROC", alt=alt, x_label="false accept rate (FAR)", y_label="true accept rate (TAR)", x_log=True,
    )  # fmt: skip
    return Picture("roc", svg, alt, "ROC: the share of pairs of one person accepted, against the share of pairs of strangers accepted.")


def identification_sections(found: Identification) -> tuple[str, tuple[str, ...], tuple[Section, ...]]:
    """Title, summary and sections of an open-set 1:N test."""
    summary = (
        f"{len(found.searches.mated_people):,} people on a list of {found.list_size:,} were searched for with another photo, and "
        f"{len(found.searches.nonmated_people):,} strangers were searched who are not on it.",
        in_words(found.fnir_at_threshold, f"Listed people missed at the threshold {found.threshold:.4f} (FNIR)", "searches"),
        in_words(found.fpir_at_threshold, f"Strangers for whom somebody was returned at {found.threshold:.4f} (FPIR)", "searches"),
        in_words(found.rank_one, "Listed people found in first place, whatever the score (rank 1)", "searches"),
        "Still photos: what a camera in the street adds - distance, light, movement, turning away - is not in here.",
    )
    points = Table(
        f"FNIR at a fixed FPIR, list of {found.list_size:,}",
        ("FPIR at most", "Threshold", "FPIR measured", "Missed", "FNIR", "FNIR, 95 %", "95 %, threshold as given"),
        tuple(_fnir_row(point) for point in found.points),
    )
    failures = Table(
        "Failures, contained in the figures above and counted apart here",
        ("What", "Count", "Rate", "95 %"),
        (
            ("Reference photo refused (failure to enrol)", *rate_cells(found.not_enrolled)),
            ("Search photo without a template (failure to acquire)", *rate_cells(found.no_template)),
        ),
    )
    first = Section(
        "Misses and false returns",
        (
            "FPIR: the share of searches of strangers that return anybody at or above the threshold. FNIR: the share of searches of "
            "listed people in which they are not at or above it. Both depend on the size of the list.",
            "The interval beside FNIR allows for the threshold having been chosen from these very strangers; the last column takes the "
            "threshold as given. An interval that reaches 100 % or 0 % says that too few strangers were searched to fix this threshold.",
        ),
        (points, failures),
        (_det(found),),
        methods_of([*_of_points(found.points), found.not_enrolled]),
    )
    return "1:N search of still photos against a list", summary, (first, *_by_size(found))


def _fnir_row(point: OperatingPoint) -> tuple[str, ...]:
    k, share, interval = rate_cells(complement(point.accepted))
    fixed = rate_cells(complement(point.accepted_fixed))[2]
    return (percent(point.target), point.threshold, f"{point.false.k} of {point.false.n:,}", k, share, interval, fixed)


def _det(found: Identification) -> Picture:
    shown = [point for point in found.det if point.fpir > 0]
    alt = f"Detection error trade-off: FNIR against FPIR for a list of {found.list_size:,}, both axes logarithmic"
    svg = line_chart(
        [Line(f"list of {found.list_size:,}", [point.fpir for point in shown], [max(point.fnir, _FLOOR) for point in shown])],
        title="DET", alt=alt, x_label="false positive identification rate (FPIR)", y_label="false negative identification rate (FNIR)",
        x_log=True, y_log=True,
    )  # fmt: skip
    return Picture("det", svg, alt, "DET: misses of listed people against false returns for strangers, as the threshold moves.")


def _by_size(found: Identification) -> tuple[Section, ...]:
    if not found.sizes:
        return ()
    rows = [(size.list_size, size.fpir_at_threshold, size.fnir_at_threshold) for size in found.sizes]
    rows.append((found.list_size, found.fpir_at_threshold, found.fnir_at_threshold))
    table = Table(
        f"At the threshold {found.threshold:.4f}",
        ("List size", "Strangers returned somebody", "FPIR", "FPIR, 95 %", "Listed people missed", "FNIR", "FNIR, 95 %"),
        tuple((f"{size:,}", *rate_cells(fpir), *rate_cells(fnir)) for size, fpir, fnir in rows),
    )
    note = (
        "Smaller lists are drawn by seed from the people enrolled; the strangers are the same in each row, so the rows are not independent."
    )
    return (Section("How the size of the list matters", (), (table,), (), (note, *methods_of([rows[0][1]]))),)
