"""The key one deployment's bundle is sealed to: made here, on disk only under the operator's passphrase, destroyed at the end."""

from collections.abc import Iterator
from pathlib import Path

from governance.home import UnitHome
from lfr_engine import durable
from lfr_engine.errors import BadInput, Refused, VerificationFailed
from mobile_unit.identity import checked_id
from watchlist.sealing import age
from watchlist.sealing.keys import read_secret, write_secret

MIN_PASSPHRASE = 8
_SECRET = b"AGE-SECRET-KEY-1"
_SECRET_CHARACTERS = 74  # of an age X25519 identity in its Bech32 text


def path_of(home: UnitHome, deployment_id: str) -> Path:
    return home.keys / f"onetime-{checked_id(deployment_id)}.age"


def make(home: UnitHome, deployment_id: str, passphrase: str) -> str:
    """A new wrapped identity for this deployment; its recipient. Raises BadInput when there is one, or on a short passphrase."""
    if len(passphrase) < MIN_PASSPHRASE:
        raise BadInput(f"the passphrase needs at least {MIN_PASSPHRASE} characters", next_step="four random words do well")
    secret, recipient = age.new_identity()
    try:
        write_secret(path_of(home, deployment_id), age.wrap(secret, passphrase))
    except FileExistsError as error:
        raise BadInput(f"this unit already has a one-use key for {deployment_id}") from error
    return recipient


def unlock(home: UnitHome, deployment_id: str, passphrase: str) -> str:
    """The secret identity, in memory only. Raises Refused (R31) when it was destroyed or never made, or does not unlock."""
    path = path_of(home, deployment_id)
    if not path.exists():
        raise Refused(
            f"this unit has no one-use key for {deployment_id}: never made, or destroyed by the purge",
            rule_ids=("R31",),
            next_step="a new deployment needs a new key: lfr unit key",
        )
    try:
        return age.unwrap(read_secret(path), passphrase)
    except VerificationFailed as error:
        raise Refused(error.message, rule_ids=("R31",), next_step=error.next_step) from error


def destroy(home: UnitHome, deployment_id: str) -> bool:
    """Overwrite and unlink the wrapped key; False when it was gone already."""
    return durable.overwrite_and_remove(path_of(home, deployment_id))


def opens_with_anything_here(home: UnitHome, deployment_id: str, cipher: bytes | None) -> bool:
    """Whether the list could still be opened with something on this unit's disk: the check after destruction (R61).

    True when a wrapped key of this deployment is left, or any file holds an identity that opens the cipher text; without
    the cipher text (its copies are gone) any identity in the clear counts.
    """
    if path_of(home, deployment_id).exists():
        return True
    return any(cipher is None or _opens(secret, cipher) for path in home.root.rglob("*") if path.is_file() for secret in _secrets_in(path))


def _secrets_in(path: Path) -> Iterator[str]:
    try:
        content = path.read_bytes()
    except FileNotFoundError:  # a -wal or -shm file of the journal that came and went
        return
    at = content.find(_SECRET)
    while at >= 0:
        yield content[at : at + _SECRET_CHARACTERS].decode("ascii", "replace")
        at = content.find(_SECRET, at + 1)


def _opens(secret: str, cipher: bytes) -> bool:
    try:
        age.decrypt(cipher, secret)
    except VerificationFailed:
        return False
    return True
