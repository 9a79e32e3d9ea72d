"""The report and the JSON of a crowd test: the whole pipeline, passage by passage."""

from lfr_engine.chart import Bar, bar_chart
from lfr_engine.evaluation.document import Picture, Section, Table
from lfr_engine.evaluation.interval import Measured, exactly
from lfr_engine.evaluation.outcomes import CrowdFigures, Outcome, boxes_known
from lfr_engine.evaluation.still_reports import methods_of, rate_cells
from lfr_engine.evaluation.wording import in_words

_KEYS = {
    Outcome.NOT_ENROLLED: "enrolment",
    Outcome.NOT_DETECTED: "detection",
    Outcome.LOW_QUALITY: "quality",
    Outcome.NOT_RECOGNISED: "recognition",
    Outcome.MISSED: "unattributed",
}
_SHORT = {
    Outcome.RECOGNISED: "Recognised",
    Outcome.NOT_ENROLLED: "Not enrolled",
    Outcome.NOT_DETECTED: "No face found",
    Outcome.LOW_QUALITY: "Too poor to compare",
    Outcome.NOT_RECOGNISED: "Below the threshold",
    Outcome.MISSED: "Missed, step unknown",
}


def crowd_figures(found: CrowdFigures, *, list_size: int, threshold: float) -> dict[str, object]:
    """`recognised`, `n`, `ci`, `false_alerts`, `misses` by step, `passages`."""
    recognised = found.recognised
    known = boxes_known(found.clips)
    return {
        "n": recognised.n,
        "k": recognised.k,
        "ci": [recognised.low, recognised.high],
        "ci_method": recognised.method,
        "recognised": recognised.as_json(),
        "tpir": recognised.value,
        "false_alerts": {
            "alerts": found.total("false_alerts"),
            **found.false_names.as_json(),
            "of": "strangers' passages" if known else "all true passages",
            "among_alerts": found.false_among_alerts.as_json(),
            "wrong_name_for_listed": found.total("wrong_name_for_listed") if known else None,
            "nobody_there": found.total("nobody_there") if known else None,
        },
        "misses": {_KEYS[outcome]: count for outcome, count in found.missed_by().items()},
        "misses_attributed": known,
        "passages": {
            "counted": found.total("passages_counted"),
            "true": found.total("passages_true"),
            "too_small": found.total("too_small"),
            "low_quality": found.total("low_quality"),
        },
        "list_size": list_size,
        "threshold_used": f"{threshold:.4f}",
        "clips": [clip.as_json() for clip in found.clips],
    }


def crowd_sections(found: CrowdFigures, *, list_size: int, rehearsal: bool) -> tuple[str, tuple[str, ...], tuple[Section, ...]]:
    """Title, summary and sections of a crowd test."""
    known = boxes_known(found.clips)
    counted, true = found.total("passages_counted"), found.total("passages_true")
    whose = "passages of strangers" if known else "passages"
    summary = (
        in_words(found.recognised, "Listed people recognised (TPIR)", "passages"),
        in_words(found.false_names, "A false name was given", whose),
        in_words(found.false_among_alerts, "Alerts that named the wrong person", "alerts"),
        f"The list had {list_size:,} people. {counted:,} passages were counted where {true:,} people passed.",
        _limits(rehearsal),
    )
    return "The whole pipeline in front of a crowd", summary, (_what_became(found, known), _counting(found, counted, true))


def _limits(rehearsal: bool) -> str:
    if rehearsal:
        return (
            "The clips are made: photos walk through a drawn street. They are kinder than a street - no face turns or changes in them - "
            "and their figures are for comparing pipelines, not for a deployment."
        )
    return "One film, one place, one light: another camera or another crowd gives other figures."


def _what_became(found: CrowdFigures, known: bool) -> Section:
    n = found.recognised.n
    shown = {
        outcome: exactly(count, n) for outcome, count in found.missed_by().items() if count or (known and outcome is not Outcome.MISSED)
    }
    rates: dict[Outcome, Measured] = {Outcome.RECOGNISED: found.recognised, **shown}
    rows = tuple((str(outcome).capitalize(), *rate_cells(rate)) for outcome, rate in rates.items())
    bars = [Bar(_SHORT[outcome], rate.value or 0.0, rate.low, rate.high) for outcome, rate in rates.items()]
    alt = "What became of the passages of listed people: recognised, or missed by the first step that failed"
    svg = bar_chart(bars, title="Passages of listed people", alt=alt, value_label="share of the passages of listed people")
    explained = (
        "A passage counts as recognised when an alert names its person"
        + (" and lies on their face. " if known else " during their frames. ")
        + "Every other alert is a false name. A miss is counted at the first step that failed."
    )
    false = Table(
        "False names",
        ("What", "Count"),
        (
            ("Alerts in all", f"{found.total('alerts'):,}"),
            ("Alerts that named the wrong person", f"{found.total('false_alerts'):,}"),
            *((("of them on the passage of another listed person", f"{found.total('wrong_name_for_listed'):,}"),) if known else ()),
            *((("of them where nobody's face was", f"{found.total('nobody_there'):,}"),) if known else ()),
        ),
    )
    table = Table("Passages of listed people, by what became of them", ("What became of them", "Count", "Rate", "95 %"), rows)
    picture = Picture("outcomes", svg, alt, "What became of the passages of listed people; the lines are 95 % intervals.")
    return Section(
        "Who was recognised, and where the others were lost", (explained,), (table, false), (picture,), methods_of(list(rates.values()))
    )


def _counting(found: CrowdFigures, counted: int, true: int) -> Section:
    table = Table(
        "Passages (R44, R45)",
        ("What", "Count"),
        (
            ("People who truly passed", f"{true:,}"),
            ("Passages counted by the pipeline", f"{counted:,}"),
            ("of them with every view too small to compare", f"{found.total('too_small'):,}"),
            ("of them with every view of too low quality", f"{found.total('low_quality'):,}"),
        ),
    )
    error = f"The count differs from the truth by {counted - true:+,} ({(counted - true) / true:+.1%})." if true else "Nobody passed."
    reason = "A person lost behind somebody and found again is counted twice; two who cross can be counted once."
    return Section("How passages are counted", (f"{error} {reason}",), (table,))
