"""Our own progress file: what is enrolled stays enrolled, whoever is killed.

One line of JSON says what is being enrolled and with which pack. Then one record for each finished group: a line of JSON with its
outcomes and the digest of its templates, and the templates themselves. A record counts only whole: what a death leaves half written
at the end is cut off when the run goes on. Only this process writes, and no second one may (a lock on the file).
"""

import fcntl
import hashlib
import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np

from lfr_engine.errors import BadInput, VerificationFailed
from lfr_engine.values import Floats

FORMAT = "lawful-lfr/bulk-enrolment/1"
_LONGEST_LINE = 1 << 20


@dataclass(frozen=True, slots=True)
class Plan:
    """What a run enrols: the digest and number of its photos, the pack, and how many photos a group has."""

    photos_digest: str
    photos: int
    pack_digest: str
    dimension: int
    group: int

    def as_json(self) -> dict[str, object]:
        return {"format": FORMAT, **{name: getattr(self, name) for name in self.__slots__}}


@dataclass(frozen=True, slots=True, eq=False)
class GroupDone:
    """One group: for each photo, in order, its quality or None, and why it was refused; and the templates of those enrolled."""

    number: int
    qualities: tuple[float | None, ...]
    reasons: tuple[str, ...]
    rows: Floats

    def as_bytes(self) -> bytes:
        data = np.ascontiguousarray(self.rows, "<f4").tobytes()
        head = {"group": self.number, "qualities": self.qualities, "reasons": self.reasons, "bytes": len(data), "sha256": _sha(data)}
        return json.dumps(head).encode() + b"\n" + data


class Progress:
    """The open file; as a context it is closed and unlocked at the end."""

    def __init__(self, path: Path, plan: Plan) -> None:
        """Begin, or go on with what is there.

        Raises BadInput where the file belongs to another plan, or another run has it open.
        """
        self._plan = plan
        handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        self._file = os.fdopen(handle, "r+b")
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            self._begin(path)
            self.done = {group.number for group in self.groups()}
        except BlockingIOError:
            self._file.close()
            raise BadInput(f"{path} is in use by another run", next_step="wait for it, or enrol into another folder") from None
        except BaseException:
            self._file.close()
            raise

    def _begin(self, path: Path) -> None:
        line = self._file.readline(_LONGEST_LINE)
        if not line.endswith(b"\n"):  # new, or killed before the first line was whole
            self._file.seek(0)
            self._file.truncate()
            self._append(json.dumps(self._plan.as_json()).encode() + b"\n")
        elif _object(line) != self._plan.as_json():
            raise BadInput(
                f"{path} was begun with other photos, another pack or other software",
                next_step="enrol into another folder, or delete that one",
            )

    def groups(self) -> Iterator[GroupDone]:
        """Every whole record, in the order written; a torn end is cut off."""
        self._file.seek(0)
        self._file.readline(_LONGEST_LINE)
        while True:
            start = self._file.tell()
            group = self._next()
            if group is None:
                self._file.seek(start)
                self._file.truncate()
                return
            yield group

    def _next(self) -> GroupDone | None:
        line = self._file.readline(_LONGEST_LINE)
        head = _object(line) if line.endswith(b"\n") else None
        if head is None:
            return None
        data = self._file.read(int(head["bytes"]))
        if _sha(data) != head["sha256"]:
            if len(data) == head["bytes"]:
                raise VerificationFailed("a record of the progress file was altered", next_step="enrol into another folder, from the start")
            return None
        rows = np.frombuffer(data, "<f4").reshape(-1, self._plan.dimension).astype(np.float32)
        return GroupDone(int(head["group"]), tuple(head["qualities"]), tuple(head["reasons"]), rows)

    def add(self, group: GroupDone) -> None:
        """Keep it: on return it is on the disk."""
        self._append(group.as_bytes())
        self.done.add(group.number)

    def _append(self, data: bytes) -> None:
        self._file.seek(0, os.SEEK_END)
        self._file.write(data)
        self._file.flush()
        os.fsync(self._file.fileno())

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._file.close()


def _sha(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _object(line: bytes) -> dict[str, Any] | None:
    try:
        found = json.loads(line)
    except ValueError:
        return None
    return found if isinstance(found, dict) else None
