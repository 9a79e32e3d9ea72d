"""One matcher process under trial: commands in, messages out through the same guard as on a unit, pictures over a pipe."""

import os
import queue
import subprocess
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self, cast

import numpy as np

from lfr_engine.commands import remove_message, start_message
from lfr_engine.errors import BrokenProtocol, LfrError
from lfr_engine.guard import Guard, Ordered
from lfr_engine.messages import Said
from lfr_engine.values import Floats, Frame, Image
from lfr_engine.video.raw_frames import write_frame
from lfr_engine.wire import Message, receive, send

CAMERA = "camera-1"


@dataclass(frozen=True, slots=True)
class Matcher:
    """What is under trial: its command line, what it must measure to, its threshold (decimal text) and its templates' length."""

    command: tuple[str, ...]
    pack_dir: str
    pack_digest: str
    pipeline_digest: str
    threshold: str
    dimension: int


class Talk:
    """A started matcher. Use in a `with` block: it is killed at the end. Everything it says is checked; the first breach stays."""

    def __init__(self, matcher: Matcher) -> None:
        self.matcher = matcher
        self._pictures, self._camera = os.pipe()
        self._process = subprocess.Popen(
            matcher.command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, pass_fds=(self._pictures,), start_new_session=True
        )
        self._commands, self._answers = cast(Any, self._process.stdin), cast(Any, self._process.stdout)
        self._raw: queue.Queue[Message | BrokenProtocol | None] = queue.Queue()
        self._guard: Guard | None = None
        self.heard: list[Said] = []
        self._frame = 0
        threading.Thread(target=self._read, daemon=True).start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._process.kill()
        self._process.wait()
        for close in (self._commands.close, self._answers.close, lambda: os.close(self._camera), lambda: os.close(self._pictures)):
            with suppress(OSError):
                close()

    def enrol(self, name: str, photo: bytes, within_s: float) -> Floats | str:
        """The template of a photograph (JPEG or PNG), or why there is none. Raises BrokenProtocol."""
        send(self._commands, {"type": "enrol", "name": name}, [photo])
        message = self._message(within_s)
        while message.header["type"] == "sealed":
            message = self._message(within_s)
        if message.header.get("name") != name or message.header["type"] not in ("template", "unusable"):
            raise BrokenProtocol(f"a photograph is answered by {message.header}")
        if message.header["type"] == "unusable":
            return str(message.header.get("why", ""))
        row = np.frombuffer(message.blobs[0], "<f4") if len(message.blobs) == 1 and len(message.blobs[0]) % 4 == 0 else np.empty(0, "<f4")
        if len(row) != self.matcher.dimension or not np.isfinite(row).all() or abs(float(np.linalg.norm(row)) - 1) > 1e-3:
            raise BrokenProtocol(f"a template is no unit vector of {self.matcher.dimension} finite numbers")
        return np.asarray(row, np.float32)

    def start(self, entry_ids: Sequence[str], rows: Floats, source: str | None = None) -> None:
        """Send the list; the camera is our pipe unless another source is named."""
        matcher = self.matcher
        facts = {name: getattr(matcher, name) for name in ("pack_dir", "pack_digest", "pipeline_digest", "threshold")}
        cameras = [{"id": CAMERA, "source": source or f"pipe:{self._pictures}", "every_frame": True}]
        header, blobs = start_message(entry_ids=entry_ids, rows=rows, cameras=cameras, **facts)
        entries = frozenset(entry_ids)
        ordered = Ordered(matcher.pack_digest, matcher.pipeline_digest, matcher.threshold, frozenset({CAMERA}), entries)
        self._guard = Guard(ordered, time.monotonic())
        send(self._commands, header, blobs)

    def tell(self, command: str, entry_ids: Sequence[str] = ()) -> None:
        header, blobs = remove_message(entry_ids) if command == "remove" else ({"type": command}, [])
        send(self._commands, header, blobs)
        if self._guard is not None:
            self._guard.told(command, time.monotonic(), entry_ids)

    def raw(self, content: bytes) -> None:
        """Something that is no command."""
        with suppress(BrokenPipeError):
            self._commands.write(content)
            self._commands.flush()

    def close_commands(self) -> None:
        self._commands.close()

    def show(self, picture: Image) -> None:
        """One more frame, a fifth of a second after the last. Waits while the matcher is busy; raises LfrError where it hangs."""
        frame = Frame(self._frame, self._frame / 5, picture)
        self._frame += 1
        writer = threading.Thread(target=self._write, args=(frame,), daemon=True)
        writer.start()
        writer.join(20)
        if writer.is_alive():
            raise LfrError("the matcher takes no frame for 20 seconds")

    def end_camera(self) -> None:
        os.close(self._camera)

    def wait_for(self, kind: str, within_s: float, *, more_than: int = 0) -> list[Said]:
        """All messages of a kind once there are more than so many. Raises BrokenProtocol, and LfrError when none comes in time."""
        until_s = time.monotonic() + within_s
        while len(found := [one for one in self.heard if one.type == kind]) <= more_than:
            self._hear(max(0.01, until_s - time.monotonic()), kind)
        return found

    def listen(self, seconds: float) -> None:
        """Hear whatever comes for a while."""
        until_s = time.monotonic() + seconds
        while (left := until_s - time.monotonic()) > 0:
            with suppress(TimeoutError):
                self._hear(left, "")

    def exit_code(self, within_s: float) -> int | None:
        """None where it has not ended by itself in time."""
        try:
            return self._process.wait(within_s)
        except subprocess.TimeoutExpired:
            return None

    def _hear(self, within_s: float, waiting_for: str) -> None:
        message = self._message(within_s, waiting_for)
        if message.header["type"] != "sealed":
            if self._guard is None:
                raise BrokenProtocol(f"it says {message.header['type']!r} before it was started")
            self.heard.append(self._guard.hear(message, time.monotonic()))

    def _message(self, within_s: float, waiting_for: str = "an answer") -> Message:
        try:
            one = self._raw.get(timeout=within_s)
        except queue.Empty as error:
            if not waiting_for:
                raise TimeoutError from error
            raise LfrError(f"no {waiting_for} within {within_s:.0f} seconds") from error
        if isinstance(one, BrokenProtocol):
            raise one
        if one is None:
            self._raw.put(None)
            if not waiting_for:
                time.sleep(min(within_s, 0.05))
                raise TimeoutError
            raise LfrError(f"it ended without {waiting_for}")
        return one

    def _read(self) -> None:
        try:
            while (message := receive(self._answers)) is not None:
                self._raw.put(message)
        except LfrError as error:
            self._raw.put(BrokenProtocol(error.message))
        except (OSError, ValueError):
            pass
        self._raw.put(None)

    def _write(self, frame: Frame) -> None:
        with suppress(OSError), os.fdopen(os.dup(self._camera), "wb", buffering=0) as pipe:
            write_frame(pipe, frame)
