"""Takes what the engine says: pictures and counters to what is shown, candidates to the journal, its end to the supervisor."""

import threading
from collections.abc import Callable, Mapping

from lfr_engine.errors import LfrError, Refused
from lfr_engine.wire import Message
from mobile_unit.journal import answers, asking
from mobile_unit.journal.client import JournalClient
from mobile_unit.runtime.camera_state import CameraState
from mobile_unit.runtime.candidates import nearest_entry, raised
from mobile_unit.runtime.counting import Counters
from mobile_unit.runtime.live import Live, Picture
from watchlist.bundle import ListedPerson


class Hearing:
    """`hear` is called by the engine's reader thread. Once `closing` is set no alert is taken any more.

    `fault` is what went wrong, `engine_ended` why the engine says it ended; either wakes the supervisor. `last_message` is
    set when the engine has said its last.
    """

    def __init__(
        self,
        *,
        journal: JournalClient,
        deployment_id: str,
        people: Mapping[str, ListedPerson],
        walkers: Mapping[str, str],
        live: Live,
        alert_raised: Callable[[str], None],
        wake: threading.Event,
    ) -> None:
        self.closing, self.last_message = threading.Event(), threading.Event()
        self.engine_ended = ""
        self.fault: LfrError | None = None
        self._journal, self._deployment_id, self._people = journal, deployment_id, people
        self._walkers = walkers  # entry id -> walker, of a drill
        self._live, self._alert_raised, self._wake = live, alert_raised, wake

    def hear(self, message: Message) -> None:
        try:
            self._take(message)
        except LfrError as error:
            self.fault = error
        except (KeyError, IndexError, ValueError) as error:
            self.fault = LfrError(f"the engine said something that cannot be read: {error}", next_step="stop, and report it")
        if self.fault is not None or self.engine_ended:
            self._wake.set()

    def failed(self, error: LfrError) -> None:
        """The engine said what it may not, or nothing for too long. What comes after the end of matching hurts nobody."""
        if not self.closing.is_set():
            self.fault = self.fault or error
            self._wake.set()

    def _take(self, message: Message) -> None:
        header = message.header
        match header["type"]:
            case "counters":
                self._live.counted(Counters.of(header))
            case "picture":
                self._live.show(str(header["camera_id"]), Picture(message.blobs[0], int(header["frame"])))
            case "camera":
                self._live.camera(str(header["camera_id"]), CameraState.of(message))
            case "alert" if not self.closing.is_set():
                self._take_alert(message)
            case "ended":
                self.engine_ended = str(header.get("reason", "ended"))
                if self.engine_ended == "matcher_failed":
                    self.fault = LfrError(
                        f"the matcher failed: {header.get('why')}", next_step="start the unit again; report it if it fails again"
                    )
                self.last_message.set()
            case "refused":
                self.fault = LfrError(str(header.get("message")), next_step=str(header.get("next", "")))

    def _take_alert(self, message: Message) -> None:
        walker = self._walkers.get(str(nearest_entry(message)))
        try:
            if walker is not None:  # a drill: counted, not shown, no picture kept (R30)
                camera_id = str(message.header["camera_id"])
                self._journal.ask(asking.Recognised(deployment_id=self._deployment_id, walker_id=walker, camera_id=camera_id), answers.Done)
                self._live.happened()
                return
            seen = self._journal.ask(raised(message, self._people, self._deployment_id), answers.AlertSeen)
        except Refused:
            return  # matching was stopped in this very moment
        self._alert_raised(seen.alert_id)
        self._live.happened()
