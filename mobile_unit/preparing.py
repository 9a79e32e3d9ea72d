"""Before a deployment: this unit makes its one-use key, signs the public half and puts it into the outbox for the office (R31)."""

import base64
from dataclasses import dataclass
from pathlib import Path

from governance.home import UnitHome, private_folder
from governance.messages.bundle import UnitKey
from governance.messages.payload import digest_of, signed
from lfr_engine import durable
from lfr_engine.clock import Clock, format_utc
from mobile_unit import one_use_key
from mobile_unit.identity import Identity
from mobile_unit.journal import answers, asking
from mobile_unit.journal.client import JournalClient


@dataclass(frozen=True, slots=True)
class Prepared:
    """The signed public half: where it lies, its digest, and the recipient the office seals to."""

    path: Path
    digest: str
    recipient: str


def prepare(*, home: UnitHome, identity: Identity, journal: JournalClient, clock: Clock, deployment_id: str, passphrase: str) -> Prepared:
    """Make the key, log it, put it into the outbox. After a cut, or asked again, the same key is handed out again.

    Raises Refused (R31) when the passphrase does not open the key that is there.
    """
    known = next((one for one in _deployments(journal) if one.deployment_id == deployment_id), None)
    if known is None:
        recipient = _recipient(home, deployment_id, passphrase)
        body = UnitKey(deployment_id=deployment_id, unit_id=identity.unit_id, recipient=recipient, created_at=format_utc(clock.now_utc()))
        envelope = signed(body, identity.key, clock=clock, mode=identity.facts.mode, profile=identity.facts.profile)
        ask = asking.Prepare(deployment_id=deployment_id, recipient=recipient, unit_key=base64.b64encode(envelope).decode())
        journal.ask(ask, answers.Done)
    else:
        one_use_key.unlock(home, deployment_id, passphrase)
        envelope, recipient = base64.b64decode(known.unit_key), known.recipient
    outbox = home.outbox / deployment_id
    private_folder(outbox)
    path = outbox / "unit-key.dsse.json"
    durable.put(path, envelope)
    return Prepared(path, digest_of(envelope), recipient)


def _deployments(journal: JournalClient) -> tuple[answers.DeploymentSeen, ...]:
    return journal.ask(asking.LookAtUnit(), answers.UnitSeen).deployments


def _recipient(home: UnitHome, deployment_id: str, passphrase: str) -> str:
    """Of a new key; a key that a cut left behind before it was logged was never handed out and is replaced."""
    one_use_key.destroy(home, deployment_id)
    return one_use_key.make(home, deployment_id, passphrase)
