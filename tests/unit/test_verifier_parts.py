"""The verifier's parts against their specifications and against the independent writer."""

import base64
import hashlib
import json
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import beta

from governance import events as written
from governance.ledger.checkpoint import Checkpoint
from governance.ledger.note import Cosigner, Signer
from governance.messages.certificate import GroupRate
from governance.verifier import events as read
from governance.verifier.certificate import require_real_use
from governance.verifier.intervals import clopper_pearson
from governance.verifier.notes import LOG_KEY, WITNESS_KEY, open_checkpoint, parse_vkey
from governance.verifier.strict import Failed, base64_bytes, base64url_bytes, parse_json
from governance.verifier.tree import Frontier, leaf_hash
from governance.verifier.webauthn import Assertion, challenge_for, verify_assertion
from tests.certified import certificate
from watchlist.sealing import merkle

# Domain 8.4, two-sided 95 %, as published there.
VECTORS = [
    (10, 3_147_436, 1.52e-6, 5.84e-6),
    (10, 2_077, 0.00231, 0.00884),
    (1, 383_356, 6.6e-8, 1.45e-5),
    (1, 470_000, 5.39e-8, 1.19e-5),
    (8, 10, 0.444, 0.975),
    (3_560, 4_000, 0.880, 0.900),
    (0, 9_913, 0.0, 0.00037),
]


@pytest.mark.parametrize(("k", "n", "low", "high"), VECTORS)
def test_intervals_are_the_published_ones(k: int, n: int, low: float, high: float) -> None:
    assert clopper_pearson(k, n) == pytest.approx((low, high), rel=6e-3, abs=5e-9)


@given(st.integers(0, 5_000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_intervals_agree_with_scipy(k_of_n: tuple[int, int]) -> None:
    k, n = k_of_n
    expected = (0.0 if k == 0 else beta.ppf(0.025, k, n - k + 1), 1.0 if k == n else beta.ppf(0.975, k + 1, n - k))
    assert clopper_pearson(k, n) == pytest.approx(expected, rel=1e-8)


def test_an_impossible_proportion_has_no_interval() -> None:
    with pytest.raises(ValueError, match="no proportion"):
        clopper_pearson(2, 1)


def test_reader_and_writer_know_the_same_catalogue() -> None:
    assert {name: (body.op.value, frozenset(body.model_fields)) for name, body in written.CATALOGUE.items()} == read.CATALOGUE


@given(st.lists(st.binary(max_size=20), max_size=70))
def test_the_streamed_root_is_the_writers_root(entries: list[bytes]) -> None:
    frontier = Frontier()
    for entry in entries:
        frontier.add(leaf_hash(entry))
    assert frontier.root() == merkle.root([merkle.leaf_hash(entry) for entry in entries])


def test_checkpoints_of_the_writer_open_and_altered_ones_do_not() -> None:
    log, witness = Signer("example/log", Ed25519PrivateKey.generate()), Cosigner("example/w", Ed25519PrivateKey.generate())
    text = Checkpoint("example/log", 7, bytes(32)).text
    note = log.sign(text) + witness.cosign(text, 1_700_000_000)
    keys = parse_vkey(log.vkey, kind=LOG_KEY), [parse_vkey(witness.vkey, kind=WITNESS_KEY)]
    opened = open_checkpoint(note, *keys)
    assert (opened.size, opened.root, list(opened.cosigned_s.values())) == (7, bytes(32), [1_700_000_000])
    for altered in (
        note.replace("\n7\n", "\n8\n"),
        note.replace("\n7\n", "\n07\n"),
        note.replace("example/log\n7", "example/log\n7\nmore"),
        note[:-30] + note[-29:],
        note.rstrip("\n"),
        text,
        "",
    ):
        with pytest.raises(Failed):
            open_checkpoint(altered, *keys)
    with pytest.raises(Failed, match="not the key of a witness"):
        parse_vkey(log.vkey, kind=WITNESS_KEY)


class Authenticator:
    """Makes assertions with any part changed, ES256 or EdDSA."""

    def __init__(self, *, eddsa: bool = False) -> None:
        self.key = Ed25519PrivateKey.generate() if eddsa else ec.generate_private_key(ec.SECP256R1())
        self.spki = self.key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)

    def sign(self, document: bytes, **changed: object) -> Assertion:
        rp_id, flags = str(changed.get("rp_id", "localhost")), int(str(changed.get("flags", 5)))
        challenge = challenge_for(str(changed.get("action", "authorise")), document)
        client = {
            "type": changed.get("type", "webauthn.get"),
            "challenge": base64.urlsafe_b64encode(challenge).rstrip(b"=").decode(),
            "origin": changed.get("origin", "http://localhost:5000"),
            "crossOrigin": changed.get("cross", False),
        }
        client_data = json.dumps(client).encode()
        data = hashlib.sha256(rp_id.encode()).digest() + bytes([flags]) + b"\0\0\0\0"
        message = data + hashlib.sha256(client_data).digest()
        signed = self.key.sign(message) if isinstance(self.key, Ed25519PrivateKey) else self.key.sign(message, ec.ECDSA(SHA256()))
        return Assertion(client_data, data, signed)


def _check(assertion: Assertion, spki: bytes, document: bytes = b"document") -> None:
    verify_assertion(assertion, challenge_for("authorise", document), spki, rp_id="localhost", origins=("http://localhost:5000",))


@pytest.mark.parametrize("eddsa", [False, True])
def test_an_assertion_over_the_document_holds_and_over_another_does_not(eddsa: bool) -> None:
    authenticator = Authenticator(eddsa=eddsa)
    assertion = authenticator.sign(b"document")
    _check(assertion, authenticator.spki)
    with pytest.raises(Failed, match="another document"):
        _check(assertion, authenticator.spki, b"document with one more person")
    with pytest.raises(Failed, match="does not hold"):
        _check(assertion, Authenticator(eddsa=eddsa).spki)
    altered = assertion.signature[:-1] + bytes([assertion.signature[-1] ^ 1])
    with pytest.raises(Failed, match="does not hold"):
        _check(Assertion(assertion.client_data, assertion.authenticator_data, altered), authenticator.spki)


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"action": "publish"}, "another document or for another action"),
        ({"type": "webauthn.create"}, "webauthn.get"),
        ({"origin": "https://evil.example"}, "page that the roster does not name"),
        ({"cross": True}, "another site's frame"),
        ({"rp_id": "evil.example"}, "another relying party"),
        ({"flags": 4}, "nobody was present"),
        ({"flags": 1}, "did not verify its user"),
    ],
)
def test_an_assertion_made_otherwise_does_not_count(changed: dict[str, object], why: str) -> None:
    authenticator = Authenticator()
    with pytest.raises(Failed, match=why):
        _check(authenticator.sign(b"document", **changed), authenticator.spki)


def test_cut_authenticator_data_and_other_keys_do_not_count() -> None:
    authenticator = Authenticator()
    good = authenticator.sign(b"document")
    with pytest.raises(Failed, match="cut short"):
        _check(Assertion(good.client_data, good.authenticator_data[:36], good.signature), authenticator.spki)
    p384 = ec.generate_private_key(ec.SECP384R1()).public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    with pytest.raises(Failed, match="neither ES256 nor EdDSA"):
        _check(good, p384)
    with pytest.raises(Failed):
        _check(good, b"no key")


@pytest.mark.parametrize("data", [b"", b"[]", b'{"a":1,"a":2}', b'{"a":NaN}', b'{"a":' + b"[" * 100_000, b"\xff", b'{"a":{"b":1,"b":1}}'])
def test_json_with_two_readings_is_refused(data: bytes) -> None:
    with pytest.raises(Failed, match="JSON"):
        parse_json(data)


@pytest.mark.parametrize("text", ["YQ", "YQ==\n", "YR==", "Y Q==", "YQ=", "é"])
def test_base64_has_one_spelling(text: str) -> None:
    with pytest.raises(Failed):
        base64_bytes(text)


@pytest.mark.parametrize("text", ["YQ==", "YR", "+A", "é"])
def test_base64url_has_one_spelling(text: str) -> None:
    with pytest.raises(Failed):
        base64url_bytes(text)


def _entry(**changed: object) -> bytes:
    event = {
        "v": 1,
        "id": "1",
        "type": "matching.paused",
        "op": "pause",
        "at": "2026-12-05T10:00:00.000Z",
        "actor": "p",
        "role": "operator",
        "subject": "none",
        "justification": "crowd",
        "deployment": "d",
        "authority": None,
        "profile": "p",
        "mode": "demonstration",
        "principles": [],
        "rule_ids": [],
        "objects": [],
        "recipients": [],
        "body": {"reason": "crowd"},
    }
    return json.dumps({**event, **changed}).encode()


def test_an_entry_outside_the_catalogue_is_found() -> None:
    assert read.read_event(_entry(), 3).index == 3
    consultation = {"type": "alert.shown", "op": "consultation", "body": {"alert_id": "a"}}
    for changed in (
        {"type": "matching.forgotten"},
        {"op": "stop"},
        {"mode": "secret"},
        {"v": 2},
        {"body": {}},
        {"body": {"reason": "x", "name": "Ann"}},
        {"face": "x"},
        {"at": "2026-12-05T10:00:00Z"},
        {"at": "2026-13-05T10:00:00.000Z"},
        {"objects": [1]},
        {"deployment": 1},
        {**consultation, "justification": " "},
    ):
        with pytest.raises(Failed):
            read.read_event(_entry(**changed), 0)
    with pytest.raises(Failed, match="more than"):
        read.read_event(_entry(justification="x" * 20_000), 0)


def _for_real(**changes: object) -> dict[str, Any]:
    """The body of a certificate that real use may rest on, with these changes."""
    groups = tuple(
        GroupRate(attribute=name, group=group, recognised_k=90, recognised_n=100, false_k=0, false_n=5000)
        for name in ("sex", "ethnicity", "age")
        for group in ("one", "other")
    )
    told: dict[str, Any] = certificate(groups=groups).model_dump(mode="json")
    return {**told, **changes}


_BAND = {"k": 0, "n": 4000, "expected": "0.0", "low": "0.0", "high": "0.0009", "method": "m", "extrapolated": False}
_ALONE = [{"attribute": "sex", "group": "one", "recognised_k": 1, "recognised_n": 2, "false_k": 0, "false_n": 9000}]


def test_R37_what_an_operational_deployment_may_rest_on() -> None:
    require_real_use(_for_real(), {"false_alerts": None}, True)
    require_real_use(_for_real(), {"false_alerts": _BAND}, True)


@pytest.mark.parametrize(
    ("changes", "band", "independent", "why"),
    [
        ({}, None, False, "not independent"),
        ({"licence": {"use": "research", "statement": "", "checked": ""}}, None, True, "research use only"),
        ({"groups": []}, None, True, "no two groups apart by sex"),
        ({"groups": _ALONE}, None, True, "no two groups apart by sex"),
        ({}, {**_BAND, "high": "0.0011"}, True, "0.1 % of passages, which is the cap"),
        ({}, {**_BAND, "high": "nan"}, True, "0.1 % of passages, which is the cap"),
        ({}, {**_BAND, "k": 3}, True, "0.1 % of passages, which is the cap"),
    ],
)
def test_R27_R37_R38_R98_what_it_may_not(changes: dict[str, Any], band: dict[str, Any] | None, independent: bool, why: str) -> None:
    with pytest.raises(Failed, match=why):
        require_real_use(_for_real(**changes), {"false_alerts": band}, independent)
