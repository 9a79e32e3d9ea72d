"""The demonstration's application, in the words an applicant would use, about a place and people that are made up."""

from datetime import datetime, timedelta
from typing import Any

from governance.messages.payload import digest_of
from governance.office.entries import PhotoOf
from lfr_engine.clock import format_utc
from webui.cli.demo_people import DemoPerson
from webui.cli.demo_world import FORCE, OPERATOR

_RING = ((-3.1810, 51.4800), (-3.1790, 51.4800), (-3.1790, 51.4812), (-3.1810, 51.4812), (-3.1810, 51.4800))
CAMERA = "camera-1"
OFFICER_REASONS = (
    "I have read the application and looked at the list. The people on it are sought by courts, the intelligence puts them at this place, "
    "foot patrols alone have not found them, and the window is short. What is not measured is shown to me as such; this is a demonstration."
)


def application_fields(operation: str, unit_id: str, start: datetime, end: datetime, now: datetime) -> dict[str, Any]:
    """Complete content for `governance.office.applications.create`."""
    review = format_utc(now + timedelta(days=180))
    documents = [
        {"kind": kind, "version": "demonstration 1", "digest": digest_of(f"demonstration {kind}".encode()), "review_due": review}
        for kind in ("DPIA", "EIA", "APD", "CIA", "legal_mandate", "training_plan")
    ]
    return {
        "operation": operation,
        "objective": "Find people wanted by the courts for offences of violence near the station on a busy afternoon.",
        "use_case": "intelligence",
        "necessity": "Warrants are out; addresses have been visited without success, and no other way to meet these people is left.",
        "proportionality": "One street, one camera, a short window and list; nobody without an alert is kept; there is another way round.",
        "alternatives": "Address visits, phone enquiries and patrols with printed photos were tried in recent weeks and found nobody.",
        "seriousness_of_harm": "serious",
        "policy": {
            "url": "https://policy.example/lfr/v4",
            "digest": digest_of(b"demonstration policy v4"),
            "version": "4 (demonstration)",
            "in_force_from": format_utc(now - timedelta(days=90)),
        },
        "place": {
            "name": "Station approach (made up)",
            "location_type": "transport_hub",
            "polygon": [list(point) for point in _RING],
            "justification": "Recent reports place several of the people sought on this approach on market days, between noon and evening.",
            "intelligence_ref": "DEMO-INT-0001",
        },
        "sensitive_places": [],
        "sensitive_rationale": "",
        "camera_ids": [CAMERA],
        "window": {"start": format_utc(start), "end": format_utc(end)},
        "unit_id": unit_id,
        "operator_ids": [OPERATOR],
        "operating_forces": [FORCE],
        "documents": documents,
        "retention": {"alert_h": 24, "watchlist_after_end_h": 0, "cctv_d": 0},
        "notice_published_at": None,
        "expected_passers_by": 15,
    }


def as_entry(person: DemoPerson, now: datetime) -> PhotoOf:
    """What a compiler enters for one person of the demonstration."""
    return PhotoOf(
        subject_ref=person.ref,
        photo=person.enrol_jpeg,
        category="wanted_by_courts",
        justification=f"Demonstration only, nobody is sought: {person.source}",
        offence_or_power="demonstration",
        image_source="third_party",
        legal_basis="published photo from a software package",
        image_date=(now - timedelta(days=365)).date().isoformat(),
        born="1960-01-01",
        response="amber",
        what_to_do="Demonstration: nobody is to be spoken to.",
    )
