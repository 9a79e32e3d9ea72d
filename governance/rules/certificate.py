"""What a pipeline certificate lacks for real use (R27, R37, R38): the same findings for the officer and for the gate."""

from collections.abc import Iterator

from governance.messages.certificate import Certificate
from governance.messages.roster import TestBody
from governance.rules.finding import Finding, Level
from lfr_engine.evaluation.interval import clopper_pearson

FALSE_ALERT_CAP = 1 / 1000
"""R27: the ceiling for the upper 95 % bound of predicted false alerts per face, fixed in code."""

_ATTRIBUTES = ("sex", "ethnicity", "age")


def shortcomings(certificate: Certificate, issuer: TestBody | None, level: Level) -> Iterator[Finding]:
    """Findings at `level`, none when nothing is lacking. `issuer` None: the roster does not know who issued it."""
    upper, false_k, false_n = max((_false_alerts(certificate, one) for one in _ATTRIBUTES), key=lambda bound: bound[0])
    if upper > FALSE_ALERT_CAP:
        measured = f"{false_k} of {false_n} measured, so up to {upper:.2%} (95 %)" if false_n else "not measured"
        yield Finding("R27", level, f"predicted false alerts: {measured}, where 0.10 % is the cap", "SWP SOP in Bridges (S11)")
    if issuer is None or not issuer.independent:
        text = f"{certificate.issuer}, who issued the certificate, is not an independent test body"
        yield Finding("R37", level, text, "Bridges ground 5 (S83)")
    if not set(_ATTRIBUTES) <= {rate.attribute for rate in certificate.groups}:
        yield Finding("R38", level, "recognition and false alerts by ethnicity, sex and age were not measured", "Bridges ground 5 (S83)")


def _false_alerts(certificate: Certificate, attribute: str) -> tuple[float, int, int]:
    """(upper bound, k, n) over the groups of one attribute; the groups of another are the same trials, told apart otherwise."""
    groups = [rate for rate in certificate.groups if rate.attribute == attribute]
    k, n = sum(rate.false_k for rate in groups), sum(rate.false_n for rate in groups)
    return clopper_pearson(k, n)[1], k, n
