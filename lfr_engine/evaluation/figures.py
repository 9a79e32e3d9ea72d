"""The figures of a result as JSON: keys as README and plans name them, every rate with k, n, interval and method."""

from collections.abc import Mapping

from lfr_engine.evaluation.identification import Identification, ListSize
from lfr_engine.evaluation.interval import Measured
from lfr_engine.evaluation.operating_point import OperatingPoint
from lfr_engine.evaluation.template_store import Kept
from lfr_engine.evaluation.verification import Verification

SMOKE_TEST = "smoke test: pairs of still photos show whether networks and alignment work, not how a camera does in a street"


def complement(rate: Measured) -> Measured:
    """Misses from hits, and the other way round."""
    return Measured(rate.n - rate.k, rate.n, 1 - rate.high, 1 - rate.low, rate.method)


def verification_figures(found: Verification) -> dict[str, object]:
    """`accuracy`, `n`, `ci`, `tar_at_far` by target, the curve, and the failures."""
    return {
        "label": SMOKE_TEST,
        "accuracy": found.accuracy.value,
        "n": found.accuracy.n,
        "k": found.accuracy.k,
        "ci": [found.accuracy.low, found.accuracy.high],
        "ci_method": found.accuracy.method,
        "method": "each pair judged at the threshold that is best on the other nine of ten folds",
        "fold_thresholds": list(found.fold_thresholds),
        "tar_at_far": {f"{point.target:g}": _accepted(point) for point in found.points},
        "failures_to_acquire": found.failures.as_json(),
        "people": found.people,
        "people_from": found.people_from,
        "roc": [[point.threshold, point.far, point.tar] for point in found.roc],
    }


def _accepted(point: OperatingPoint) -> dict[str, object]:
    """The interval at the threshold as given: pairs share so many people that they seldom bound the threshold itself."""
    given, chosen = point.accepted_fixed, point.accepted
    return {
        **given.as_json(),
        "method": f"{given.method}; threshold as given",
        "threshold": point.threshold,
        "far": point.false.as_json(),
        "threshold_chosen": chosen.as_json(),
    }


def _missed(point: OperatingPoint) -> dict[str, object]:
    return {
        **complement(point.accepted).as_json(),
        "threshold": point.threshold,
        "fpir": point.false.as_json(),
        "threshold_fixed": complement(point.accepted_fixed).as_json(),
    }


def identification_figures(found: Identification) -> dict[str, object]:
    """`fnir_at_fpir` by target, `n` and `ci` (of the FNIR at the pipeline's threshold), rank one, list sizes, the DET curve."""
    at = found.fnir_at_threshold
    return {
        "n": at.n,
        "k": at.k,
        "ci": [at.low, at.high],
        "ci_method": at.method,
        "fnir": at.as_json(),
        "fpir": found.fpir_at_threshold.as_json(),
        "fnir_at_fpir": {f"{point.target:g}": _missed(point) for point in found.points},
        "rank1": found.rank_one.as_json(),
        "list_size": found.list_size,
        "by_list_size": [_size(size) for size in found.sizes],
        "enrolment_failures": found.not_enrolled.as_json(),
        "failures_to_acquire": found.no_template.as_json(),
        "det": [[point.threshold, point.fpir, point.fnir] for point in found.det],
    }


def _size(size: ListSize) -> dict[str, object]:
    return {
        "list_size": size.list_size,
        "fnir": size.fnir_at_threshold.as_json(),
        "fpir": size.fpir_at_threshold.as_json(),
        "fnir_at_fpir": {f"{point.target:g}": _missed(point) for point in size.points},
    }


def unusable(kept: Mapping[str, Kept], most: int = 50) -> list[dict[str, str]]:
    """The photos that gave no template, and why; at most `most` of them."""
    return [{"photo": name, "why": one.why} for name, one in sorted(kept.items()) if one.vector is None][:most]
