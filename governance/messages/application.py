"""What an application must say before an officer is asked: why, where, when and with what (R5-R16)."""

from typing import Literal

from pydantic import Field

from governance.messages.authority import DocumentReference, Place, Policy, Retention, Window
from governance.messages.payload import Id, Line, Strict, Text, WireTime


class Content(Strict):
    """Everything an applicant must have said before an officer is asked."""

    operation: Line = Field(min_length=3)
    objective: Text = Field(min_length=10)
    use_case: Id
    necessity: Text = Field(min_length=10)
    proportionality: Text = Field(min_length=10)
    alternatives: Text = Field(min_length=10)
    seriousness_of_harm: Literal["low", "moderate", "serious", "very_serious"]
    policy: Policy
    place: Place
    sensitive_places: tuple[Id, ...] = ()
    sensitive_rationale: Text = ""
    camera_ids: tuple[Id, ...] = Field(min_length=1, max_length=8)
    window: Window
    unit_id: Id
    operator_ids: tuple[Id, ...] = Field(min_length=1)
    operating_forces: tuple[Id, ...] = Field(min_length=1)
    documents: tuple[DocumentReference, ...]
    retention: Retention
    notice_published_at: WireTime | None
    expected_passers_by: int = Field(ge=0, le=10_000_000)
