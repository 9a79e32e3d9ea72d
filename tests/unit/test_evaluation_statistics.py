"""The statistics of an evaluation against independent implementations, and by simulation: how often an interval holds the truth."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import fisher_exact, norm
from statsmodels.stats.contingency_tables import mcnemar as statsmodels_mcnemar
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.proportion import proportion_confint

from lfr_engine.evaluation.bootstrap import numbered, pair_weights, person_weights, weighted_share
from lfr_engine.evaluation.fisher import fisher, holm, power, smallest_ratio_noticed
from lfr_engine.evaluation.interval import BY_PERSON, EXACT, by_person, clopper_pearson, exactly
from lfr_engine.evaluation.mcnemar import mcnemar, mcnemar_of
from lfr_engine.evaluation.operating_point import Sampled, operating_point

COUNTS = st.integers(1, 5_000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))


@given(COUNTS, st.sampled_from([0.9, 0.95, 0.99]))
def test_R75_clopper_pearson_is_the_one_of_statsmodels(pair: tuple[int, int], confidence: float) -> None:
    expected = proportion_confint(*pair, alpha=1 - confidence, method="beta")
    assert clopper_pearson(*pair, confidence) == pytest.approx(expected, rel=1e-9, abs=1e-12)


@given(st.integers(0, 400), st.integers(0, 400))
def test_mcnemar_is_the_exact_one_of_statsmodels(ours: int, other: int) -> None:
    expected = statsmodels_mcnemar([[0, ours], [other, 0]], exact=True).pvalue if ours + other else 1.0
    assert mcnemar(ours, other).p_two_sided == pytest.approx(min(1.0, expected), rel=1e-9)


def test_mcnemar_counts_only_the_trials_on_which_the_two_differ() -> None:
    found = mcnemar_of([True, True, False, False, True], [True, False, True, False, False])
    assert (found.only_ours, found.only_other) == (2, 1)
    assert mcnemar(0, 8).worse
    assert not mcnemar(8, 0).worse
    assert mcnemar(0, 0).p_two_sided == 1.0
    with pytest.raises(ValueError, match="no counts"):
        mcnemar(-1, 0)
    with pytest.raises(ValueError, match="same trials"):
        mcnemar_of([True], [])


@given(st.tuples(st.integers(0, 60), st.integers(0, 60), st.integers(0, 60), st.integers(0, 60)))
def test_fisher_is_the_one_of_scipy_and_never_divides_by_nothing(cells: tuple[int, int, int, int]) -> None:
    k, rest, other_k, other_rest = cells
    found = fisher(k, k + rest, other_k, other_k + other_rest)
    if k + rest and other_k + other_rest:
        assert found == pytest.approx(float(fisher_exact([[k, rest], [other_k, other_rest]]).pvalue))
    else:
        assert found == 1.0


@settings(max_examples=25)
@given(st.lists(st.floats(0, 1), min_size=1, max_size=12))
def test_holm_is_the_one_of_statsmodels(values: list[float]) -> None:
    assert holm(values) == pytest.approx(multipletests(values, method="holm")[1].tolist(), abs=1e-12)


@pytest.mark.parametrize(("n", "rate", "other_n", "other_rate"), [(40, 0.3, 60, 0.1), (200, 0.05, 400, 0.01), (25, 0.9, 25, 0.6)])
def test_the_power_of_fishers_test_is_what_a_simulation_gives(n: int, rate: float, other_n: int, other_rate: float) -> None:
    rng = np.random.default_rng(5)
    draws = 3_000
    noticed = sum(
        fisher_exact([[a, n - a], [b, other_n - b]]).pvalue < 0.05
        for a, b in zip(rng.binomial(n, rate, draws).tolist(), rng.binomial(other_n, other_rate, draws).tolist(), strict=True)
    )
    low, high = clopper_pearson(noticed, draws, 0.9999)
    assert low <= power(n, rate, other_n, other_rate) <= high


def test_groups_too_large_to_sum_over_take_the_normal_approximation() -> None:
    exact, large = power(900, 0.20, 900, 0.15), power(60_000, 0.300, 60_000, 0.2925)
    assert 0.7 < exact < 0.9
    assert 0.7 < large < 0.9


def test_R76_the_power_note_falls_with_more_people_and_is_absent_for_none() -> None:
    few, more = smallest_ratio_noticed(60, 5, 500), smallest_ratio_noticed(600, 50, 5_000)
    assert few is not None
    assert more is not None
    assert few > more
    assert smallest_ratio_noticed(0, 5, 500) is None
    assert smallest_ratio_noticed(3, 250, 500) is None  # three people cannot show twice a rate of one half
    assert smallest_ratio_noticed(500, 0, 500) is None  # no event elsewhere: no rate to be a multiple of


def test_without_shared_people_the_interval_by_person_is_the_exact_one_or_wider() -> None:
    rng = np.random.default_rng(3)
    events = rng.random(500) < 0.1
    drawn = weighted_share(person_weights(500, seed=1), events)
    clustered, exact = by_person(int(events.sum()), 500, drawn=drawn, people=500), exactly(int(events.sum()), 500)
    assert clustered.low <= exact.low + 1e-12
    assert exact.high <= clustered.high + 1e-12
    assert clustered.high - clustered.low < 1.15 * (exact.high - exact.low)
    assert (clustered.method, exact.method) == (BY_PERSON, EXACT)


def test_without_any_error_each_person_is_one_trial() -> None:
    nothing = by_person(0, 400, drawn=np.zeros(100), people=40)
    assert (nothing.low, nothing.high) == pytest.approx(clopper_pearson(0, 40))
    everything = by_person(400, 400, drawn=np.ones(100), people=40)
    assert (everything.low, everything.high) == pytest.approx(clopper_pearson(40, 40))
    assert by_person(0, 0, drawn=[], people=0).high == 1.0


def test_one_person_in_every_trial_makes_the_trials_one() -> None:
    """Everything hangs on 20 people who are each right in all of their 50 trials or in none."""
    events = np.repeat(np.arange(20) < 5, 50)
    people = np.repeat(np.arange(20), 50)
    drawn = weighted_share(person_weights(20, seed=1)[:, people], events)
    found = by_person(int(events.sum()), len(events), drawn=drawn, people=20)
    assert (found.low, found.high) == pytest.approx(clopper_pearson(5, 20), abs=0.02)


def test_draws_follow_the_seed() -> None:
    assert (person_weights(30, seed=4) == person_weights(30, seed=4)).all()
    assert (person_weights(30, seed=4) != person_weights(30, seed=5)).any()
    assert (person_weights(30, seed=4).sum(axis=1) == 30).all()
    assert person_weights(0, seed=1).shape == (1000, 0)
    places, people = numbered(["a", "b", "a"])
    assert (places.tolist(), people) == ([0, 1, 0], 2)


# Coverage, as docs/evaluation.md shows it: how many of so many simulated tests had the true rate inside their 95 % interval. A
# method holds where the count is not below 95 % beyond chance.


def _holds(covered: int, tests: int) -> bool:
    return clopper_pearson(covered, tests, 0.998)[1] >= 0.95


@pytest.mark.slow
@pytest.mark.parametrize(("rate", "n"), [(0.5, 30), (0.1, 100), (0.01, 500), (0.001, 2_000)])
def test_R75_coverage_of_clopper_pearson(rate: float, n: int) -> None:
    counts = np.random.default_rng(1).binomial(n, rate, 4_000)
    covered = sum(low <= rate <= high for low, high in (clopper_pearson(int(k), n) for k in counts))
    print(f"coverage Clopper-Pearson rate {rate} n {n}: {covered}/4000")
    assert _holds(covered, 4_000)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("rate", "likeness", "people", "each"), [(0.5, 0.3, 100, 4), (0.1, 0.3, 100, 4), (0.02, 0.3, 200, 4), (0.005, 0.3, 200, 5)]
)
def test_coverage_by_person_where_a_persons_trials_are_alike(rate: float, likeness: float, people: int, each: int) -> None:
    """A person's own rate is beta distributed with the intra-person correlation `likeness`."""
    rng = np.random.default_rng(2)
    who = np.repeat(np.arange(people), each)
    a, b = rate * (1 / likeness - 1), (1 - rate) * (1 / likeness - 1)
    covered = naive = 0
    for number in range(600):
        events = rng.random(len(who)) < rng.beta(a, b, people)[who]
        drawn = weighted_share(person_weights(people, seed=number, draws=300)[:, who], events)
        found, exact = by_person(int(events.sum()), len(who), drawn=drawn, people=people), exactly(int(events.sum()), len(who))
        covered += found.low <= rate <= found.high
        naive += exact.low <= rate <= exact.high
    print(f"coverage by person rate {rate} people {people}x{each}: {covered}/600, taken as independent {naive}/600")
    assert _holds(covered, 600)


@pytest.mark.slow
@pytest.mark.parametrize(("rate", "people", "pairs"), [(0.3, 200, 1_000), (0.05, 200, 1_000), (0.01, 400, 1_000), (0.05, 60, 1_500)])
def test_coverage_by_person_where_comparisons_share_two_people(rate: float, people: int, pairs: int) -> None:
    """Some people are easily taken for others: each brings an effect of their own into every comparison they are in."""
    rng = np.random.default_rng(3)
    limit = norm.isf(rate) * np.sqrt(3.0)
    covered = naive = 0
    for number in range(300):
        effect = rng.normal(0, 1, people)
        first = rng.integers(people, size=pairs)
        second = (first + 1 + rng.integers(people - 1, size=pairs)) % people
        events = rng.normal(size=pairs) + effect[first] + effect[second] > limit
        drawn = weighted_share(pair_weights(person_weights(people, seed=number, draws=300), first, second), events)
        found, exact = by_person(int(events.sum()), pairs, drawn=drawn, people=people // 2), exactly(int(events.sum()), pairs)
        covered += found.low <= rate <= found.high
        naive += exact.low <= rate <= exact.high
    print(f"coverage by person, pairs rate {rate} people {people} pairs {pairs}: {covered}/300, taken as independent {naive}/300")
    assert _holds(covered, 300)


@pytest.mark.slow
@pytest.mark.parametrize(("mated", "strangers", "target"), [(200, 600, 0.01), (200, 600, 0.1), (400, 1_200, 0.01), (400, 1_200, 0.003)])
def test_coverage_of_misses_at_a_false_rate_whose_threshold_is_chosen_from_the_same_test(mated: int, strangers: int, target: float) -> None:
    """Scores are normal, mated ones three deviations higher: the true share at the true threshold is known."""
    rng = np.random.default_rng(4)
    spread, shift = 0.1, 0.3
    true = float(norm.sf(norm.isf(target) - shift / spread))
    covered = fixed = 0
    tests = 300
    for number in range(tests):
        same = Sampled(shift + spread * rng.normal(size=mated), person_weights(mated, seed=number, draws=200), mated)
        other = Sampled(spread * rng.normal(size=strangers), person_weights(strangers, seed=number + 9_999, draws=200), strangers)
        point = operating_point(same, other, target)
        assert point is not None
        covered += point.accepted.low <= true <= point.accepted.high
        at = float(norm.sf((float(point.threshold) - shift) / spread))
        fixed += point.accepted_fixed.low <= at <= point.accepted_fixed.high
    print(f"coverage at {target} of {strangers}, {mated} mated: {covered}/{tests}, threshold as given {fixed}/{tests}")
    assert _holds(covered, tests)
    assert _holds(fixed, tests)
