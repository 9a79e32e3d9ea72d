"""What the authorising officer may expect: false alerts and missed people as numbers of people, never as a sureness (R26, R27, R40)."""

from governance.messages.certificate import Certificate, Predicted
from lfr_engine.evaluation.expectation import expected_count

LISTED = 100  # misses are told per hundred listed people who pass: how many will come nobody knows


def expectations(certificate: Certificate, entries: int, passers: int) -> tuple[str, ...]:
    """Sentences for a list of this size and so many people who pass; what was not measured is said, not left out."""
    band = certificate.band_for(entries)
    if band is None:
        return (f"The certificate reaches no list of {entries:,} people: nothing is known of false alerts.",)
    return (
        _told(band.false_alerts, passers, "false alerts", "people", "How many false alerts there will be is not certified."),
        _told(band.misses, LISTED, "missed", "listed people who pass", "How many listed people will be missed is not certified."),
    )


def _told(measured: Predicted | None, people: int, what: str, among: str, otherwise: str) -> str:
    if measured is None or not measured.n:
        return otherwise
    words = expected_count(measured.k, measured.n, people).words(what, among)
    beyond = " This list is longer than any that was measured." if measured.extrapolated else ""
    return f"{words[:1].upper()}{words[1:]}, by {measured.n:,} trials.{beyond}"
