"""One deployment in the engine process, once it is sealed: the pack measured, the list taken over, the loop until it ends."""

import os
import signal
import threading
from collections import deque
from typing import BinaryIO

from lfr_engine.commands import Command, Start, parse_command, template_rows
from lfr_engine.engine import Engine
from lfr_engine.errors import BadInput, LfrError, Refused
from lfr_engine.gallery import Gallery
from lfr_engine.packs.store import OpenPack, open_pack
from lfr_engine.telling import Send
from lfr_engine.wire import Message, receive

# A command may be waiting behind a frame in work; longer than this the process does not linger once it must stop.
_GRACE_S = 3.0


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
        except Exception as error:  # whatever it is, an engine that hears no commands any more must end
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


def run(message: Message, commands: BinaryIO, send: Send) -> int:
    """From the start command, already received, to the end of the deployment; the exit code."""
    start = parse_command(message)
    if not isinstance(start, Start):
        raise BadInput(f"the first command must be start, not {start.type}")
    rows = template_rows(start, message.blobs[1:])
    del message
    pack = checked_pack(start)
    gallery = Gallery(start.entry_ids, rows)
    rows.fill(0.0)
    inbox = Inbox(commands)
    engine = Engine(start=start, pack=pack, gallery=gallery, commands=inbox.commands, send=send)
    signal.signal(signal.SIGTERM, lambda *_: engine.stop("terminated"))
    ready = {"pack_digest": pack.pack_digest, "pipeline_digest": pack.pipeline_digest, "enrolled": gallery.entries}
    send({"type": "ready", **ready}, ())
    inbox.start()
    engine.run(lambda: inbox.ended)
    return LfrError.exit_code if engine.failed else 0
