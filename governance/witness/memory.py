"""The witness's folder: its key, and for each log the newest head it cosigned, durable before any answer.

`key.pem` (0600), `name`, `heads/<sha256 of origin>.json`, `evidence/`. A head is replaced as a whole file that reached the
disk first, so a kill at any moment leaves the old head or the new one. A head that cannot be read stops the witness: it
must never take a known log for a new one.
"""

import fcntl
import hashlib
import json
import os
from pathlib import Path

from governance.home import private_folder
from governance.ledger.checkpoint import SIZE_MAX
from governance.ledger.note import Cosigner
from governance.witness.protocol import Head, empty_head
from lfr_engine import durable
from lfr_engine.errors import LfrError
from watchlist.sealing.keys import SigningKey

EVIDENCE_FILES_MAX = 100  # a submitter must not be able to fill the disk; the first ones matter most


class Memory:
    """Opened by one process at a time. Raises Refused on loose file modes (R34), LfrError when unreadable or already open."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        try:
            self._lock = os.open(folder / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            name = (folder / "name").read_text(encoding="utf-8").strip()
            (folder / "heads").stat()
        except OSError as error:
            raise LfrError(f"{folder} is not a witness's folder: {error}", next_step=f"lfr-witness init {folder} --name NAME") from error
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise LfrError(f"another witness process uses {folder}", next_step="stop it first: two would sign two histories") from error
        self.cosigner = Cosigner(name, SigningKey.load(folder / "key.pem").private)

    def head(self, origin: str) -> Head:
        path = self._head_path(origin)
        if not path.exists():
            return empty_head(origin)
        try:
            stored = json.loads(path.read_text(encoding="utf-8"))
            head = Head(stored["origin"], stored["size"], bytes.fromhex(stored["root_hash"]), stored["time_s"])
            sane = head.origin == origin and 0 <= head.size <= SIZE_MAX and len(head.root_hash) == 32 and head.time_s >= 0
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise LfrError(f"{path} cannot be read", next_step="retire this witness: it no longer knows what it signed") from error
        if not sane:
            raise LfrError(f"{path} does not hold a head of {origin}", next_step="retire this witness")
        return head

    def remember(self, head: Head) -> None:
        """Returns when the head would survive a power cut."""
        content = json.dumps(
            {"origin": head.origin, "size": head.size, "root_hash": head.root_hash.hex(), "time_s": head.time_s}, ensure_ascii=False
        )
        durable.put(self._head_path(head.origin), content.encode())

    def keep_evidence(self, body: bytes) -> None:
        """A request that the log's own key signed and that contradicts what was cosigned: proof of a fork."""
        folder = self._folder / "evidence"
        folder.mkdir(mode=0o700, exist_ok=True)
        path = folder / f"{hashlib.sha256(body).hexdigest()}.txt"
        if not path.exists() and sum(1 for _ in folder.iterdir()) < EVIDENCE_FILES_MAX:
            durable.put(path, body)

    def close(self) -> None:
        os.close(self._lock)

    def _head_path(self, origin: str) -> Path:
        return self._folder / "heads" / f"{hashlib.sha256(origin.encode()).hexdigest()}.json"


def create_memory(folder: Path, name: str) -> str:
    """Makes the folder and its key; returns the vkey. Raises LfrError where there is a witness already."""
    key = SigningKey.generate()
    cosigner = Cosigner(name, key.private)  # checks the name before anything is written
    try:
        private_folder(folder)  # its missing parents too: one of them may be LFR_HOME
        folder.chmod(0o700)
        key.save(folder / "key.pem")
        (folder / "heads").mkdir(mode=0o700)
        durable.put(folder / "name", f"{name}\n".encode())
    except OSError as error:
        raise LfrError(f"{folder}: {error.strerror}", next_step="choose an empty folder; a witness's key is never overwritten") from error
    return cosigner.vkey
