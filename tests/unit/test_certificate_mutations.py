"""R35, R37-R39, R99: each field of a certificate and each part of a pipeline altered, one at a time; the gate refuses, the control passes.

Two attackers. One alters a signed certificate: no field may be touched at all. The other is the test body itself, or somebody
with its key: what it signs anew is believed, except where it contradicts what runs here; the fields that it may freely change
are listed with the reason why that is its business.
"""

import base64
import json
from collections.abc import Iterator
from typing import Any

import pytest

from governance.messages.certificate import CameraClass, Evidence, RunLine
from governance.messages.model import ModelState
from governance.messages.payload import Mode, compose, digest_of
from lfr_engine.errors import Refused
from mobile_unit.gate.passing import gate
from tests.certified import FACTS, RESULT, certificate, evidence, standing
from tests.unit_world import Case, World
from watchlist.sealing import dsse

Path = tuple[str | int, ...]
_CERTIFICATE = "application/vnd.lawful-lfr.certificate.v1+json"


def refused(case: Case) -> tuple[str, ...]:
    with pytest.raises(Refused) as caught:
        gate(case.presented, case.remembered, case.measured, case.confirmed)
    return caught.value.rule_ids


def passes(case: Case) -> None:
    gate(case.presented, case.remembered, case.measured, case.confirmed)


def leaves(value: Any, path: Path = ()) -> Iterator[Path]:
    """Every single value in a JSON document, by its place."""
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else None
    if inside is None:
        yield path
        return
    for name, one in inside:
        yield from leaves(one, (*path, name))


def altered(document: Any, path: Path) -> Any:
    """The document with one value changed into another of its kind."""
    changed = json.loads(json.dumps(document))
    place = changed
    for part in path[:-1]:
        place = place[part]
    place[path[-1]] = other(place[path[-1]])
    return changed


def other(value: Any) -> Any:
    if isinstance(value, bool):
        return not value
    if isinstance(value, int | float):
        return value + 1
    if value is None:
        return digest_of(b"something")
    text = str(value)
    digits = [place for place, letter in enumerate(text) if letter.isdigit()]
    if not digits:
        return text + "x"
    last = digits[-1]
    return text[:last] + ("1" if text[last] != "1" else "2") + text[last + 1 :]


def envelope_of(world: World, payload: Any, *, signed_anew: bool, original: bytes) -> bytes:
    content = json.dumps(payload, separators=(",", ":")).encode()
    if signed_anew:
        return dsse.sign(content, _CERTIFICATE, world.tester)
    outer = json.loads(original)
    return json.dumps({**outer, "payload": base64.b64encode(content).decode()}).encode()


def payload_of(envelope: bytes) -> Any:
    return json.loads(base64.b64decode(json.loads(envelope)["payload"]))


EXAMPLE = json.loads(compose(certificate(), clock=World().clock, mode=Mode.DEMONSTRATION, profile="uk-app-2022"))
FIELDS = list(leaves(EXAMPLE))


@pytest.mark.parametrize("path", FIELDS, ids=lambda path: ".".join(map(str, path)))
def test_no_field_of_a_signed_certificate_can_be_altered(path: Path) -> None:
    world = World()
    case = world.case()
    forged = envelope_of(
        world, altered(payload_of(case.presented.certificate), path), signed_anew=False, original=case.presented.certificate
    )
    assert refused(case.with_presented(certificate=forged)) == ("R37",)


def test_not_even_a_byte_of_it() -> None:
    case = World().case()
    passes(case)
    for place in range(0, len(case.presented.certificate), 97):
        flipped = bytearray(case.presented.certificate)
        flipped[place] ^= 1
        if bytes(flipped) != case.presented.certificate:
            assert refused(case.with_presented(certificate=bytes(flipped)))


# What a test body may say anew, and the gate believes, and why.
ITS_OWN_BUSINESS: dict[str, str] = {
    "id": "a name, which nothing compares",
    "profile": "the profile is the authority's; the certificate's is told for the record",
    "issued_at": "when it signed; only the future and more than 24 months before the end are refused",
    "pack": "a name: the digest decides",
    "known_limits": "prose for the officer",
    "data_statement": "prose for the officer",
    "licence.statement": "prose for the officer",
    "licence.checked": "prose for the officer",
    "bands.0.max_entries": "a longer or shorter band is its finding, as long as it reaches this list",
    "evidence.0.plan": "the unit holds no ledger; the office takes nothing in that is not in it, and lfr-verify finds it",
    "evidence.0.runs.0.began_at": "the same",
    "valid_to": "how long it holds is its finding, under the ceiling of 24 months",
}
CONTRADICTED: dict[str, str] = {
    "type": "R37",
    "v": "R37",
    "mode": "R37",
    "body.pack_digest": "R35",
    "body.pipeline_digest": "R37",  # no longer that of the pipeline it spells out
    "body.pipeline": "R37",
    "body.camera_classes.0": "R37",
    "body.bands.0.threshold": "R37",
    "body.bands.0.false_alerts": "R37",
    "body.bands.0.misses": "R37",
    "body.issuer": "R37",
    "body.licence.use": "R37",
    "body.evidence.0.run": "R37",
    "body.evidence.0.result": "R37",
    "body.evidence.0.runs.0.ordinal": "R37",
    "body.evidence.0.runs.0.outcome": "R37",
    "body.evidence.0.runs.0.result": "R37",
}


def signed_anew(world: World, path: Path) -> Case:
    """The test body signs a certificate with one field changed, and the officer's authority rests on that one."""
    changed: dict[str, bytes] = {}
    original = world.signed

    def sign(body: Any, *keys: Any) -> bytes:
        envelope = original(body, *keys)
        if keys == (world.tester,):
            envelope = envelope_of(world, altered(payload_of(envelope), path), signed_anew=True, original=envelope)
            changed["certificate"] = envelope
        return envelope

    world.signed = sign  # type: ignore[method-assign]  # the test body's own dishonest hand
    case = world.case()
    assert changed
    return case


@pytest.mark.parametrize("path", FIELDS, ids=lambda path: ".".join(map(str, path)))
def test_what_a_test_body_signs_anew_is_refused_where_it_contradicts_what_runs_here(path: Path) -> None:
    name = ".".join(map(str, path))
    case = signed_anew(World(), path)
    if (rule_id := CONTRADICTED.get(name)) is not None:
        assert refused(case)[0] == rule_id
    else:
        assert name.removeprefix("body.") in ITS_OWN_BUSINESS, f"nobody decided what a change of {name} means"
        passes(case)


@pytest.mark.parametrize("path", list(leaves(json.loads(FACTS))), ids=lambda path: ".".join(map(str, path)))
def test_R35_a_pipeline_that_differs_in_any_part_is_refused_and_the_part_is_named(path: Path) -> None:
    case = World().case()
    passes(case)
    facts = json.dumps(altered(json.loads(FACTS), path), sort_keys=True, separators=(",", ":"))
    with pytest.raises(Refused, match=".".join(map(str, path))) as caught:
        passes(case.with_measured(pipeline_facts=facts, pipeline_digest=digest_of(facts.encode())))
    assert caught.value.rule_ids == ("R35",)


def test_R99_a_class_of_camera_that_was_not_tested_is_refused() -> None:
    case = World().case()
    passes(case)
    assert refused(case.with_measured(camera_class=CameraClass.LIVE)) == ("R99",)
    assert refused(case.with_measured(camera_class=CameraClass.VIDEO_FILE)) == ("R99",)


def test_R102_a_certificate_of_more_than_24_months_or_from_the_future_is_refused() -> None:
    passes(World(certificate={"valid_to": "2028-12-05T00:00:00.000Z"}).case())
    assert refused(World(certificate={"valid_to": "2028-12-06T10:00:00.000Z"}).case()) == ("R102",)


@pytest.mark.parametrize(
    ("state", "rule_id"),
    [
        (ModelState.REGISTERED, "R98"),
        (ModelState.TESTED, "R98"),
        (ModelState.UNDER_REVIEW, "R99"),
        (ModelState.SUSPENDED, "R55"),
        (ModelState.RETIRED, "R98"),
    ],
)
def test_R55_R98_R99_a_pipeline_that_the_register_does_not_let_match_is_refused(state: ModelState, rule_id: str) -> None:
    pipeline = World().pipeline_digest
    assert refused(World(bundle={"model": standing(pipeline, state)}).case()) == (rule_id,)
    for usable in (ModelState.CERTIFIED, ModelState.OPERATIONAL):
        passes(World(bundle={"model": standing(pipeline, usable)}).case())


def test_R98_the_registers_line_on_another_pipeline_is_refused() -> None:
    assert refused(World(bundle={"model": standing(digest_of(b"other"), ModelState.OPERATIONAL)}).case()) == ("R98",)


@pytest.mark.parametrize(
    "changes",
    [
        {"run": 2},
        {"result": digest_of(b"another")},
        {"runs": (RunLine(ordinal=1, began_at="2026-12-01T08:00:00.000Z", outcome="failed", result=RESULT),)},
        {"runs": (RunLine(ordinal=2, began_at="2026-12-01T08:00:00.000Z", outcome="passed", result=RESULT),)},
    ],
)
def test_R100_a_certificate_that_rests_on_no_passed_run_is_none(changes: dict[str, Any]) -> None:
    resting: Evidence = evidence(**changes)
    assert refused(World(certificate={"evidence": (resting,)}).case()) == ("R37",)
