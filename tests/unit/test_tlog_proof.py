"""A proof holds for its entry, its log and enough witnesses, and for nothing else."""

from dataclasses import replace

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from governance.ledger.checkpoint import Checkpoint, parse_checkpoint
from governance.ledger.note import Cosigner, Signer
from governance.ledger.tlog_proof import TlogProof, parse_proof
from lfr_engine.errors import BadInput, VerificationFailed
from watchlist.sealing import merkle

LOG = Signer("example.police.uk/office", Ed25519PrivateKey.generate())
WITNESSES = [Cosigner(f"w{i}.example", Ed25519PrivateKey.generate()) for i in range(3)]
ENTRIES = [b"one", b"two", b"three"]
HASHES = [merkle.leaf_hash(each) for each in ENTRIES]


def _proof(*, times_s: tuple[int, ...] = (1_700_000_000, 1_700_000_500)) -> TlogProof:
    text = Checkpoint(LOG.verifier.name, 3, merkle.root(HASHES)).text
    lines = [witness.cosign(text, at) for witness, at in zip(WITNESSES, times_s, strict=False)]
    return TlogProof(ENTRIES[1], 1, tuple(merkle.inclusion_proof(HASHES, 1)), LOG.sign(text) + "".join(lines))


def _verify(proof: TlogProof, threshold: int = 2) -> float:
    return proof.verify(log=LOG.verifier, witnesses=[each.verifier for each in WITNESSES], threshold=threshold).timestamp()


def test_it_gives_the_time_of_the_newest_cosignature() -> None:
    assert _verify(parse_proof(_proof().text)) == 1_700_000_500


def test_its_text_has_the_published_form() -> None:
    lines = _proof().text.split("\n")
    assert lines[:3] == ["c2sp.org/tlog-proof@v1", "extra dHdv", "index 1"]
    assert lines[5:9] == ["", "example.police.uk/office", "3", lines[8]]


def test_another_entry_place_path_or_log_fails() -> None:
    proof = _proof()
    for altered in (
        replace(proof, entry=b"2wo"),
        replace(proof, index=0),
        replace(proof, hashes=proof.hashes[::-1]),
        replace(proof, hashes=proof.hashes[:1]),
        replace(proof, checkpoint=proof.checkpoint.replace("\n3\n", "\n4\n")),
    ):
        with pytest.raises(VerificationFailed):
            _verify(altered)
    other = Signer("another.example/office", Ed25519PrivateKey.generate())
    with pytest.raises(VerificationFailed, match="not signed by"):
        proof.verify(log=other.verifier, witnesses=[each.verifier for each in WITNESSES], threshold=1)


def test_too_few_witnesses_fail_and_one_witness_does_not_count_twice() -> None:
    with pytest.raises(VerificationFailed, match="asks for 3"):
        _verify(_proof(), threshold=3)
    with pytest.raises(VerificationFailed, match="asks for 2"):
        _verify(_proof(times_s=(1_700_000_000,)), threshold=2)
    alias = Cosigner("w0-again.example", WITNESSES[0]._private_key)
    proof = _proof(times_s=(1_700_000_000,))
    text = Checkpoint(LOG.verifier.name, 3, merkle.root(HASHES)).text
    doubled = replace(proof, checkpoint=proof.checkpoint + alias.cosign(text, 1_700_000_100))
    with pytest.raises(VerificationFailed, match="asks for 2"):
        doubled.verify(log=LOG.verifier, witnesses=[WITNESSES[0].verifier, alias.verifier], threshold=2)
    with pytest.raises(BadInput):
        _verify(_proof(), threshold=0)


def test_a_cosignature_whose_time_was_moved_fails() -> None:
    note = _proof().checkpoint
    head, line = note.rsplit("— ", 1)
    name, data = line.split(" ")
    moved = WITNESSES[1].cosign(note.split("\n\n")[0] + "\n", 1_600_000_000).split(" ")[2]
    assert moved != data
    spliced = moved[:16] + data[16:]  # an earlier time in front of the real signature
    with pytest.raises(VerificationFailed):
        _verify(replace(_proof(), checkpoint=f"{head}— {name} {spliced}"))


@pytest.mark.parametrize(
    "broken",
    ["", "c2sp.org/tlog-proof@v1\n", "c2sp.org/tlog-proof@v2\nextra dHdv\nindex 1\n\nx", "c2sp.org/tlog-proof@v1\nindex 1\n\nx\n",
     "c2sp.org/tlog-proof@v1\nextra dHdv\nindex 01\n\nx\n", "c2sp.org/tlog-proof@v1\nextra dHdv\nindex 1\nAAAA\n\nx\n",
     "c2sp.org/tlog-proof@v1\nextra dHd\nindex 1\n\nx\n"],
)  # fmt: skip
def test_what_is_not_a_proof_is_refused(broken: str) -> None:
    with pytest.raises(BadInput):
        parse_proof(broken)


@pytest.mark.parametrize("text", ["", "o\n1\n", "o\n01\nAAAA\n", "\n1\n" + "A" * 43 + "=\n", "o\n-1\n" + "A" * 43 + "=\n",
                                  "o\n9223372036854775808\n" + "A" * 43 + "=\n",
                                  "o\n1\n" + "A" * 43 + "=", "o\n1\n" + "A" * 43 + "=\n\n", "o\n١\n" + "A" * 43 + "=\n"])  # fmt: skip
def test_what_is_not_a_checkpoint_is_refused(text: str) -> None:
    with pytest.raises(BadInput):
        parse_checkpoint(text)
