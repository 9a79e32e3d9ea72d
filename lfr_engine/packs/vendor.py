"""A pack that holds somebody else's matcher: a program that speaks our pipe protocol, every file of it pinned by its digest.

The folder brings a `vendor.toml`. Its digest stands where a model pack's stands, in the certificate, in the authority and
at the gate (R35, R37), so that a force can keep its matcher and gains the governance.
"""

import hashlib
import json
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from lfr_engine.errors import BadInput, VerificationFailed
from lfr_engine.packs.manifest import MAX_MANIFEST_BYTES, Digest, Name, Sentence, ThresholdFacts

MANIFEST = "vendor.toml"
PROTOCOL = 1  # of docs/matcher-protocol.md
_CHUNK_BYTES = 1 << 20

FilePath = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*(/[A-Za-z0-9][A-Za-z0-9._-]*)*$", max_length=300)]
Argument = Annotated[str, StringConstraints(min_length=1, max_length=300)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class VendorFile(_Strict):
    """One file of the matcher, pinned."""

    name: FilePath
    sha256: Digest


class VendorManifest(_Strict):
    """`program` is one of the files; `runs_with` says whether it starts by itself or is a Python program for this interpreter.
    `dimension` is that of its templates, which nobody but it understands."""

    family: Literal["vendor"]
    protocol: Literal[1]
    name: Name
    title: Sentence
    vendor: Sentence
    licence: Sentence
    use: Literal["demonstration", "research", "licensed", "any"]
    program: FilePath
    arguments: tuple[Argument, ...] = ()
    runs_with: Literal["itself", "python"] = "itself"
    dimension: Annotated[int, Field(ge=1, le=4096)]
    threshold: ThresholdFacts
    files: Annotated[tuple[VendorFile, ...], Field(min_length=1, max_length=1000)]


@dataclass(frozen=True, slots=True)
class Vendor:
    """A matcher whose every file was measured."""

    manifest: VendorManifest
    folder: Path
    pack_digest: str
    pipeline_facts: str
    pipeline_digest: str

    @property
    def program(self) -> Path:
        return self.folder / self.manifest.program


def is_vendor(folder: Path) -> bool:
    return (folder / MANIFEST).is_file()


def checked_vendor(folder: Path) -> Vendor:
    """The matcher in a folder. Raises BadInput on a manifest of another form, VerificationFailed naming the file that is
    missing, was altered, or is not in the manifest: what nobody measured could be loaded too."""
    manifest = _read(folder / MANIFEST)
    named = {file.name: file.sha256 for file in manifest.files}
    present = {str(path.relative_to(folder)) for path in folder.rglob("*") if not path.is_dir()} - {MANIFEST}
    for name in sorted(present ^ set(named)):
        what = "is not in its manifest" if name in present else "is missing"
        raise VerificationFailed(f"the file {name} of the matcher {manifest.name} {what}", next_step="install the matcher again")
    for name, wanted in named.items():
        measured = _digest(folder / name)
        if measured != wanted:
            raise VerificationFailed(
                f"{name} of the matcher {manifest.name} was altered: its digest is {measured}, not {wanted}",
                next_step="do not use this matcher; install it again",
            )
    facts = manifest.model_dump(mode="json", include={"family", "protocol", "program", "arguments", "runs_with", "dimension"})
    pack_digest = "sha256:" + hashlib.sha256(_canonical({**facts, "files": named}).encode()).hexdigest()
    # Detection, tracking and agreement are the matcher's own and lie in its files: nothing is added to what was measured.
    pipeline = _canonical({"matcher": manifest.name, "protocol": PROTOCOL, "pack_digest": pack_digest})
    return Vendor(manifest, folder, pack_digest, pipeline, "sha256:" + hashlib.sha256(pipeline.encode()).hexdigest())


def _read(path: Path) -> VendorManifest:
    try:
        if path.stat().st_size > MAX_MANIFEST_BYTES:
            raise BadInput(f"{path} is longer than {MAX_MANIFEST_BYTES} bytes")
        manifest = VendorManifest.model_validate(tomllib.loads(path.read_text("utf-8")))
    except OSError as error:
        raise BadInput(f"{path} cannot be read: {error.strerror}") from error
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise BadInput(f"{path} is not TOML: {error}") from error
    except ValidationError as error:
        first = error.errors()[0]
        raise BadInput(f"{path}: {'.'.join(str(part) for part in first['loc'])}: {first['msg']}") from error
    names = {file.name for file in manifest.files}
    if len(names) != len(manifest.files) or manifest.program not in names:
        raise BadInput(f"{path}: every file must be listed once, and the program among them")
    return manifest


def _digest(path: Path) -> str:
    measured = hashlib.sha256()
    try:
        with path.open("rb") as file:
            while chunk := file.read(_CHUNK_BYTES):
                measured.update(chunk)
    except OSError as error:
        raise VerificationFailed(f"{path} cannot be read: {error.strerror}", next_step="install the matcher again") from error
    return "sha256:" + measured.hexdigest()


def _canonical(facts: dict[str, object]) -> str:
    return json.dumps(facts, sort_keys=True, separators=(",", ":"))
