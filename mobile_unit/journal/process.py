"""The journal as a process of its own: the only one that opens the unit's database for writing.

    python -m mobile_unit.journal.process UNIT_FOLDER

It prints `ready` once it listens, answers one request per connection, and ends when its standard input ends: with the
process that started it. A lock file keeps a second one out. A request in work is finished before it leaves.
"""

import fcntl
import os
import socket
import sys
import threading
import time
from pathlib import Path
from typing import NoReturn

from pydantic import ValidationError

from governance.home import UnitHome
from lfr_engine.clock import clock_from_environment
from lfr_engine.errors import BadInput, LfrError
from mobile_unit import identity
from mobile_unit.journal import answers, asking
from mobile_unit.journal.socket_path import LOCK, SOCKET, address_of
from mobile_unit.journal.writing import Journal

WAIT_FOR_LOCK_S = 2.0
_CLIENT_TIMEOUT_S = 30.0


class Server:
    """Listens, one thread per connection, one request at a time."""

    def __init__(self, home: UnitHome) -> None:
        self._lock = threading.Lock()
        self._home = home
        self._only_one = _hold(home.root / LOCK)
        self._journal = Journal(home, identity.load(home), clock_from_environment())
        (home.root / SOCKET).unlink(missing_ok=True)
        self._socket = socket.socket(socket.AF_UNIX)
        with address_of(home.root) as address:
            self._socket.bind(address)
        (home.root / SOCKET).chmod(0o600)
        self._socket.listen(64)

    def serve(self) -> NoReturn:
        while True:
            connection, _ = self._socket.accept()
            threading.Thread(target=self._answer, args=(connection,), daemon=True).start()

    def leave(self) -> NoReturn:
        """Finish what is in work, then end."""
        self._lock.acquire()
        self._journal.close()
        os._exit(0)

    def _answer(self, connection: socket.socket) -> None:
        connection.settimeout(_CLIENT_TIMEOUT_S)
        try:
            with connection, connection.makefile("rwb") as stream:
                line = stream.readline(asking.MAX_LINE_BYTES)
                if line.endswith(b"\n"):
                    stream.write(self._carried_out(line) + b"\n")
                    stream.flush()
        except OSError:
            return  # the asker left; what was asked is done or not, and asking again tells which

    def _carried_out(self, line: bytes) -> bytes:
        try:
            with self._lock:
                return self._journal.carry_out(asking.REQUESTS.validate_json(line)).model_dump_json().encode()
        except ValidationError as error:
            failure: LfrError = BadInput(f"the journal does not understand: {error.errors()[0]['msg']} at {error.errors()[0]['loc']}")
        except LfrError as error:
            failure = error
        except Exception as error:
            failure = LfrError(f"the journal could not write: {error}", next_step="check the disk; nothing was changed")
        return answers.Failed(failed=failure.as_json()).model_dump_json().encode()


def _hold(path: Path) -> int:
    """The lock, for this process's life. Raises LfrError when another journal keeps it."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    give_up = time.monotonic() + WAIT_FOR_LOCK_S
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return descriptor
        except BlockingIOError:
            if time.monotonic() > give_up:
                raise LfrError("another process writes this unit's journal", next_step="wait for it, or end it") from None
            time.sleep(0.05)


def main(folder: str) -> NoReturn:
    """Serve until standard input ends."""
    try:
        server = Server(UnitHome(Path(folder)))
    except LfrError as error:
        print(answers.Failed(failed=error.as_json()).model_dump_json(), flush=True)
        sys.exit(error.exit_code)
    print("ready", flush=True)
    threading.Thread(target=server.serve, daemon=True).start()
    while os.read(sys.stdin.fileno(), 4096):
        pass
    server.leave()


if __name__ == "__main__":
    main(sys.argv[1])
