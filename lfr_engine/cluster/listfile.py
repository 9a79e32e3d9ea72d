"""The result of a bulk enrolment: a folder only its owner can open, whose templates are bound to the pack that made them.

`templates.f32` holds float32 rows, `entries.jsonl` whose they are, `refused.jsonl` what was not enrolled and why; `manifest.json`,
written last, has the digests of all three and the pack's. Without a manifest there is no result.
"""

import hashlib
import json
import os
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Annotated, Literal

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from lfr_engine.errors import BadInput, VerificationFailed
from lfr_engine.values import Floats

FORMAT: Literal["lawful-lfr/list/1"] = "lawful-lfr/list/1"
TEMPLATES, ENTRIES, REFUSED, MANIFEST = "templates.f32", "entries.jsonl", "refused.jsonl", "manifest.json"
_MAX_MANIFEST_BYTES = 64 * 1024

Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class ListManifest(BaseModel):
    """What a finished folder holds."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)
    format: Literal["lawful-lfr/list/1"]
    pack: str
    pack_digest: str
    dimension: Annotated[int, Field(ge=1, le=1 << 14)]
    rows: Annotated[int, Field(ge=0)]
    refused: Annotated[int, Field(ge=0)]
    templates_sha256: Sha256
    entries_sha256: Sha256
    refused_sha256: Sha256


@dataclass(frozen=True, slots=True, eq=False)
class ListFile:
    """An opened result: its manifest, whose each row is, and the rows, left on disk."""

    folder: Path
    manifest: ListManifest
    subject_refs: tuple[str, ...]
    rows: Floats


def private_folder(folder: Path) -> None:
    """Make the folder 0700. Raises BadInput where it is there already and open to others."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if folder.stat().st_mode & 0o077:
        raise BadInput(f"{folder} is open to others", next_step=f"chmod 700 {folder}, or name a new folder")


@contextmanager
def whole_file(path: Path) -> Iterator[IO[bytes]]:
    """A file 0600 that takes its name only when it is complete and on the disk."""
    handle, scratch = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}-")
    try:
        with os.fdopen(handle, "w+b") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        os.replace(scratch, path)
        folder = os.open(path.parent, os.O_RDONLY)
        os.fsync(folder)
        os.close(folder)
    except BaseException:
        Path(scratch).unlink(missing_ok=True)
        raise


def write_lines(path: Path, lines: Iterable[dict[str, object]]) -> None:
    with whole_file(path) as file:
        for line in lines:
            file.write(json.dumps(line).encode() + b"\n")


def sha256_of(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def read_list(folder: Path, pack_digest: str | None = None) -> ListFile:
    """An enrolled list, every byte checked. Raises BadInput where there is none or another pack made it, VerificationFailed where it
    was altered."""
    manifest = _manifest(folder)
    if pack_digest is not None and manifest.pack_digest != pack_digest:
        raise BadInput(f"the list was enrolled with the pack {manifest.pack} ({manifest.pack_digest}), not with {pack_digest}")
    for name, wanted in (
        (TEMPLATES, manifest.templates_sha256),
        (ENTRIES, manifest.entries_sha256),
        (REFUSED, manifest.refused_sha256),
    ):
        if not (folder / name).is_file() or sha256_of(folder / name) != wanted:
            raise VerificationFailed(f"{name} of {folder} is missing or was altered", next_step="enrol the photos again")
    with (folder / ENTRIES).open("rb") as lines:
        refs = tuple(str(json.loads(line)["subject_ref"]) for line in lines)
    shape = (manifest.rows, manifest.dimension)
    if len(refs) != manifest.rows or (folder / TEMPLATES).stat().st_size != 4 * shape[0] * shape[1]:
        raise VerificationFailed(f"the files of {folder} do not fit each other", next_step="enrol the photos again")
    rows = np.memmap(folder / TEMPLATES, "<f4", "r", shape=shape) if manifest.rows else np.empty(shape, np.float32)
    return ListFile(folder, manifest, refs, rows)


def _manifest(folder: Path) -> ListManifest:
    path = folder / MANIFEST
    if not path.is_file() or path.stat().st_size > _MAX_MANIFEST_BYTES:
        raise BadInput(f"{folder} holds no enrolled list", next_step="finish it: lfr cluster enrol ... --resume")
    try:
        return ListManifest.model_validate_json(path.read_bytes())
    except ValidationError as error:
        raise BadInput(f"the manifest of {folder} cannot be read: {error.error_count()} faults") from error
