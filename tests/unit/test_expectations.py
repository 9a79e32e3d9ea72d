"""The officer reads numbers of people, with what is not measured said (R26, R27, R40)."""

from governance.messages.certificate import Band, Predicted
from tests.certified import certificate
from webui.office.expectations import expectations


def predicted(k: int, n: int, *, extrapolated: bool = False) -> Predicted:
    return Predicted(k=k, n=n, expected="0.0003", low="0.00006", high="0.0009", method="test", extrapolated=extrapolated)


def test_false_alerts_and_misses_stand_side_by_side_as_numbers_of_people() -> None:
    band = Band(max_entries=200, threshold="0.60", false_alerts=predicted(3, 10_000), misses=predicted(40, 400))
    false, missed = expectations(certificate(bands=(band,)), 150, 10_000)
    assert false == "About 3 false alerts among 10,000 people (0 to 11), by 10,000 trials."
    assert missed == "About 10 missed among 100 listed people who pass (4 to 17), by 400 trials."
    assert "%" not in false + missed


def test_a_longer_list_than_measured_is_said() -> None:
    band = Band(max_entries=5000, threshold="0.60", false_alerts=predicted(3, 10_000, extrapolated=True), misses=None)
    false, missed = expectations(certificate(bands=(band,)), 4000, 1000)
    assert "longer than any that was measured" in false
    assert missed == "How many listed people will be missed is not certified."


def test_a_list_beyond_the_certificate_has_no_figures() -> None:
    (only,) = expectations(certificate(bands=(Band(max_entries=10, threshold="0.60"),)), 11, 1000)
    assert "nothing is known of false alerts" in only
