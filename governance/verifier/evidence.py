"""What has been shown so far; each step of the verification reads from it and adds to it."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from .events import Event
from .logs import cosigned_by
from .notes import Checkpoint, NoteKey
from .objects import Decision, Objects
from .office_ledger import OfficeLedger
from .pipeline import Pipeline
from .report import Report
from .rosters import RosterHistory
from .unit_ledger import UnitLedger


@dataclass(frozen=True, slots=True)
class Trust:
    """What the reader brings along and trusts without proof: root keys (SPKI DER), witnesses, a checkpoint seen before."""

    roots: Sequence[bytes]
    witnesses: Sequence[NoteKey]
    min_checkpoint: Path | None = None


@dataclass(slots=True)
class Evidence:
    """`checkpoints` of the office ledger whose signatures held; `records`: deployment to the entry and its document."""

    export: Path
    report: Report
    objects: Objects
    office: OfficeLedger
    rosters: RosterHistory
    checkpoints: list[Checkpoint]
    witness_threshold: int
    records: dict[str, tuple[Event, Decision]] = field(default_factory=dict)
    units: dict[str, UnitLedger] = field(default_factory=dict)
    pipelines: dict[str, Pipeline] = field(default_factory=dict)

    def logged_at(self, index: int) -> str | None:
        """When enough witnesses had cosigned a tree with this entry of the office ledger; None if never."""
        times = [cosigned_by(each, self.witness_threshold) for each in self.checkpoints if each.size > index]
        return min((at for at in times if at is not None), default=None)

    @property
    def newest_cosignature(self) -> str | None:
        times = [cosigned_by(each, self.witness_threshold) for each in self.checkpoints]
        return max((at for at in times if at is not None), default=None)
