"""Rates by group, as a section of a report and as JSON. Counts of small groups appear in neither."""

from lfr_engine.chart import Bar, bar_chart
from lfr_engine.evaluation import fisher
from lfr_engine.evaluation.document import Picture, Section, Table
from lfr_engine.evaluation.equality import SMALL, GroupFigures, GroupRate
from lfr_engine.evaluation.figures import complement
from lfr_engine.evaluation.interval import Measured
from lfr_engine.evaluation.still_reports import methods_of, rate_cells
from lfr_engine.evaluation.wording import outward, power_note, verdict, widened

NO_GROUPS = "No groups were given, so nothing is known about how rates differ between people. A certificate needs them (R38)."


def group_sections(figures: tuple[GroupFigures, ...], false_word: str) -> tuple[Section, ...]:
    """Two tables for each attribute and the verdict; without groups, a section that says what is missing. `false_word` names the
    false event of this test."""
    if not figures:
        return (Section("Rates by group", (NO_GROUPS,)),)
    sections = [Section("Rates by group", (verdict(figures),), notes=(fisher.METHOD + ".", _RATIOS, _SUPPRESSION, *_methods(figures)))]
    for attribute in dict.fromkeys(one.attribute for one in figures):
        of = [one for one in figures if one.attribute == attribute]
        tables = (
            _table(f"{attribute}: listed people missed", of, missed=True),
            _table(f"{attribute}: {false_word}", of, missed=False),
        )
        pictures = tuple(picture for picture in (_bars(attribute, of),) if picture is not None)
        sections.append(Section(f"By {attribute}", (), tables, pictures))
    return tuple(sections)


_SUPPRESSION = (
    f"Where a rate is of fewer than {SMALL} people, the group is shown without counts and with its interval widened to tenths; where only "
    "one group would be hidden, so is the next smallest. The limit is ours, not taken from a standard."
)
_RATIOS = (
    "Ratios are to the lowest rate shown and to the geometric mean of those shown; '-' where a group had no event, which makes them "
    "meaningless. The last column is the power note: the test would have missed a smaller ratio more often than 1 time in 5 (5 % level); "
    "'any' means that these are too few trials, or too few events among the others, to name a ratio that it would have noticed."
)


def _methods(figures: tuple[GroupFigures, ...]) -> tuple[str, ...]:
    return methods_of([rate.rate for one in figures for rate in (one.missed, one.false)])


def _table(caption: str, figures: list[GroupFigures], *, missed: bool) -> Table:
    columns = (
        "Group",
        "Count",
        "Rate",
        "95 %",
        "Ratio to best",
        "Ratio to geometric mean",
        "p, adjusted",
        "Could not detect a ratio below",
    )
    rows: list[tuple[str, ...]] = []
    for one in figures:
        found = one.missed if missed else one.false
        if one.hidden:
            rows.append((one.group, "hidden", "hidden", widened(found.rate), *("hidden",) * 4))
            continue
        ratios = tuple("-" if ratio is None else f"{ratio:.2f}" for ratio in (found.ratio_to_best, found.ratio_to_geometric_mean))
        noticed = "any" if found.smallest_ratio_noticed is None else f"{found.smallest_ratio_noticed:g}"
        rows.append((one.group, *rate_cells(found.rate), *ratios, f"{found.p_adjusted:.2g}", noticed))
    return Table(caption, columns, tuple(rows))


def _bars(attribute: str, figures: list[GroupFigures]) -> Picture | None:
    bars = [
        Bar(one.group, one.missed.rate.value, one.missed.rate.low, one.missed.rate.high)
        for one in figures
        if not one.hidden and one.missed.rate.value is not None
    ]
    if not bars:
        return None
    alt = f"Share of listed people missed, by {attribute}, each with its 95 % interval"
    svg = bar_chart(bars, title=f"Missed, by {attribute}", alt=alt, value_label="share of listed people missed")
    name = "groups-" + "".join(sign if sign.isascii() and sign.isalnum() else "-" for sign in attribute.lower())
    return Picture(name, svg, alt, f"Listed people missed, by {attribute}; the lines are 95 % intervals.")


def groups_json(figures: tuple[GroupFigures, ...]) -> list[dict[str, object]]:
    """One object for each group: what a certificate carries. Hidden counts are null; the interval is always there."""
    return [_json(one) for one in figures]


def _json(one: GroupFigures) -> dict[str, object]:
    recognised = complement(one.missed.rate)
    return {
        "attribute": one.attribute,
        "group": one.group,
        "people": None if one.hidden else one.people,
        "hidden": one.hidden,
        "recognised": _rate(recognised, one.hidden),
        "recognised_k": None if one.hidden else recognised.k,
        "recognised_n": None if one.hidden else recognised.n,
        "false_k": None if one.hidden else one.false.rate.k,
        "false_n": None if one.hidden else one.false.rate.n,
        "missed": _compared(one.missed, one.hidden),
        "false": _compared(one.false, one.hidden),
    }


def _rate(rate: Measured, hidden: bool) -> dict[str, object]:
    if hidden:
        return {"value": None, "k": None, "n": None, "ci": list(outward(rate)), "method": rate.method + ", widened to tenths"}
    return rate.as_json()


def _compared(found: GroupRate, hidden: bool) -> dict[str, object]:
    return {
        **_rate(found.rate, hidden),
        "ratio_to_best": None if hidden else found.ratio_to_best,
        "ratio_to_geometric_mean": None if hidden else found.ratio_to_geometric_mean,
        "fisher_p": None if hidden else found.p_value,
        "fisher_p_adjusted": None if hidden else found.p_adjusted,
        "power_note": "hidden" if hidden else power_note(found),
    }
