"""What will match on this unit, measured: one of our model packs, or a vendor's matcher in its place (R35)."""

from dataclasses import dataclass
from pathlib import Path

from lfr_engine.fingerprint import pipeline_digest, pipeline_facts
from lfr_engine.packs.store import checked_files, find_pack
from lfr_engine.packs.vendor import checked_vendor, is_vendor


@dataclass(frozen=True, slots=True)
class MeasuredPack:
    """`pipeline_facts` is what `pipeline_digest` is the digest of, as canonical JSON."""

    folder: Path
    pack_digest: str
    pipeline_facts: str
    pipeline_digest: str


def measured_pack(name_or_dir: str, packs_dir: Path) -> MeasuredPack:
    """Every byte checked. Raises BadInput where there is no pack, VerificationFailed naming the file that was altered."""
    folder = find_pack(name_or_dir, packs_dir)
    if is_vendor(folder):
        vendor = checked_vendor(folder)
        return MeasuredPack(folder, vendor.pack_digest, vendor.pipeline_facts, vendor.pipeline_digest)
    manifest = checked_files(folder)[0]
    return MeasuredPack(folder, manifest.pack_digest(), pipeline_facts(manifest), pipeline_digest(manifest))
