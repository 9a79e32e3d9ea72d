"""What a pack's licences allow at most, and how that was checked (R98): in insightface's case with insightface's own code."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Literal

from lfr_engine.errors import Refused
from lfr_engine.packs.manifest import Manifest

FILE_NAME = "MODEL.LICENSE"
_INSIGHTFACE_FAMILIES = frozenset({"scrfd", "arcface"})
Use = Literal["demonstration", "research", "licensed", "any"]


@dataclass(frozen=True, slots=True)
class PackLicence:
    """`use`: the most that is allowed; `statement`: the licences of the files; `checked`: what was looked at, in a sentence."""

    use: Use
    statement: str
    checked: str


def licence_of(manifest: Manifest, folder: Path, *, now: datetime) -> PackLicence:
    """The manifest's own limit, lifted to `licensed` only by a signed licence for commercial use that holds today.

    Raises Refused (R98) where a MODEL.LICENSE lies there that does not hold: a forged licence is worse than none.
    """
    statement = "; ".join(f"{file.name}: {file.licence} ({file.origin})" for file in manifest.files)
    families = {manifest.detector.family, manifest.embedder.family}
    if not families & _INSIGHTFACE_FAMILIES and not (folder / FILE_NAME).exists():
        return PackLicence(manifest.use, statement, "as stated in the pack's manifest; these models have no signed licence file")
    from lfr_engine.insightface_models import signed_licence  # over a second to import: only packs that need it pay

    status, said = signed_licence(folder, manifest.name, now=now)
    if status == "default_non_commercial":
        return PackLicence(manifest.use, statement, f"insightface's own check of {FILE_NAME}: {said}")
    if status not in ("verified_commercial", "verified_non_commercial"):
        raise Refused(
            f"the {FILE_NAME} of {manifest.name} does not hold: {said}", rule_ids=("R98",), next_step="ask the supplier for a licence"
        )
    use: Use = "licensed" if status == "verified_commercial" else "research"
    return PackLicence(use, statement, f"insightface's own check of {FILE_NAME}: {said}")
