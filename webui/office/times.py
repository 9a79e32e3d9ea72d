"""Times as people in the United Kingdom read them; the UTC of the signed objects stands beside where it matters (R36)."""

from datetime import UTC, date, datetime, time, timedelta, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from lfr_engine.clock import format_utc, parse_utc


def _zone() -> tzinfo:
    try:
        return ZoneInfo("Europe/London")
    except ZoneInfoNotFoundError:
        return UTC  # a machine without the zone's rules shows UTC and says so


ZONE = _zone()


def local(at: datetime | str) -> str:
    """`Sat 5 Dec 2026, 10:00` and, where the zone is not at UTC, its name."""
    moment = (parse_utc(at) if isinstance(at, str) else at).astimezone(ZONE)
    zone = "" if moment.tzname() == "GMT" else f" {moment.tzname()}"
    return f"{moment:%a} {moment.day} {moment:%b %Y, %H:%M}{zone}"


def local_day(at: date | str) -> str:
    """`5 December 2026`."""
    day = parse_utc(at).astimezone(ZONE).date() if isinstance(at, str) else at
    return f"{day.day} {day:%B %Y}"


def utc(at: datetime | str) -> str:
    """Wire time."""
    return at if isinstance(at, str) else format_utc(at)


def duration(span: timedelta) -> str:
    """`19 h 20 min`, `3 days 4 h`; negative spans read as nought."""
    minutes = max(0, int(span.total_seconds()) // 60)
    days, hours, rest = minutes // 1440, minutes // 60 % 24, minutes % 60
    if days:
        return f"{days} {'day' if days == 1 else 'days'} {hours} h"
    return f"{hours} h {rest} min" if hours else f"{rest} min"


def wire_from_local(day: date, clock: time) -> str:
    """Wire time from what somebody typed as local day and time."""
    return format_utc(datetime.combine(day, clock, ZONE))


def day_and_clock(wire: str) -> tuple[date, str]:
    """What a form shows of a wire time: local day and `HH:MM`."""
    moment = parse_utc(wire).astimezone(ZONE)
    return moment.date(), f"{moment:%H:%M}"
