"""`lfr demo`: the whole story on real photos, from the root ceremony to a verified record, and the refusals."""

import json
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any

import click

from governance.export import make_export
from governance.home import home_from_environment
from governance.messages.roster import Role
from governance.office.store import Actor
from lfr_engine.clock import clock_from_environment
from lfr_engine.errors import BadInput, LfrError, VerificationFailed
from lfr_engine.packs.store import find_pack, open_pack
from webui.cli import demo_refusals, demo_serve, demo_story, demo_test
from webui.cli.demo_refusals import Refusal, gate_options
from webui.cli.demo_report import Found, demo_report
from webui.cli.demo_subject import Subject, filmed_subject, rehearsal_subject
from webui.cli.demo_world import AUDITOR, UNIT, World, answer, lfr, new_world, wait_until
from webui.cli.results import require_place_for, write_whole

_PATH = click.Path(path_type=Path)
_LEAD = timedelta(seconds=2)  # from the officer's decision to the start: the time to seal and hand over
_SECOND_LIST = 2  # people on the list of the deployment that is only refused


@click.command()
@click.option("--no-serve", is_flag=True, help="End after the story instead of serving the pages.")
@click.option("--json", "json_path", type=_PATH, metavar="FILE", help="Write what was found there as JSON.")
@click.option("--seed", type=click.IntRange(0, 2**31), default=1, show_default=True, help="Another seed gives other passages.")
@click.option("--absent", is_flag=True, help="The listed people stay away: there must be no true alert.")
@click.option("--source", type=_PATH, help="Your own video file instead of the rehearsal camera; needs --watchlist.")
@click.option("--watchlist", type=_PATH, help="CSV with the columns subject_ref and image, for --source.")
@click.option("--photos", type=_PATH, default=Path(".cache/photos"), show_default=True, help="Where set-up put the archive of photos.")
@click.option("--pack", "pack_name", default="open-default", show_default=True, metavar="NAME|DIR")
@click.option("--office-port", type=click.IntRange(1, 65535), default=8080, show_default=True)
@click.option("--console-port", type=click.IntRange(1, 65535), default=8081, show_default=True)
def demo(
    no_serve: bool,
    json_path: Path | None,
    seed: int,
    absent: bool,
    source: Path | None,
    watchlist: Path | None,
    photos: Path,
    pack_name: str,
    office_port: int,
    console_port: int,
) -> None:
    """The whole story on real photos from software packages; everything is marked as a demonstration."""
    if (source is None) != (watchlist is None):
        raise BadInput("--source and --watchlist go together", next_step="name a video and a CSV with subject_ref and image")
    require_place_for(json_path)
    began, clock, home = time.monotonic(), clock_from_environment(), home_from_environment()
    pack_dir = find_pack(pack_name, home.packs)
    pack = open_pack(pack_dir)
    say("DEMONSTRATION. The people are real photos from software packages; nobody here is sought for anything.")
    with new_world(home, pack, pack_dir, origins=(f"http://localhost:{office_port}",), clock=clock, photos=photos) as world:
        say(f"1  root ceremony, roster, witness {world.witness_vkey.partition('+')[0]} in its own process, units enrolled")
        now = clock.now_utc()
        subject = (
            filmed_subject(source, watchlist, now=now)
            if source is not None and watchlist is not None
            else rehearsal_subject(home, photos, seed=seed, absent=absent, now=now)
        )
        found = _story(world, subject, seed, began)
        report = demo_report(found, subject)
        _write(report, json_path)
        _conclude(report)
        if not no_serve:
            demo_serve.serve(world, subject, office_port, console_port)


def _story(world: World, subject: Subject, seed: int, began: float) -> Found:
    certificate = demo_test.certify(world)
    say(f"   test planned, logged, run and certified on a few photos (DEMONSTRATION certificate {certificate[:19]}…)")
    say("2  refusals, each on a really altered file in a new process, beside an unaltered control:")
    performed = demo_refusals.perform(world, list(subject.entries[:_SECOND_LIST]))
    refusals = performed.refusals
    for refusal in refusals:
        _say_refusal(refusal)
    start = world.office.clock.now_utc() + _LEAD + timedelta(seconds=0.4 * len(subject.entries))
    end = start + subject.length + _startup(performed.check_s)
    with ThreadPoolExecutor(1) as beside:
        purge = beside.submit(lfr, "unit", "purge", UNIT, performed.deployment_id, "--json", home=world.home)
        listed = demo_story.apply(world, "Op Demonstration", UNIT, subject.entries, start, end)
        granted = demo_story.authorise(world, listed.application_id)
        answer(purge.result(), "unit purge")
    say(f"3  application; {len(listed.persons)} entries enrolled from real photos, each reviewed by a second person")
    for ref, why in listed.refused:
        say(f"     not enrolled: {ref}: {why}")
    say("4  the authorising officer's key (a SOFTWARE authenticator) asserted the exact document; logged, cosigned, proof attached")
    demo_story.deliver(world, granted)
    say("5  one-use key made by the unit, list sealed for it, gate and matching:")
    wait_until(start, world.office.clock)
    run = _run_unit(world, subject, granted.deployment_id, listed.persons)
    say(
        f"     {run['counters']['passages']} passages counted, {run['alerts']} alerts; stopped because: {run['ended_because']}; "
        + _who_decided(subject, run)
    )
    gone = f"purge certificate {run['purge']['digest'][:19]}…; bundle opens now: {run['purge']['bundle_opens_after']}"
    say(f"6  one-use key destroyed, {gone}")
    demo_story.take_in(world, [Path(run["sync"])])
    record = demo_story.publish(
        world, granted.deployment_id, ("The passers-by are real photos from software packages, walking through a drawn street.",)
    )
    export = world.home.exports / f"demonstration-{granted.deployment_id}"
    make_export(world.office, Actor(AUDITOR, Role.OVERSIGHT), export, justification="demonstration: export for the separate verifier")
    verified = verified_export(world, export)
    refusals.append(demo_refusals.altered_ledger(export, lambda folder: _verify(world, folder)))
    say(f"7  record published; ledger and record verified by a separate process: {verified['entries']} entries; export in {export}")
    _say_refusal(refusals[-1])
    return Found(
        record=record,
        run=run,
        verified=verified,
        refusals=refusals,
        refused_photos=listed.refused,
        listed=list(listed.persons.values()),
        seed=seed,
        seconds=time.monotonic() - began,
    )


def _who_decided(subject: Subject, run: dict[str, Any]) -> str:
    if subject.truth_path is None:
        return f"nobody decides alerts of your own video in this run: {run['undecided']} stay open"
    return f"decided by a SCRIPTED officer who reads the rehearsal's truth: {json.dumps(run['decided'])}"


def _startup(check_s: float) -> timedelta:
    """How long gate, engine and camera need on this machine before the first frame: the gate has just been timed."""
    return timedelta(seconds=1 + check_s)


def _run_unit(world: World, subject: Subject, deployment: str, persons: dict[str, str]) -> dict[str, Any]:
    script = world.home.root / "rehearsal" / "scripted-officer.json"
    options: list[str | Path] = []
    if subject.truth_path is not None:
        script.write_text(json.dumps({"truth": str(subject.truth_path), "persons": persons}))
        options = ["--scripted-officer", script]
    done = lfr("unit", "run", UNIT, deployment, *gate_options(world), *subject.source, *options, "--json", home=world.home)
    return answer(done, "unit run")


def _verify(world: World, export: Path) -> "subprocess.CompletedProcess[str]":
    """`lfr-verify` as an auditor runs it: a process that has only the export and the public keys."""
    keys = export.parent / "keys"
    keys.mkdir(exist_ok=True)
    (keys / "root.vkey").write_text((world.home.office.root / "root.vkey").read_text())
    (keys / "witness.vkey").write_text(world.witness_vkey + "\n")
    return subprocess.run(
        [sys.executable, "-m", "governance.verifier", export, "--root", keys / "root.vkey", "--witness", keys / "witness.vkey", "--json"],
        capture_output=True,
        text=True,
        check=False,
        timeout=600,
    )


def verified_export(world: World, export: Path) -> dict[str, Any]:
    """What the separate verifier says of an export that it finds in order. Raises VerificationFailed where it does not."""
    done = _verify(world, export)
    if done.returncode:
        raise VerificationFailed(f"the export does not verify: {done.stdout.strip()} {done.stderr.strip()}"[:4000])
    told: dict[str, Any] = json.loads(done.stdout)
    return told


def _write(report: dict[str, Any], path: Path | None) -> None:
    if path is not None:
        write_whole(path, json.dumps(report, indent=1, ensure_ascii=False) + "\n")


def _conclude(report: dict[str, Any]) -> None:
    true, false, undecided = (report[name] for name in ("true_alerts", "false_alerts", "undecided_alerts"))
    line = f"   {true} true alerts, {false} false, {undecided} undecided"
    if report["listed_passers"] is not None:
        line += f"; {report['listed_passers']} listed passers, {report['same_photo_pairs']} of them in the photo they were enrolled from"
    say(f"{line}; {report['seconds']} s")
    say(f"   {report['record']['false_per_passage']['wording']}")
    wrong = [refusal["what"] for refusal in report["refusals"] if refusal["exit_code"] not in (4, 5) or not refusal["control_passed"]]
    if wrong or not report["purge"]["verified"] or not report["ledger"]["verified"]:
        raise LfrError(f"the demonstration did not hold: {', '.join(wrong) or 'purge or ledger'}", next_step="see the lines above")


def _say_refusal(refusal: Refusal) -> None:
    sign = "refused" if refusal.as_expected else "NOT AS EXPECTED"
    control = "control passed" if refusal.control_passed else "control FAILED"
    say(f"     {sign} {refusal.rule_id or '-':4} {refusal.what} (exit {refusal.exit_code}, {control}): {refusal.message[:110]}")


def say(line: str) -> None:
    """One line of the story, at once."""
    click.echo(line)
    sys.stdout.flush()
