"""One shape for every signed object: nothing unknown, nothing coerced, nothing above its ceiling."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from governance.messages.authority import Place, Window
from governance.messages.bundle import UnitKey
from governance.messages.certificate import Certificate
from governance.messages.payload import Body, Mode, compose, opened, parse, signed
from lfr_engine.clock import Clock
from lfr_engine.errors import BadInput, VerificationFailed
from tests.certified import band, certificate
from watchlist.sealing import dsse
from watchlist.sealing.keys import SigningKey

CLOCK = Clock(sim_start=datetime(2026, 12, 5, 10, tzinfo=UTC), sim_rate=0.0)
KEY = UnitKey(deployment_id="dep-1", unit_id="unit-1", recipient="age1abc", created_at="2026-12-05T09:00:00.000Z")
CERTIFICATE = certificate(bands=(band(100, "0.60"), band(20, "0.55")))


def told(body: Body, **changes: Any) -> bytes:
    """The payload with fields changed by path, `body.unit_id` style."""
    fields = json.loads(compose(body, clock=CLOCK, mode=Mode.DEMONSTRATION, profile="uk-app-2022", rule_ids=("R1",)))
    for path, value in changes.items():
        *parents, last = path.split("__")
        place = fields
        for parent in parents:
            place = place[int(parent)] if parent.isdigit() else place[parent]
        if value is ...:
            del place[last]
        else:
            place[last] = value
    return json.dumps(fields).encode()


def test_the_unchanged_payload_is_read_and_has_the_documented_fields() -> None:
    payload = told(KEY)
    assert list(json.loads(payload)) == ["type", "v", "id", "issued_at", "mode", "profile", "rule_ids", "body"]
    read = parse(payload, UnitKey)
    assert (read.body, read.mode, read.issued_at) == (KEY, Mode.DEMONSTRATION, "2026-12-05T10:00:00.000Z")


WRONG: dict[str, dict[str, Any]] = {
    "an unknown field": {"extra": 1},
    "an unknown field in the body": {"body__extra": 1},
    "a missing field": {"profile": ...},
    "a missing field in the body": {"body__recipient": ...},
    "a later version": {"v": 2},
    "a version as text": {"v": "1"},
    "a version as a boolean": {"v": True},
    "another type": {"type": "bundle"},
    "a mode nobody knows": {"mode": "training"},
    "a mode in capitals": {"mode": "DEMONSTRATION"},
    "a number where text belongs": {"body__unit_id": 7},
    "null where text belongs": {"body__unit_id": None},
    "an id that climbs folders": {"body__unit_id": "../unit-2"},
    "an id with a newline at its end": {"body__unit_id": "unit-1\n"},
    "an id of 81 characters": {"body__unit_id": "u" * 81},
    "a time without milliseconds": {"body__created_at": "2026-12-05T09:00:00Z"},
    "a time with an offset": {"body__created_at": "2026-12-05T09:00:00.000+00:00"},
    "a time that does not exist": {"body__created_at": "2026-02-30T09:00:00.000Z"},
    "a time as a week": {"body__created_at": "2026-W49-6T09:00:00.000Z"},
    "a rule id that is none": {"rule_ids": ["rule one"]},
    "a rule id in another script's digits": {"rule_ids": ["R١"]},
    "rule ids as one text": {"rule_ids": "R1"},
    "a text longer than a line": {"body__recipient": "a" * 301},
}


@pytest.mark.parametrize("what", WRONG)
def test_what_is_not_exactly_the_shape_is_bad_input(what: str) -> None:
    with pytest.raises(BadInput):
        parse(told(KEY, **WRONG[what]), UnitKey)


@pytest.mark.parametrize("threshold", [0.6, 6, "0.6e0", ".6", "0.", "1", "+0.60", " 0.60", "0.60\n", "٠.٦٠", "0.1234567890", "NaN", ""])
def test_a_threshold_is_a_plain_decimal_string_and_nothing_else(threshold: object) -> None:
    with pytest.raises(BadInput):
        parse(told(CERTIFICATE, body__bands__0__threshold=threshold), Certificate)


def test_the_threshold_is_that_of_the_smallest_band_the_list_fits() -> None:
    assert [CERTIFICATE.threshold_for(size) for size in (1, 20, 21, 100, 101)] == ["0.55", "0.55", "0.60", "0.60", None]


def test_an_object_is_not_read_as_one_of_another_class() -> None:
    with pytest.raises(BadInput):
        parse(told(KEY), Certificate)


def test_a_payload_above_its_own_types_ceiling_is_refused_before_it_is_parsed() -> None:
    with pytest.raises(BadInput, match="above its limit of 262144"):
        parse(b"x" * (UnitKey.max_bytes + 1), UnitKey)


def test_the_ceiling_holds_for_the_envelope_too() -> None:
    key = SigningKey.generate()
    long = dsse.sign(b" " * (UnitKey.max_bytes * 2), UnitKey.media_type(), key)
    with pytest.raises(BadInput, match="above the limit"):
        opened(long, UnitKey, [key.public])


@pytest.mark.parametrize("content", [b"", b"{}", b"[]", b"null", b"\xff", b"[" * 50_000])
def test_what_is_no_object_at_all_is_bad_input(content: bytes) -> None:
    with pytest.raises(BadInput):
        parse(content, UnitKey)


def test_nothing_is_parsed_before_its_signature_holds() -> None:
    key = SigningKey.generate()
    with pytest.raises(VerificationFailed):
        opened(dsse.sign(b"no JSON at all", UnitKey.media_type(), key), UnitKey, [SigningKey.generate().public])
    with pytest.raises(BadInput):
        opened(dsse.sign(b"no JSON at all", UnitKey.media_type(), key), UnitKey, [key.public])


def test_a_signed_object_opens_to_what_was_composed() -> None:
    key = SigningKey.generate()
    envelope = signed(CERTIFICATE, key, clock=CLOCK, mode=Mode.EXERCISE, profile="uk-app-2022")
    assert opened(envelope, Certificate, [key.public]).body == CERTIFICATE
    assert opened(envelope, Certificate, [key.public]).mode is Mode.EXERCISE


def _place(*points: tuple[float, float]) -> Place:
    return Place(name="n", location_type="t", polygon=points, justification="j", intelligence_ref="i")


def test_a_place_is_a_closed_ring_on_this_world() -> None:
    ring = ((-3.18, 51.48), (-3.17, 51.48), (-3.17, 51.49), (-3.18, 51.48))
    assert _place(*ring).polygon == ring
    nan = float("nan")
    for wrong in (ring[:3], (*ring[:3], (0.0, 0.0)), ((181.0, 0.0), *ring[1:3], (181.0, 0.0)), ((0.0, nan), *ring[1:3], (0.0, nan))):
        with pytest.raises(ValueError):
            _place(*wrong)


def test_a_window_ends_after_it_starts() -> None:
    for end in ("2026-12-05T10:00:00.000Z", "2026-12-05T09:59:59.999Z"):
        with pytest.raises(ValueError):
            Window(start="2026-12-05T10:00:00.000Z", end=end)
