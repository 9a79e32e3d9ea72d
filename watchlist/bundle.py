"""The sealed list as a file: a zip of `bundle.dsse.json` (who sealed what) and `payload.age` (the list itself).

Inside the encrypted payload is a tar of `entries.jsonl` (entry bytes and nonces), `templates.f32` (one unit row per
entry, little-endian) and `thumbs/<leaf>.jpg`. Opening checks every entry against the approved leaves minus removals.
Where a drill is authorised, consenting staff lie apart in `blue.jsonl` and `blue.f32` (R30), against leaves of their own.
"""

import base64
import hashlib
import io
import json
import tarfile
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from lfr_engine.errors import BadInput, VerificationFailed
from watchlist.blue import MOST_BLUE, BluePerson
from watchlist.entry import MAX_ENTRIES, Entry, commitment
from watchlist.sealing import age

MAX_THUMB_BYTES = 64 * 1024
MAX_PLAIN_BYTES = 2 * 2**30  # 20,000 entries with a thumbnail each stay below
_BLUE = frozenset({"blue.jsonl", "blue.f32"})
_ENVELOPE, _PAYLOAD = "bundle.dsse.json", "payload.age"
_LIMITS = {_ENVELOPE: 16 * 2**20, _PAYLOAD: MAX_PLAIN_BYTES + 2**20}


@dataclass(frozen=True, slots=True)
class ListedPerson:
    """An entry as it is sealed: exact entry bytes, its nonce, template [d] float32 of unit norm, a small JPEG."""

    content: bytes
    nonce: bytes
    template: npt.NDArray[np.float32]
    thumb: bytes

    @property
    def leaf(self) -> str:
        return commitment(self.content, self.nonce)

    @property
    def entry(self) -> Entry:
        return Entry.from_bytes(self.content)


def pack_list(people: Sequence[ListedPerson], blue: Sequence[BluePerson] = ()) -> bytes:
    """The plain tar. Raises BadInput on an empty or too long list, mixed template sizes or a large thumbnail."""
    if not 1 <= len(people) <= MAX_ENTRIES:
        raise BadInput(f"a bundle holds 1 to {MAX_ENTRIES} entries, this one {len(people)}")
    if len({person.template.shape for person in people} | {person.template.shape for person in blue}) != 1:
        raise BadInput("the templates of this list come from different packs", next_step="enrol all photos again with one pack")
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as tar:
        _add(tar, "entries.jsonl", _lines(people))
        _add(tar, "templates.f32", _rows(people))
        if blue:
            _add(tar, "blue.jsonl", _lines(blue))
            _add(tar, "blue.f32", _rows(blue))
        for person in people:
            if len(person.thumb) > MAX_THUMB_BYTES:
                raise BadInput(f"a thumbnail of {len(person.thumb)} bytes is above {MAX_THUMB_BYTES}")
            _add(tar, f"thumbs/{person.leaf}.jpg", person.thumb)
    return out.getvalue()


def unpack_list(plain: bytes, *, approved: set[str]) -> list[ListedPerson]:
    """The people in a decrypted payload. Raises VerificationFailed (R28) unless they are exactly the approved leaves."""
    try:
        with tarfile.open(fileobj=io.BytesIO(plain), mode="r:") as tar:  # never compressed, so nothing in it can swell
            lines = _member(tar, "entries.jsonl", MAX_ENTRIES * 16_384).split(b"\n")
            templates = np.frombuffer(_member(tar, "templates.f32", MAX_ENTRIES * 4096 * 4), dtype="<f4")
            if len(lines) > MAX_ENTRIES or templates.size == 0 or templates.size % len(lines):
                raise BadInput("the bundle's templates do not fit its entries")
            rows = templates.reshape(len(lines), -1)
            people = []
            for line, row in zip(lines, rows, strict=True):
                fields = json.loads(line)
                content, nonce = base64.b64decode(fields["entry"], validate=True), bytes.fromhex(fields["nonce"])
                thumb = _member(tar, f"thumbs/{commitment(content, nonce)}.jpg", MAX_THUMB_BYTES)
                people.append(ListedPerson(content, nonce, row, thumb))
            if sum(name not in _BLUE for name in tar.getnames()) != len(people) + 2:
                raise BadInput("the bundle's payload holds more than its list")
    except (tarfile.TarError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise BadInput("the bundle's payload is not what a compiler seals") from error
    if {person.leaf for person in people} != approved or len(people) != len(approved):
        raise VerificationFailed("the sealed entries are not exactly the ones the authorising officer approved", rule_ids=("R28", "R1"))
    if not np.isfinite(rows).all() or not np.allclose(np.linalg.norm(rows, axis=1), 1.0, atol=1e-3):
        raise BadInput("a template in the bundle is not a finite vector of unit length")
    if any(
        "sha256:" + hashlib.sha256(row.tobytes()).hexdigest() != person.entry.template for person, row in zip(people, rows, strict=True)
    ):
        raise VerificationFailed("a template in the bundle is not the one its approved entry names", rule_ids=("R28", "R1"))
    return people


def unpack_blue(plain: bytes, *, approved: set[str]) -> list[BluePerson]:
    """The walkers of a drill in a decrypted payload. Raises VerificationFailed (R30) unless they are exactly the approved leaves."""
    try:
        with tarfile.open(fileobj=io.BytesIO(plain), mode="r:") as tar:
            if not _BLUE & set(tar.getnames()):
                people, rows = [], np.zeros((0, 0), np.float32)
            else:
                lines = _member(tar, "blue.jsonl", MOST_BLUE * 16_384).split(b"\n")
                rows = np.frombuffer(_member(tar, "blue.f32", MOST_BLUE * 4096 * 4), dtype="<f4").reshape(len(lines), -1)
                found = [json.loads(line) for line in lines]
                people = [
                    BluePerson(base64.b64decode(one["entry"], validate=True), bytes.fromhex(one["nonce"]), row)
                    for one, row in zip(found, rows, strict=True)
                ]
    except (tarfile.TarError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise BadInput("the drill's part of the bundle is not what a compiler seals", rule_ids=("R30",)) from error
    if {person.leaf for person in people} != approved or len(people) != len(approved):
        raise VerificationFailed("the staff in the bundle are not exactly the approved ones", rule_ids=("R30", "R28"))
    lengths = np.linalg.norm(rows, axis=1) if len(rows) else np.ones(0)
    named = all(person.entry.template == "sha256:" + hashlib.sha256(person.template.tobytes()).hexdigest() for person in people)
    if not named or not np.isfinite(rows).all() or not np.allclose(lengths, 1.0, atol=1e-3):
        raise VerificationFailed("a template of the drill is not the one its approved entry names", rule_ids=("R30", "R28"))
    return people


def write_bundle(path: Path, envelope: bytes, cipher: bytes) -> None:
    """Write the zip beside its place and move it there, so that a reader never sees half of it."""
    part = path.with_suffix(".part")
    with zipfile.ZipFile(part, "w", zipfile.ZIP_STORED) as archive:
        archive.writestr(_ENVELOPE, envelope)
        archive.writestr(_PAYLOAD, cipher)
    part.chmod(0o600)
    part.replace(path)


def read_bundle(path: Path) -> tuple[bytes, bytes]:
    """(envelope, cipher) of a bundle file, nothing verified yet. Raises BadInput on what is no such zip.

    zipfile says RuntimeError to an encrypted member, ValueError or OSError to a name or offset that makes no sense.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            if sorted(archive.namelist()) != sorted(_LIMITS):
                raise BadInput(f"{path.name} is a zip, but not a bundle")
            for name, limit in _LIMITS.items():
                info = archive.getinfo(name)
                if info.file_size > limit or info.compress_type != zipfile.ZIP_STORED:
                    raise BadInput(f"{name} in {path.name} is larger than a bundle can be")
            return archive.read(_ENVELOPE), archive.read(_PAYLOAD)
    except (zipfile.BadZipFile, OSError, EOFError, ValueError, RuntimeError) as error:
        raise BadInput(f"{path} is not a bundle file", next_step="copy it from the office again") from error


def seal_list(people: Sequence[ListedPerson], recipient: str, blue: Sequence[BluePerson] = ()) -> tuple[bytes, bytes]:
    """(plain, cipher) of a list for one unit's one-use key."""
    plain = pack_list(people, blue)
    return plain, age.encrypt(plain, recipient)


def _lines(people: Sequence[ListedPerson | BluePerson]) -> bytes:
    rows = ({"nonce": person.nonce.hex(), "entry": base64.b64encode(person.content).decode()} for person in people)
    return "\n".join(json.dumps(row, separators=(",", ":")) for row in rows).encode()


def _rows(people: Sequence[ListedPerson | BluePerson]) -> bytes:
    return np.stack([person.template for person in people]).astype("<f4", copy=False).tobytes()


def _add(tar: tarfile.TarFile, name: str, content: bytes) -> None:
    info = tarfile.TarInfo(name)
    info.size = len(content)
    tar.addfile(info, io.BytesIO(content))


def _member(tar: tarfile.TarFile, name: str, limit: int) -> bytes:
    info = tar.getmember(name)
    stream = tar.extractfile(info)
    if not info.isfile() or stream is None or info.size > limit:
        raise BadInput(f"{name} in the bundle is not a file, or too large")
    return stream.read()
