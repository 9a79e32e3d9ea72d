"""The engine's process as its supervisor sees it: templates go in over a pipe, messages come out, its exit is the final wipe."""

import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO, cast

import numpy as np

from lfr_engine.commands import start_message
from lfr_engine.errors import BadInput, BrokenProtocol, LfrError, Refused
from lfr_engine.guard import Guard, Ordered
from lfr_engine.packs.vendor import is_vendor
from lfr_engine.sealed.facts import Facts, Seal
from lfr_engine.sealed.launch import launch_command
from lfr_engine.sealed.needs import needs_for
from lfr_engine.wire import Message, receive, send
from mobile_unit.gate.values import Passed
from mobile_unit.runtime.camera import OpenSource
from watchlist.blue import BluePerson
from watchlist.bundle import ListedPerson

READY_S = 60.0  # loading two networks on a busy machine
_END_S = 3.0


class EngineProcess:
    """A started engine, or a matcher in its place. `heard` is called for each message that may be believed, by a thread of its
    own; `failed` when one may not; after the last one `gone` is set."""

    def __init__(
        self, process: subprocess.Popen[bytes], guard: Guard, heard: Callable[[Message], None], failed: Callable[[LfrError], None]
    ) -> None:
        self._process = process
        self._commands, self._messages = pipes(process)
        self._guard, self._heard, self._failed = guard, heard, failed
        self._writing = threading.Lock()
        self.facts = Facts(())
        self.gone = threading.Event()
        self._reader = threading.Thread(target=self._listen, name="engine messages", daemon=True)

    def tell(self, command: str, **fields: str) -> None:
        """Send a command that needs no blob; an engine that is gone needs no telling."""
        with self._writing, suppress(BrokenPipeError, ValueError):
            self._guard.told(command, time.monotonic())
            send(self._commands, {"type": command, **fields})

    def look(self) -> None:
        """Call now and then: an engine that has been silent for too long has failed."""
        try:
            self._guard.silent(time.monotonic())
        except BrokenProtocol as error:
            self._failed(error)

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
                self._guard.hear(message, time.monotonic())
                self._heard(message)
        except BadInput as error:  # a torn message: the engine died in the middle of it, or never kept to the framing
            self._failed(BrokenProtocol(error.message))
        except BrokenProtocol as error:
            self._failed(error)
        except OSError:
            return
        finally:
            self.gone.set()


@contextmanager
def running_engine(
    passed: Passed,
    pack_dir: Path,
    cameras: Mapping[str, OpenSource],
    heard: Callable[[Message], None],
    failed: Callable[[LfrError], None],
    accept: Callable[[Facts], None],
) -> Iterator[EngineProcess]:
    """Start the engine with the opened list and wait until it is ready. It is ended with the block, whatever happens.

    `accept` hears how it is sealed before it opens a camera, and raises where that is not enough. Raises what the engine refused
    with (R35 when it measures another pack), LfrError when it did not start.
    """
    command = [sys.executable, "-m", "lfr_engine.process"]
    if is_vendor(pack_dir):
        needs = needs_for([], [source.name for source in cameras.values()])
        command = launch_command(pack_dir, passed.certificate.body.pipeline_digest, needs)
    pass_fds = tuple(fd for source in cameras.values() for fd in source.pass_fds)
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, pass_fds=pass_fds, start_new_session=True)
    guard = Guard(_ordered(passed, cameras), time.monotonic())
    engine = EngineProcess(process, guard, heard, failed)
    try:
        engine.facts = _start(process, guard, passed, pack_dir, cameras, accept)
        yield engine
    finally:
        engine.end()
        pipes(process)[1].close()


def pipes(process: subprocess.Popen[bytes]) -> tuple[BinaryIO, BinaryIO]:
    """Commands in, messages out; both were opened as pipes."""
    return cast(BinaryIO, process.stdin), cast(BinaryIO, process.stdout)


def _ordered(passed: Passed, cameras: Mapping[str, OpenSource]) -> Ordered:
    certificate = passed.certificate.body
    return Ordered(
        pack_digest=certificate.pack_digest,
        pipeline_digest=certificate.pipeline_digest,
        threshold=passed.authority.body.threshold,
        cameras=frozenset(cameras),
        entries=frozenset([*(one.entry.entry_id for one in passed.people), *(one.entry.entry_id for one in passed.blue)]),
    )


def _start(
    process: subprocess.Popen[bytes],
    guard: Guard,
    passed: Passed,
    pack_dir: Path,
    cameras: Mapping[str, OpenSource],
    accept: Callable[[Facts], None],
) -> Facts:
    """Send the list and wait until the engine is ready; how it was sealed before it saw anything."""
    compared: tuple[ListedPerson | BluePerson, ...] = (*passed.people, *passed.blue)
    rows = np.stack([person.template for person in compared]).astype("<f4", copy=False)
    header, blobs = start_message(
        pack_dir=str(pack_dir),
        pack_digest=passed.certificate.body.pack_digest,
        pipeline_digest=passed.certificate.body.pipeline_digest,
        threshold=passed.authority.body.threshold,
        cameras=[{"id": one, "source": source.name, "every_frame": source.every_frame} for one, source in cameras.items()],
        entry_ids=[person.entry.entry_id for person in compared],
        unthrottled=len(passed.blue),
        rows=rows,
    )
    commands, messages = pipes(process)
    too_slow = threading.Timer(READY_S, process.kill)
    too_slow.start()
    try:
        send(commands, header, blobs)
        facts = _sealed(_answer(messages, "sealed"))
        accept(facts)
        guard.hear(_answer(messages, "ready"), time.monotonic())
    except (BrokenPipeError, BadInput) as error:
        raise LfrError("the engine ended before it was ready", next_step="see its message above") from error
    finally:
        too_slow.cancel()
        rows.fill(0.0)
    return facts


def _answer(messages: BinaryIO, wanted: str) -> Message:
    message = receive(messages)
    if message is None:
        raise LfrError("the engine ended before it was ready", next_step="see its message above")
    if message.header["type"] == "refused":
        _raise(message)
    if message.header["type"] != wanted:
        raise BrokenProtocol(f"it said {message.header['type'][:40]!r} where {wanted} must come")
    return message


def _sealed(message: Message) -> Facts:
    try:
        return Facts(tuple(Seal(code) for code in message.header["sealed"]))
    except (KeyError, TypeError, ValueError) as error:
        raise BrokenProtocol("it does not say how it is sealed") from error


def _raise(message: Message) -> None:
    header = message.header
    text, next_step = str(header.get("message", "the engine did not start")), str(header.get("next", ""))
    rules = tuple(str(rule) for rule in header.get("rule_ids", ()))
    if rules and header.get("code") == Refused.code:
        raise Refused(text, rule_ids=rules, next_step=next_step)
    raise LfrError(text, rule_ids=rules, next_step=next_step)
