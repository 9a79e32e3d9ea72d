"""Notes that other implementations published, opened to the byte."""

import base64
import hashlib

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from governance.ledger.note import Cosigner, Signer, Verifier, open_note, split_note
from lfr_engine.errors import BadInput, VerificationFailed

# The example of the Go package that defined the format (golang.org/x/mod/sumdb/note).
GO_VKEY = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
GO_NOTE = (
    "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n\n"
    "— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"
)


def test_the_published_note_opens_with_its_published_key() -> None:
    verifier = Verifier.from_vkey(GO_VKEY)
    assert verifier.vkey == GO_VKEY
    opened = open_note(GO_NOTE, [verifier])
    assert opened.signed_by == (verifier,)
    assert opened.text == GO_NOTE.partition("\n\n")[0] + "\n"


def test_a_key_id_is_the_hash_of_name_type_and_key() -> None:
    key = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
    public = key.public_key().public_bytes_raw()
    for signer, kind in ((Signer("example.com/log", key), b"\x01"), (Cosigner("example.com/log", key), b"\x04")):
        key_id = hashlib.sha256(b"example.com/log\n" + kind + public).digest()[:4]
        assert signer.vkey == f"example.com/log+{key_id.hex()}+{base64.b64encode(kind + public).decode()}"


def test_a_cosignature_signs_header_time_and_text() -> None:
    """The message and the layout that tlog-cosignature spells out, checked with the bare key."""
    key = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
    text = "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n"
    line = Cosigner("witness.example.com/w1", key).cosign(text, 1679315147)
    assert line.startswith("— witness.example.com/w1 ")
    assert line.endswith("\n")
    data = base64.b64decode(line.split(" ")[2])
    assert len(data) == 4 + 8 + 64
    assert int.from_bytes(data[4:12], "big") == 1679315147
    key.public_key().verify(data[12:], f"cosignature/v1\ntime 1679315147\n{text}".encode())


def test_a_verifier_key_with_another_id_type_or_spelling_is_refused() -> None:
    for altered in (
        GO_VKEY.replace("c74f20a3", "c74f20a4"),
        GO_VKEY.replace("PeterNeumann", "PeterNewman"),
        GO_VKEY.removesuffix("TW") + "TX",
        "PeterNeumann+c74f20a3",
        "",
    ):
        with pytest.raises(BadInput):
            Verifier.from_vkey(altered)


def test_an_altered_text_or_signature_fails_and_an_unknown_key_does_not_count() -> None:
    verifier = Verifier.from_vkey(GO_VKEY)
    for altered in (GO_NOTE.replace("answer", "question"), GO_NOTE.replace("x08go/Z", "x08go/Y"), GO_NOTE.replace("— Peter", "— Paul")):
        with pytest.raises(VerificationFailed):
            open_note(altered, [verifier])
    with pytest.raises(VerificationFailed, match="none of the expected keys"):
        open_note(GO_NOTE, [])


@pytest.mark.parametrize(
    "broken",
    ["", "text\n", "text\n\n", "text\n\n— a", "text\n\n- a YWJjZGU=\n", "te\rxt\n\n— a YWJjZGU=\n",
     "text\n\n— a YWJjZGU\n", "text\n\n— a YWJjZGU=  \n", "text\n\n— a+b YWJjZGU=\n",
     "text\n\n—  YWJjZGU=\n", "text\n\n— a YWJj\n", "text\n\n— a YWJjZGV=\n", "x" * 70_000 + "\n\n— a YWJjZGU=\n"],
)  # fmt: skip
def test_what_is_not_a_note_is_refused(broken: str) -> None:
    with pytest.raises(BadInput):
        split_note(broken)


def test_the_text_ends_at_the_last_empty_line() -> None:
    text, lines = split_note("one\n\ntwo\n\n— a YWJjZGU=\n— b YWJjZGU=\n")
    assert text == "one\n\ntwo\n"
    assert [each.name for each in lines] == ["a", "b"]
