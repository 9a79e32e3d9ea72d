"""The purge: after it nobody can open this deployment's list any more, and a signed certificate says so (R59, R61).

Steps, each durable, each safe to do again after a cut: 1. alerts decided false are erased, 2. the one-use key is overwritten
and unlinked, 3. the copies of the bundle are removed, 4. it is checked that nothing on disk opens the list, 5. the
certificate is signed, kept and logged in one transaction, 6. it is put into the outbox. The first certificate counts.
"""

import base64
from dataclasses import dataclass

from governance.home import UnitHome, private_folder
from governance.messages.payload import digest_of, opened, signed
from governance.messages.unit import Destroyed, PurgeCertificate
from lfr_engine import durable
from lfr_engine.clock import Clock, format_utc
from lfr_engine.errors import BadInput, LfrError, Refused
from mobile_unit import one_use_key
from mobile_unit.handed_over import bundle_places
from mobile_unit.identity import Identity
from mobile_unit.journal import answers, asking
from mobile_unit.journal.client import JournalClient
from mobile_unit.journal.tables import RUNNING
from watchlist.bundle import read_bundle

METHOD = "the wrapped one-use key was overwritten and unlinked; bundle copies unlinked; templates were only in the engine's memory"
PROVES = (
    "That the only key to this list was destroyed on this unit, as the unit attests, so that every copy of the bundle stays "
    "closed. Not that flash cells were overwritten, and not that nobody copied the key before."
)


@dataclass(frozen=True, slots=True)
class Purge:
    """A purge that is done: the certificate's exact envelope, and what it says."""

    envelope: bytes
    certificate: PurgeCertificate

    @property
    def digest(self) -> str:
        return digest_of(self.envelope)


def purge(*, home: UnitHome, identity: Identity, journal: JournalClient, clock: Clock, deployment_id: str) -> Purge:
    """All steps. Raises Refused (R59) while matching runs, LfrError when the list could still be opened."""
    seen = journal.ask(asking.LookAtDeployment(deployment_id=deployment_id), answers.DeploymentSeen)
    if seen.state in RUNNING:
        raise Refused("matching has not ended", rule_ids=("R59",), next_step="lfr unit stop, or lfr unit recover after a power cut")
    journal.ask(asking.ErasePurged(deployment_id=deployment_id), answers.Erased)
    cipher = _cipher(home, deployment_id)
    one_use_key.destroy(home, deployment_id)
    for path in bundle_places(home, deployment_id):
        durable.remove(path)
    if one_use_key.opens_with_anything_here(home, deployment_id, cipher):
        raise LfrError("something on this unit's disk still opens the list", rule_ids=("R61",), next_step="take the unit out of use")
    if seen.purge is None:
        body = _certificate(seen, identity, journal, clock)
        envelope = signed(body, identity.key, clock=clock, mode=identity.facts.mode, profile=seen.profile, rule_ids=("R59", "R61"))
        ask = asking.Purged(deployment_id=deployment_id, certificate=base64.b64encode(envelope).decode())
        seen = journal.ask(ask, answers.DeploymentSeen)
    kept = base64.b64decode(seen.purge or "")
    outbox = home.outbox / deployment_id
    private_folder(outbox)
    durable.put(outbox / "purge.dsse.json", kept)
    return Purge(kept, opened(kept, PurgeCertificate, [identity.key.public]).body)


def _certificate(seen: answers.DeploymentSeen, identity: Identity, journal: JournalClient, clock: Clock) -> PurgeCertificate:
    alerts = journal.ask(asking.LookAtAlerts(deployment_id=seen.deployment_id), answers.AlertsSeen).alerts
    now = format_utc(clock.now_utc())
    return PurgeCertificate(
        deployment_id=seen.deployment_id,
        unit_id=identity.unit_id,
        recipient=seen.recipient,
        bundle=seen.bundle or digest_of(b""),
        matching_ended_at=seen.ended_at or now,
        ended_because=seen.ended_because or "never_started",
        destroyed_at=now,
        destroyed=(
            Destroyed(what="one-use keys", count=1),
            Destroyed(what="places that held the bundle, now empty", count=2),
            Destroyed(what="alert keys", count=sum(alert.erased for alert in alerts)),
        ),
        bundle_opens_after=False,
        method=METHOD,
        proves=PROVES,
    )


def _cipher(home: UnitHome, deployment_id: str) -> bytes | None:
    """The encrypted list, kept in memory for the check after destruction; None when its copies are gone or broken."""
    for path in bundle_places(home, deployment_id):
        try:
            return read_bundle(path)[1]
        except BadInput:
            continue
    return None
