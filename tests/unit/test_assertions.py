"""A person's assertion holds for this document, this action, this origin, this key, with the person verified; for nothing else."""

import base64
import hashlib
import json
from collections.abc import Callable
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from hypothesis import given, settings
from hypothesis import strategies as st

from governance.assertions import check_assertion, refuse_software_key
from governance.authenticator import SoftwareAuthenticator, b64url
from governance.messages.decision import Action, Assertion, challenge_for
from governance.messages.roster import Authenticator, Credential, Person, Rank, Roster
from lfr_engine.errors import Refused, VerificationFailed
from tests.unit_world import World

DOCUMENT = b'{"type":"authority"}'
RP_ID, ORIGIN = "localhost", "http://localhost:8080"
KEY, OTHER_KEY = SoftwareAuthenticator.generate("ao-01"), SoftwareAuthenticator.generate("eo-01")
ROSTER: Roster = World()._roster().model_copy(update={"rp_id": RP_ID, "origins": (ORIGIN, "http://localhost:8081")})


def person(*credentials: Credential, person_id: str = "ao-01") -> Person:
    return Person(
        person_id=person_id,
        name="N",
        rank=Rank.SUPERINTENDENT,
        roles=(),
        credentials=credentials,
        enrolled_by=("a", "b"),
        valid_from="2026-01-01T00:00:00.000Z",
        valid_to="2027-01-01T00:00:00.000Z",
    )


OFFICER = person(KEY.credential)


def made(
    *,
    client: Callable[[dict[str, Any]], None] = lambda _fields: None,
    rp_id: str = RP_ID,
    flags: int = 0x05,
    counter: int = 0,
    key: SoftwareAuthenticator = KEY,
    action: Action = Action.AUTHORISE,
    document: bytes = DOCUMENT,
) -> Assertion:
    """A truly signed assertion in which one thing may be wrong."""
    fields = {"type": "webauthn.get", "challenge": b64url(challenge_for(action, document)), "origin": ORIGIN, "crossOrigin": False}
    client(fields)
    client_data = json.dumps(fields).encode()
    data = hashlib.sha256(rp_id.encode()).digest() + bytes([flags]) + counter.to_bytes(4, "big")
    signature = key.private.sign(data + hashlib.sha256(client_data).digest(), ec.ECDSA(hashes.SHA256()))
    return Assertion(
        person_id="ao-01",
        credential_id=KEY.credential.credential_id,
        client_data_json=b64url(client_data),
        authenticator_data=b64url(data),
        signature=b64url(signature),
    )


def check(
    assertion: Assertion, *, document: bytes = DOCUMENT, action: Action = Action.AUTHORISE, officer: Person = OFFICER
) -> Authenticator:
    return check_assertion(assertion, action, document, person=officer, roster=ROSTER)


def test_a_true_assertion_holds_and_says_what_holds_the_key() -> None:
    assert check(made()) is Authenticator.SOFTWARE
    assert check(KEY.sign(Action.AUTHORISE, DOCUMENT, rp_id=RP_ID, origin="http://localhost:8081")) is Authenticator.SOFTWARE


WRONG: dict[str, Callable[[], Assertion]] = {
    "another origin": lambda: made(client=lambda fields: fields.update(origin="http://localhost.evil.example")),
    "the origin with a path": lambda: made(client=lambda fields: fields.update(origin=ORIGIN + "/")),
    "another port": lambda: made(client=lambda fields: fields.update(origin="http://localhost:9999")),
    "a registration instead of an assertion": lambda: made(client=lambda fields: fields.update(type="webauthn.create")),
    "no challenge": lambda: made(client=lambda fields: fields.pop("challenge")),
    "an empty challenge": lambda: made(client=lambda fields: fields.update(challenge="")),
    "client data that is a list": lambda: made().model_copy(update={"client_data_json": b64url(b"[]")}),
    "another relying party": lambda: made(rp_id="localhost.evil.example"),
    "the person not verified": lambda: made(flags=0x01),
    "the person not present": lambda: made(flags=0x04),
    "neither": lambda: made(flags=0x00),
    "another document": lambda: made(document=DOCUMENT + b" "),
    "another action": lambda: made(action=Action.SEAL),
    "another person's key": lambda: made(key=OTHER_KEY),
    "no signature": lambda: made().model_copy(update={"signature": ""}),
    "short authenticator data": lambda: made().model_copy(update={"authenticator_data": b64url(b"x" * 36)}),
    "flags that promise more than is there": lambda: made(flags=0xC5),
    "base64 that is none": lambda: made().model_copy(update={"client_data_json": "a"}),
}


@pytest.mark.parametrize("what", WRONG)
def test_an_assertion_with_one_thing_wrong_does_not_hold(what: str) -> None:
    with pytest.raises(VerificationFailed):
        check(WRONG[what]())


def test_a_document_altered_after_the_assertion_does_not_hold() -> None:
    for altered in (DOCUMENT[:-1], DOCUMENT + b"\n", DOCUMENT.replace(b"authority", b"autHority")):
        with pytest.raises(VerificationFailed) as caught:
            check(made(), document=altered)
        assert "decide again" in caught.value.next_step


@pytest.mark.parametrize("action", [action for action in Action if action is not Action.AUTHORISE])
def test_an_assertion_serves_for_its_own_action_only(action: Action) -> None:
    with pytest.raises(VerificationFailed):
        check(made(), action=action)


def test_the_challenge_is_the_documented_one() -> None:
    expected = hashlib.sha256(b"lawful-lfr/assert/v1\nauthorise\n" + hashlib.sha256(DOCUMENT).digest()).digest()
    assert challenge_for(Action.AUTHORISE, DOCUMENT) == expected


def test_a_credential_of_another_person_does_not_speak_for_this_one() -> None:
    theirs = OTHER_KEY.sign(Action.AUTHORISE, DOCUMENT, rp_id=RP_ID, origin=ORIGIN)
    with pytest.raises(VerificationFailed):
        check(theirs)
    with pytest.raises(VerificationFailed):
        check(theirs.model_copy(update={"person_id": "ao-01"}))
    with pytest.raises(VerificationFailed):
        check(made().model_copy(update={"person_id": "eo-01"}))
    with pytest.raises(VerificationFailed):
        check(made(), officer=person(KEY.credential, person_id="eo-01"))


def test_a_key_that_left_the_roster_does_not_hold_any_more() -> None:
    with pytest.raises(VerificationFailed):
        check(made(), officer=person())
    with pytest.raises(VerificationFailed):
        check(made(), officer=person(OTHER_KEY.credential))


def test_a_counter_need_not_rise() -> None:
    for counter in (0, 5, 5, 3, 0):
        check(made(counter=counter))


def test_ed25519_credentials_are_checked_too_and_other_curves_refused() -> None:
    key = ed25519.Ed25519PrivateKey.generate()
    fields = {"type": "webauthn.get", "challenge": b64url(challenge_for(Action.AUTHORISE, DOCUMENT)), "origin": ORIGIN}
    client_data = json.dumps(fields).encode()
    data = hashlib.sha256(RP_ID.encode()).digest() + b"\x05" + bytes(4)
    assertion = Assertion(
        person_id="ao-01",
        credential_id="AAAA",
        client_data_json=b64url(client_data),
        authenticator_data=b64url(data),
        signature=b64url(key.sign(data + hashlib.sha256(client_data).digest())),
    )

    def officer(public: ed25519.Ed25519PublicKey | ec.EllipticCurvePublicKey) -> Person:
        spki = public.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
        text = base64.b64encode(spki).decode()
        return person(Credential(credential_id="AAAA", spki=text, authenticator=Authenticator.PASSKEY))

    assert check(assertion, officer=officer(key.public_key())) is Authenticator.PASSKEY
    with pytest.raises(VerificationFailed):
        check(assertion, officer=officer(ed25519.Ed25519PrivateKey.generate().public_key()))
    with pytest.raises(VerificationFailed):
        check(assertion, officer=officer(ec.generate_private_key(ec.SECP384R1()).public_key()))


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(["client_data_json", "authenticator_data", "signature"]), st.binary(max_size=120))
def test_arbitrary_bytes_from_a_browser_never_hold_and_never_crash(part: str, content: bytes) -> None:
    with pytest.raises(VerificationFailed):
        check(made().model_copy(update={part: b64url(content)}))


@settings(max_examples=150, deadline=None)
@given(st.integers(0, 255), st.binary(max_size=90))
def test_arbitrary_extensions_behind_true_flags_never_crash(flags: int, rest: bytes) -> None:
    data = hashlib.sha256(RP_ID.encode()).digest() + bytes([flags]) + bytes(4) + rest
    with pytest.raises(VerificationFailed):
        check(made().model_copy(update={"authenticator_data": b64url(data)}))


def test_a_software_key_is_refused_where_it_is_in_earnest() -> None:
    refuse_software_key(Authenticator.PASSKEY)
    with pytest.raises(Refused) as caught:
        refuse_software_key(Authenticator.SOFTWARE)
    assert caught.value.rule_ids == ("R33",)
