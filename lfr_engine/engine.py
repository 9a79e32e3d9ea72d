"""The loop of the engine process: frames of every camera through their pipelines, commands between frames, messages out.

Cameras come and go by command, and each fails alone: what one sends can end that camera and no other. What ends them all is
a matcher that fails (a model that throws, a graphics card that is gone): then the engine says so and ends.
"""

import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import replace

from lfr_engine.commands import AddCamera, Command, Pause, Remove, RemoveCamera, Resume, Start, Stop
from lfr_engine.errors import LfrError
from lfr_engine.gallery import Gallery
from lfr_engine.lane import Lane
from lfr_engine.packs.store import OpenPack
from lfr_engine.pipeline import Pipeline, step_many
from lfr_engine.telling import Send, Telling
from lfr_engine.values import Alert, Frame

_COUNTERS_EVERY_S = 1.0
_FORGET_AFTER_S = 1.0
_WAIT_S = 0.1  # a command waits at most this long when no camera sends anything


class Engine:
    """One deployment. `send(header, blobs)` is the only way out; `commands` is filled by another thread."""

    def __init__(self, *, start: Start, pack: OpenPack, gallery: Gallery, commands: deque[Command], send: Send) -> None:
        self.failed = False
        self._gallery = gallery
        self._commands = commands
        self._tell = Telling(send, start.threshold)
        self._changed = threading.Condition()

        walkers = frozenset(start.entry_ids[len(start.entry_ids) - start.unthrottled :])

        def pipeline() -> Pipeline:
            return Pipeline(pack=pack, gallery=gallery, threshold=start.threshold_cosine, unthrottled=walkers)

        self._lanes = {order.id: Lane(order, self._changed, pipeline) for order in start.cameras}
        self._pack = pack
        self._followed_s: float | None = None  # when somebody was followed last, until that is forgotten
        self._removed: set[str] = set()
        self._paused = False
        self._stopped, self._why = "", ""
        self._counted_s = time.monotonic()

    def stop(self, reason: str, why: str = "") -> None:
        """End the loop after the frame in work. The first reason counts. Safe in a signal handler."""
        if not self._stopped:
            self._stopped, self._why = reason, why

    def run(self, commands_ended: Callable[[], str]) -> None:
        """Until stopped, until the commands end, or until the last camera is over. Wipes what it knows, whatever happens."""
        try:
            for lane in self._lanes.values():
                if not lane.order.standby:
                    lane.open()
            while not self._stopped:
                self._obey()
                self._tell.cameras(self._lanes.values())
                self._match(self._take())
                self._end_where_nothing_comes()
                self._forget_the_last_to_go()
                if time.monotonic() - self._counted_s >= _COUNTERS_EVERY_S:
                    self._counted_s = time.monotonic()
                    self._tell.counters(self._lanes.values())
                if ended := commands_ended():
                    self._obey()  # a stop that came just before the end is why it ended
                    self.stop(*ended.split(": ", 1))
                self._stop_with_the_last_camera()
        finally:
            for lane in self._lanes.values():
                lane.forget()  # what that would still raise is not raised: matching is over
            self._gallery.wipe()
        self._tell.cameras(self._lanes.values())
        self._tell.counters(self._lanes.values())
        self._tell.ended(self._stopped, self._why)

    def _take(self) -> list[tuple[Lane, Frame]]:
        """The frames there are, at most one per camera; waits a moment for the first."""
        with self._changed:
            if not any(lane.waiting for lane in self._lanes.values()):
                self._changed.wait(_WAIT_S)
            return [(lane, frame) for lane in self._lanes.values() if (frame := lane.take()) is not None]

    def _match(self, frames: list[tuple[Lane, Frame]]) -> None:
        """One frame of each camera that has one, through the models together."""
        try:
            if not self._paused:
                due = [(lane, frame) for lane, frame in frames if self._fit(lane, frame)]
                # A command obeyed on the way may have paused matching or taken a camera out: nobody is followed after that.
                due = [] if self._paused else [(lane, frame) for lane, frame in due if lane.used]
                steps = step_many([(lane.pipeline, frame) for lane, frame in due])
                for (lane, _), step in zip(due, steps, strict=True):
                    lane.stepped(step)
                for (lane, frame), step in zip(due, steps, strict=True):
                    self._obey()
                    self._raise_alerts(lane, step.alerts)
                    if not self._paused and not self._stopped:
                        self._tell.picture(lane, frame, step)
        except BrokenPipeError:
            raise  # nobody listens any more
        except LfrError as error:
            self._fail(error.message)
        except Exception as error:  # what the runtimes of the models throw has no family of its own; nothing may match on after it
            self._fail(f"{type(error).__name__}: {error}")
        finally:
            for _, frame in frames:
                frame.wipe()

    def _end_where_nothing_comes(self) -> None:
        """Whoever was in the picture when a camera broke off, or ended, is not kept until it comes back: their passages are over (R41)."""
        for lane in self._lanes.values():
            if lane.quiet and not lane.pipeline.empty:
                self._raise_alerts(lane, lane.forget().alerts)

    def _forget_the_last_to_go(self) -> None:
        """The models' own buffers hold what they computed last. Once nobody is followed, and a moment has passed so that a gap in
        the crowd costs nothing, they are made to compute black pictures instead (R41, R57)."""
        now_s = time.monotonic()
        if not all(lane.pipeline.empty for lane in self._lanes.values()):
            self._followed_s = now_s
        elif self._followed_s is not None and now_s - self._followed_s >= _FORGET_AFTER_S:
            self._followed_s = None
            self._pack.detector.forget()
            self._pack.embedder.forget()

    def _fail(self, why: str) -> None:
        self.failed = True
        self.stop("matcher_failed", why)

    def _fit(self, lane: Lane, frame: Frame) -> bool:
        """Whether this frame may be matched: its camera looks where it was confirmed to look."""
        over = lane.look(frame)
        if over is not None:
            self._raise_alerts(lane, over.alerts)
        return not lane.health.moved

    def _raise_alerts(self, lane: Lane, alerts: Sequence[Alert]) -> None:
        if not alerts:
            return
        self._obey()  # a removal that came while this frame was searched still counts
        for alert in alerts:
            candidates = tuple(one for one in alert.candidates if one.entry_id not in self._removed)
            if candidates and not self._paused and not self._stopped:
                self._tell.alert(lane, replace(alert, candidates=candidates))

    def _obey(self) -> None:
        while self._commands:
            command = self._commands.popleft()
            match command:
                case Remove():
                    for entry_id in command.entry_ids:
                        self._gallery.remove(entry_id)
                    self._removed.update(command.entry_ids)
                case AddCamera() if command.camera_id in self._lanes:
                    self._lanes[command.camera_id].open()
                case RemoveCamera() if command.camera_id in self._lanes:
                    lane = self._lanes[command.camera_id]
                    self._raise_alerts(lane, lane.close("removed").alerts)
                case AddCamera() | RemoveCamera():
                    self.stop("bad_command", f"there is no camera {command.camera_id}")
                case Pause():
                    self._paused = True
                    for lane in self._lanes.values():  # nobody stays half known while nothing may be matched
                        lane.forget()
                case Resume():
                    self._paused = False
                    for lane in self._lanes.values():
                        if lane.health.moved:
                            lane.health.confirmed()
                case Stop():
                    self.stop("stopped")
                case Start():
                    self.stop("bad_command", "the engine was started already")

    def _stop_with_the_last_camera(self) -> None:
        with self._changed:
            over = all(lane.over for lane in self._lanes.values())
        # A camera on standby or taken out may come back; one that ended may not, unless somebody says so.
        awaited = any(lane.state in ("standby", "removed") for lane in self._lanes.values())
        if over and not awaited and not self._stopped:
            for lane in self._lanes.values():
                self._raise_alerts(lane, lane.forget().alerts)
            self.stop("cameras_ended")
