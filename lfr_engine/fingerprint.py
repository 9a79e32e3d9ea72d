"""One digest for everything that decides who is alerted on: what a pipeline certificate names and a unit must measure again.

Pack, schedule, tracker, quality gate, agreement rule, and the runtime with its precision. The threshold is not part of it:
a certificate holds one per size of list.
"""

import hashlib
import json
from dataclasses import asdict

from lfr_engine.decide import Agreement
from lfr_engine.inference import RUNTIME
from lfr_engine.packs.manifest import Manifest
from lfr_engine.quality import QualityGate
from lfr_engine.track import TrackSettings
from lfr_engine.views import ViewSettings

VERSION = 1  # rises with every change of the code that alters decisions while its settings stay the same


def pipeline_digest(manifest: Manifest) -> str:
    """`sha256:<hex>` over the facts, as sorted JSON."""
    facts = {
        "version": VERSION,
        "pack_digest": manifest.pack_digest(),
        "interval_s": manifest.detector.interval_s,
        "track": asdict(TrackSettings()),
        "quality": asdict(QualityGate()),
        "views": asdict(ViewSettings()),
        "agreement": asdict(Agreement(manifest.threshold.views)),
        "runtime": RUNTIME,
    }
    return "sha256:" + hashlib.sha256(json.dumps(facts, sort_keys=True, separators=(",", ":")).encode()).hexdigest()
