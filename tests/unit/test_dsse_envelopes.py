"""DSSE over exact bytes: any change, any trick with signatures, and nothing is returned."""

import base64
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lfr_engine.errors import BadInput, LfrError, VerificationFailed
from watchlist.sealing import dsse
from watchlist.sealing.keys import SigningKey

TYPE = "application/vnd.lawful-lfr.authority.v1+json"
OTHER_TYPE = "application/vnd.lawful-lfr.bundle.v1+json"
PAYLOAD = b'{"type":"authority","threshold":"0.94"}'
A, B, C = (SigningKey.generate() for _ in range(3))
KEYS = [A.public, B.public, C.public]
SIGNED = dsse.sign(PAYLOAD, TYPE, A)


def altered(envelope: bytes = SIGNED, **fields: Any) -> bytes:
    return json.dumps({**json.loads(envelope), **fields}).encode()


def test_the_exact_payload_comes_back() -> None:
    assert dsse.verify(SIGNED, TYPE, [A.public]) == PAYLOAD
    assert dsse.unverified_payload(SIGNED, TYPE) == PAYLOAD


@given(st.integers(0, len(PAYLOAD) - 1), st.integers(1, 255))
def test_one_altered_byte_of_the_payload_breaks_the_signature(place: int, flip: int) -> None:
    changed = bytearray(PAYLOAD)
    changed[place] ^= flip
    with pytest.raises(VerificationFailed):
        dsse.verify(altered(payload=base64.b64encode(changed).decode()), TYPE, KEYS)


@given(st.integers(0, len(SIGNED) - 1), st.integers(1, 255))
def test_one_altered_byte_anywhere_is_an_error_of_ours_or_changes_nothing_that_counts(place: int, flip: int) -> None:
    changed = bytearray(SIGNED)
    changed[place] ^= flip
    with pytest.raises((BadInput, VerificationFailed)):
        dsse.verify(bytes(changed), TYPE, KEYS)


def test_an_object_of_another_type_is_not_taken_even_when_well_signed() -> None:
    with pytest.raises(BadInput, match="a authority was expected, this is a bundle"):
        dsse.verify(dsse.sign(PAYLOAD, OTHER_TYPE, A), TYPE, KEYS)


def test_relabelling_the_type_breaks_the_signature() -> None:
    with pytest.raises(VerificationFailed):
        dsse.verify(altered(payloadType=OTHER_TYPE), OTHER_TYPE, KEYS)


def test_two_signatures_by_the_same_key_do_not_make_two_signers() -> None:
    one = json.loads(SIGNED)["signatures"][0]
    with pytest.raises(BadInput):
        dsse.verify(altered(signatures=[one, one]), TYPE, KEYS, threshold=2)


def test_the_same_signature_under_another_keys_id_does_not_make_two_signers() -> None:
    one = json.loads(SIGNED)["signatures"][0]
    for keyid in (B.keyid, "", A.keyid.upper()):
        with pytest.raises(VerificationFailed):
            dsse.verify(altered(signatures=[one, {**one, "keyid": keyid}]), TYPE, KEYS, threshold=2)


def test_naming_the_same_key_twice_as_accepted_does_not_make_two_signers() -> None:
    with pytest.raises(VerificationFailed):
        dsse.verify(SIGNED, TYPE, [A.public, A.public], threshold=2)


@pytest.mark.parametrize(("signers", "threshold", "holds"), [((A,), 1, True), ((A,), 2, False), ((A, B), 2, True), ((A, B), 3, False)])
def test_the_threshold_counts_different_keys(signers: tuple[SigningKey, ...], threshold: int, holds: bool) -> None:
    envelope = dsse.sign(PAYLOAD, TYPE, *signers)
    if holds:
        assert dsse.verify(envelope, TYPE, KEYS, threshold=threshold) == PAYLOAD
        return
    with pytest.raises(VerificationFailed):
        dsse.verify(envelope, TYPE, KEYS, threshold=threshold)


def test_a_countersignature_is_over_the_same_bytes_and_adds_a_signer() -> None:
    assert dsse.verify(dsse.countersign(SIGNED, TYPE, B), TYPE, KEYS, threshold=2) == PAYLOAD


def test_a_stranger_signing_too_takes_nothing_away() -> None:
    stranger = SigningKey.generate()
    assert dsse.verify(dsse.countersign(SIGNED, TYPE, stranger), TYPE, KEYS) == PAYLOAD
    with pytest.raises(VerificationFailed):
        dsse.verify(dsse.sign(PAYLOAD, TYPE, stranger), TYPE, KEYS)


@pytest.mark.parametrize("threshold", [0, -1])
def test_a_threshold_below_one_is_refused(threshold: int) -> None:
    with pytest.raises(VerificationFailed):
        dsse.verify(SIGNED, TYPE, KEYS, threshold=threshold)


def test_nobody_accepted_means_nothing_verified() -> None:
    with pytest.raises(VerificationFailed):
        dsse.verify(SIGNED, TYPE, [])


def _unpadded(text: str) -> str:
    return text.rstrip("=")


def _loose_bits(text: str) -> str:
    """Another spelling of the same bytes: the unused bits of the last character set."""
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    body, padding = text.rstrip("="), text[len(text.rstrip("=")) :]
    assert padding
    return body[:-1] + alphabet[alphabet.index(body[-1]) + 1] + padding


@pytest.mark.parametrize("respell", [_unpadded, _loose_bits, lambda text: text + "\n", lambda text: " " + text])
def test_base64_has_one_spelling(respell: Any) -> None:
    envelope = dsse.sign(PAYLOAD + b" " * (2 - len(PAYLOAD) % 3 + 2), TYPE, A)
    fields = json.loads(envelope)
    assert fields["payload"].endswith("=")
    for changed in (
        {"payload": respell(fields["payload"])},
        {"signatures": [{**fields["signatures"][0], "sig": respell(fields["signatures"][0]["sig"])}]},
    ):
        with pytest.raises(BadInput):
            dsse.verify(altered(envelope, **changed), TYPE, KEYS)


def test_url_safe_base64_is_not_a_second_spelling() -> None:
    payload = b"\xfb\xff" * 6
    envelope = dsse.sign(payload, TYPE, A)
    safe = base64.urlsafe_b64encode(payload).decode()
    assert safe != json.loads(envelope)["payload"]
    with pytest.raises(BadInput):
        dsse.verify(altered(envelope, payload=safe), TYPE, KEYS)


def test_an_envelope_above_its_ceiling_is_refused_before_it_is_parsed() -> None:
    with pytest.raises(BadInput, match="above the limit of 100"):
        dsse.verify(b"{" * 101, TYPE, KEYS, max_bytes=100)


def test_more_signatures_than_anyone_needs_are_refused() -> None:
    one = json.loads(SIGNED)["signatures"][0]
    many = [{**one, "keyid": f"{number:064x}"} for number in range(dsse.MAX_SIGNATURES)]
    with pytest.raises(BadInput):
        dsse.verify(altered(signatures=[*many, one]), TYPE, KEYS)
    assert dsse.verify(altered(signatures=[*many[:-1], one]), TYPE, KEYS) == PAYLOAD


NO_ENVELOPES: dict[str, bytes] = {
    "nothing": b"",
    "no JSON": b"\xff\xfe",
    "deep nesting": b"[" * 100_000,
    "a list": b"[]",
    "a number": b"1",
    "no signatures": altered(signatures=[]),
    "signatures as an object": altered(signatures={"0": json.loads(SIGNED)["signatures"][0]}),
    "signatures as text": altered(signatures="ab"),
    "a signature without keyid": altered(signatures=[{"sig": json.loads(SIGNED)["signatures"][0]["sig"]}]),
    "a keyid that is a list": altered(signatures=[{**json.loads(SIGNED)["signatures"][0], "keyid": []}]),
    "a payload that is a number": altered(payload=7),
    "a type that is a number": altered(payloadType=7),
    "a field too many": altered(extra=1),
    "no payload": json.dumps({"payloadType": TYPE, "signatures": []}).encode(),
}


@pytest.mark.parametrize("what", NO_ENVELOPES)
def test_what_is_no_envelope_is_bad_input(what: str) -> None:
    with pytest.raises(BadInput):
        dsse.verify(NO_ENVELOPES[what], TYPE, KEYS)


@given(st.binary(max_size=300))
def test_arbitrary_bytes_raise_only_our_errors(content: bytes) -> None:
    with pytest.raises(LfrError):
        dsse.verify(content, TYPE, KEYS)
