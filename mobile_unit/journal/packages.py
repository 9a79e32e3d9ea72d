"""The next signed segment of the unit's ledger for the office (R69), kept so that it can be handed over again unchanged."""

import base64

from sqlmodel import col, select

from governance.events import read_entry
from governance.messages.payload import digest_of, signed
from governance.messages.unit import SyncPackage
from mobile_unit.journal import answers, asking
from mobile_unit.journal.book import Book
from mobile_unit.journal.tables import DeploymentRow, PackageRow
from watchlist.sealing.merkle import EMPTY_ROOT


def package(book: Book, ask: asking.Package) -> answers.PackageMade:
    """All entries since the package before, the checkpoint at their end, and the objects that these entries name.

    `sequence` rises by one over the unit's epoch; sizes and roots chain the packages. When nothing happened since the last
    one, the last one is answered again.
    """
    last = book.session.exec(select(PackageRow).order_by(col(PackageRow.sequence).desc())).first()
    size, root = book.log.size_and_root(book.session)
    if last is not None and last.size == size:
        return _made(last)
    deployment = book.deployment(ask.deployment_id)
    previous_size = last.size if last else 0
    entries = list(book.log.entries(book.session, previous_size, size))
    body = SyncPackage(
        deployment_id=ask.deployment_id,
        unit_id=book.identity.unit_id,
        epoch=book.identity.facts.epoch,
        sequence=last.sequence + 1 if last else 1,
        office_nonce=ask.office_nonce,
        previous_size=previous_size,
        previous_root=last.root if last else EMPTY_ROOT.hex(),
        entries=tuple(base64.b64encode(entry).decode() for entry in entries),
        checkpoint=book.log.checkpoint(book.session, book.identity.log_signer),
        objects=tuple(base64.b64encode(each).decode() for each in _named(book, entries)),
    )
    envelope = signed(body, book.identity.key, clock=book.clock, mode=book.identity.facts.mode, profile=deployment.profile)
    row = PackageRow(sequence=body.sequence, deployment_id=ask.deployment_id, size=size, root=root.hex(), envelope=envelope)
    book.session.add(row)
    return _made(row)


def _named(book: Book, entries: list[bytes]) -> list[bytes]:
    """The unit keys and purge certificates, of whichever deployment, whose digests stand in these entries."""
    rows = book.session.exec(select(DeploymentRow).order_by(col(DeploymentRow.deployment_id)))
    kept = [each for row in rows for each in (row.unit_key, row.purge) if each]
    named = {digest for entry in entries for digest in read_entry(entry)[0].objects}
    return [each for each in kept if digest_of(each) in named]


def _made(row: PackageRow) -> answers.PackageMade:
    return answers.PackageMade(sequence=row.sequence, size=row.size, root=row.root, envelope=base64.b64encode(row.envelope).decode())
