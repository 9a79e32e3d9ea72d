"""Predicted false alerts and misses: exact where measured, flagged beyond, and true as often as they say (R27, R75)."""

import itertools
import math

import numpy as np
import pytest
from scipy.stats import betabinom, binomtest

from lfr_engine.errors import BadInput
from lfr_engine.evaluation.bands import calibrated_bands
from lfr_engine.evaluation.calibration import NonMated, error_free_searches, expected_misses, predicted_fpir, threshold_for
from lfr_engine.evaluation.clustered import clustered_rate
from lfr_engine.evaluation.expectation import expected_count, said
from lfr_engine.evaluation.extrapolation import back_tests

THRESHOLD = 3.6


def world(searches: int, entries: int, seed: int) -> NonMated:
    """Scores with easily reached entries and easily reaching searchers among them, as faces have (Doddington's zoo)."""
    rng = np.random.default_rng(seed)
    scores = rng.normal(0, 0.35, searches)[:, None] + rng.normal(0, 0.35, entries)[None, :] + rng.normal(0, 1, (searches, entries))
    return NonMated(scores.astype(np.float32), tuple(f"s{place}" for place in range(searches)))


def test_fpir_of_a_shorter_list_is_the_mean_over_all_its_lists() -> None:
    measured = world(12, 7, 3)
    for size in range(1, 8):
        every = [(measured.scores[:, list(chosen)] >= 1).any(axis=1).mean() for chosen in itertools.combinations(range(7), size)]
        assert predicted_fpir(measured, 1, size).rate.rate == pytest.approx(np.mean(every), abs=1e-12)


def test_beyond_the_measured_list_it_says_so_and_follows_the_blocks() -> None:
    measured = world(200, 100, 4)
    inside, beyond = predicted_fpir(measured, THRESHOLD, 100), predicted_fpir(measured, THRESHOLD, 300)
    assert (inside.extrapolated, beyond.extrapolated) == (False, True)
    assert beyond.rate.rate == pytest.approx(1 - (1 - inside.rate.rate) ** 3)
    assert beyond.rate.low < beyond.rate.rate < beyond.rate.high
    assert "beyond what was measured" in beyond.method


def test_the_interval_covers_the_truth_and_extrapolation_does_not_understate_it() -> None:
    everybody = world(2500, 2500, 9)
    truth = {size: predicted_fpir(everybody, THRESHOLD, size).rate.rate for size in (100, 200, 400)}
    inside, said_too_much = dict.fromkeys(truth, 0), []
    for seed in range(120):
        measured = world(250, 200, 1000 + seed)
        for size, true in truth.items():
            rate = predicted_fpir(measured, THRESHOLD, size).rate
            inside[size] += rate.low <= true <= rate.high
        said_too_much.append(rate.rate / truth[400])
    assert all(covered >= 112 for covered in inside.values()), inside
    assert 1.0 < np.mean(said_too_much) < 1.15


def test_extrapolation_is_back_tested_on_people_held_out() -> None:
    measured = world(400, 500, 5)
    names = [f"s{place}" if place < 200 else f"e{place}" for place in range(500)]  # some are searched for and listed
    tests = back_tests(measured, names, THRESHOLD, factors=(2, 5), repeats=15)
    assert len(tests) == 30
    assert sum(test.holds for test in tests) >= 27
    assert all(test.list_size >= 200 for test in tests)
    with pytest.raises(BadInput):
        back_tests(world(2, 2, 1), ["a", "b"], THRESHOLD, factors=(10,), repeats=1)


def test_people_who_share_trials_widen_the_interval_and_it_covers() -> None:
    covered = plain = 0
    for seed in range(600):
        rng = np.random.default_rng(seed)
        walks = rng.binomial(1, np.repeat(rng.beta(4, 2, 15), 6)).astype(float)
        rate = clustered_rate(walks, [str(person) for person in range(15) for _ in range(6)])
        covered += rate.low <= 2 / 3 <= rate.high
        exact = binomtest(int(walks.sum()), 90).proportion_ci(method="exact")
        plain += exact.low <= 2 / 3 <= exact.high
    assert covered >= 0.94 * 600
    assert plain < 0.93 * 600  # what would be said by whoever forgot that people walk more than once


def test_people_who_come_once_each_get_clopper_and_pearson() -> None:
    values = [1.0] * 7 + [0.0] * 33
    rate = clustered_rate(values, [str(place) for place in range(40)])
    exact = binomtest(7, 40).proportion_ci(method="exact")
    assert (rate.low, rate.high) == pytest.approx((exact.low, exact.high), abs=1e-9)
    assert rate.whole() == (7, 40)


def test_nothing_seen_counts_every_person_once() -> None:
    assert clustered_rate([0.0] * 40, [str(place % 10) for place in range(40)]).high == pytest.approx(1 - 0.025 ** (1 / 10))
    assert clustered_rate([], []).high == 1.0


@pytest.mark.parametrize(("k", "n", "people"), [(0, 3689, 10_000), (3, 1000, 500), (10, 3_147_436, 100_000), (100, 100, 20)])
def test_the_count_to_expect_has_thatchers_limits(k: int, n: int, people: int) -> None:
    expected = expected_count(k, n, people)
    assert expected.high == (people if k == n else betabinom.ppf(0.975, people, k + 1, n - k))
    assert expected.low == (0 if k == 0 else betabinom.ppf(0.025, people, k, n - k + 1))


def test_the_limits_of_the_count_hold_at_least_as_often_as_they_say() -> None:
    held = 0
    for seed in range(1000):
        rng = np.random.default_rng(seed)
        expected = expected_count(int(rng.binomial(1000, 0.01)), 1000, 700)
        held += expected.low <= rng.binomial(700, 0.01) <= expected.high
    assert held >= 950


def test_an_officer_reads_numbers_of_people_never_a_sureness() -> None:
    words = expected_count(3, 10_000, 10_000).words("false alerts")
    assert words == "about 3 false alerts among 10,000 people (0 to 11)"
    assert expected_count(1, 1000, 1000).words("false alerts").startswith("about 1 false alert among 1,000 people")
    assert "%" not in words
    assert [said(number) for number in (0, 0.04, 0.0001, 1.5, 12.4, 12_345)] == ["0", "0.04", "0.0001", "1.5", "12", "12,345"]


def test_the_number_of_error_free_searches_for_one_in_a_thousand() -> None:
    needed = error_free_searches(0.001)
    assert needed == 3688
    assert binomtest(0, needed).proportion_ci(method="exact").high <= 0.001 < binomtest(0, needed - 1).proportion_ci(method="exact").high
    assert math.ceil(-math.log(0.025) / 0.001) == 3689  # the usual rounding, one search to the safe side


def test_a_threshold_keeps_its_target_or_says_how_much_is_missing() -> None:
    measured = world(600, 200, 6)
    chosen = threshold_for(measured, 200, 0.05)
    assert chosen.shown
    assert chosen.predicted.rate.high <= 0.05 < predicted_fpir(measured, chosen.threshold - 0.001, 200).rate.high
    too_strict = threshold_for(measured, 200, 0.001)
    assert (too_strict.shown, too_strict.needed_searches) == (False, 3688)
    assert too_strict.predicted.rate.rate <= 0.001 < too_strict.predicted.rate.high


def test_a_band_shows_misses_beside_false_alerts_and_recomputes_from_its_counts() -> None:
    measured = world(600, 200, 6)
    mated = np.random.default_rng(1).normal(5, 1, 300)
    people = [f"m{place}" for place in range(300)]
    (band, longer) = calibrated_bands(measured, list(mated), people, [200, 1000], target=0.05)
    given = band.as_json()
    for side in ("false_alerts", "misses"):
        exact = binomtest(given[side]["k"], given[side]["n"]).proportion_ci(method="exact")
        assert (given[side]["low"], given[side]["high"]) == pytest.approx((exact.low, exact.high), abs=1e-9)
    assert band.kept
    assert longer.false_alerts.extrapolated
    assert "false alerts among 1,000 people" in band.words(1000)
    assert "missed among 100 listed people who pass" in band.words(1000)
    assert "longer list than was measured" in longer.words(1000)
    assert longer.threshold > band.threshold
    assert expected_misses(list(mated), people, longer.threshold).rate >= band.misses.rate


def test_scores_that_do_not_fit_are_refused() -> None:
    with pytest.raises(BadInput):
        NonMated(np.zeros((2, 3), np.float32), ("a",))
    with pytest.raises(BadInput):
        NonMated(np.full((1, 3), np.nan, np.float32), ("a",))
    with pytest.raises(BadInput):
        predicted_fpir(world(5, 5, 1), 1.0, 0)
    with pytest.raises(BadInput):
        clustered_rate([0.5, 2.0], ["a", "b"])
