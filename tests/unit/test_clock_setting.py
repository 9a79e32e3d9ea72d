"""LFR_CLOCK and wire time: one form each, anything else is bad input."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lfr_engine.clock import Clock, clock_from_environment, format_utc, parse_utc
from lfr_engine.errors import BadInput

# hypothesis wants bounds without a zone and adds the zone itself
_EARLIEST, _LATEST = (datetime(year, 1, 1, tzinfo=UTC).replace(tzinfo=None) for year in (1970, 9990))


def test_without_a_setting_the_clock_is_the_systems() -> None:
    for environ in ({}, {"LFR_CLOCK": ""}):
        clock = clock_from_environment(environ)
        assert not clock.simulated
        assert abs(clock.now_utc() - datetime.now(UTC)) < timedelta(seconds=5)


def test_a_simulated_clock_starts_where_it_is_told_and_runs_at_its_rate() -> None:
    clock = clock_from_environment({"LFR_CLOCK": "sim:2026-12-05T10:00:00Z:3600"})
    assert clock.simulated
    first = clock.now_utc()
    assert timedelta(0) <= first - datetime(2026, 12, 5, 10, tzinfo=UTC) < timedelta(hours=1)
    assert clock.now_utc() >= first


@pytest.mark.parametrize(
    "setting",
    [
        "now",
        "sim",
        "sim:",
        "sim:2026-12-05T10:00:00Z",
        "sim:2026-12-05T10:00:00Z:",
        "sim:2026-12-05T10:00:00Z:0",
        "sim:2026-12-05T10:00:00Z:-1",
        "sim:2026-12-05T10:00:00Z:3601",
        "sim:2026-12-05T10:00:00Z:nan",
        "sim:2026-12-05T10:00:00Z:1e3",
        "sim:2026-12-05T10:00:00Z:" + "9" * 400,
        "sim:2026-12-05T10:00:00:1",
        "sim:2026-12-05T10:00:00+01:00:1",
        "sim:2026-12-05 10:00:00Z:1",
        "sim:2026-13-05T10:00:00Z:1",
        "sim:2026-02-30T10:00:00Z:1",
        "sim:2026-12-05T25:00:00Z:1",
        "sim:٢٠٢٦-12-05T10:00:00Z:1",
        " sim:2026-12-05T10:00:00Z:1",
        "SIM:2026-12-05T10:00:00Z:1",
        "sim:2026-12-05T10:00:00Z:1:1",
    ],
)
def test_a_malformed_setting_is_bad_input_and_never_the_system_clock(setting: str) -> None:
    with pytest.raises(BadInput):
        clock_from_environment({"LFR_CLOCK": setting})


def test_the_boot_time_counter_does_not_follow_the_simulated_wall_clock() -> None:
    simulated = clock_from_environment({"LFR_CLOCK": "sim:2026-12-05T10:00:00Z:3600"})
    assert abs(simulated.boot_s() - Clock().boot_s()) < 5


@given(st.datetimes(_EARLIEST, _LATEST, timezones=st.just(UTC)))
def test_wire_time_keeps_milliseconds_and_comes_back(at: datetime) -> None:
    text = format_utc(at)
    assert len(text) == 24
    assert timedelta(0) <= at - parse_utc(text) < timedelta(milliseconds=1)
    assert format_utc(parse_utc(text)) == text


def test_wire_time_of_another_zone_is_written_as_utc() -> None:
    at = datetime(2026, 12, 5, 12, tzinfo=timezone(timedelta(hours=2)))
    assert format_utc(at) == "2026-12-05T10:00:00.000Z"


def test_a_time_without_a_zone_is_never_written() -> None:
    with pytest.raises(ValueError, match="time zone"):
        format_utc(datetime(2026, 12, 5))  # noqa: DTZ001 - the mistake under test


@pytest.mark.parametrize("text", ["", "yesterday", "2026-12-05", "2026-12-05T10:00:00.000", "2026-12-05T10:00:00.000+00:00", "Z", "0Z"])
def test_a_time_that_does_not_end_in_Z_or_is_no_time_is_bad_input(text: str) -> None:
    with pytest.raises(BadInput):
        parse_utc(text)
