"""Hands the unit's ledger home: the next signed package into the outbox, for USB or any link (R69)."""

import base64
from dataclasses import dataclass
from pathlib import Path

from governance.home import UnitHome, private_folder
from lfr_engine import durable
from mobile_unit.handed_over import sync_nonce
from mobile_unit.journal import answers, asking
from mobile_unit.journal.client import JournalClient


@dataclass(frozen=True, slots=True)
class Sync:
    """The package's file, its number, and the ledger's size and root (hex) at its end."""

    path: Path
    sequence: int
    size: int
    root: str


def sync(*, home: UnitHome, journal: JournalClient, deployment_id: str) -> Sync:
    """Make the next package, or put the last one there again when nothing happened since. Safe to repeat after a cut."""
    ask = asking.Package(deployment_id=deployment_id, office_nonce=sync_nonce(home, deployment_id))
    made = journal.ask(ask, answers.PackageMade)
    outbox = home.outbox / deployment_id
    private_folder(outbox)
    path = outbox / f"sync-{made.sequence:04d}.dsse.json"
    durable.put(path, base64.b64decode(made.envelope))
    return Sync(path, made.sequence, made.size, made.root)
