"""What a self-check found, kept beside the packs: a precision below fp32 is opened only with one that passed, here.

A verdict is bound to the pack's digest, to library, version and precision, and to the processor. It is a file of this machine's
own (0600), no certificate: it opens nothing that the pipeline's certificate does not name.
"""

from dataclasses import asdict
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from lfr_engine.durable import put
from lfr_engine.errors import LfrError, Refused
from lfr_engine.inference import Runtime
from lfr_engine.inference.processor import processor
from lfr_engine.packs.comparison import LIMITS, Comparison
from lfr_engine.packs.manifest import Digest, Manifest

FOLDER = ".selfcheck"
MAX_BYTES = 16 * 1024
RULES = ("R37", "R98")  # only the pipeline that was tested, at the precision it was tested at


class Verdict(BaseModel):
    """One self-check. `failings` is empty where it passed."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    v: Literal[1] = 1
    pack: str
    pack_digest: Digest
    runtime: str
    reference: str
    processor: str
    made_at: str
    comparison: Comparison
    failings: tuple[str, ...]

    @property
    def passed(self) -> bool:
        return not self.failings

    def as_json(self) -> dict[str, object]:
        """The stored form, with `passed` said."""
        return {**self.model_dump(mode="json"), "comparison": asdict(self.comparison), "passed": self.passed}


def judge(manifest: Manifest, runtime: Runtime, reference: Runtime, comparison: Comparison, made_at: str) -> Verdict:
    """The verdict on a comparison by the limits of the runtime's precision."""
    return Verdict(
        pack=manifest.name,
        pack_digest=manifest.pack_digest(),
        runtime=runtime.described(),
        reference=reference.described(),
        processor=processor()[0],
        made_at=made_at,
        comparison=comparison,
        failings=comparison.failings(LIMITS[runtime.precision]),
    )


def store(packs_dir: Path, verdict: Verdict, runtime: Runtime) -> Path:
    """Keep it, whole or not at all, in place of an older one. Raises LfrError where the disk refuses."""
    path = _path(packs_dir, verdict.pack_digest, runtime)
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        put(path, verdict.model_dump_json(indent=1).encode() + b"\n")
    except OSError as error:
        raise LfrError(f"the verdict could not be written to {path}: {error}", next_step="free the disk and run it again") from error
    return path


def require(packs_dir: Path | None, manifest: Manifest, runtime: Runtime) -> None:
    """Nothing, where a stored verdict lets this machine compute the pack so. Raises Refused saying what to do otherwise."""
    again = f"lfr models selfcheck {manifest.name} --backend {runtime.backend} --precision {runtime.precision}"
    found = _stored(packs_dir, manifest, runtime)
    if found is None:
        raise Refused(f"{manifest.name} was never compared with fp32 at {runtime.precision} here", rule_ids=RULES, next_step=again)
    measured = (manifest.pack_digest(), runtime.described(), processor()[0])
    if (found.pack_digest, found.runtime, found.processor) != measured:
        raise Refused(
            f"the self-check of {manifest.name} at {runtime.precision} was made with {found.runtime} on {found.processor}",
            rule_ids=RULES,
            next_step=again,
        )
    failings = found.comparison.failings(LIMITS[runtime.precision])  # by today's limits, whatever the file says of itself
    if failings or not found.passed:
        raise Refused(
            f"{manifest.name} failed its self-check at {runtime.precision}: {'; '.join(failings or found.failings)}",
            rule_ids=RULES,
            next_step="use fp32",
        )


def _path(packs_dir: Path, pack_digest: str, runtime: Runtime) -> Path:
    return packs_dir / FOLDER / f"{pack_digest.removeprefix('sha256:')[:32]}-{runtime.backend}-{runtime.precision}.json"


def _stored(packs_dir: Path | None, manifest: Manifest, runtime: Runtime) -> Verdict | None:
    """The verdict on file; None where there is none, or none that can be read."""
    if packs_dir is None:
        return None
    path = _path(packs_dir, manifest.pack_digest(), runtime)
    try:
        if path.stat().st_size > MAX_BYTES:
            return None
        return Verdict.model_validate_json(path.read_bytes())
    except (OSError, ValidationError):
        return None
