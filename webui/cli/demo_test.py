"""The demonstration's own test: ten people from packages, planned, measured, logged and certified like a real one, and far too small.

Nothing is taken from a file of results: the photos are compared here, now, with the pack that will match, and the counts go
onto the certificate as they come out. It says of itself that it shows the way, not the matcher.
"""

import json
from pathlib import Path
from typing import Any

import numpy as np

from governance.home import private_folder
from governance.messages.payload import signed
from governance.office import plans
from lfr_engine.enrol import enrol_photo
from lfr_engine.errors import BadInput
from lfr_engine.evaluation.bands import calibrated_bands
from lfr_engine.evaluation.calibration import NonMated
from lfr_engine.packs.store import OpenPack
from lfr_engine.values import Floats
from watchlist.entry import MAX_ENTRIES
from watchlist.sealing.keys import SigningKey
from webui.cli.demo_people import demo_people
from webui.cli.demo_world import World, answer, lfr
from webui.cli.evaluate_plan import logged_run, planned

TITLE = "Demonstration test"
STATEMENT = (
    "Photos of a few people that come with software packages, most of them one photo used twice: no test of a matcher, "
    "made so that every step from plan to certificate can be seen."
)
LIMITS = (
    "Measured on ten people at most; every rate is nearly unknown.",
    "No rates by sex, ethnicity or age: nobody in the photos stated any.",
    "Still photos, not passages: a camera in a street gives other views.",
)
_TEST = "calibrate"


def certify(world: World) -> str:
    """Plan, run, and `lfr models certify`, each as anybody would do it; the certificate's digest."""
    folder = world.home.root / "test-material"
    private_folder(folder)
    _write_photos(folder / "faces", world.photos)
    key_file = world.roots / "test-body.key"
    plan, result = folder / "plan.dsse.json", folder / "result.json"
    _plan(world, folder / "faces", SigningKey.load(key_file), plan)
    with logged_run(world.office, plan.read_bytes(), test=_TEST, pack=world.pack, data={"faces": folder / "faces"}) as run:
        figures = {**_measured(folder / "faces", world.pack), "test": _TEST, "registered": run.facts}
        result.write_text(json.dumps(figures, indent=1))
        run.finished(result.read_bytes())
    arguments: list[str | Path] = ["--plan", plan, "--result", result, "--key", key_file, "--camera", "rehearsal_camera"]
    for limit in LIMITS:
        arguments += ["--limit", limit]
    done = lfr("models", "certify", world.pack_dir.absolute(), *arguments, "--json", home=world.home)
    return str(answer(done, "models certify")["certificate"])


def _write_photos(folder: Path, photos: Path) -> None:
    for person in demo_people(photos):
        for name, jpeg in (("enrolled", person.enrol_jpeg), ("walking", person.walk_jpeg)):
            path = folder / person.ref / f"{name}.jpg"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(jpeg)


def _plan(world: World, faces: Path, key: SigningKey, out: Path) -> None:
    office = world.office
    body = planned(
        office,
        world.pack,
        test=_TEST,
        data={"faces": faces},
        thresholds=(world.pack.manifest.threshold.value,),
        required=("recognised.value>=0.5",),
        title=TITLE,
        purpose="To show how a plan, its runs and a certificate hang together.",
        data_statement=STATEMENT,
        key=key,
    )
    envelope = signed(body, key, clock=office.clock, mode=office.mode, profile=office.profile.name, rule_ids=("R100",))
    out.write_bytes(envelope)
    plans.register_plan(office, envelope)


def _measured(faces: Path, pack: OpenPack) -> dict[str, Any]:
    """Everybody's walking photo against everybody's enrolled one: same people, and different people."""
    enrolled, walking = _templates(faces, "enrolled", pack), _templates(faces, "walking", pack)
    people = sorted(enrolled.keys() & walking.keys())
    if len(people) < 3:
        raise BadInput(f"faces were found in both photos of {len(people)} people only", next_step="use photos that show one face")
    scores = np.stack([walking[person] for person in people]) @ np.stack([enrolled[person] for person in people]).T
    mated = [float(scores[place, place]) for place in range(len(people))]
    others = np.stack([np.delete(scores[place], place) for place in range(len(people))]).astype(np.float32)
    threshold = pack.default_threshold
    bands = calibrated_bands(
        NonMated(others, tuple(people)), mated, people, sizes=(len(people) - 1, MAX_ENTRIES), target=0.001, threshold=threshold
    )
    recognised = sum(score >= threshold for score in mated)
    return {
        "pack": pack.manifest.name,
        "pack_digest": pack.pack_digest,
        "pipeline_digest": pack.pipeline_digest,
        "recognised": {"k": recognised, "n": len(mated), "value": recognised / len(mated)},
        "bands": [band.as_json() for band in bands],
        "groups": [],
    }


def _templates(faces: Path, name: str, pack: OpenPack) -> dict[str, Floats]:
    """Person to template; a photo in which no single good face is found is left out."""
    found = {}
    for path in sorted(faces.glob(f"*/{name}.jpg")):
        try:
            found[path.parent.name] = enrol_photo(path.read_bytes(), pack).template.vector
        except BadInput:
            continue
    return found
