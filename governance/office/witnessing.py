"""Bringing the office ledger before its witnesses: nothing counts until a cosigned checkpoint covers it."""

from pathlib import Path

from governance.home import private_folder
from governance.ledger.checkpoint import parse_checkpoint
from governance.ledger.cosign import add_signatures, request_cosignature
from governance.ledger.note import Verifier, split_note
from governance.ledger.tlog_proof import TlogProof
from governance.office.store import Office
from lfr_engine.errors import BadInput, LfrError, VerificationFailed


def cosigned_checkpoint(office: Office) -> str:
    """The newest checkpoint, cosigned by at least the roster's number of witnesses, kept under `ledger/checkpoints/`.

    Raises the last witness's error when too few answer: without them nothing that needs a proof can go on.
    """
    roster = office.roster.roster
    with office.read() as session:
        note = office.log.checkpoint(session, office.log_signer)
        stated = parse_checkpoint(split_note(note)[0])
        size = stated.size
        kept = office.home.ledger / "checkpoints" / str(size)
        if kept.exists():  # its cosignature is the earlier one, and so the better proof of "logged before"
            cosigned = kept.read_text()
            if parse_checkpoint(split_note(cosigned)[0]) != stated:
                raise VerificationFailed(
                    f"the ledger's {size} entries are not those that were cosigned",
                    rule_ids=("R66",),
                    next_step="stop: the database was altered or replaced; keep it, restore the backup, call oversight",
                )
            return cosigned
        newest = newest_checkpoint(office)
        old_size = 0 if newest is None else parse_checkpoint(split_note(newest)[0]).size
        lines: list[str] = []
        problem: LfrError | None = None
        for witness in roster.witnesses:
            url = office.settings.witness_urls.get(witness.name, "")
            try:
                lines.append(
                    request_cosignature(
                        url,
                        note,
                        witness=Verifier.from_vkey(witness.vkey),
                        old_size=min(old_size, size),
                        proof_from=lambda old: office.log.consistency_proof(session, old, size),
                    )
                )
            except LfrError as error:
                problem = error
    if len(lines) < roster.witness_threshold:
        raise problem or BadInput("the roster names fewer witnesses than it asks for")
    cosigned = add_signatures(note, lines)
    _keep(kept, cosigned)
    return cosigned


def newest_checkpoint(office: Office) -> str | None:
    """The newest cosigned checkpoint, None before the first."""
    folder = office.home.ledger / "checkpoints"
    sizes = [int(path.name) for path in folder.glob("*") if path.name.isdigit()] if folder.is_dir() else []
    return (folder / str(max(sizes))).read_text() if sizes else None


def proof_of(office: Office, index: int, checkpoint: str) -> TlogProof:
    """The offline proof that entry `index` stands under this cosigned checkpoint."""
    size = parse_checkpoint(split_note(checkpoint)[0]).size
    with office.read() as session:
        hashes = tuple(office.log.inclusion_proof(session, index, size))
        return TlogProof(office.log.entry(session, index), index, hashes, checkpoint)


def _keep(path: Path, note: str) -> None:
    private_folder(path.parent)
    part = path.with_suffix(".part")
    part.write_text(note)
    part.replace(path)
