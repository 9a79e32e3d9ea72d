"""What the console's pages work with: one object per running deployment, safe for many threads, everything durable on return.

It shows and orders; it decides nothing. Pictures of passers-by come redacted from the engine and stay in memory.
"""

import base64
import time
from collections.abc import Iterator
from contextlib import contextmanager

from pydantic import ValidationError

from governance.events import AlertDecision, AlertOutcome
from governance.roster import TrustedRoster
from lfr_engine.clock import Clock
from lfr_engine.errors import BadInput
from mobile_unit.console_views import AlertLine as AlertLine
from mobile_unit.console_views import AlertView as AlertView
from mobile_unit.console_views import LedgerLine as LedgerLine
from mobile_unit.console_views import Shown as Shown
from mobile_unit.console_views import StaffMember as StaffMember
from mobile_unit.console_views import Status as Status
from mobile_unit.console_views import band, ledger_line, line_of, shown
from mobile_unit.identity import Identity
from mobile_unit.journal import answers, asking
from mobile_unit.journal.client import JournalClient
from mobile_unit.journal.tables import AlertState
from mobile_unit.runtime.deployment import Deployment
from mobile_unit.runtime.live import Picture
from mobile_unit.starting import Ready, Wish
from watchlist.entry import Entry

_POLL_S = 0.25


class Console:
    """`deployment` is what is shown, `roster` who people are; everything else is a question or an order."""

    def __init__(self, *, identity: Identity, journal: JournalClient, clock: Clock, ready: Ready, wish: Wish, running: Deployment) -> None:
        self.deployment = shown(identity, ready, wish)
        self.roster: TrustedRoster = ready.passed.roster
        self.clock = clock
        self._journal = journal
        self._running = running

    def status(self) -> Status:
        now, seen = self._running.live.now(), self._alerts()
        decided = [alert.decision for alert in seen.alerts if alert.decision is not None]
        return Status(
            state=now.going,
            ended_because=now.ended_because,
            now=self.clock.now_utc(),
            left_s=self._running.left_s(),
            counters=now.counters,
            cameras={camera_id: camera.words for camera_id, camera in now.cameras.items()},
            unwell=tuple(camera_id for camera_id, camera in now.cameras.items() if not camera.well),
            unused=tuple(camera_id for camera_id, camera in now.cameras.items() if not camera.used),
            open_alerts=sum(alert.state is AlertState.OPEN for alert in seen.alerts),
            decided={decision: decided.count(decision) for decision in AlertDecision},
            position=seen.size,
        )

    def picture(self, camera_id: str) -> Picture | None:
        return self._running.live.picture(camera_id)

    def wait_picture(self, camera_id: str, *, after_frame: int, timeout_s: float) -> Picture | None:
        return self._running.live.wait_picture(camera_id, after_frame=after_frame, timeout_s=timeout_s)

    def wait_pictures(self, *, after: int, timeout_s: float) -> tuple[int, dict[str, Picture]]:
        """Every camera's newest picture since position `after`, and the position to ask from next."""
        return self._running.live.wait_pictures(after=after, timeout_s=timeout_s)

    def alerts(self) -> tuple[AlertLine, ...]:
        """All of this deployment, oldest first."""
        return tuple(line_of(alert) for alert in self._alerts().alerts)

    def open_alerts(self) -> tuple[AlertLine, ...]:
        return tuple(line for line in self.alerts() if line.state is AlertState.OPEN)

    def show(self, alert_id: str, *, who: str, why: str) -> AlertView:
        """Probe and candidate, once the ledger knows who looks and why (a code of `reasons.LOOKING`)."""
        with _typed():
            ask = asking.Show(alert_id=alert_id, who=who, why=why)
        seen = self._journal.ask(ask, answers.AlertShown)
        content = seen.content
        self._running.live.happened()
        return AlertView(
            line=line_of(seen.alert),
            probes=tuple(base64.b64decode(probe) for probe in content.probes),
            figure=base64.b64decode(content.figure),
            thumb=base64.b64decode(content.thumb),
            entry=Entry.from_bytes(content.entry_bytes),
            band=band(content.similarity, content.threshold),
            quality=content.quality,
            bbox_xyxy_px=content.bbox_xyxy_px,
            frame=content.frame,
            others=content.others,
        )

    def adjudicate(self, alert_id: str, *, decision: AlertDecision, reason: str, engagement_officer_id: str, operator_id: str) -> AlertLine:
        """The decision of the engagement officer with the operator. Raises Refused (R46) when it was decided already."""
        with _typed():
            ask = asking.Adjudicate(
                alert_id=alert_id,
                decision=decision,
                reason=reason,
                engagement_officer_id=engagement_officer_id,
                operator_id=operator_id,
                scripted=False,
            )
        return self._written(ask)

    def resolve(
        self, alert_id: str, *, engagement: str, outcome: AlertOutcome, identified_by: str, engagement_officer_id: str
    ) -> AlertLine:
        """What became of it. Raises Refused (R50, R51) on an outcome that rests on a score only."""
        fields = {"alert_id": alert_id, "engagement": engagement, "outcome": outcome, "identified_by": identified_by}
        with _typed():
            ask = asking.Resolve.model_validate({**fields, "engagement_officer_id": engagement_officer_id, "scripted": False})
        return self._written(ask)

    def pause(self, *, who: str, reason: str) -> None:
        """Stop matching for now, within a moment; `reason` is a code of `reasons.PAUSING`."""
        self._running.pause(who, reason)

    def resume(self, *, who: str, reason: str) -> None:
        self._running.resume(who, reason)

    def add_camera(self, camera_id: str) -> None:
        """Match on a camera of this deployment again. Raises BadInput on any other."""
        self._running.use_camera(camera_id, used=True)

    def remove_camera(self, camera_id: str) -> None:
        """Match on the other cameras only."""
        self._running.use_camera(camera_id, used=False)

    def stop(self, *, who: str) -> None:
        """End matching for good, within a moment."""
        self._running.stop(who)

    def events_after(self, position: int, *, timeout_s: float) -> tuple[LedgerLine, ...]:
        """What the ledger holds from `position` on; waits for the first, empty when nothing came in time."""
        give_up = time.monotonic() + timeout_s
        while True:
            seen = self._journal.ask(asking.LookAtLedger(position=position, limit=100), answers.LedgerSeen)
            if seen.entries or (left := give_up - time.monotonic()) <= 0:
                return tuple(ledger_line(entry) for entry in seen.entries)
            self._running.live.wait(min(left, _POLL_S))

    def _alerts(self) -> answers.AlertsSeen:
        return self._journal.ask(asking.LookAtAlerts(deployment_id=self.deployment.deployment_id), answers.AlertsSeen)

    def _written(self, ask: asking.Adjudicate | asking.Resolve) -> AlertLine:
        line = line_of(self._journal.ask(ask, answers.AlertSeen))
        self._running.live.happened()
        return line


@contextmanager
def _typed() -> Iterator[None]:
    """Values that a page passed on and that are none of the closed lists become BadInput."""
    try:
        yield
    except ValidationError as error:
        first = error.errors()[0]
        raise BadInput(f"{'.'.join(map(str, first['loc']))}: {first['msg']}", next_step="choose one of the values offered") from error
