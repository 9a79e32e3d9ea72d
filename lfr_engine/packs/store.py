"""Opens a model pack: finds its manifest, checks every byte of its files against it, and loads the two networks.

A pack is a folder; under LFR_HOME it is found by name. The bytes that are checked are the bytes that are loaded.
"""

import hashlib
import re
from dataclasses import dataclass
from pathlib import Path

from lfr_engine.detect.detector import Detector, load_detector
from lfr_engine.embed.embedder import Embedder, load_embedder
from lfr_engine.errors import BadInput, VerificationFailed
from lfr_engine.fingerprint import pipeline_digest, pipeline_facts
from lfr_engine.inference import Precision, Runtime, default_runtime
from lfr_engine.packs.manifest import Manifest, known_manifests, own_manifest
from lfr_engine.packs.verdict import require

MAX_MODEL_BYTES = 1024 * 1024 * 1024
_NAME = re.compile(r"^[a-z0-9][a-z0-9-]{0,63}$")
BUILD_HINT = "run: lfr models build open-default"


@dataclass(frozen=True, slots=True, eq=False)
class OpenPack:
    """A checked pack, loaded: its manifest, its detector and embedder, and the digests that bind what they produce."""

    manifest: Manifest
    folder: Path
    detector: Detector
    embedder: Embedder
    pack_digest: str
    pipeline_digest: str
    pipeline_facts: str
    runtime: Runtime

    @property
    def dimension(self) -> int:
        return self.manifest.dimension

    @property
    def default_threshold(self) -> float:
        return float(self.manifest.default_threshold)


def find_pack(name_or_dir: str | Path, packs_dir: Path | None) -> Path:
    """The folder of a pack: a known name under `packs_dir`, else a path. Raises BadInput where there is none."""
    text = str(name_or_dir)
    if packs_dir is not None and _NAME.match(text) and (packs_dir / text).is_dir():
        return packs_dir / text
    folder = Path(name_or_dir)
    if not folder.is_dir():
        raise BadInput(f"there is no model pack {text!r}", next_step=BUILD_HINT if text == "open-default" else "name a pack or its folder")
    return folder


def _manifest_for(folder: Path) -> Manifest:
    """The folder's own manifest, else the known one whose files it holds: names first, so that an altered file is named."""
    own = own_manifest(folder)
    if own is not None:
        return own
    present = {entry.name for entry in folder.iterdir()}
    fitting = [known for known in known_manifests() if {file.name for file in known.files} <= present]
    if not fitting:
        raise BadInput(
            f"{folder} holds neither the files of a known pack nor a manifest.toml",
            next_step=f"known packs: {', '.join(known.name for known in known_manifests())}; {BUILD_HINT}",
        )
    return fitting[0]


def checked_files(folder: Path) -> tuple[Manifest, dict[str, bytes]]:
    """The manifest of a folder and the bytes of its files, every digest checked.

    Raises BadInput where the folder is no pack, VerificationFailed naming the file that is missing or was altered.
    """
    manifest = _manifest_for(folder)
    contents: dict[str, bytes] = {}
    for file in manifest.files:
        path = folder / file.name
        if not path.is_file():
            raise VerificationFailed(f"the model pack {manifest.name} lacks {file.name}", next_step="build or fetch the pack again")
        if path.stat().st_size > MAX_MODEL_BYTES:
            raise VerificationFailed(f"{path} is larger than any model file may be", next_step="build or fetch the pack again")
        data = path.read_bytes()
        measured = "sha256:" + hashlib.sha256(data).hexdigest()
        if measured != file.sha256:
            raise VerificationFailed(
                f"{file.name} of the model pack {manifest.name} was altered: its digest is {measured}, not {file.sha256}",
                next_step="do not use this pack; build or fetch it again",
            )
        contents[file.name] = data
    return manifest, contents


def open_pack(name_or_dir: str | Path, packs_dir: Path | None = None, runtime: Runtime | None = None) -> OpenPack:
    """A pack by name or folder, checked and loaded, computed by `runtime` or the default of this machine.

    Raises BadInput, VerificationFailed, LfrError from the runtime, and Refused for a precision below fp32 without a self-check
    under `packs_dir` that passed on this machine.
    """
    runtime = runtime or default_runtime()
    folder = find_pack(name_or_dir, packs_dir)
    manifest, contents = checked_files(folder)
    if runtime.precision is not Precision.FP32:
        require(packs_dir, manifest, runtime)
    return load_pack(folder, manifest, contents, runtime)


def load_pack(folder: Path, manifest: Manifest, contents: dict[str, bytes], runtime: Runtime) -> OpenPack:
    """Checked files, loaded at any precision: for `open_pack`, and for the self-check that lets it."""
    detector, embedder = manifest.detector.file, manifest.embedder.file
    return OpenPack(
        manifest=manifest,
        folder=folder,
        detector=load_detector(manifest.detector, contents[detector], folder / detector, runtime),
        embedder=load_embedder(manifest.embedder, contents[embedder], folder / embedder, runtime),
        pack_digest=manifest.pack_digest(),
        pipeline_digest=pipeline_digest(manifest, runtime),
        pipeline_facts=pipeline_facts(manifest, runtime),
        runtime=runtime,
    )
