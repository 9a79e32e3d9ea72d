"""An hour of four cameras against a list of 20,000 in a real engine process: whether its memory stays where it was.

The crowd clip plays on every camera at live pace, over and over: a camera whose clip has ended is added again, as a camera in
the street comes back. The list is the clip's own people and made-up faces: random unit vectors, which are as large, as costly
to search and as useless to know.
"""

import json
import statistics
import subprocess
import sys
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO, cast

import numpy as np

from lfr_engine.benchmark.crowd_clip import CrowdClip, crowd_clip
from lfr_engine.benchmark.material import Material
from lfr_engine.benchmark.process_memory import tree_bytes
from lfr_engine.benchmark.result import Row
from lfr_engine.commands import start_message
from lfr_engine.enrol import Enrolled, enrol_photos
from lfr_engine.errors import LfrError
from lfr_engine.match import Say
from lfr_engine.packs.store import OpenPack, open_pack
from lfr_engine.values import Floats
from lfr_engine.wire import receive, send

CAMERAS = 4
LISTED = 20_000
MINUTES, QUICK_MINUTES = 60.0, 2.0
SAMPLE_S = 5.0
PACK = "insightface-sc"
WORK = "memory of the engine's process, {:g} minutes, {} cameras, list of {:,}"
# Warm is an engine that has seen every size of batch and part of a picture: until then its runtime still makes room for new ones.
WARM_SHARE, WARM_FRAMES, WARM_AT_MOST_S = 1 / 12, 1500, 1800.0
MIB = 2**20
COUNTS = ("frames", "dropped", "damaged", "passages", "alerts", "throttled")


@dataclass(slots=True)
class Soaked:
    """What the run saw: seconds and bytes of each sample after warm-up, and the engine's last counters."""

    samples: list[tuple[float, int]] = field(default_factory=list)
    counters: dict[str, Any] = field(default_factory=dict)
    heard: Counter[str] = field(default_factory=Counter)
    returns: int = 0
    ended: str = ""

    def level_bytes(self, share: tuple[float, float]) -> float:
        """The median between two shares of the run's time."""
        first_s, last_s = self.samples[0][0], self.samples[-1][0]
        low_s, high_s = (first_s + one * (last_s - first_s) for one in share)
        return statistics.median(size for at_s, size in self.samples if low_s <= at_s <= high_s)

    @property
    def growth_percent(self) -> float:
        """From the first tenth after warm-up to the last tenth."""
        return 100 * (self.level_bytes((0.9, 1.0)) / self.level_bytes((0.0, 0.1)) - 1)


def measure(material: Material, *, quick: bool, say: Say) -> list[Row]:
    """One hour; two minutes where `quick`."""
    minutes = QUICK_MINUTES if quick else MINUTES
    work, folder = WORK.format(minutes, CAMERAS, LISTED), material.pack(PACK)
    if material.crowd is None or folder is None:
        return [Row(work, "the start of the run", None, note="not measured: no crowd clip or pack")]
    pack, clip = open_pack(folder), crowd_clip(material.crowd)
    return rows_of(soak(pack, clip, minutes=minutes, say=say), work)


def rows_of(soaked: Soaked, work: str) -> list[Row]:
    start, end = soaked.level_bytes((0.0, 0.1)), soaked.level_bytes((0.9, 1.0))
    most = max(size for _, size in soaked.samples)
    facts = {name: round(size / MIB, 1) for name, size in (("start_mib", start), ("end_mib", end), ("most_mib", most))}
    facts |= {name: soaked.counters.get(name, 0) for name in COUNTS} | {"cameras_added_again": soaked.returns}
    note = f"the engine ended: {soaked.ended}" if soaked.ended != "stopped" else ""
    return [
        Row(
            work,
            "the start of the run",
            round(soaked.growth_percent, 2),
            at_least=2.0,
            unit=" % growth",
            smaller_is_better=True,
            ours=facts,
            note=note,
        ),
        Row(work, "one gibibyte", round(end / 2**30, 3), aim=1.0, unit=" GiB", smaller_is_better=True),
    ]


def soak(pack: OpenPack, clip: CrowdClip, *, minutes: float, say: Say) -> Soaked:
    """Run the engine, warm it up, then count for `minutes`. Raises LfrError where it does not last."""
    gallery_ids, rows = _list(pack, clip)
    soaked = Soaked()
    command = [sys.executable, "-m", "lfr_engine.process"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as engine:
        commands, messages = cast(BinaryIO, engine.stdin), cast(BinaryIO, engine.stdout)
        send(commands, *_start(pack, clip.video, gallery_ids, rows))
        del rows, gallery_ids
        writing = threading.Lock()

        def tell(kind: str, **fields: str) -> None:
            with writing:
                send(commands, {"type": kind, **fields})

        hearing = threading.Thread(target=_hear, args=(messages, soaked, tell), daemon=True)
        hearing.start()
        began_s = spoken_s = time.monotonic()
        warm_s: float | None = None
        while hearing.is_alive() and (warm_s is None or time.monotonic() < warm_s + 60 * minutes):
            time.sleep(SAMPLE_S)
            now_s, frames = time.monotonic(), int(soaked.counters.get("frames", 0))
            if (
                warm_s is None
                and now_s - began_s >= WARM_SHARE * 60 * minutes
                and (frames >= WARM_FRAMES or now_s - began_s >= WARM_AT_MOST_S)
            ):
                warm_s = now_s
            if warm_s is not None:
                soaked.samples.append((now_s, tree_bytes(engine.pid)))
            if now_s - spoken_s >= 60:
                spoken_s = now_s
                say(f"{(now_s - began_s) / 60:.0f} min, {tree_bytes(engine.pid) / MIB:.0f} MiB, {frames} frames")
        if hearing.is_alive():
            tell("stop")
        hearing.join(30)
        engine.kill()
    if len(soaked.samples) < 10:
        raise LfrError(f"the engine did not last: {soaked.ended or 'it went without a word'}", next_step="see its messages above")
    return soaked


def _start(pack: OpenPack, film: Path, entry_ids: list[str], rows: Floats) -> tuple[dict[str, Any], Any]:
    source = f"file:{film.resolve()}"
    return start_message(
        pack_dir=str(pack.folder),
        pack_digest=pack.pack_digest,
        pipeline_digest=pack.pipeline_digest,
        threshold=str(pack.manifest.default_threshold),
        # The one on standby is never opened: it keeps the engine waiting for the others when all clips end in one moment.
        cameras=[{"id": f"camera-{number + 1}", "source": source, "standby": number == CAMERAS} for number in range(CAMERAS + 1)],
        entry_ids=entry_ids,
        rows=rows,
    )


def _list(pack: OpenPack, clip: CrowdClip) -> tuple[list[str], Floats]:
    """The clip's people, and as many made-up ones as make 20,000."""
    made = enrol_photos([photo.path.read_bytes() for photo in clip.photos], pack)
    real = [(photo.subject_ref, one.template.vector) for photo, one in zip(clip.photos, made, strict=True) if isinstance(one, Enrolled)]
    rows = np.random.default_rng(1).standard_normal((LISTED, pack.dimension), np.float32)
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    rows[: len(real)] = [vector for _, vector in real]
    return [name for name, _ in real] + [f"made-up-{number:05d}" for number in range(len(real), LISTED)], rows


def _hear(messages: BinaryIO, soaked: Soaked, tell: Any) -> None:
    try:
        while (message := receive(messages)) is not None:
            header = message.header
            soaked.heard[header["type"]] += 1
            match header["type"]:
                case "counters":
                    soaked.counters = header
                case "camera" if header["state"] == "ended":
                    soaked.returns += 1
                    tell("add_camera", camera_id=header["camera_id"])
                case "ended" | "refused":
                    soaked.ended = header.get("reason") or json.dumps(header)
    except (LfrError, OSError) as error:
        soaked.ended = f"{soaked.ended} {error}".strip()
