"""Where: the zone, why listed people may be there, and what is near that needs special care (R5, R6, R9)."""

from collections.abc import Mapping
from typing import Any

from governance.office.store import Office
from governance.rules.profile import LOCATION_TYPES, SENSITIVE_PLACES
from webui.office import forms
from webui.office.place_text import parse_polygon, write_polygon


class WhereForm(forms.PageForm):
    """The zone is typed as corners; the map beside shows what was understood."""

    name = forms.line("Name of the place", "For example: Market Street between Bank Street and the station")
    location_type = forms.choice("Type of place", LOCATION_TYPES.items(), "The published policy knows these and no others")
    corners = forms.text(
        "Corners of the zone",
        "One a line: latitude, longitude. Go round the zone in order. A GeoJSON polygon can be pasted too",
        at_most=60_000,
    )
    justification = forms.text(
        "Why are listed people thought to be there?", "At least 40 characters. Reasonable grounds for this place at this time"
    )
    intelligence_ref = forms.line("Intelligence reference")
    sensitive_places = forms.choices("Sensitive places in or near the zone", SENSITIVE_PLACES.items(), "Tick all that apply")
    sensitive_rationale = forms.text("Why here nevertheless?", "Needed when a sensitive place is ticked; at least 40 characters")

    def validate_corners(self, field: Any) -> None:
        """Called by the library for the field of this name."""
        forms.checked(parse_polygon)(self, field)


def form(_: Office, draft: Mapping[str, Any]) -> WhereForm:
    """The form as saved so far."""
    place = draft.get("place", {})
    ring = place.get("polygon", [])
    return WhereForm(
        data={
            **{name: place.get(name, "") for name in ("name", "location_type", "justification", "intelligence_ref")},
            "corners": write_polygon(ring) if ring else "",
            "sensitive_places": draft.get("sensitive_places", []),
            "sensitive_rationale": draft.get("sensitive_rationale", ""),
        }
    )


def changes(form: WhereForm, _: Mapping[str, Any]) -> dict[str, Any]:
    """What was typed, as the application holds it."""
    place: dict[str, Any] = {
        name: getattr(form, name).data
        for name in ("name", "location_type", "justification", "intelligence_ref")
        if getattr(form, name).data
    }
    ring = parse_polygon(form.corners.data)
    if ring:
        place["polygon"] = ring
    return {
        "place": place,
        "sensitive_places": form.sensitive_places.data or [],
        "sensitive_rationale": form.sensitive_rationale.data or "",
    }
