"""One digest for everything that decides who is alerted on: what a pipeline certificate names and a unit must measure again.

Pack, schedule, tracker, quality gate, agreement rule, and the runtime with its precision. The threshold is not part of it:
a certificate holds one per size of list.
"""

import hashlib
import json
from dataclasses import asdict

from lfr_engine.decide import Agreement
from lfr_engine.inference import Runtime, default_runtime
from lfr_engine.look import LookSettings
from lfr_engine.packs.manifest import Manifest
from lfr_engine.probe import ProbeSettings
from lfr_engine.quality import QualityGate
from lfr_engine.schedule import ScheduleSettings
from lfr_engine.throttle import ThrottleSettings
from lfr_engine.track import TrackSettings
from lfr_engine.views import ViewSettings

VERSION = 3  # rises with every change of the code that alters decisions while its settings stay the same


def pipeline_facts(manifest: Manifest, runtime: Runtime | None = None) -> str:
    """Everything that decides who is alerted on, as canonical JSON: a certificate spells these facts out, a unit measures them.

    `runtime`: what computes the networks; by default what `open_pack` would take here.
    """
    facts = {
        "version": VERSION,
        "pack_digest": manifest.pack_digest(),
        "interval_s": manifest.detector.interval_s,
        "whole_side_px": manifest.detector.whole_side_px,
        "schedule": asdict(ScheduleSettings()),
        "look": asdict(LookSettings()),
        "track": asdict(TrackSettings()),
        "probe": asdict(ProbeSettings()),
        "quality": asdict(QualityGate()),
        "views": asdict(ViewSettings()),
        "throttle": asdict(ThrottleSettings()),
        "agreement": asdict(Agreement(manifest.threshold.views)),
        "runtime": (runtime or default_runtime()).described(),
    }
    return json.dumps(facts, sort_keys=True, separators=(",", ":"))


def pipeline_digest(manifest: Manifest, runtime: Runtime | None = None) -> str:
    """`sha256:<hex>` of exactly these facts."""
    return "sha256:" + hashlib.sha256(pipeline_facts(manifest, runtime).encode()).hexdigest()
