"""What a pipeline certificate lacks for real use (R27, R37, R38, R98): the same findings for the officer and for the gate."""

from collections.abc import Iterator

from governance.messages.certificate import Certificate
from governance.messages.roster import TestBody
from governance.rules.finding import Finding, Level
from lfr_engine.evaluation.equality import UNSTATED
from lfr_engine.evaluation.interval import clopper_pearson

FALSE_ALERT_CAP = 1 / 1000
"""R27: the ceiling for the upper 95 % bound of predicted false alerts per face, fixed in code."""

_ATTRIBUTES = ("sex", "ethnicity", "age")
_REAL_USE = ("licensed", "any")


def shortcomings(certificate: Certificate, issuer: TestBody | None, level: Level, *, entries: int) -> Iterator[Finding]:
    """Findings at `level`, none when nothing is lacking. `issuer` None: the roster does not know who issued it; `entries` is
    the length of the list, for which the false alerts are predicted."""
    upper, measured = _false_alerts(certificate, entries)
    if upper > FALSE_ALERT_CAP:
        yield Finding("R27", level, f"predicted false alerts: {measured}, where 0.10 % is the cap", "SWP SOP in Bridges (S11)")
    if issuer is None or not issuer.independent:
        text = f"{certificate.issuer}, who issued the certificate, is not an independent test body"
        yield Finding("R37", level, text, "Bridges ground 5 (S83)")
    if not all(_told_apart(certificate, attribute) for attribute in _ATTRIBUTES):
        yield Finding("R38", level, "recognition and false alerts by ethnicity, sex and age were not measured", "Bridges ground 5 (S83)")
    if certificate.licence.use not in _REAL_USE:
        text = f"the models' licence allows {certificate.licence.use} use only"
        yield Finding("R98", level, text, "domain 8.9; College monitoring guidance (S5)")


def _told_apart(certificate: Certificate, attribute: str) -> bool:
    """At least two groups, each with trials of both kinds: fewer are no breakdown, and people who stated nothing are no group."""
    measured = {
        rate.group
        for rate in certificate.groups
        if rate.attribute == attribute and rate.group != UNSTATED and rate.recognised_n and rate.false_n
    }
    return len(measured) >= 2


def _false_alerts(certificate: Certificate, entries: int) -> tuple[float, str]:
    """The upper 95 % bound of false alerts per passage at this length of list, and what it rests on: the worst of the band's
    prediction, of the same from its own counts, and of the sums over groups, whose trials are the same, told apart otherwise."""
    sums = [
        (sum(rate.false_k for rate in groups), sum(rate.false_n for rate in groups))
        for attribute in _ATTRIBUTES
        if (groups := [rate for rate in certificate.groups if rate.attribute == attribute])
    ]
    bounds = [(clopper_pearson(k, n)[1], _said(k, n, clopper_pearson(k, n)[1])) for k, n in sums]
    band = certificate.band_for(entries)
    if band is not None and band.false_alerts is not None:
        told = band.false_alerts
        high = max(float(told.high), float(told.expected), clopper_pearson(min(told.k, told.n), told.n)[1])
        bounds.append((high, _said(told.k, told.n, high) + (", extrapolated to this list" if told.extrapolated else "")))
    return max(bounds, default=(1.0, "not measured"))


def _said(k: int, n: int, upper: float) -> str:
    return f"{k} of {n} measured, so up to {upper:.2%} (95 %)" if n else "not measured"
