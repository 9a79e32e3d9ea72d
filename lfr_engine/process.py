"""The engine as a process of its own: frames in, candidates and counters out, one pipe, no writable path.

    python -m lfr_engine.process

Standard input carries commands (`lfr_engine.commands`), standard output messages, both framed by `lfr_engine.wire`:

    ready     pack_digest, pipeline_digest, enrolled, sealed
    camera    camera_id, state (open, ended, lost), why
    counters  frames, dropped, passages, faces, too_small, low_quality, alerts (cumulative; about once a second, and at the end)
    picture   camera_id, frame; one JPEG in which every face is pixelated (at most five a second per camera)
    alert     seq, camera_id, track, first_frame, frame, stream_s, bbox_xyxy_px, candidates, quality, threshold, probes (how
              many); JPEGs: the probes, best first, then the whole picture with everybody else pixelated
    ended     reason
    refused   code, rule_ids, message, next

Its parent's death closes standard input, and that ends it. Whoever raised no alert is counted and otherwise forgotten.
"""

import os
import signal
import sys
import threading
from collections import deque
from typing import Any, BinaryIO, NoReturn

from lfr_engine.commands import Command, Start, parse_command, template_rows
from lfr_engine.engine import Engine
from lfr_engine.errors import BadInput, LfrError, Refused
from lfr_engine.gallery import Gallery
from lfr_engine.packs.store import OpenPack, open_pack
from lfr_engine.sealed import seal_process
from lfr_engine.wire import receive, send

# A command may be waiting behind a frame in work; longer than this the process does not linger once it must stop.
_GRACE_S = 3.0


class Outbox:
    """The one pipe out. The loop and the thread of commands both write; each message goes out whole."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._lock = threading.Lock()

    def send(self, header: dict[str, Any], blobs: tuple[bytes, ...] = ()) -> None:
        with self._lock:
            send(self._stream, header, blobs)


class Inbox:
    """Commands as they come, read by a thread of its own, taken by the loop between two frames."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self.commands: deque[Command] = deque()
        self.ended: str = ""

    def start(self) -> None:
        threading.Thread(target=self._read, name="commands", daemon=True).start()

    def _read(self) -> None:
        try:
            while (message := receive(self._stream)) is not None:
                self.commands.append(parse_command(message))
            self.ended = "commands_ended"
        except (LfrError, OSError) as error:
            self.ended = f"bad_command: {error}"
        # The loop sees `ended` within a moment; if it hangs in a decoder or on a full pipe, this process still ends.
        threading.Timer(_GRACE_S, os._exit, (LfrError.exit_code,)).start()


def checked_pack(start: Start) -> OpenPack:
    """The pack that was ordered, measured. Raises Refused (R35) where it is not the one the authority names."""
    pack = open_pack(start.pack_dir)
    for name, measured, wanted in (
        ("model pack", pack.pack_digest, start.pack_digest),
        ("pipeline", pack.pipeline_digest, start.pipeline_digest),
    ):
        if measured != wanted:
            raise Refused(
                f"the {name} measures {measured}, but {wanted} was authorised",
                rule_ids=("R35",),
                next_step="use the model pack and the program version that the authority names",
            )
    return pack


def run(commands: BinaryIO, outbox: Outbox, sealed: tuple[str, ...]) -> int:
    """One deployment, from its start command to its end; the exit code."""
    message = receive(commands)
    if message is None:
        return 0
    start = parse_command(message)
    if not isinstance(start, Start):
        raise BadInput(f"the first command must be start, not {start.type}")
    rows = template_rows(start, message.blobs[0])
    del message
    pack = checked_pack(start)
    gallery = Gallery(start.entry_ids, rows)
    rows.fill(0.0)
    inbox = Inbox(commands)
    engine = Engine(start=start, pack=pack, gallery=gallery, commands=inbox.commands, send=outbox.send)
    signal.signal(signal.SIGTERM, lambda *_: engine.stop("terminated"))
    outbox.send(
        {
            "type": "ready",
            "pack_digest": pack.pack_digest,
            "pipeline_digest": pack.pipeline_digest,
            "enrolled": gallery.entries,
            "sealed": list(sealed),
        }
    )
    inbox.start()
    engine.run(lambda: inbox.ended)
    return 0


def main() -> NoReturn:
    """Seal the process, run one deployment, leave at once: what is still in memory goes with the process."""
    code = 0
    outbox: Outbox | None = None
    try:
        sealed = seal_process()
        # Whatever a library prints must not land between two messages: only the outbox keeps the pipe.
        pipe = os.fdopen(os.dup(1), "wb")
        os.dup2(2, 1)
        outbox = Outbox(pipe)
        code = run(sys.stdin.buffer, outbox, sealed)
    except BrokenPipeError:
        code = LfrError.exit_code  # nobody listens any more
    except LfrError as error:
        code = error.exit_code
        _refuse(outbox, error)
    except Exception as error:  # the parent must learn of a fault that nobody foresaw
        code = LfrError.exit_code
        _refuse(outbox, LfrError(f"the engine failed: {type(error).__name__}: {error}", next_step="start the engine again"))
    os._exit(code)


def _refuse(outbox: Outbox | None, error: LfrError) -> None:
    try:
        if outbox is not None:
            outbox.send({"type": "refused", **error.as_json()})
        print(f"engine: {error.message}", file=sys.stderr, flush=True)
    except OSError:
        return  # standard error may be a file, which this process cannot write; the exit code remains


if __name__ == "__main__":
    main()
