"""Photos and templates outside the database, under one key per list; destroying the key erases every copy (R34, R62)."""

import secrets
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from governance.home import private_folder
from governance.office.store import Office
from lfr_engine import durable
from lfr_engine.errors import BadInput, VerificationFailed
from watchlist.sealing.keys import read_secret, write_secret


def put(office: Office, list_id: str, name: str, content: bytes) -> None:
    """Encrypt `content` (AES-256-GCM, list and name authenticated) to a durable 0600 file."""
    nonce = secrets.token_bytes(12)
    cipher = nonce + AESGCM(_key(office, list_id, create=True)).encrypt(nonce, content, f"{list_id}/{name}".encode())
    path = _path(office, list_id, name)
    private_folder(path.parent)
    durable.put(path, cipher)


def take(office: Office, list_id: str, name: str) -> bytes:
    """The content again. Raises BadInput after the list was erased, VerificationFailed when a byte was changed."""
    key = _key(office, list_id, create=False)
    try:
        cipher = _path(office, list_id, name).read_bytes()
        return AESGCM(key).decrypt(cipher[:12], cipher[12:], f"{list_id}/{name}".encode())
    except FileNotFoundError as error:
        raise BadInput("this photo or template is no longer kept") from error
    except (InvalidTag, ValueError) as error:  # ValueError: cut short, so that not even a nonce is left
        raise VerificationFailed("a stored photo or template was altered on disk") from error


def erase_list(office: Office, list_id: str) -> int:
    """Destroy the list's key and files; the number of files removed. Repeating it is harmless."""
    durable.overwrite_and_remove(office.home.keys / f"list-{list_id}.key")
    folder = office.home.blobs / list_id
    files = sorted(folder.glob("*")) if folder.is_dir() else []
    for path in files:
        path.unlink()
    return len(files)


def _key(office: Office, list_id: str, *, create: bool) -> bytes:
    path = office.home.keys / f"list-{list_id}.key"
    if not path.exists():
        if not create:
            raise BadInput("this list's photos and templates have been erased", rule_ids=("R62",))
        write_secret(path, secrets.token_bytes(32))
    return read_secret(path)


def _path(office: Office, list_id: str, name: str) -> Path:
    return office.home.blobs / list_id / name
