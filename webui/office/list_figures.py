"""What the officer is shown of a list at a glance: counts with bars, photos, ages; computed from the reviewed entries (R26)."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from watchlist.entry import Entry
from webui.office.words import say

GOOD_QUALITY = 0.5  # ours: below this the page counts a photo as weak; the certificate's minimum is what binds


@dataclass(frozen=True, slots=True)
class Bar:
    """One line of a bar table; `percent` is of the longest bar."""

    label: str
    count: int
    percent: float


@dataclass(frozen=True, slots=True)
class ListFigures:
    """Everything about who, without saying who."""

    size: int
    by_category: tuple[Bar, ...]
    by_source: tuple[Bar, ...]
    by_response: tuple[Bar, ...]
    under_18: int
    unknown_age: int
    oldest_photo: date
    old_photos: int
    weak_photos: int
    exceptional: tuple[Entry, ...]


def list_figures(entries: Sequence[Entry], on: date, old_after_years: int) -> ListFigures | None:
    """The figures on the day of the deployment; None for an empty list."""
    if not entries:
        return None
    limit = timedelta(days=365 * old_after_years)
    return ListFigures(
        size=len(entries),
        by_category=bars(entry.category for entry in entries),
        by_source=bars(entry.image_source for entry in entries),
        by_response=bars(entry.response for entry in entries),
        under_18=sum(entry.born is not None and entry.under_18(on) for entry in entries),
        unknown_age=sum(entry.born is None for entry in entries),
        oldest_photo=min(entry.image_date for entry in entries),
        old_photos=sum(on - entry.image_date > limit for entry in entries),
        weak_photos=sum(entry.quality < GOOD_QUALITY for entry in entries),
        exceptional=tuple(
            entry
            for entry in entries
            if entry.under_18(on) or entry.category.needs_individual_approval or entry.image_source.needs_lawful_holding_check
        ),
    )


def bars(codes: Iterable[str]) -> tuple[Bar, ...]:
    """Longest first."""
    counted = Counter(codes).most_common()
    return tuple(Bar(say(code), n, 100 * n / counted[0][1]) for code, n in counted)
