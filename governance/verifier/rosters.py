"""The roster versions of an export in the order in which the ledger published them."""

from collections.abc import Sequence
from dataclasses import dataclass

from .objects import Objects
from .office_ledger import OfficeLedger
from .report import Subject
from .roster import Roster, open_roster
from .strict import Failed, count, digest


@dataclass(frozen=True, slots=True)
class RosterHistory:
    """`versions`: (index of the entry that published it, roster), oldest first."""

    versions: tuple[tuple[int, Roster], ...]

    def at(self, index: int) -> Roster:
        """The version in force when entry `index` of the office ledger was written. Raises Failed before the first."""
        found = [roster for published, roster in self.versions if published < index]
        if not found:
            raise Failed("no roster had been published yet", f"entry {index} of the office ledger")
        return found[-1]

    @property
    def newest(self) -> Roster:
        return self.versions[-1][1]


def check_history(
    ledger: OfficeLedger, newest: bytes, newest_digest: str, roots: Sequence[bytes], objects: Objects, subject: Subject
) -> RosterHistory:
    """Every version signed, in order, each naming the one before; the export's roster is the last. Failures go to `subject`."""
    versions: list[tuple[int, Roster]] = []
    previous: str | None = None
    for event in ledger.rosters:
        with subject.check(f"entry {event.index} of the office ledger"):
            named = digest(event.body, "roster")
            roster = open_roster(objects.envelope(named), roots)
            if roster.version != count(event.body, "version"):
                raise Failed(f"the entry publishes version {event.body['version']}, the roster is version {roster.version}")
            if versions and roster.version != versions[-1][1].version + 1:
                raise Failed(f"roster version {roster.version} follows version {versions[-1][1].version}")
            if roster.previous != previous:
                raise Failed(f"roster version {roster.version} does not name the version before it")
            if versions and roster.office_log != versions[-1][1].office_log:
                raise Failed(f"roster version {roster.version} gives the office ledger another key")
            versions.append((event.index, roster))
            previous = named
    if not versions:
        subject.fail("the office ledger never published a roster")
        return RosterHistory(((-1, open_roster(newest, roots)),))
    if previous != newest_digest:
        subject.fail("the roster of the export is not the one published last", "roster.dsse.json")
    return RosterHistory(tuple(versions))
