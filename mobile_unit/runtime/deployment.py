"""One deployment from "matching may start" to "matching has ended": supervises camera and engine, tells the journal.

Matching ends by itself: at the end of the window, when the clock goes back, when the engine or its sources are gone, when
the journal does not answer (no log, no matching), and at once when somebody says stop. After the end no alert is taken.
"""

import threading
import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from governance.intervals import fixed
from governance.messages.payload import Mode
from governance.messages.roster import Role
from lfr_engine.clock import Clock, parse_utc
from lfr_engine.errors import BadInput, LfrError, Refused
from lfr_engine.sealed.facts import Facts
from mobile_unit.identity import Identity
from mobile_unit.journal import answers, asking
from mobile_unit.journal.client import JournalClient, JournalSilent
from mobile_unit.monitors.false_alerts import LiveMonitor
from mobile_unit.runtime.camera import Source, all_opened, camera_class
from mobile_unit.runtime.counting import Counters, Tally
from mobile_unit.runtime.drill import scheduled
from mobile_unit.runtime.ending import Ending
from mobile_unit.runtime.engine import EngineProcess, running_engine
from mobile_unit.runtime.hearing import Hearing
from mobile_unit.runtime.live import Live
from mobile_unit.runtime.sealing import require_sealed
from mobile_unit.starting import Ready, Wish

_LOOK_EVERY_S = 0.1
_COUNT_EVERY_S = 60.0
_MONITOR_EVERY_S = 5.0
_FRAME_IN_WORK_S = 0.4  # the end time's lead covers it
_LAST_COUNT_S = 3.0
Reason = Literal["end_time", "operator", "clock", "engine_lost", "sources_ended"]


@dataclass(frozen=True, slots=True)
class Ended:
    """Why matching ended, at whose word, what had been counted, and what had failed if anything had."""

    because: Reason
    who: str
    counters: Counters
    fault: LfrError | None


class Deployment:
    """Runs once. `stop`, `pause` and `resume` may be called from any thread; `raised` hears each new alert's id."""

    def __init__(
        self,
        *,
        identity: Identity,
        journal: JournalClient,
        clock: Clock,
        ready: Ready,
        wish: Wish,
        alert_raised: Callable[[str], None] = lambda _alert_id: None,
    ) -> None:
        self.deployment_id = wish.deployment_id
        self.live = Live(wish.camera_ids)
        self._identity, self._journal, self._clock = identity, journal, clock
        self._ready, self._wish = ready, wish
        self._wake = threading.Event()
        people = {person.entry.entry_id: person for person in ready.passed.people}
        self._hearing = Hearing(
            journal=journal,
            deployment_id=wish.deployment_id,
            people=people,
            walkers={person.entry.entry_id: person.entry.walker_id for person in ready.passed.blue},
            live=self.live,
            alert_raised=alert_raised,
            wake=self._wake,
        )
        self._orders: deque[answers.OrderTaken] = deque()
        self._cameras_to_use: deque[tuple[str, bool]] = deque()
        self._monitor = LiveMonitor(ready.passed.bundle.body.model.cumulative)
        window_end = parse_utc(ready.passed.authority.body.window.end)
        self._ending = Ending.from_now(clock, window_end=window_end, floor=ready.passed.cosigned_at)

    def left_s(self) -> float:
        """Seconds until matching ends by itself."""
        return self._ending.left_s(self._clock.boot_s())

    def stop(self, who: str) -> None:
        """End matching within a moment, for good."""
        self._order(answers.OrderTaken(what="stop", who=who, reason=""))

    def pause(self, who: str, reason: str) -> None:
        self._order(answers.OrderTaken(what="pause", who=who, reason=reason))

    def resume(self, who: str, reason: str) -> None:
        self._order(answers.OrderTaken(what="resume", who=who, reason=reason))

    def release(self, who: str) -> None:
        """Silver decides that matching goes on after the monitor suspended it (R54)."""
        self._order(answers.OrderTaken(what="release", who=who, reason=""))

    def use_camera(self, camera_id: str, *, used: bool) -> None:
        """Take a camera out while the others go on, or add it again. Raises BadInput on one that is not of this deployment."""
        if camera_id not in self._wish.camera_ids:
            raise BadInput(f"there is no camera {camera_id} in this deployment", next_step="name one that the authority names")
        self._cameras_to_use.append((camera_id, used))
        self._wake.set()

    def run(self, sources: Mapping[str, Source]) -> Ended:
        """Match until something ends it, and log that. Raises LfrError when the journal or the engine's start failed."""
        passed = self._ready.passed
        if set(sources) != set(self._wish.camera_ids):
            raise BadInput("every camera needs its source, and every source its camera", next_step="--camera ID=SOURCE for each")
        if camera_class(sources) is not self._wish.camera_class:
            raise BadInput("the sources are not of the kind that passed the gate", next_step="pass the gate with these sources")
        with (
            all_opened(sources) as cameras,
            running_engine(passed, self._ready.pack_dir, cameras, self._hearing.hear, self._hearing.failed, self._require_sealed) as engine,
        ):
            self._require_time_left()
            self._log_start(engine.facts)
            tally = Tally(self._clock.now_utc())
            engine.listen()
            because, who = self._watch(engine, tally)
            engine.tell("stop")
            self._hearing.closing.set()  # nothing that the engine says from now on raises an alert
            self._hearing.last_message.wait(_FRAME_IN_WORK_S)
            self._journal.ask(asking.Stop(deployment_id=self.deployment_id, who=who, reason=because), answers.Done)
            if not engine.gone.is_set():  # who was in the picture at the end is counted, in a late entry
                self._hearing.last_message.wait(_LAST_COUNT_S)
            counters = self.live.now().counters
            self._count(tally, counters)
            self.live.went("stopped", because)
        return Ended(because, who, counters, self._hearing.fault)

    def _require_time_left(self) -> None:
        """The engine takes seconds to load, more on a busy machine: a window that closed meanwhile is not entered. Raises Refused (R8)."""
        now = self._clock.now_utc()
        because = self._ending.due(now, self._clock.boot_s(), now)
        if because is None:
            return
        rule_ids, what = (("R20",), "the clock was turned back") if because == "clock" else (("R8",), "the window closed")
        raise self._refused(
            Refused(
                f"{what} while the engine was loading; nothing was matched",
                rule_ids=rule_ids,
                next_step=f"lfr unit purge {self._identity.unit_id} {self.deployment_id}",
            )
        )

    def _require_sealed(self, facts: Facts) -> None:
        """Raises Refused (R41) before a camera is opened."""
        try:
            require_sealed(facts, self._identity.facts.mode)
        except Refused as error:
            raise self._refused(error) from error

    def _refused(self, error: Refused) -> Refused:
        """The same refusal, once the ledger has it."""
        operator_id = self._wish.confirmed.operator_id
        no = asking.GateSaidNo(deployment_id=self.deployment_id, operator_id=operator_id, rule_ids=error.rule_ids)
        self._journal.ask(no, answers.Done)
        return error

    def _watch(self, engine: EngineProcess, tally: Tally) -> tuple[Reason, str]:
        newest_seen = self._clock.now_utc()
        next_count = time.monotonic() + _COUNT_EVERY_S
        next_look = time.monotonic() + _MONITOR_EVERY_S
        unit = self._identity.unit_id
        while True:
            self._wake.wait(_LOOK_EVERY_S)
            self._wake.clear()
            engine.look()
            fault, over = self._hearing.fault, self._hearing.engine_ended
            if isinstance(fault, JournalSilent):
                raise fault  # nothing can be written down any more: `lfr unit recover` will end this deployment
            if fault is not None:
                return "engine_lost", unit
            now = self._clock.now_utc()
            if (due := self._ending.due(now, self._clock.boot_s(), newest_seen)) is not None:
                return due, unit
            newest_seen = max(newest_seen, now)
            if over or engine.gone.is_set():
                return ("sources_ended" if over == "cameras_ended" else "engine_lost"), unit
            while self._cameras_to_use:
                camera_id, used = self._cameras_to_use.popleft()
                engine.tell("add_camera" if used else "remove_camera", camera_id=camera_id)
            if (stopped_by := self._obey(engine)) is not None:
                return "operator", stopped_by
            if time.monotonic() >= next_look:
                next_look = time.monotonic() + _MONITOR_EVERY_S
                self._monitored(engine, now)
            if time.monotonic() >= next_count:
                next_count += _COUNT_EVERY_S
                self._count(tally, self.live.now().counters)

    def _obey(self, engine: EngineProcess) -> str | None:
        """Carry out what the console or another process of this unit ordered; who said stop, if anybody did."""
        asked = self._journal.ask(asking.TakeOrder(deployment_id=self.deployment_id), answers.OrderTaken)
        if asked.what is not None:
            self._orders.append(asked)
        while self._orders:
            order = self._orders.popleft()
            who = order.who or self._identity.unit_id
            if order.what == "stop":
                return who
            try:
                if order.what == "pause":
                    engine.tell("pause")
                    self._journal.ask(asking.Pause(deployment_id=self.deployment_id, who=who, reason=order.reason), answers.Done)
                    self.live.went("paused")
                elif order.what == "release":
                    self._ready.passed.roster.person(who, Role.SILVER, rule_id="R54")
                    self._journal.ask(asking.Release(deployment_id=self.deployment_id, who=who), answers.Done)
                    engine.tell("resume")
                    self.live.went("matching")
                else:
                    self._journal.ask(asking.Resume(deployment_id=self.deployment_id, who=who, reason=order.reason), answers.Done)
                    engine.tell("resume")
                    self.live.went("matching")
            except (Refused, BadInput):
                continue  # paused twice, resumed while matching or suspended, released by somebody who is not Silver: nothing to do
        return None

    def _monitored(self, engine: EngineProcess, now: datetime) -> None:
        """Suspend matching when the monitor of false alerts has passed its limit: only Silver lets it go on (R54)."""
        alerts = self._journal.ask(asking.LookAtAlerts(deployment_id=self.deployment_id), answers.AlertsSeen).alerts
        tripped = self._monitor.look(passages=self.live.now().counters.passages, alerts=alerts, now=now)
        if tripped is None:
            return
        counted = tripped.cumulative
        trip = asking.Trip(
            deployment_id=self.deployment_id,
            passages=counted.passages,
            false_alerts=counted.false_alerts,
            undecided=counted.undecided,
            lower=fixed(tripped.lower_worst),
        )
        if self._identity.facts.mode is not Mode.DEMONSTRATION:
            engine.tell("pause")
            self.live.went("paused")
        self._journal.ask(trip, answers.Done)
        self.live.happened()

    def _log_start(self, facts: Facts) -> None:
        passed = self._ready.passed
        authority, certificate = passed.authority.body, passed.certificate.body
        start = asking.Start(
            deployment_id=self.deployment_id,
            operator_id=self._wish.confirmed.operator_id,
            entries=len(passed.people),
            camera_ids=self._wish.camera_ids,
            list_root=authority.watchlist.root,
            pack_digest=certificate.pack_digest,
            pipeline_digest=certificate.pipeline_digest,
            threshold=authority.threshold,
            sealed=facts.sealed,
            lacking=facts.lacking,
        )
        if authority.drill is not None:
            self._journal.ask(scheduled(authority, self._ready.passed.decision), answers.Done)
        self._journal.ask(start, answers.Done)

    def _count(self, tally: Tally, counters: Counters) -> None:
        entry = tally.next_entry(counters, self._clock.now_utc(), self.deployment_id)
        if entry is not None:
            self._journal.ask(entry, answers.Done)

    def _order(self, order: answers.OrderTaken) -> None:
        self._orders.append(order)
        self._wake.set()
