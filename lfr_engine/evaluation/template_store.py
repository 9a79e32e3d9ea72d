"""Templates of labelled photos, kept between runs so that a killed run goes on where it stopped.

One append-only file per pack and pipeline, readable by its owner alone: a header that binds it to both digests, then records
with a checksum each. A record that a kill cut short is dropped when the file is opened again. `forget` deletes the file; the
templates are of people who gave their photos for a measurement, and nobody else's may ever lie here.
"""

import fcntl
import hashlib
import json
import os
import struct
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np

from lfr_engine.errors import BadInput, LfrError
from lfr_engine.packs.store import OpenPack
from lfr_engine.values import Floats

_MAGIC = b"lawful-lfr/evaluation-templates/v1\n"
_LENGTH = struct.Struct("<II")  # bytes of the JSON part, values of the vector
_SUM = struct.Struct("<I")
_MAX_JSON = 16 * 1024


@dataclass(frozen=True, slots=True, eq=False)
class Kept:
    """What one photo gave: a unit vector float32[dimension], or None and `why`; `facts` are its quality measures by name."""

    vector: Floats | None
    why: str
    facts: Mapping[str, float]


def store_path(work: Path, pack: OpenPack) -> Path:
    """The file of a pack and pipeline in a work folder."""
    key = hashlib.sha256(f"{pack.pack_digest}\n{pack.pipeline_digest}".encode()).hexdigest()[:24]
    return work / f"{pack.manifest.name}-{key}.templates"


class TemplateStore:
    """The records of one pack, by key. Use it as a context manager: it holds a lock that keeps a second run out."""

    def __init__(self, work: Path, pack: OpenPack) -> None:
        """Opens or makes the file. Raises BadInput where it is another pack's, another run's, or open to other users."""
        self._dimension = pack.dimension
        self._kept: dict[str, Kept] = {}
        path = store_path(work, pack)
        header = {"pack_digest": pack.pack_digest, "pipeline_digest": pack.pipeline_digest, "dimension": pack.dimension}
        self._header = _MAGIC + json.dumps(header, sort_keys=True).encode() + b"\n"
        try:
            work.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._file: BinaryIO = os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600), "r+b")
        except OSError as error:
            raise LfrError(f"the work file {path} cannot be opened: {error.strerror}", next_step="name another --work folder") from error
        try:
            self._open(path, work)
        except BaseException:
            self._file.close()
            raise

    def __enter__(self) -> "TemplateStore":
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def __len__(self) -> int:
        return len(self._kept)

    def get(self, key: str) -> Kept | None:
        return self._kept.get(key)

    def add(self, key: str, kept: Kept) -> None:
        """Keep one more record, handed to the system before this returns."""
        facts = json.dumps({"key": key, "why": kept.why, "facts": dict(kept.facts)}).encode()
        vector = b"" if kept.vector is None else np.ascontiguousarray(kept.vector, "<f4").tobytes()
        body = _LENGTH.pack(len(facts), len(vector) // 4) + facts + vector
        try:
            self._file.write(body + _SUM.pack(zlib.crc32(body)))
            self._file.flush()
        except OSError as error:
            raise LfrError(
                f"the work file cannot be written: {error.strerror}", next_step="free disk space; the run goes on from here"
            ) from error
        self._kept[key] = kept

    def _open(self, path: Path, work: Path) -> None:
        for place, mode in ((work, work.stat().st_mode), (path, os.fstat(self._file.fileno()).st_mode)):
            if mode & 0o077:
                raise BadInput(
                    f"{place} holds templates and is open to other users", next_step="chmod go= it, or name another --work folder"
                )
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise BadInput(f"another run uses {path}", next_step="wait for it, or name another --work folder") from error
        header = self._file.read(len(self._header))
        if header and header != self._header[: len(header)]:
            raise BadInput(
                f"{path} holds templates of another pack or pipeline; templates of two packs are never mixed",
                next_step="run with --fresh, or name another --work folder",
            )
        if header == self._header:
            self._read_all()
        else:  # new, or cut short while it was being made
            self._file.seek(0)
            self._file.truncate()
            self._file.write(self._header)
            self._file.flush()

    def _read_all(self) -> None:
        while True:
            whole_until = self._file.tell()
            record = self._read_one()
            if record is None:
                self._file.seek(whole_until)
                self._file.truncate()
                return
            self._kept[record[0]] = record[1]

    def _read_one(self) -> tuple[str, Kept] | None:
        """The next record; None at the end and at one that is not whole."""
        lengths = self._file.read(_LENGTH.size)
        if len(lengths) < _LENGTH.size:
            return None
        facts_bytes, values = _LENGTH.unpack(lengths)
        if facts_bytes > _MAX_JSON or values not in (0, self._dimension):
            return None
        rest = self._file.read(facts_bytes + 4 * values + _SUM.size)
        if (
            len(rest) < facts_bytes + 4 * values + _SUM.size
            or zlib.crc32(lengths + rest[: -_SUM.size]) != _SUM.unpack(rest[-_SUM.size :])[0]
        ):
            return None
        facts = json.loads(rest[:facts_bytes])
        vector = np.frombuffer(rest, "<f4", values, facts_bytes).astype(np.float32) if values else None
        return facts["key"], Kept(vector, facts["why"], facts["facts"])


def forget(work: Path, pack: OpenPack) -> None:
    """Delete the kept templates of a pack."""
    store_path(work, pack).unlink(missing_ok=True)
