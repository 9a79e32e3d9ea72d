"""A real witness process against honest logs, forks, rollbacks and malformed requests."""

import contextlib
import http.client
import http.server
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from governance.ledger.checkpoint import Checkpoint
from governance.ledger.cosign import WitnessUnavailable, add_signatures, request_cosignature
from governance.ledger.note import Cosigner, Signer, Verifier, open_note
from governance.ledger.tlog_proof import TlogProof, parse_proof
from lfr_engine.errors import BadInput, VerificationFailed
from tests.witness_process import WitnessProcess
from watchlist.sealing import merkle


class SmallLog:
    """A log in memory that can lie."""

    def __init__(self, origin: str) -> None:
        self.signer = Signer(origin, Ed25519PrivateKey.generate())
        self.hashes: list[bytes] = []

    def grow(self, *entries: str) -> "SmallLog":
        self.hashes += [merkle.leaf_hash(each.encode()) for each in entries]
        return self

    def note(self, size: int | None = None) -> str:
        hashes = self.hashes[: len(self.hashes) if size is None else size]
        return self.signer.sign(Checkpoint(self.signer.verifier.name, len(hashes), merkle.root(hashes)).text)

    def cosigned_by(self, witness: WitnessProcess, *, old_size: int = 0, size: int | None = None) -> str:
        hashes = self.hashes[: len(self.hashes) if size is None else size]
        note = self.note(size)
        line = request_cosignature(
            witness.url, note, witness=witness.verifier, old_size=old_size, proof_from=lambda old: merkle.consistency_proof(hashes, old)
        )
        return add_signatures(note, [line])


@pytest.fixture
def office() -> SmallLog:
    return SmallLog("example.police.uk/office").grow("a", "b", "c")


@pytest.fixture
def witness(tmp_path: Path, office: SmallLog) -> Iterator[WitnessProcess]:
    process = WitnessProcess(tmp_path / "witness", [office.signer.verifier]).start()
    yield process
    assert process.stop() == 0


def _post(witness: WitnessProcess, body: bytes, *, method: str = "POST", path: str = "/add-checkpoint") -> tuple[int, str, str]:
    connection = http.client.HTTPConnection(urlsplit(witness.url).netloc, timeout=10)
    try:
        connection.request(method, path, body)
        response = connection.getresponse()
        return response.status, response.headers["Content-Type"], response.read().decode()
    finally:
        connection.close()


def test_it_cosigns_a_log_that_grows_and_the_proof_holds_offline(witness: WitnessProcess, office: SmallLog) -> None:
    office.cosigned_by(witness)
    office.grow("d", "e")
    note = office.cosigned_by(witness, old_size=3)
    opened = open_note(note, [office.signer.verifier, witness.verifier])
    assert set(opened.signed_by) == {office.signer.verifier, witness.verifier}
    proof = TlogProof(b"d", 3, tuple(merkle.inclusion_proof(office.hashes, 3)), note)
    again = parse_proof(proof.text)
    assert again == proof
    at = again.verify(log=office.signer.verifier, witnesses=[witness.verifier], threshold=1)
    assert at.timestamp() == opened.times_s[witness.verifier]


def test_a_caller_that_forgot_the_size_is_told_and_sends_the_right_proof(witness: WitnessProcess, office: SmallLog) -> None:
    office.cosigned_by(witness)
    office.grow("d")
    assert _post(witness, f"old 0\n\n{office.note()}".encode()) == (409, "text/x.tlog.size", "3\n")
    office.cosigned_by(witness, old_size=0)  # 409 with 3, then the proof from 3
    office.cosigned_by(witness, old_size=4)  # the same tree again: only a newer time


def test_it_refuses_a_fork_of_the_same_size_and_keeps_it_as_evidence(witness: WitnessProcess, office: SmallLog) -> None:
    office.cosigned_by(witness)
    office.hashes[1] = merkle.leaf_hash(b"another past")
    with pytest.raises(VerificationFailed, match="forked"):
        office.cosigned_by(witness, old_size=3)
    (kept,) = (witness.folder / "evidence").iterdir()
    open_note(kept.read_text().partition("\n\n")[2], [office.signer.verifier])


def test_it_refuses_a_rewritten_past_under_a_larger_tree(witness: WitnessProcess, office: SmallLog) -> None:
    office.cosigned_by(witness)
    office.hashes[1] = merkle.leaf_hash(b"another past")
    office.grow("d", "e")
    with pytest.raises(VerificationFailed, match="422"):
        office.cosigned_by(witness, old_size=3)


def test_it_refuses_a_rollback(witness: WitnessProcess, office: SmallLog) -> None:
    office.cosigned_by(witness)
    with pytest.raises(VerificationFailed, match="already cosigned 3"):
        office.cosigned_by(witness, size=2, old_size=0)
    assert _post(witness, f"old 3\n\n{office.note(2)}".encode())[0] == 400


def test_it_refuses_a_log_it_does_not_know_and_a_key_it_does_not_trust(witness: WitnessProcess, office: SmallLog) -> None:
    with pytest.raises(VerificationFailed, match="does not know this log"):
        SmallLog("another.example/office").grow("a").cosigned_by(witness)
    with pytest.raises(VerificationFailed, match="signature"):
        SmallLog("example.police.uk/office").grow("a").cosigned_by(witness)


def test_malformed_requests_get_their_status_and_change_nothing(witness: WitnessProcess, office: SmallLog) -> None:
    note = office.note()
    hash_line = "A" * 43 + "=\n"
    for body in (
        "",
        note,
        f"old x\n\n{note}",
        f"old 00\n\n{note}",
        f"old -1\n\n{note}",
        f"old 0\nnot base64\n\n{note}",
        f"old 0\nAAAA\n\n{note}",
        f"old 0\n{hash_line * 64}\n{note}",
        f"old 0\n\n{note.replace('3', '03', 1)}",
        f"old 0\n\n{note[:-40]}",
        f"old 4\n\n{note}",
    ):
        assert _post(witness, body.encode())[0] == 400, body
    assert _post(witness, b"\xff\xfe\n\n")[0] == 400
    assert _post(witness, f"old 0\n{hash_line}\n{note}".encode())[0] == 422
    assert _post(witness, b"x" * 1_000_000)[0] == 413
    assert _post(witness, b"", method="GET")[0] == 405
    assert _post(witness, note.encode(), path="/other")[0] == 404
    office.cosigned_by(witness)  # still at zero, still alive


def test_of_many_requests_at_once_none_rolls_another_back(witness: WitnessProcess, office: SmallLog) -> None:
    office.grow(*"defghijklmnopqrst")
    outcomes: list[str] = []

    def submit(size: int) -> None:
        try:
            office.cosigned_by(witness, size=size)
            outcomes.append("cosigned")
        except VerificationFailed:
            outcomes.append("refused")

    threads = [threading.Thread(target=submit, args=(size,)) for size in range(1, 21)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(outcomes) == 20
    assert "cosigned" in outcomes
    office.cosigned_by(witness)
    assert _post(witness, f"old 0\n\n{office.note()}".encode())[2] == "20\n"


def test_each_log_has_its_own_history(tmp_path: Path, office: SmallLog) -> None:
    unit = SmallLog("example.police.uk/unit/3").grow("x")
    witness = WitnessProcess(tmp_path / "both", [office.signer.verifier, unit.signer.verifier]).start()
    try:
        office.cosigned_by(witness)
        unit.cosigned_by(witness)
        office.grow("d").cosigned_by(witness, old_size=3)
    finally:
        witness.stop()


def test_two_witnesses_never_share_a_folder(witness: WitnessProcess, office: SmallLog) -> None:
    second = subprocess.run(
        [sys.executable, "-m", "governance.witness", "serve", str(witness.folder), "--log", office.signer.vkey],
        capture_output=True,
        text=True,
    )
    assert second.returncode == 6
    assert "another witness process" in second.stderr


def test_a_witness_with_a_damaged_memory_does_not_start(tmp_path: Path, office: SmallLog) -> None:
    witness = WitnessProcess(tmp_path / "w", [office.signer.verifier]).start()
    office.cosigned_by(witness)
    assert witness.stop() == 0
    (head,) = (witness.folder / "heads").iterdir()
    for damage in ("", "{}", '{"origin": "other", "size": 0, "root_hash": "00", "time_s": 0}'):
        head.write_text(damage)
        with pytest.raises(AssertionError, match="did not start"):
            witness.start()


def test_a_key_that_others_can_read_is_refused_and_an_old_key_is_never_overwritten(tmp_path: Path, office: SmallLog) -> None:
    folder = WitnessProcess(tmp_path / "w", []).folder
    again = subprocess.run([sys.executable, "-m", "governance.witness", "init", str(folder), "--name", "x"], capture_output=True, text=True)
    assert again.returncode == 6
    (folder / "key.pem").chmod(0o640)
    serve = [sys.executable, "-m", "governance.witness", "serve", str(folder), "--log", office.signer.vkey]
    refused = subprocess.run(serve, capture_output=True, text=True)
    assert refused.returncode == 4


def test_a_witness_that_is_down_or_speaks_another_protocol_is_unavailable(
    tmp_path: Path, office: SmallLog, witness: WitnessProcess
) -> None:
    def ask(url: str) -> str:
        return request_cosignature(url, office.note(), witness=witness.verifier, old_size=0, proof_from=lambda _: [], timeout_s=2)

    with pytest.raises(WitnessUnavailable, match="does not answer"):
        ask("http://127.0.0.1:1")
    with pytest.raises(BadInput):
        ask("file:///etc/passwd")
    with pytest.raises(VerificationFailed, match="does not know"):
        ask(f"{witness.url}/elsewhere")


def test_an_answer_signed_by_another_witness_does_not_count(tmp_path: Path, office: SmallLog, witness: WitnessProcess) -> None:
    stranger = Verifier("ethics.example.org/w2", 4, Ed25519PrivateKey.generate().public_key().public_bytes_raw())
    with pytest.raises(VerificationFailed, match="not signed by the witness"):
        request_cosignature(witness.url, office.note(), witness=stranger, old_size=0, proof_from=lambda _: [])


def test_a_witness_that_never_answers_is_given_up(office: SmallLog) -> None:
    key = Cosigner("mute.example", Ed25519PrivateKey.generate())
    with socket.create_server(("127.0.0.1", 0)) as mute:
        url = f"http://127.0.0.1:{mute.getsockname()[1]}"
        with pytest.raises(WitnessUnavailable, match="does not answer"):
            request_cosignature(url, office.note(), witness=key.verifier, old_size=0, proof_from=lambda _: [], timeout_s=0.3)


@pytest.mark.parametrize(
    ("answer", "error"), [("over another tree", VerificationFailed), ("nonsense", WitnessUnavailable), ("x" * 100_000, WitnessUnavailable)]
)
def test_a_witness_that_lies_is_found(office: SmallLog, answer: str, error: type[Exception]) -> None:
    key = Cosigner("liar.example", Ed25519PrivateKey.generate())
    other = Checkpoint(office.signer.verifier.name, 9, bytes(32)).text
    body = key.cosign(other, 1_700_000_000) if answer == "over another tree" else answer

    class Liar(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(200)
            self.end_headers()
            with contextlib.suppress(ConnectionError):
                self.wfile.write(body.encode())

        def log_message(self, *_: object) -> None:
            """Quiet."""

    with http.server.HTTPServer(("127.0.0.1", 0), Liar) as server:
        thread = threading.Thread(target=server.handle_request)
        thread.start()
        url = f"http://127.0.0.1:{server.server_port}"
        with pytest.raises(error):
            request_cosignature(url, office.note(), witness=key.verifier, old_size=0, proof_from=lambda _: [])
        thread.join()
