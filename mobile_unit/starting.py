"""The gate with its surroundings: reads what was handed over, measures the pack, asks the gate, logs its answer either way."""

from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from governance.home import UnitHome
from governance.messages.certificate import CameraClass
from governance.messages.payload import Mode
from lfr_engine.clock import Clock, format_utc, parse_utc
from lfr_engine.errors import Refused
from mobile_unit import one_use_key
from mobile_unit.gate.passing import gate
from mobile_unit.gate.values import Confirmed, Measured, Passed, Presented, Remembered, refusing
from mobile_unit.handed_over import read_inbox
from mobile_unit.identity import Identity, pinned
from mobile_unit.journal import answers, asking
from mobile_unit.journal.client import JournalClient
from mobile_unit.measured_pack import measured_pack


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What the operator asks to start: which deployment, with which pack and cameras, and what was confirmed on the spot."""

    deployment_id: str
    passphrase: str = field(repr=False)
    pack: str
    camera_ids: tuple[str, ...]
    confirmed: Confirmed
    camera_class: CameraClass = CameraClass.REHEARSAL


@dataclass(frozen=True, slots=True)
class Ready:
    """What passed, and the folder of the pack that was measured."""

    passed: Passed
    pack_dir: Path


def check(*, home: UnitHome, packs_dir: Path, identity: Identity, journal: JournalClient, clock: Clock, wish: Wish) -> Ready:
    """Pass the gate, or raise Refused; the ledger says which."""
    try:
        ready = _through(home, packs_dir, identity, journal, clock, wish)
        journal.ask(_yes(ready.passed, wish), answers.Done)
    except Refused as error:
        said_no = asking.GateSaidNo(deployment_id=wish.deployment_id, operator_id=wish.confirmed.operator_id, rule_ids=error.rule_ids)
        journal.ask(said_no, answers.Done)
        raise
    return ready


def _through(home: UnitHome, packs_dir: Path, identity: Identity, journal: JournalClient, clock: Clock, wish: Wish) -> Ready:
    _no_street_in_a_demonstration(identity, wish)
    unit = journal.ask(asking.LookAtUnit(), answers.UnitSeen)
    deployment = next((one for one in unit.deployments if one.deployment_id == wish.deployment_id), None)
    if deployment is None:
        raise Refused(
            f"this unit has no one-use key for {wish.deployment_id}",
            rule_ids=("R31",),
            next_step="lfr unit key, then hand it to the office",
        )
    presented = read_inbox(home, wish.deployment_id)
    remembered = Remembered(
        pin=pinned(home),
        roster_version=unit.roster_version,
        last_seen=parse_utc(unit.last_seen) if unit.last_seen else None,
        newest_cosignature=parse_utc(unit.newest_cosignature) if unit.newest_cosignature else None,
    )
    with refusing("R35"):
        pack = measured_pack(wish.pack, packs_dir)
    measured = Measured(
        unit_id=identity.unit_id,
        unit_key=identity.key.public,
        mode=identity.facts.mode,
        camera_ids=wish.camera_ids,
        pack_digest=pack.pack_digest,
        pipeline_digest=pack.pipeline_digest,
        pipeline_facts=pack.pipeline_facts,
        camera_class=wish.camera_class,
        one_use_key=partial(one_use_key.unlock, home, wish.deployment_id, wish.passphrase),
        recipient=deployment.recipient,
        now=clock.now_utc(),
        clock_simulated=clock.simulated,
    )
    return Ready(_of_this_deployment(presented, remembered, measured, wish), pack.folder)


def _no_street_in_a_demonstration(identity: Identity, wish: Wish) -> None:
    """A live camera films people who never agreed to be in a test."""
    if wish.camera_class is CameraClass.LIVE and identity.facts.mode is Mode.DEMONSTRATION:
        raise Refused(
            "a demonstration opens the rehearsal camera and files only, no live camera",
            rule_ids=("R37",),
            next_step="use --rehearsal or a file, or a unit that was enrolled for exercises or operations",
        )


def _of_this_deployment(presented: Presented, remembered: Remembered, measured: Measured, wish: Wish) -> Passed:
    passed = gate(presented, remembered, measured, wish.confirmed)
    handed_over_for = passed.authority.body.deployment_id
    if handed_over_for != wish.deployment_id:
        raise Refused(f"the authority is for deployment {handed_over_for}, not {wish.deployment_id}", rule_ids=("R1",))
    return passed


def _yes(passed: Passed, wish: Wish) -> asking.GateSaidYes:
    authority = passed.authority
    return asking.GateSaidYes(
        deployment_id=wish.deployment_id,
        operator_id=wish.confirmed.operator_id,
        engagement_officer_ids=wish.confirmed.engagement_officer_ids,
        decision=passed.decision,
        bundle=passed.bundle_digest,
        certificate=passed.certificate_digest,
        would_block=tuple(finding.rule_id for finding in passed.would_block),
        profile=authority.profile,
        window_end=authority.body.window.end,
        alert_h=authority.body.retention.alert_h,
        roster_version=passed.roster.roster.version,
        cosigned_at=format_utc(passed.cosigned_at),
    )
