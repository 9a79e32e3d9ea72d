"""What the office handed over for a deployment, as files in the unit's inbox (USB stick or network). Nothing is believed here."""

from pathlib import Path

from governance.home import UnitHome
from lfr_engine.errors import BadInput, Refused
from mobile_unit.gate.values import Presented
from mobile_unit.identity import checked_id
from watchlist.bundle import read_bundle

BUNDLE = "bundle.zip"
_LARGEST = {
    "roster.dsse.json": 8 * 2**20,
    "authority.dsse.json": 2 * 2**20,
    "authority.tlog-proof": 256 * 1024,
    "certificate.dsse.json": 2**20,
    "sync-nonce": 1024,
}


def inbox(home: UnitHome, deployment_id: str) -> Path:
    return home.inbox / checked_id(deployment_id)


def bundle_places(home: UnitHome, deployment_id: str) -> tuple[Path, ...]:
    """Every place on this unit where a copy of the bundle may lie."""
    return (inbox(home, deployment_id) / BUNDLE, home.bundles / f"{checked_id(deployment_id)}.zip")


def read_inbox(home: UnitHome, deployment_id: str) -> Presented:
    """The bytes to present at the gate. Raises Refused: an authority or proof that is not there is R1 or R66, a bundle
    R31, the nonce for the way home R69."""
    folder = inbox(home, deployment_id)
    sync_nonce(home, deployment_id)  # needed at the end, so it must be there at the start
    handed, loaded = bundle_places(home, deployment_id)
    try:
        envelope, cipher = read_bundle(loaded if loaded.exists() else handed)
    except BadInput as error:
        raise Refused(error.message, rule_ids=("R31",), next_step=error.next_step) from error
    return Presented(
        roster=_read(folder / "roster.dsse.json", "R1"),
        authority=_read(folder / "authority.dsse.json", "R1"),
        authority_proof=_read(folder / "authority.tlog-proof", "R66").decode("utf-8", "replace"),
        certificate=_read(folder / "certificate.dsse.json", "R37"),
        bundle=envelope,
        cipher=cipher,
    )


def sync_nonce(home: UnitHome, deployment_id: str) -> str:
    """The office's nonce that the sync packages of this deployment carry. Raises Refused (R69)."""
    text = _read(inbox(home, deployment_id) / "sync-nonce", "R69").decode("ascii", "replace").strip()
    if len(text) != 64 or set(text) - set("0123456789abcdef"):
        raise Refused("the office's sync nonce is not 64 hex digits", rule_ids=("R69",), next_step="copy it from the office again")
    return text


def _read(path: Path, rule_id: str) -> bytes:
    try:
        if path.stat().st_size > _LARGEST[path.name]:
            raise Refused(f"{path.name} is larger than it can be", rule_ids=(rule_id,), next_step="copy it from the office again")
        return path.read_bytes()
    except OSError as error:
        next_step = f"copy it from the office to {path.parent}"
        raise Refused(f"{path.name} was not handed over", rule_ids=(rule_id,), next_step=next_step) from error
