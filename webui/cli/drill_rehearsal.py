"""`lfr drill rehearse`: a drill from the consents to the verified record, its day compressed, on the rehearsal camera.

Everything is the real thing except the street and the fingers: the office, the authority, the draw, the sealed blue list, the
gate, the engine, the ledger, the record and the separate verifier. Walkers come in the drawn order with the idle hours left
out, and a script taps for them when the camera's truth says that they came; each such tap is marked.
"""

import json
import time
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import click

from governance.drills import draw
from governance.export import make_export
from governance.home import Home, home_from_environment, private_folder
from governance.messages.roster import Role
from governance.office import applications, drills, entries
from governance.office.authorities import GrantedAuthority
from governance.office.drills import WalkerOf
from governance.office.entries import PhotoOf
from governance.office.store import Actor
from lfr_engine.clock import clock_from_environment, format_utc, parse_utc
from lfr_engine.errors import BadInput
from lfr_engine.packs.store import find_pack, open_pack
from watchlist.sealing.keys import SigningKey
from webui.cli import demo_story, demo_test
from webui.cli.demo import say, verified_export
from webui.cli.demo_application import application_fields
from webui.cli.demo_refusals import gate_options
from webui.cli.demo_world import APPLICANT, AUDITOR, COMPILER, REVIEWER, UNIT, World, answer, lfr, new_world, wait_until
from webui.cli.drill_people import DrillPeople, drill_people
from webui.cli.results import require_place_for, write_whole

_PATH = click.Path(path_type=Path)
_LEAD = timedelta(seconds=2)
_WINDOW = timedelta(minutes=30)  # matching ends before, with the film: even a very busy machine gets there
_AT_ONCE = 6.0
_COMPILER, _APPLICANT = Actor(COMPILER, Role.COMPILER), Actor(APPLICANT, Role.APPLICANT)


@click.command()
@click.option("--faces", type=_PATH, help="Folder of labelled photos, NAME/NAME_NNNN.jpg; without it the photos of installed packages.")
@click.option("--photos", type=_PATH, default=Path(".cache/photos"), show_default=True, help="Where set-up put the archive of photos.")
@click.option("--walkers", "walker_count", type=click.IntRange(2, 50), default=4, show_default=True, help="Staff on the blue list.")
@click.option("--walks", type=click.IntRange(1, 500), default=32, show_default=True, help="Walks in all; below 30 nothing is measured.")
@click.option("--seed", type=click.IntRange(0, 2**31), default=1, show_default=True)
@click.option("--pack", "pack_name", default="open-default", show_default=True, metavar="NAME|DIR")
@click.option("--json", "json_path", type=_PATH, metavar="FILE", help="Write what was found there as JSON.")
def rehearse(faces: Path | None, photos: Path, walker_count: int, walks: int, seed: int, pack_name: str, json_path: Path | None) -> None:
    """A whole drill on the rehearsal camera with the real engine; prints recognised of walked with its interval."""
    require_place_for(json_path)
    began, clock, home = time.monotonic(), clock_from_environment(), home_from_environment()
    pack_dir = find_pack(pack_name, home.packs)
    people = drill_people(faces, photos, walkers=walker_count, seed=seed)
    say(f"REHEARSAL of a drill: {len(people.walkers)} walkers, {walks} walks. {people.source}")
    folder = Home(home.root / "drill-rehearsal")
    with new_world(folder, open_pack(pack_dir), pack_dir, origins=("http://localhost:8080",), clock=clock, units=(UNIT,)) as world:
        demo_test.certify(world)
        found = _drill(world, people, walks, seed)
    found["seconds"] = round(time.monotonic() - began, 1)
    say(found["drill"]["wording"])
    say(f"outside any walk: {found['drill']['outside_walks']}; alerts shown to officers: {found['alerts']}; {found['seconds']} s")
    if json_path is not None:
        write_whole(json_path, json.dumps(found, indent=1, ensure_ascii=False) + "\n")


@dataclass(frozen=True, slots=True)
class _Applied:
    """A submitted application, who its entries are, and the key files of the walkers."""

    application_id: str
    persons: dict[str, str]
    tokens: dict[str, Path]


def _drill(world: World, people: DrillPeople, walks: int, seed: int) -> dict[str, Any]:
    folder = world.home.root / "rehearsal"
    private_folder(folder)
    now = world.office.clock.now_utc()
    start = now + _LEAD
    applied = _apply(world, people, walks, start, start + _WINDOW)
    granted = demo_story.authorise(world, applied.application_id)
    drawn = draw(granted.decision, list(applied.tokens), walks, *_window(granted))
    say(f"the authority draws the schedule: walk 1 is due by {drawn[0].walker_id}, walk {len(drawn)} by {drawn[-1].walker_id}")
    spec = people.write_spec(folder, [walk.walker_id for walk in drawn], seed, _AT_ONCE)
    demo_story.deliver(world, granted)
    wait_until(start, world.office.clock)
    run = _run(world, granted.deployment_id, applied, spec, folder)
    demo_story.take_in(world, [Path(run["sync"])])
    record = json.loads(demo_story.publish(world, granted.deployment_id, ("A rehearsal: " + people.source,)))["body"]
    export = world.home.exports / f"drill-{granted.deployment_id}"
    make_export(
        world.office, Actor(AUDITOR, Role.OVERSIGHT), export, justification="rehearsal of a drill: export for the separate verifier"
    )
    verified = verified_export(world, export)
    say(f"record published and verified by a separate process: {verified['entries']} entries")
    return {
        "mode": "demonstration",
        "pack": world.pack.manifest.name,
        "pipeline_digest": world.pack.pipeline_digest,
        "drill": record["drill"],
        "alerts": record["alerts"],
        "passages": record["passages"],
        "verified": verified["ok"],
        "source": people.source,
    }


def _apply(world: World, people: DrillPeople, walks: int, start: datetime, end: datetime) -> _Applied:
    """Application, a short list, the blue list with consents and tokens, submission."""
    office, now = world.office, world.office.clock.now_utc()
    row = applications.create(office, _APPLICANT, application_fields("Drill rehearsal", UNIT, start, end, now))
    persons = {}
    for person in people.listed:
        proposal = entries.collect(office, _COMPILER, row.application_id, _entry(person.ref, person.enrol_jpeg, now), world.pack)
        entries.review(office, Actor(REVIEWER, Role.COMPILER), row.application_id, proposal.entry_id, keep=True)
        persons[proposal.entry_id] = person.ref
    tokens: dict[str, Path] = {}
    for person in people.walkers:
        key, file = SigningKey.generate(), world.home.root / "rehearsal" / f"{person.ref}.token"
        key.save(file)
        consent = f"rehearsal: {person.ref} stands for a member of staff who agreed".encode()
        signed_at, lasts = format_utc(now - timedelta(days=1)), format_utc(now + timedelta(days=30))
        given = WalkerOf(person.ref, person.enrol_jpeg, consent, signed_at, lasts, key.public.text)
        try:
            drills.add_walker(office, _COMPILER, row.application_id, given, world.pack)
        except BadInput as error:
            say(f"not on the blue list: {person.ref}: {error.message}")
            continue
        tokens[person.ref] = file
    drills.ask_for_walks(office, _COMPILER, row.application_id, walks)
    applications.submit(office, _APPLICANT, row.application_id)
    return _Applied(row.application_id, persons, tokens)


def _window(granted: GrantedAuthority) -> tuple[datetime, datetime]:
    window = granted.authority.window
    return parse_utc(window.start), parse_utc(window.end)


def _run(world: World, deployment: str, applied: _Applied, spec: Path, folder: Path) -> dict[str, Any]:
    officer, walkers, truth = folder / "scripted-officer.json", folder / "scripted-walkers.json", folder / "truth.json"
    officer.write_text(json.dumps({"truth": str(truth), "persons": applied.persons}))
    walkers.write_text(json.dumps({"truth": str(truth), "tokens": {who: str(file) for who, file in applied.tokens.items()}}))
    camera: list[str | Path] = ["--rehearsal", spec, "--truth", truth, "--scripted-officer", officer, "--scripted-walkers", walkers]
    return answer(lfr("unit", "run", UNIT, deployment, *gate_options(world), *camera, "--json", home=world.home), "unit run")


def _entry(ref: str, photo: bytes, now: datetime) -> PhotoOf:
    return PhotoOf(
        subject_ref=ref,
        photo=photo,
        category="wanted_by_courts",
        justification="Rehearsal of a drill only: nobody is sought.",
        offence_or_power="demonstration",
        image_source="third_party",
        legal_basis="published photo",
        image_date=(now - timedelta(days=365)).date().isoformat(),
        born="1960-01-01",
        response="amber",
        what_to_do="Rehearsal: nobody is to be spoken to.",
    )
