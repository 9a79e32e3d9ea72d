"""age encryption (age-encryption.org/v1) to a unit's one-use key: the only import of pyrage.

The unit makes an X25519 identity per deployment (R31). On disk it lies only wrapped under the operator's passphrase; when
the wrapped file is destroyed every copy of the bundle stays closed (R59, R61).
"""

import pyrage

from lfr_engine.errors import BadInput, VerificationFailed

_UNLOCK_ATTEMPTS = 10


def new_identity() -> tuple[str, str]:
    """A fresh (secret identity `AGE-SECRET-KEY-1...`, recipient `age1...`)."""
    identity = pyrage.x25519.Identity.generate()
    return str(identity), str(identity.to_public())


def encrypt(plain: bytes, recipient: str) -> bytes:
    """`plain` readable only with the identity behind `recipient`. Raises BadInput on a malformed recipient."""
    try:
        return bytes(pyrage.encrypt(plain, [pyrage.x25519.Recipient.from_str(recipient)]))
    except pyrage.RecipientError as error:
        raise BadInput("that is not an age recipient (age1...)") from error


def decrypt(cipher: bytes, identity: str) -> bytes:
    """The plain text. Raises VerificationFailed when this key does not open it or a byte was changed."""
    try:
        return bytes(pyrage.decrypt(cipher, [pyrage.x25519.Identity.from_str(identity)]))
    except (pyrage.DecryptError, pyrage.IdentityError) as error:
        raise VerificationFailed(
            "this unit's one-use key does not open it", rule_ids=("R31",), next_step="ask the office to seal the bundle for this unit"
        ) from error


def wrap(identity: str, passphrase: str) -> bytes:
    """The identity under a passphrase (age scrypt recipient), as it lies on disk."""
    return bytes(pyrage.passphrase.encrypt(identity.encode(), passphrase))


def unwrap(wrapped: bytes, passphrase: str) -> str:
    """The identity again. Raises VerificationFailed on a wrong passphrase or an altered file."""
    for attempt in range(_UNLOCK_ATTEMPTS):
        try:
            return bytes(pyrage.passphrase.decrypt(wrapped, passphrase)).decode()
        except pyrage.DecryptError as error:
            # age times a short scrypt first and refuses a key that seems too costly; on a busy machine that timing is off.
            if "xcessive work" in str(error) and attempt + 1 < _UNLOCK_ATTEMPTS:
                continue
            raise VerificationFailed(
                "the one-use key does not unlock", next_step="enter the operator's passphrase for this deployment again"
            ) from error
    raise AssertionError("the loop above returns or raises")
