"""The closed catalogue of ledger events: every class goes out and comes back, and nothing outside it is read (R64-R67)."""

import base64
import json
import re
from datetime import UTC, date, datetime
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import BaseModel

from governance import events
from governance.events import CATALOGUE, MAX_ENTRY_BYTES, EventBody, Op, entry_bytes, read_entry
from governance.messages.payload import Mode, digest_of
from lfr_engine.clock import Clock, format_utc
from lfr_engine.errors import BadInput

CLOCK = Clock(sim_start=datetime(2026, 12, 5, 10, tzinfo=UTC), sim_rate=0.0)
DIGEST = digest_of(b"object")

_BY_PATTERN = {
    r"^sha256:[0-9a-f]{64}$": st.binary(min_size=32, max_size=32).map(lambda raw: f"sha256:{raw.hex()}"),
    r"^[0-9a-f]{64}$": st.binary(min_size=32, max_size=32).map(bytes.hex),
    r"^[A-Za-z0-9][A-Za-z0-9._-]{0,79}$": st.from_regex(re.compile(r"\A[A-Za-z0-9][A-Za-z0-9._-]{0,79}\Z", re.ASCII)),
    r"^-?[0-9]{1,3}\.[0-9]{1,9}$": st.from_regex(re.compile(r"\A-?[0-9]{1,3}\.[0-9]{1,9}\Z", re.ASCII)),
    r"^[A-Za-z0-9+/]{86}==$": st.binary(min_size=64, max_size=64).map(lambda signature: base64.b64encode(signature).decode()),
    r"^R[0-9]{1,3}$": st.integers(0, 999).map(lambda number: f"R{number}"),
}
_WIRE_TIMES = st.integers(0, 2**37).map(lambda second: format_utc(datetime.fromtimestamp(second, UTC)))
_TEXTS = st.text(st.characters(exclude_categories=("Cs",)), max_size=60)


def _values(schema: dict[str, Any], whole: dict[str, Any]) -> st.SearchStrategy[Any]:
    """Values for a field, from the JSON schema the class itself gives."""
    if "$ref" in schema:
        return _values(whole["$defs"][schema["$ref"].rpartition("/")[2]], whole)
    if "enum" in schema:
        return st.sampled_from(schema["enum"])
    if "const" in schema:
        return st.just(schema["const"])
    if "anyOf" in schema:
        return st.one_of([_values(one, whole) for one in schema["anyOf"]])
    kind = schema["type"]
    if kind == "array":
        return st.lists(_values(schema["items"], whole), max_size=4)
    if kind == "string":
        if "pattern" in schema:
            return _BY_PATTERN[schema["pattern"]]
        return _WIRE_TIMES if schema.get("maxLength") == 24 else _TEXTS
    return {"integer": st.integers(schema.get("minimum", 0), 2**53), "boolean": st.booleans(), "null": st.none()}[kind]


def _bodies(body_type: type[EventBody]) -> st.SearchStrategy[EventBody]:
    schema = body_type.model_json_schema()
    fields = {name: _values(one, schema) for name, one in schema["properties"].items()}
    return st.fixed_dictionaries(fields).map(lambda values: body_type.model_validate_json(json.dumps(values)))


def told(body: EventBody, **changes: Any) -> bytes:
    fields: dict[str, Any] = {"actor": "p-1", "role": "operator", "justification": "duty", "mode": Mode.DEMONSTRATION, "profile": "uk"}
    return entry_bytes(body, clock=CLOCK, **{**fields, **changes})


def classes(base: type[BaseModel]) -> list[type[BaseModel]]:
    return [one for one in vars(events).values() if isinstance(one, type) and issubclass(one, base) and one is not base]


def test_every_class_is_in_the_catalogue_under_a_name_of_its_own() -> None:
    assert sorted(CATALOGUE.values(), key=id) == sorted(classes(EventBody), key=id)
    assert all(re.fullmatch(r"[a-z_]+\.[a-z_]+", name) for name in CATALOGUE)


@pytest.mark.parametrize("name", CATALOGUE)
def test_every_class_says_its_operation_principles_and_rules(name: str) -> None:
    body_type = CATALOGUE[name]
    assert isinstance(body_type.op, Op)
    assert body_type.principles
    assert body_type.rule_ids
    assert all(re.fullmatch(r"R[0-9]{1,3}", rule_id) for rule_id in body_type.rule_ids)


@pytest.mark.parametrize("name", CATALOGUE)
@settings(max_examples=8, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_every_event_comes_back_from_its_bytes_as_it_went_in(name: str, data: st.DataObject) -> None:
    body = data.draw(_bodies(CATALOGUE[name]))
    event, read = read_entry(told(body, deployment="dep-1", authority=DIGEST, objects=(DIGEST,), recipients=("unit-1",)))
    assert read == body
    assert (event.type, event.op, event.subject) == (name, body.op, body.subject)
    assert (event.principles, event.rule_ids) == (body.principles, body.rule_ids)
    assert (event.at, event.actor, event.deployment, event.objects) == ("2026-12-05T10:00:00.000Z", "p-1", "dep-1", (DIGEST,))


def test_two_identical_happenings_are_two_different_entries() -> None:
    body = events.MatchingPaused(reason="rain")
    assert told(body) != told(body)


@pytest.mark.parametrize("name", [name for name, body in CATALOGUE.items() if body.op in {Op.CONSULTATION, Op.DISCLOSURE}])
@pytest.mark.parametrize("justification", ["", "   ", "\n\t"])
@settings(max_examples=1, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_R65_a_consultation_or_disclosure_without_a_reason_is_not_logged_and_so_not_done(
    name: str, justification: str, data: st.DataObject
) -> None:
    with pytest.raises(BadInput) as caught:
        told(data.draw(_bodies(CATALOGUE[name])), justification=justification)
    assert caught.value.rule_ids == ("R65",)


BODY = events.AlertAdjudicated(
    alert_id="a-1",
    decision=events.AlertDecision.TRUE,
    reason="ears and chin agree",
    decided_after_ms=4000,
    engagement_officer_id="e-1",
    operator_id="o-1",
    scripted=False,
)
WRONG: dict[str, dict[str, Any]] = {
    "a type outside the catalogue": {"type": "face.remembered"},
    "another type's body": {"type": "alert.raised"},
    "a later version": {"v": 2},
    "an unknown field": {"extra": 1},
    "an unknown field in the body": {"body__extra": 1},
    "a missing field in the body": {"body__scripted": ...},
    "a count as text": {"body__decided_after_ms": "4000"},
    "a count with a fraction": {"body__decided_after_ms": 4000.5},
    "a negative count": {"body__decided_after_ms": -1},
    "a truth value as text": {"body__scripted": "yes"},
    "a truth value as a number": {"body__scripted": 1},
    "a decision nobody knows": {"body__decision": "match"},
    "another operation than its class has": {"op": "erasure"},
    "another kind of subject than its class has": {"subject": "none"},
    "a time without milliseconds": {"at": "2026-12-05T10:00:00Z"},
    "an object that is no digest": {"objects": ["../../etc/passwd"]},
    "a mode nobody knows": {"mode": "training"},
    "a body that is text": {"body": "x"},
}


@pytest.mark.parametrize("what", WRONG)
def test_an_entry_outside_the_catalogue_is_bad_input(what: str) -> None:
    fields = json.loads(told(BODY))
    for path, value in WRONG[what].items():
        *parents, last = path.split("__")
        place = fields[parents[0]] if parents else fields
        place.pop(last) if value is ... else place.update({last: value})
    with pytest.raises(BadInput):
        read_entry(json.dumps(fields).encode())


@pytest.mark.parametrize("content", [b"", b"{}", b"[]", b"\xff", b"null"])
def test_what_is_no_entry_is_bad_input(content: bytes) -> None:
    with pytest.raises(BadInput):
        read_entry(content)


@pytest.mark.parametrize("changes", [{"justification": "x" * 301}, {"actor": "P Mueller"}, {"objects": ("x",)}, {"deployment": "a/b"}])
def test_what_cannot_be_logged_is_bad_input_naming_the_field(changes: dict[str, Any]) -> None:
    with pytest.raises(BadInput, match=next(iter(changes))):
        told(BODY, **changes)


def test_an_entry_above_16_KiB_is_refused() -> None:
    with pytest.raises(BadInput, match=str(MAX_ENTRY_BYTES)):
        told(BODY, objects=(DIGEST,) * 300)


def test_no_event_has_room_for_a_name_an_image_or_a_template() -> None:
    """R67: what an entry may hold is digests, ids, counts, times, closed lists, and short lines that are checked by hand here."""
    lines = {
        (name, field)
        for name, body in CATALOGUE.items()
        for field, one in body.model_json_schema().get("properties", {}).items()
        if one.get("type") == "string" and one.get("maxLength") == 300
    }
    assert lines == {
        ("sync.received", "origin"),
        ("clock.simulated", "setting"),
        ("unit_key.made", "recipient"),
        ("alert.adjudicated", "reason"),
        ("matching.paused", "reason"),
        ("matching.resumed", "reason"),
    }


def test_a_date_never_slips_in_as_something_else() -> None:
    with pytest.raises(BadInput):
        told(BODY, deployment=str(date(2026, 12, 5)) + " 10:00")


def test_R70_start_end_list_matched_inputs_and_deciders_of_each_use_can_be_derived() -> None:
    asked = {
        "matching.started": {"camera_ids", "list_root", "pipeline_digest", "threshold"},
        "matching.stopped": {"reason"},
        "alert.raised": {"alert_id", "camera_id", "candidate"},
        "alert.adjudicated": {"alert_id", "decision", "engagement_officer_id", "operator_id"},
    }
    for name, fields in asked.items():
        assert fields <= set(CATALOGUE[name].model_fields), name
