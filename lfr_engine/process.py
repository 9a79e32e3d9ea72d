"""The engine as a process of its own: frames in, candidates and counters out, one pipe, no writable path.

    python -m lfr_engine.process

Standard input carries commands (`lfr_engine.commands`), standard output messages, both framed by `lfr_engine.wire`:

    sealed    sealed, lacking (codes of `lfr_engine.sealed.facts`); always the first
    ready     pack_digest, pipeline_digest, enrolled
    camera    camera_id, state (opening, open, reconnecting, lost, ended, standby, removed, moved), why, health (of frozen, dark,
              blurred, moved, clock, stalled, damaged, flooded); whenever one of them is another than before
    counters  frames, dropped, damaged, passages, faces, too_small, low_quality, throttled, alerts (cumulative; about once a second,
              and at the end), and the same for each camera in cameras
    picture   camera_id, frame; one JPEG in which every face is pixelated (at most five a second per camera)
    alert     seq, camera_id, track, first_frame, frame, stream_s, bbox_xyxy_px, candidates, quality, threshold, explanation
              (`lfr_engine.explain`), probes (how many); JPEGs: the probes, best first, then the whole picture with everybody else
              pixelated
    ended     reason (stopped, cameras_ended, commands_ended, terminated, bad_command, matcher_failed), why
    refused   code, rule_ids, message, next

Its parent's death closes standard input, and that ends it. Whoever raised no alert is counted and otherwise forgotten.

The process is sealed by the first message it reads, before a numeric library is imported: what seals files binds only threads
that come later. So this file imports none; `lfr_engine.session` is the rest of it.
"""

import os
import sys
import threading
from typing import Any, BinaryIO, NoReturn

from lfr_engine.errors import LfrError
from lfr_engine.sealed import needs_of, seal_process
from lfr_engine.sealed.allocator import start_again_wiping
from lfr_engine.wire import receive, send


class Outbox:
    """The one pipe out. The loop and the thread of commands both write; each message goes out whole."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._lock = threading.Lock()

    def send(self, header: dict[str, Any], blobs: tuple[bytes, ...] = ()) -> None:
        with self._lock:
            send(self._stream, header, blobs)


def main() -> NoReturn:
    """Seal the process, run one deployment, leave at once: what is still in memory goes with the process."""
    start_again_wiping()
    code = 0
    outbox: Outbox | None = None
    try:
        # Whatever a library prints must not land between two messages: only the outbox keeps the pipe.
        pipe = os.fdopen(os.dup(1), "wb")
        os.dup2(2, 1)
        outbox = Outbox(pipe)
        code = _deployment(sys.stdin.buffer, outbox)
    except BrokenPipeError:
        code = LfrError.exit_code  # nobody listens any more
    except LfrError as error:
        code = error.exit_code
        _refuse(outbox, error)
    except Exception as error:  # the parent must learn of a fault that nobody foresaw
        code = LfrError.exit_code
        _refuse(outbox, LfrError(f"the engine failed: {type(error).__name__}: {error}", next_step="start the engine again"))
    os._exit(code)


def _deployment(commands: BinaryIO, outbox: Outbox) -> int:
    message = receive(commands)
    if message is None:
        return 0
    outbox.send({"type": "sealed", **seal_process(needs_of(message.header)).as_json()})
    from lfr_engine.session import run

    return run(message, commands, outbox.send)


def _refuse(outbox: Outbox | None, error: LfrError) -> None:
    try:
        if outbox is not None:
            outbox.send({"type": "refused", **error.as_json()})
        print(f"engine: {error.message}", file=sys.stderr, flush=True)
    except OSError:
        return  # standard error may be a file, which this process cannot write; the exit code remains


if __name__ == "__main__":
    main()
