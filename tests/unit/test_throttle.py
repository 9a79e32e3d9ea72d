"""One person twice is one alert; pictures held up to the camera do not bury an operator (R43)."""

from lfr_engine.throttle import Throttle, ThrottleSettings

RULE = ThrottleSettings()


def test_a_passage_that_broke_in_two_raises_one_alert() -> None:
    throttle = Throttle(RULE)
    assert throttle.admits("a", 0.6, 10.0)
    assert not throttle.admits("a", 0.6, 12.0)
    assert throttle.admits("b", 0.6, 12.0)


def test_somebody_clearly_more_alike_is_told_of_at_once() -> None:
    throttle = Throttle(RULE)
    assert throttle.admits("a", 0.40, 10.0)
    assert throttle.admits("a", 0.40 + RULE.clearly, 11.0)
    assert not throttle.admits("a", 0.42, 12.0)


def test_after_the_cool_down_the_same_person_is_a_new_alert() -> None:
    throttle = Throttle(RULE)
    assert throttle.admits("a", 0.6, 10.0)
    assert throttle.admits("a", 0.6, 10.0 + RULE.cool_down_s)


def test_a_picture_held_up_again_and_again_is_held_back_until_it_stays_away() -> None:
    throttle = Throttle(RULE)
    times = [10.0 + RULE.cool_down_s * turn for turn in range(8)]
    admitted = [throttle.admits("a", 0.6, at) for at in times]
    assert admitted == [True] * RULE.burst + [False] * (8 - RULE.burst)
    assert throttle.flooded(times[-1])
    assert throttle.admits("b", 0.6, times[-1])
    later = times[-1] + RULE.window_s + 1
    assert not throttle.flooded(later)
    assert throttle.admits("a", 0.6, later)


def test_many_entries_at_once_are_a_flood_that_holds_nobody_back() -> None:
    throttle = Throttle(RULE)
    assert all(throttle.admits(f"entry {number}", 0.6, 5.0 + 0.1 * number) for number in range(RULE.flood))
    assert throttle.flooded(5.0 + 0.1 * RULE.flood)
    assert not throttle.flooded(5.0 + 0.1 * RULE.flood + RULE.flood_s + 1)


def test_one_listed_person_after_another_is_no_flood() -> None:
    throttle = Throttle(RULE)
    assert all(throttle.admits(f"entry {number}", 0.6, 1.5 * number) for number in range(40))
    assert not throttle.flooded(60.0)


def test_three_alerts_spread_over_more_than_the_window_are_no_burst() -> None:
    throttle = Throttle(RULE)
    assert all(throttle.admits("a", 0.6, 0.9 * RULE.window_s * turn) for turn in range(8))


def test_a_passage_that_asks_again_is_no_further_alert_towards_a_flood() -> None:
    throttle = Throttle(RULE)
    assert throttle.admits("a", 0.40, 10.0)
    assert not any(throttle.admits("a", 0.41, 10.0 + 0.1 * turn, again=True) for turn in range(RULE.flood + 1))
    assert not throttle.flooded(12.0)
    assert throttle.admits("a", 0.60, 12.0, again=True)
