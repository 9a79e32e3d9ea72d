"""When and with what: the window, the unit, its cameras, and who will operate it (R1, R4, R8, R16)."""

import re
from collections.abc import Mapping
from typing import Any

from governance.messages.roster import Role
from governance.office.store import Office
from webui.office import forms, times

_NAME = re.compile(r"^[A-Za-z0-9][A-Za-z0-9._-]{0,79}$")


def _names(typed: str) -> list[str]:
    names = [part.strip() for part in typed.split(",") if part.strip()]
    wrong = next((name for name in names if not _NAME.match(name)), None)
    if wrong is not None:
        raise ValueError(f"{wrong!r} is not a name: use letters, digits, dots and dashes")
    return names


class WhenForm(forms.PageForm):
    """Times are local; the signed authority carries them in UTC."""

    start_day = forms.day("Day of the start")
    start_clock = forms.clock("Time of the start")
    end_day = forms.day("Day of the end")
    end_clock = forms.clock("Time of the end", "Matching stops by itself at this second")
    unit_id = forms.select("Unit", ())
    cameras = forms.line("Cameras", "1 to 8 names with commas between them, for example camera-1, camera-2")
    operator_ids = forms.choices("Operators", (), "Neither the applicant nor the authorising officer")
    forces = forms.line("Operating force or forces", "With commas between them")
    expected_passers_by = forms.number("How many people are expected to pass?", "A rough number will do", at_most=10_000_000)

    def validate_cameras(self, field: Any) -> None:
        """Called by the library for the field of this name."""
        forms.checked(_names)(self, field)

    def validate_forces(self, field: Any) -> None:
        """Called by the library for the field of this name."""
        forms.checked(_names)(self, field)


def form(office: Office, draft: Mapping[str, Any]) -> WhenForm:
    """The form as saved so far, with the units and operators of the roster."""
    roster = office.roster.roster
    data: dict[str, Any] = {
        "unit_id": draft.get("unit_id", ""),
        "cameras": ", ".join(draft.get("camera_ids", ())),
        "operator_ids": draft.get("operator_ids", []),
        "forces": ", ".join(draft.get("operating_forces", ())),
        "expected_passers_by": draft.get("expected_passers_by"),
    }
    for end, wire in draft.get("window", {}).items():
        data[f"{end}_day"], data[f"{end}_clock"] = times.day_and_clock(wire)
    filled = WhenForm(data=data)
    filled.unit_id.choices = [("", "Choose"), *((unit.unit_id, f"{unit.name} ({unit.unit_id})") for unit in roster.units)]
    operators = [person for person in roster.persons if Role.OPERATOR in person.roles]
    filled.operator_ids.choices = [(person.person_id, f"{person.name} ({person.person_id})") for person in operators]
    return filled


def changes(form: WhenForm, _: Mapping[str, Any]) -> dict[str, Any]:
    """What was typed, as the application holds it."""
    window = {}
    for end in ("start", "end"):
        day, clock = getattr(form, f"{end}_day").data, getattr(form, f"{end}_clock").data
        if day and clock:
            window[end] = times.wire_from_local(day, forms.clock_time(clock))
    found: dict[str, Any] = {
        "window": window,
        "unit_id": form.unit_id.data,
        "camera_ids": _names(form.cameras.data),
        "operator_ids": form.operator_ids.data or [],
        "operating_forces": _names(form.forces.data),
    }
    if form.expected_passers_by.data is not None:
        found["expected_passers_by"] = form.expected_passers_by.data
    return found
