"""Everything a unit needs for one deployment, in one folder: carried by network or on a stick, checked by the gate."""

import secrets
import shutil
from pathlib import Path

from sqlmodel import Field, SQLModel

from governance.home import private_folder
from governance.office import certificates, register
from governance.office.authorities import of_deployment
from governance.office.sealing import bundle_path, newest_bundle
from governance.office.store import Office
from governance.rules.model_states import require_may_match
from lfr_engine.errors import BadInput, Refused

_FILES = {"roster.dsse.json", "authority.dsse.json", "authority.tlog-proof", "certificate.dsse.json", "bundle.zip", "sync-nonce"}


class SyncNonce(SQLModel, table=True):
    """A random number handed over with a deployment; a sync package must carry it, so that no old one can be replayed."""

    __tablename__ = "sync_nonce"

    deployment_id: str = Field(primary_key=True)
    nonce: str


def hand_over(office: Office, deployment_id: str, folder: Path) -> Path:
    """Write roster, authority, proof, certificate, bundle and sync nonce into `folder`, whole or not at all."""
    with office.transaction() as session:
        granted = of_deployment(session, deployment_id)
        if not granted.proof:
            raise Refused(
                "the authority is not under a cosigned checkpoint yet",
                rule_ids=("R66",),
                next_step=f"start the witness, then: lfr office prove {deployment_id}",
            )
        bundle = newest_bundle(session, deployment_id)
        row = session.get(SyncNonce, deployment_id) or SyncNonce(deployment_id=deployment_id, nonce=secrets.token_hex(32))
        session.add(row)
        authority = granted.authority
        pipeline = register.get(session, certificates.read(office, office.object_bytes(authority.certificate)).pipeline_digest)
        require_may_match(pipeline.model_state, office.mode, pipeline.model)
    folder = folder.absolute()
    if folder.exists() and not (folder.is_dir() and {path.name for path in folder.iterdir()} <= _FILES):
        raise BadInput(f"{folder} holds something else than an earlier hand-over", next_step="name a new folder")
    making = folder.with_name(folder.name + ".unfinished")
    shutil.rmtree(making, ignore_errors=True)
    private_folder(making)
    files = {
        "roster.dsse.json": office.roster_bytes,
        "authority.dsse.json": office.object_bytes(granted.decision),
        "authority.tlog-proof": granted.proof.encode(),
        "certificate.dsse.json": office.object_bytes(authority.certificate),
        "bundle.zip": bundle_path(office, bundle.decision).read_bytes(),
        "sync-nonce": row.nonce.encode(),
    }
    for name, content in files.items():
        (making / name).write_bytes(content)
        (making / name).chmod(0o600)
    shutil.rmtree(folder, ignore_errors=True)
    making.rename(folder)
    return folder
