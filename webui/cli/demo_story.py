"""The story's steps on the office's side, each through the services that the pages use; nothing is faked."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from governance.messages.decision import Action
from governance.messages.roster import Role
from governance.office import applications, authorities, entries, handover, records, sealing, syncing
from governance.office.authorities import GrantedAuthority
from governance.office.entries import PhotoOf
from governance.office.store import Actor
from lfr_engine.errors import BadInput
from webui.cli.demo_application import OFFICER_REASONS, application_fields
from webui.cli.demo_world import APPLICANT, COMPILER, OFFICER, REVIEWER, SILVER, World, answer, lfr
from webui.cli.office import assert_in_software

_APPLICANT, _COMPILER, _REVIEWER = (
    Actor(APPLICANT, Role.APPLICANT),
    Actor(COMPILER, Role.COMPILER),
    Actor(REVIEWER, Role.COMPILER),
)


@dataclass(frozen=True, slots=True)
class Listed:
    """A submitted application and, by entry id, who each entry is."""

    application_id: str
    persons: dict[str, str]
    refused: tuple[tuple[str, str], ...]


def apply(world: World, operation: str, unit_id: str, people: Iterable[PhotoOf], start: datetime, end: datetime) -> Listed:
    """Application, list from real photos, a second person's review, submission."""
    office, now = world.office, world.office.clock.now_utc()
    row = applications.create(office, _APPLICANT, application_fields(operation, unit_id, start, end, now))
    persons: dict[str, str] = {}
    refused: list[tuple[str, str]] = []
    for person in people:
        try:
            proposal = entries.collect(office, _COMPILER, row.application_id, person, world.pack)
        except BadInput as error:
            refused.append((person.subject_ref, error.message))
            continue
        persons[proposal.entry_id] = person.subject_ref
        entries.review(office, _REVIEWER, row.application_id, proposal.entry_id, keep=True)
    if not persons:
        raise BadInput("nobody could be enrolled from these photos", next_step="use photos that show one face from the front")
    applications.submit(office, _APPLICANT, row.application_id)
    return Listed(row.application_id, persons, tuple(refused))


def authorise(world: World, application_id: str) -> GrantedAuthority:
    """The authorising officer's assertion over the exact document (a software authenticator, labelled so)."""
    document, _ = authorities.prepare(world.office, Actor(OFFICER, Role.AUTHORISING_OFFICER), application_id, reasons=OFFICER_REASONS)
    return authorities.grant(world.office, assert_in_software(world.office, OFFICER, Action.AUTHORISE, document), document)


def deliver(world: World, granted: GrantedAuthority, *, valid_for: timedelta | None = None) -> Path:
    """One-use key from the unit, list sealed for it, everything handed over to the unit's inbox."""
    office, deployment = world.office, granted.deployment_id
    made = answer(
        lfr("unit", "key", granted.unit_id, deployment, "--passphrase-file", world.passphrase_file, "--json", home=world.home), "unit key"
    )
    sealing.receive_unit_key(office, Path(str(made["unit_key"])).read_bytes())
    reseal(world, deployment, valid_for=valid_for)
    return handover.hand_over(office, deployment, world.inbox(granted.unit_id, deployment))


def reseal(world: World, deployment: str, *, valid_for: timedelta | None = None) -> Path:
    """Compile and seal the list (again); the bundle file."""
    prepared = sealing.compile_bundle(world.office, _COMPILER, deployment, valid_for=valid_for)
    return sealing.seal(world.office, assert_in_software(world.office, COMPILER, Action.SEAL, prepared.document), prepared)


def take_in(world: World, packages: Iterable[Path]) -> int:
    """The office takes the unit's sync packages; how many entries it now holds of that unit."""
    size = 0
    for package in packages:
        size = syncing.receive(world.office, package.read_bytes()).size
    return size


def publish(world: World, deployment: str, notes: tuple[str, ...]) -> bytes:
    """The deployment record, counted from the ledger, asserted by Silver and the officer; its exact bytes."""
    document = records.prepare(world.office, deployment, notes)
    records.publish(world.office, document, [assert_in_software(world.office, who, Action.PUBLISH, document) for who in (SILVER, OFFICER)])
    return document
