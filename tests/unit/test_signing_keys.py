"""Key files: whole or absent, never replaced, never looser than 0600 in 0700 (R34)."""

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from lfr_engine.errors import BadInput, Refused
from watchlist.sealing.keys import SigningKey, VerifyingKey, read_secret, write_secret


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "keys"
    made.mkdir(mode=0o700)
    return made


def test_a_saved_key_signs_as_before_and_lies_in_a_0600_file(folder: Path) -> None:
    key = SigningKey.generate()
    key.save(folder / "office.key")
    assert SigningKey.load(folder / "office.key").keyid == key.keyid
    assert stat.S_IMODE((folder / "office.key").stat().st_mode) == 0o600
    assert [path.name for path in folder.iterdir()] == ["office.key"]


@pytest.mark.parametrize("umask", [0o000, 0o077])
def test_the_mode_of_a_new_key_does_not_depend_on_the_umask(folder: Path, umask: int) -> None:
    before = os.umask(umask)
    try:
        write_secret(folder / "a.key", b"secret")
    finally:
        os.umask(before)
    assert stat.S_IMODE((folder / "a.key").stat().st_mode) == 0o600


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o700, 0o644, 0o4600])
def test_a_key_file_looser_than_0600_is_refused_and_not_repaired(folder: Path, mode: int) -> None:
    SigningKey.generate().save(folder / "office.key")
    (folder / "office.key").chmod(mode)
    with pytest.raises(Refused) as caught:
        SigningKey.load(folder / "office.key")
    assert caught.value.rule_ids == ("R34",)
    assert stat.S_IMODE((folder / "office.key").stat().st_mode) == mode


@pytest.mark.parametrize("mode", [0o750, 0o701, 0o755, 0o777])
def test_a_tight_key_in_a_folder_others_can_enter_is_refused(folder: Path, mode: int) -> None:
    SigningKey.generate().save(folder / "office.key")
    folder.chmod(mode)
    with pytest.raises(Refused, match="0700"):
        SigningKey.load(folder / "office.key")


def test_a_stricter_mode_is_accepted(folder: Path) -> None:
    write_secret(folder / "a.key", b"secret")
    (folder / "a.key").chmod(0o400)
    assert read_secret(folder / "a.key") == b"secret"


def test_a_secret_is_never_replaced(folder: Path) -> None:
    write_secret(folder / "a.key", b"first")
    with pytest.raises(FileExistsError):
        write_secret(folder / "a.key", b"second")
    assert read_secret(folder / "a.key") == b"first"
    assert [path.name for path in folder.iterdir()] == ["a.key"]


def test_a_secret_is_not_written_through_a_planted_link(folder: Path, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    (folder / "a.key").symlink_to(elsewhere)
    with pytest.raises(FileExistsError):
        write_secret(folder / "a.key", b"secret")
    assert not elsewhere.exists()


def test_a_process_killed_while_it_writes_a_key_leaves_no_half_key(folder: Path) -> None:
    program = (
        "import os, signal, sys\nfrom pathlib import Path\nfrom watchlist.sealing import keys\n"
        "real = os.fsync\nos.fsync = lambda fd: os.kill(os.getpid(), signal.SIGKILL)\n"
        "keys.write_secret(Path(sys.argv[1]), b'x' * 32)\n"
    )
    killed = subprocess.run([sys.executable, "-c", program, str(folder / "list.key")], check=False, timeout=60)
    assert killed.returncode == -9
    assert not (folder / "list.key").exists()
    write_secret(folder / "list.key", b"y" * 32)
    assert read_secret(folder / "list.key") == b"y" * 32


def test_a_missing_key_says_which_and_what_to_check(folder: Path) -> None:
    with pytest.raises(BadInput) as caught:
        SigningKey.load(folder / "office.key")
    assert "office.key" in caught.value.message
    assert "LFR_HOME" in caught.value.next_step


def _pem(key: object, encryption: serialization.KeySerializationEncryption) -> bytes:
    return key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, encryption)  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"-----BEGIN PRIVATE KEY-----\nnonsense\n-----END PRIVATE KEY-----\n",
        _pem(ec.generate_private_key(ec.SECP256R1()), serialization.NoEncryption()),
        _pem(Ed25519PrivateKey.generate(), serialization.BestAvailableEncryption(b"pass")),
    ],
    ids=["empty", "no key", "another kind of key", "a key under a passphrase"],
)
def test_what_is_no_plain_ed25519_key_is_bad_input(folder: Path, content: bytes) -> None:
    write_secret(folder / "office.key", content)
    with pytest.raises(BadInput):
        SigningKey.load(folder / "office.key")


def test_a_signing_key_never_prints_its_secret() -> None:
    key = SigningKey.generate()
    assert key.private.private_bytes_raw().hex() not in repr(key)
    assert "private" not in repr(key)


def test_a_public_key_of_another_kind_is_refused_where_it_comes_in() -> None:
    spki = ec.generate_private_key(ec.SECP256R1()).public_key()
    der = spki.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    with pytest.raises(BadInput, match="Ed25519"):
        VerifyingKey.from_text(VerifyingKey(der).text)
    for text in ("not base64!", "AAAA", ""):
        with pytest.raises(BadInput):
            VerifyingKey.from_text(text)


def test_the_check_of_a_public_key_does_not_vanish_under_python_O() -> None:
    program = "from watchlist.sealing.keys import VerifyingKey\nVerifyingKey.from_text('AAAA')"
    done = subprocess.run([sys.executable, "-O", "-c", program], check=False, capture_output=True, text=True, timeout=60)
    assert "BadInput" in done.stderr


def test_a_key_from_a_signed_note_has_the_same_keyid_as_its_spki() -> None:
    key = SigningKey.generate()
    assert VerifyingKey.from_raw(key.private.public_key().public_bytes_raw()).keyid == key.keyid
