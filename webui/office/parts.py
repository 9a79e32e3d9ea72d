"""The parts of an application, what each asks, and which gap is mended where (R5-R10)."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from governance.office.applications import Application, missing_parts
from governance.office.store import Office
from governance.rules.application import REQUIRED_DOCUMENTS
from webui.office import part_safeguards, part_when, part_where, part_why
from webui.office.forms import PageForm
from webui.office.words import say

Draft = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Part:
    """One page of the application: `form` fills itself from the draft, `changes` is what it says when saved."""

    slug: str
    title: str
    hint: str
    form: Callable[[Office, Draft], PageForm]
    changes: Callable[[Any, Draft], dict[str, Any]]


PARTS: dict[str, Part] = {
    part.slug: part
    for part in (
        Part("why", "Why", "purpose, necessity, proportionality, the published policy", part_why.form, part_why.changes),
        Part("where", "Where", "the zone, the grounds to expect listed people there", part_where.form, part_where.changes),
        Part("when", "When and with what", "times, unit, cameras, operators", part_when.form, part_when.changes),
        Part(
            "safeguards", "Safeguards", "assessments, public notice, how long data is kept", part_safeguards.form, part_safeguards.changes
        ),
    )
}

# Field of the complete application -> (part where it is mended, what to do).
_GAPS: dict[str, tuple[str, str]] = {
    "operation": ("why", "Give the operation a name of at least 3 characters"),
    "objective": ("why", "Say what the deployment is to achieve"),
    "use_case": ("why", "Choose the use case"),
    "seriousness_of_harm": ("why", "Choose how serious the harm is"),
    "necessity": ("why", "Explain why it is necessary"),
    "proportionality": ("why", "Explain why it is proportionate"),
    "alternatives": ("why", "Say which alternatives were considered"),
    "policy": ("why", "Name the published policy: address, version, date in force and its file"),
    "place": ("where", "Describe the place: name, type, at least 3 corners, grounds and intelligence reference"),
    "sensitive_places": ("where", "Check the sensitive places"),
    "sensitive_rationale": ("where", "Check the reasons about sensitive places"),
    "camera_ids": ("when", "Name 1 to 8 cameras"),
    "window": ("when", "Give a start and an end, the end after the start"),
    "unit_id": ("when", "Choose the unit"),
    "operator_ids": ("when", "Choose at least one operator"),
    "operating_forces": ("when", "Name the force or forces"),
    "expected_passers_by": ("when", "Estimate how many people will pass"),
    "documents": ("safeguards", "Each document needs its version, review date and file"),
    "retention": ("safeguards", "Say how long data is kept"),
    "notice_published_at": ("safeguards", "Check when public notice was given"),
}


def gaps(row: Application) -> list[tuple[str, str]]:
    """(part, what to do) for everything that keeps this application from being submitted."""
    found = [_GAPS.get(field, ("why", f"Check {field}")) for field in missing_parts(row)]
    bound = {document.get("kind") for document in row.draft.get("documents", ())}
    without = [say(kind) for kind in REQUIRED_DOCUMENTS if kind not in bound]
    return found + [("safeguards", f"Add the {name}") for name in without]  # known to block later (R10): said now


def gaps_of(row: Application, slug: str) -> list[str]:
    """What is still missing in one part."""
    return [text for part, text in gaps(row) if part == slug]
