"""The engine's process as its supervisor sees it: templates go in over a pipe, messages come out, its exit is the final wipe."""

import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO, cast

import numpy as np

from lfr_engine.commands import start_command
from lfr_engine.errors import BadInput, LfrError, Refused
from lfr_engine.wire import Message, receive, send
from mobile_unit.gate.values import Passed
from mobile_unit.runtime.camera import OpenSource

READY_S = 60.0  # loading two networks on a busy machine
_END_S = 3.0


class EngineProcess:
    """A started engine. `heard` is called for each message by a thread of its own; after the last one `gone` is set."""

    def __init__(self, process: subprocess.Popen[bytes], heard: Callable[[Message], None]) -> None:
        self._process = process
        self._commands, self._messages = pipes(process)
        self._heard = heard
        self._writing = threading.Lock()
        self.gone = threading.Event()
        self._reader = threading.Thread(target=self._listen, name="engine messages", daemon=True)

    def tell(self, command: str) -> None:
        """Send pause, resume or stop; an engine that is gone needs no telling."""
        with self._writing, suppress(BrokenPipeError, ValueError):
            send(self._commands, {"type": command})

    def listen(self) -> None:
        """Begin to hear: not before the ledger says that matching started."""
        self._reader.start()

    def end(self) -> None:
        """Stop it now; killed when it does not go by itself. Afterwards every message that came has been heard."""
        self.tell("stop")
        with suppress(OSError):
            self._commands.close()
        try:
            self._process.wait(_END_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        if self._reader.is_alive():
            self._reader.join(_END_S)

    def _listen(self) -> None:
        try:
            while (message := receive(self._messages)) is not None:
                self._heard(message)
        except (BadInput, OSError):
            return  # a torn message: the engine died in the middle of it
        finally:
            self.gone.set()


@contextmanager
def running_engine(
    passed: Passed, pack_dir: Path, camera_id: str, source: OpenSource, heard: Callable[[Message], None]
) -> Iterator[EngineProcess]:
    """Start the engine with the opened list and wait until it is ready. It is ended with the block, whatever happens.

    Raises what the engine refused with (R35 when it measures another pack), LfrError when it did not start.
    """
    command = [sys.executable, "-m", "lfr_engine.process"]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, pass_fds=source.pass_fds, start_new_session=True)
    engine = EngineProcess(process, heard)
    try:
        _start(process, passed, pack_dir, camera_id, source)
        yield engine
    finally:
        engine.end()
        pipes(process)[1].close()


def pipes(process: subprocess.Popen[bytes]) -> tuple[BinaryIO, BinaryIO]:
    """Commands in, messages out; both were opened as pipes."""
    return cast(BinaryIO, process.stdin), cast(BinaryIO, process.stdout)


def _start(process: subprocess.Popen[bytes], passed: Passed, pack_dir: Path, camera_id: str, source: OpenSource) -> None:
    rows = np.stack([person.template for person in passed.people]).astype("<f4", copy=False)
    header = start_command(
        pack_dir=str(pack_dir),
        pack_digest=passed.certificate.body.pack_digest,
        pipeline_digest=passed.certificate.body.pipeline_digest,
        threshold=passed.authority.body.threshold,
        cameras=[{"id": camera_id, "source": source.name, "every_frame": source.every_frame}],
        entry_ids=[person.entry.entry_id for person in passed.people],
        dimension=int(rows.shape[1]),
    )
    commands, messages = pipes(process)
    too_slow = threading.Timer(READY_S, process.kill)
    too_slow.start()
    try:
        send(commands, header, [rows.data.cast("B")])
        first = receive(messages)
    except (BrokenPipeError, BadInput) as error:
        raise LfrError("the engine ended before it was ready", next_step="see its message above") from error
    finally:
        too_slow.cancel()
        rows.fill(0.0)
    if first is None:
        raise LfrError("the engine ended before it was ready", next_step="see its message above")
    if first.header["type"] != "ready":
        _raise(first)


def _raise(message: Message) -> None:
    header = message.header
    text, next_step = str(header.get("message", "the engine did not start")), str(header.get("next", ""))
    rules = tuple(str(rule) for rule in header.get("rule_ids", ()))
    if rules and header.get("code") == Refused.code:
        raise Refused(text, rule_ids=rules, next_step=next_step)
    raise LfrError(text, rule_ids=rules, next_step=next_step)
