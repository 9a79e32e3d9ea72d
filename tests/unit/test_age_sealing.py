"""Sealing to a one-use key: only that key opens it, and a changed byte or a wrong passphrase opens nothing (R31)."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lfr_engine.errors import BadInput, VerificationFailed
from watchlist.sealing import age

SECRET, RECIPIENT = age.new_identity()
CIPHER = age.encrypt(b"the list", RECIPIENT)


def test_the_units_own_key_opens_it() -> None:
    assert age.decrypt(CIPHER, SECRET) == b"the list"
    assert b"the list" not in CIPHER


def test_another_units_key_does_not_open_it() -> None:
    other, _ = age.new_identity()
    with pytest.raises(VerificationFailed) as caught:
        age.decrypt(CIPHER, other)
    assert caught.value.rule_ids == ("R31",)


@given(st.integers(0, len(CIPHER) - 1), st.integers(1, 255))
def test_one_changed_byte_and_it_does_not_open(place: int, flip: int) -> None:
    changed = bytearray(CIPHER)
    changed[place] ^= flip
    with pytest.raises(VerificationFailed):
        age.decrypt(bytes(changed), SECRET)


@given(st.integers(0, len(CIPHER) - 1))
def test_a_truncated_cipher_does_not_open(size: int) -> None:
    with pytest.raises(VerificationFailed):
        age.decrypt(CIPHER[:size], SECRET)


@settings(max_examples=40)
@given(st.text(max_size=80))
def test_what_is_no_recipient_is_bad_input(text: str) -> None:
    with pytest.raises(BadInput):
        age.encrypt(b"x", text)


def test_what_is_no_identity_opens_nothing() -> None:
    for text in ("", RECIPIENT, SECRET[:-1], SECRET.lower() + "x"):
        with pytest.raises(VerificationFailed):
            age.decrypt(CIPHER, text)


def test_the_wrapped_key_opens_with_its_passphrase_and_no_other() -> None:
    """Each try costs a second on purpose (scrypt), so there are few here."""
    wrapped = age.wrap(SECRET, "four random words here")
    assert SECRET.encode() not in wrapped
    assert age.unwrap(wrapped, "four random words here") == SECRET
    with pytest.raises(VerificationFailed):
        age.unwrap(wrapped, "four random words Here")
