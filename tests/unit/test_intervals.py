"""Exact intervals against published vectors (R75-R77), and what a record says in words."""

import re
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from governance.intervals import decimal, percent, rate
from governance.verifier.intervals import clopper_pearson as verifiers_clopper_pearson
from lfr_engine.evaluation.interval import clopper_pearson

# k, n, and share, low, high with the digits that the sources give.
VECTORS = [
    (10, 3_147_436, "3.18e-6", "1.52e-6", "5.84e-6"),
    (10, 2_077, "0.00481", "0.00231", "0.00884"),
    (1, 383_356, "2.61e-6", "6.6e-8", "1.45e-5"),
    (1, 470_000, "2.13e-6", "5.39e-8", "1.19e-5"),
    (8, 10, "0.80", "0.444", "0.975"),
    (3_560, 4_000, "0.89", "0.880", "0.900"),
]


def _rounded(value: float, like: str) -> Decimal:
    """`value` with as many places as `like` has."""
    return Decimal(value).quantize(Decimal(like))


@pytest.mark.parametrize(("k", "n", "share", "low", "high"), VECTORS)
def test_the_published_vectors_come_out_to_every_digit_given(k: int, n: int, share: str, low: str, high: str) -> None:
    assert _rounded(k / n, share) == Decimal(share)
    found = clopper_pearson(k, n)
    assert _rounded(found[0], low) == Decimal(low)
    assert _rounded(found[1], high) == Decimal(high)


def test_R77_no_event_in_9913_leaves_up_to_0_037_percent() -> None:
    low, high = clopper_pearson(0, 9_913)
    assert low == 0
    assert percent(high) == "0.037 %"


@pytest.mark.parametrize(("one_in", "needed"), [(1_000, 2_995), (6_000, 17_973), (60_000, 179_743)])
def test_the_rule_of_three_sample_sizes_follow(one_in: int, needed: int) -> None:
    """Domain 8.4: the one-sided 95 % bound of 0 in n is 1 - 0.05^(1/n); ours is two-sided and so never below it."""
    assert 1 - 0.05 ** (1 / needed) <= 1 / one_in < 1 - 0.05 ** (1 / (needed - 1))
    assert clopper_pearson(0, needed)[1] > 1 - 0.05 ** (1 / needed)


@given(st.integers(0, 3_000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_the_interval_holds_its_share_and_mirrors(pair: tuple[int, int]) -> None:
    k, n = pair
    low, high = clopper_pearson(k, n)
    assert 0 <= low <= high <= 1
    if n:
        assert low <= k / n <= high
    mirrored = clopper_pearson(n - k, n)
    assert (1 - mirrored[1], 1 - mirrored[0]) == pytest.approx((low, high), abs=1e-12)


@pytest.mark.parametrize(("k", "n"), [(pair[0], pair[1]) for pair in VECTORS] + [(0, 9_913), (5, 5), (1, 2)])
def test_the_verifiers_own_arithmetic_agrees(k: int, n: int) -> None:
    assert clopper_pearson(k, n) == pytest.approx(verifiers_clopper_pearson(k, n), rel=1e-9)


@pytest.mark.parametrize(("k", "n"), [(-1, 10), (11, 10), (1, 0)])
def test_more_events_than_trials_is_no_rate(k: int, n: int) -> None:
    with pytest.raises(ValueError):
        clopper_pearson(k, n)


def test_nothing_tried_says_nothing() -> None:
    nothing = rate(0, 0, "false", "alerts")
    assert (nothing.low, nothing.high) == ("0", "1")
    assert nothing.wording == "no alerts: nothing can be said"


@given(st.floats(1e-12, 1, allow_nan=False))
def test_bounds_are_written_with_six_digits_and_without_exponent(value: float) -> None:
    text = decimal(value)
    assert re.fullmatch(r"\d+(\.\d+)?", text)
    assert float(text) == pytest.approx(value, rel=5.01e-6)


def test_small_bounds_keep_their_digits() -> None:
    low, _ = clopper_pearson(1, 383_356)
    assert decimal(low) == "0.0000000660425"


@given(st.integers(1, 5_000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_R76_a_rate_in_words_always_carries_its_interval_and_never_certainty(pair: tuple[int, int]) -> None:
    k, n = pair
    wording = rate(k, n, "false alerts", "passages").wording
    assert "95 %" in wording
    assert f"{n:,} passages" in wording
    assert not re.search(r"no bias|accura|certain|proof|100 % sure", wording)
    if k == 0:
        assert "could be up to" in wording


@pytest.mark.parametrize(("share", "text"), [(0.5, "50 %"), (0.000037, "0.0037 %"), (6.6e-8, "0.0000066 %"), (0.0, "0 %"), (1.0, "100 %")])
def test_a_small_share_is_not_rounded_to_nothing(share: float, text: str) -> None:
    assert percent(share) == text
