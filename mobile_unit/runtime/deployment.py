"""One deployment from "matching may start" to "matching has ended": supervises camera and engine, tells the journal.

Matching ends by itself: at the end of the window, when the clock goes back, when the engine or its sources are gone, when
the journal does not answer (no log, no matching), and at once when somebody says stop. After the end no alert is taken.
"""

import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from lfr_engine.clock import Clock, parse_utc
from lfr_engine.errors import BadInput, LfrError, Refused
from mobile_unit.identity import Identity
from mobile_unit.journal import answers, asking
from mobile_unit.journal.client import JournalClient, JournalSilent
from mobile_unit.runtime.camera import Source, opened
from mobile_unit.runtime.counting import Counters, Tally
from mobile_unit.runtime.ending import Ending
from mobile_unit.runtime.engine import EngineProcess, running_engine
from mobile_unit.runtime.hearing import Hearing
from mobile_unit.runtime.live import Live
from mobile_unit.starting import Ready, Wish

_LOOK_EVERY_S = 0.1
_COUNT_EVERY_S = 60.0
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
        if len(wish.camera_ids) != 1:
            raise BadInput("one camera at a time: the rehearsal camera or one video file", next_step="name one --camera")
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
            live=self.live,
            alert_raised=alert_raised,
            wake=self._wake,
        )
        self._orders: deque[answers.OrderTaken] = deque()
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

    def run(self, source: Source) -> Ended:
        """Match until something ends it, and log that. Raises LfrError when the journal or the engine's start failed."""
        passed, camera_id = self._ready.passed, self._wish.camera_ids[0]
        with opened(source) as camera, running_engine(passed, self._ready.pack_dir, camera_id, camera, self._hearing.hear) as engine:
            self._require_time_left()
            self._log_start()
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
        no = asking.GateSaidNo(deployment_id=self.deployment_id, operator_id=self._wish.confirmed.operator_id, rule_ids=rule_ids)
        self._journal.ask(no, answers.Done)
        raise Refused(
            f"{what} while the engine was loading; nothing was matched",
            rule_ids=rule_ids,
            next_step=f"lfr unit purge {self._identity.unit_id} {self.deployment_id}",
        )

    def _watch(self, engine: EngineProcess, tally: Tally) -> tuple[Reason, str]:
        newest_seen = self._clock.now_utc()
        next_count = time.monotonic() + _COUNT_EVERY_S
        unit = self._identity.unit_id
        while True:
            self._wake.wait(_LOOK_EVERY_S)
            self._wake.clear()
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
            if (stopped_by := self._obey(engine)) is not None:
                return "operator", stopped_by
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
                else:
                    self._journal.ask(asking.Resume(deployment_id=self.deployment_id, who=who, reason=order.reason), answers.Done)
                    engine.tell("resume")
                    self.live.went("matching")
            except (Refused, BadInput):
                continue  # paused twice, or resumed while matching: nothing to do
        return None

    def _log_start(self) -> None:
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
        )
        self._journal.ask(start, answers.Done)

    def _count(self, tally: Tally, counters: Counters) -> None:
        entry = tally.next_entry(counters, self._clock.now_utc(), self.deployment_id)
        if entry is not None:
            self._journal.ask(entry, answers.Done)

    def _order(self, order: answers.OrderTaken) -> None:
        self._orders.append(order)
        self._wake.set()
