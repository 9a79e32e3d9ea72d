"""A stand-in for the officer in rehearsals without people: it reads the rehearsal's truth, which the engine never sees.

Every event it causes says `scripted`, and its outcomes say `rehearsal_truth`: no figure of it can pass for an officer's.
"""

import json
import queue
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path

from governance.events import AlertDecision, AlertOutcome
from lfr_engine.errors import BadInput, LfrError
from lfr_engine.video.rehearsal.truth import Truth, read_truth
from mobile_unit.journal import answers, asking
from mobile_unit.journal.client import JournalClient
from watchlist.entry import Entry

_TRUTH_WAIT_S = 6.0  # the camera writes its truth about once a second
_OVERLAP = 0.1  # of the two boxes' union: a detector's box and the drawn face's box differ, two people's boxes do not touch


@dataclass(frozen=True, slots=True)
class Script:
    """Where the truth is written, and which person of the rehearsal each list entry is."""

    truth: Path
    persons: dict[str, str]

    @classmethod
    def read(cls, path: Path) -> "Script":
        """From JSON `{"truth": path, "persons": {entry_id: person}}`. Raises BadInput."""
        try:
            given = json.loads(path.read_text("utf-8"))
            return cls(path.parent / given["truth"], {str(key): str(value) for key, value in given["persons"].items()})
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise BadInput(f"{path} is not a script for the scripted officer") from error


@dataclass(slots=True)
class ScriptedOfficer:
    """Decides one alert after the other in a thread of its own. `fault` is what stopped it, if anything did."""

    journal: JournalClient
    script: Script
    engagement_officer_id: str
    operator_id: str
    fault: LfrError | None = None
    _alerts: queue.Queue[str | None] = field(default_factory=queue.Queue)
    _thread: threading.Thread | None = None

    def start(self) -> None:
        self._thread = threading.Thread(target=self._work, name="scripted officer", daemon=True)
        self._thread.start()

    def take(self, alert_id: str) -> None:
        self._alerts.put(alert_id)

    def finish(self, timeout_s: float) -> None:
        """Decide what is waiting, then end. Raises what stopped it."""
        self._alerts.put(None)
        if self._thread is not None:
            self._thread.join(timeout_s)
        if self.fault is not None:
            raise self.fault

    def _work(self) -> None:
        try:
            while (alert_id := self._alerts.get()) is not None:
                self._decide(alert_id)
        except LfrError as error:
            self.fault = error

    def _decide(self, alert_id: str) -> None:
        shown = self.journal.ask(asking.Show(alert_id=alert_id, who=self.engagement_officer_id, why="adjudication"), answers.AlertShown)
        found = who_is_it(self._truth(shown.content.frame), shown.content.frame, shown.content.bbox_xyxy_px)
        candidate = self.script.persons.get(entry_of(shown.content).entry_id)
        decision, reason = AlertDecision.FALSE, "features_differ"
        if found is not None and found == candidate:
            decision, reason = AlertDecision.TRUE, "features_agree"
        adjudicate = asking.Adjudicate(
            alert_id=alert_id,
            decision=decision,
            reason=reason,
            engagement_officer_id=self.engagement_officer_id,
            operator_id=self.operator_id,
            scripted=True,
        )
        self.journal.ask(adjudicate, answers.AlertSeen)
        if decision is AlertDecision.TRUE:
            resolve = asking.Resolve(
                alert_id=alert_id,
                engagement="engaged",
                outcome=AlertOutcome.CONFIRMED_TRUE,
                identified_by="rehearsal_truth",
                engagement_officer_id=self.engagement_officer_id,
                scripted=True,
            )
            self.journal.ask(resolve, answers.AlertSeen)

    def _truth(self, frame: int) -> Truth:
        """The truth once it reaches this frame. Raises BadInput when the camera never writes so far."""
        give_up = time.monotonic() + _TRUTH_WAIT_S
        while True:
            truth = read_truth(self.script.truth)
            if truth.frames > frame:
                return truth
            if time.monotonic() > give_up:
                raise BadInput(f"the rehearsal's truth ends at frame {truth.frames}, the alert is of frame {frame}")
            time.sleep(0.1)


def entry_of(content: asking.AlertContent) -> Entry:
    """The candidate's list entry from an alert's content."""
    return Entry.from_bytes(content.entry_bytes)


def who_is_it(truth: Truth, frame: int, bbox_xyxy_px: tuple[int, int, int, int]) -> str | None:
    """The person whose true face box overlaps this box best in this frame, or None when none does."""
    best, person = _OVERLAP, None
    for passage in truth.passages:
        if not passage.first_frame <= frame <= passage.last_frame:
            continue
        for row in passage.boxes:
            if row[0] == frame and (overlap := _shared(row[1:5], bbox_xyxy_px)) >= best:
                best, person = overlap, passage.person
    return person


def _shared(one: tuple[float, ...], other: tuple[float, ...]) -> float:
    """Intersection over union of two boxes."""
    width = min(one[2], other[2]) - max(one[0], other[0])
    height = min(one[3], other[3]) - max(one[1], other[1])
    if width <= 0 or height <= 0:
        return 0.0
    both = width * height
    return both / ((one[2] - one[0]) * (one[3] - one[1]) + (other[2] - other[0]) * (other[3] - other[1]) - both)
