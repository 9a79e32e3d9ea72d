"""What a model pack says about itself: families, preprocessing, file digests, licence, and how its threshold was chosen.

Manifests of known packs lie in `packs/known` and match a folder by its files; a folder of other models brings its own
`manifest.toml` of the same form.
"""

import hashlib
import json
import tomllib
from decimal import Decimal
from importlib import resources
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from lfr_engine.errors import BadInput

MAX_MANIFEST_BYTES = 64 * 1024
OWN_MANIFEST = "manifest.toml"

Name = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]{0,63}$")]
FileName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$")]
Digest = Annotated[str, StringConstraints(pattern=r"^sha256:[0-9a-f]{64}$")]
Similarity = Annotated[str, StringConstraints(pattern=r"^0\.[0-9]{2,4}$")]
Sentence = Annotated[str, StringConstraints(min_length=1, max_length=1000)]
Point = tuple[float, float]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=False)


class PackFile(_Strict):
    """One file of the pack, pinned."""

    name: FileName
    sha256: Digest
    origin: Sentence
    licence: Sentence


class DetectorFacts(_Strict):
    """Photos larger than `longest_side_px` are shrunk to it before detection, smaller ones than `least_side_px` enlarged; `score`: the
    least score of a face. Of a stream, the whole picture is searched every `interval_s` at `whole_side_px`, and only where a view
    is wanted at more (`lfr_engine.look`)."""

    family: Literal["centerface", "scrfd", "yunet"]
    file: FileName
    longest_side_px: Annotated[int, Field(ge=64, le=4096)]
    score: Annotated[float, Field(gt=0, lt=1)]
    interval_s: Annotated[float, Field(ge=0, le=2)]
    whole_side_px: Annotated[int, Field(ge=64, le=4096)]
    least_side_px: Annotated[int, Field(ge=0, le=4096)] = 0


class EmbedderFacts(_Strict):
    """The crop a face network takes: five landmarks go to `template_px` in a square of `aligned_px`, resized to `input_px`;
    pixels become (value - mean) * scale. `mirrored`: the template is the mean of the face and its mirror image."""

    family: Literal["aligned", "arcface"]
    file: FileName
    dimension: Annotated[int, Field(ge=16, le=4096)]
    aligned_px: Annotated[int, Field(ge=32, le=512)]
    input_px: Annotated[int, Field(ge=32, le=512)]
    channels: Literal["rgb", "bgr"]
    mean: tuple[float, float, float]
    scale: Annotated[float, Field(gt=0)]
    template_px: tuple[Point, Point, Point, Point, Point]
    mirrored: bool


class ThresholdFacts(_Strict):
    """The similarity from which a candidate is made, the views that must agree (`lfr_engine.decide`), and in words how both were
    chosen: the weaker a face network, the more views it needs."""

    value: Similarity
    views: Annotated[int, Field(ge=1, le=10)]
    chosen: Sentence


class Manifest(_Strict):
    """One pack. `use`: what its licence and strength allow at most."""

    name: Name
    title: Sentence
    use: Literal["demonstration", "research", "licensed", "any"]
    detector: DetectorFacts
    embedder: EmbedderFacts
    threshold: ThresholdFacts
    files: Annotated[tuple[PackFile, ...], Field(min_length=1, max_length=16)]

    @property
    def default_threshold(self) -> Decimal:
        return Decimal(self.threshold.value)

    @property
    def dimension(self) -> int:
        return self.embedder.dimension

    def pack_digest(self) -> str:
        """What a template is bound to: everything that decides its numbers, so neither the prose nor the threshold."""
        facts = {
            "detector": self.detector.model_dump(mode="json", exclude={"interval_s", "whole_side_px"}, exclude_defaults=True),
            "embedder": self.embedder.model_dump(mode="json"),
            "files": {file.name: file.sha256 for file in self.files},
        }
        return "sha256:" + hashlib.sha256(json.dumps(facts, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def parse_manifest(text: str, where: str) -> Manifest:
    """A manifest from TOML. Raises BadInput naming `where` and the field on anything missing, unknown or out of range."""
    try:
        found = Manifest.model_validate(tomllib.loads(text))
    except tomllib.TOMLDecodeError as error:
        raise BadInput(f"{where} is not TOML: {error}") from error
    except ValidationError as error:
        first = error.errors()[0]
        raise BadInput(f"{where}: {'.'.join(str(part) for part in first['loc'])}: {first['msg']}") from error
    names = {file.name for file in found.files}
    if len(names) != len(found.files) or not {found.detector.file, found.embedder.file} <= names:
        raise BadInput(f"{where}: every model file must be listed once under files")
    return found


def known_manifests() -> tuple[Manifest, ...]:
    """The manifests that ship with the program, by name."""
    folder = resources.files("lfr_engine.packs").joinpath("known")
    entries = sorted((entry for entry in folder.iterdir() if entry.name.endswith(".toml")), key=lambda entry: entry.name)
    return tuple(parse_manifest(entry.read_text("utf-8"), entry.name) for entry in entries)


def own_manifest(folder: Path) -> Manifest | None:
    """The manifest that a folder brings along, if it does. Raises BadInput on one that is too long or malformed."""
    path = folder / OWN_MANIFEST
    if not path.is_file():
        return None
    if path.stat().st_size > MAX_MANIFEST_BYTES:
        raise BadInput(f"{path} is longer than {MAX_MANIFEST_BYTES} bytes")
    return parse_manifest(path.read_text("utf-8", errors="replace"), str(path))
