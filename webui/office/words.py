"""The one place where codes become the words that pages show (R40: a candidate is a possible match, never more)."""

from enum import Enum

from governance.rules.profile import LOCATION_TYPES, SENSITIVE_PLACES, SERIOUSNESS, USE_CASES

_WORDS: dict[str, str] = {
    # states of an application and its authority
    "draft": "Draft",
    "submitted": "Waiting for a decision",
    "returned": "Returned to the applicant",
    "refused": "Refused",
    "authorised": "Authorised",
    # states of an entry
    "collected": "To review",
    "kept": "Kept",
    "removed": "Removed",
    # categories of person
    "wanted_by_courts": "Wanted by the courts",
    "suspect": "Suspect",
    "breach_of_conditions": "Breach of conditions",
    "missing_at_risk": "Missing, at risk",
    "risk_of_harm": "Risk of harm",
    "associate": "Associate",
    "witness": "Witness",
    "victim": "Victim",
    # sources of photos
    "custody": "Custody photo",
    "police_other": "Other police photo",
    "public_body": "Photo from a public body",
    "third_party": "Third-party photo",
    "social_media": "Social media photo",
    "passport_or_licence": "Passport or licence photo",
    # what an alert asks for
    "red": "Red: call the owner first",
    "amber": "Amber: engage",
    "safeguarding": "Safeguarding",
    # ranks and roles
    "police_staff": "Police staff",
    "chief_inspector": "Chief inspector",
    "chief_superintendent": "Chief superintendent",
    "chief_officer": "Chief officer",
    "authorising_officer": "Authorising officer",
    "engagement_officer": "Engagement officer",
    "dpo": "Data protection officer",
    # findings
    "blocks": "Blocks",
    "would_block": "Would block",
    "warns": "Warning",
    "informs": "Note",
    "met": "Met",
    # alerts, engagement and outcome
    "adjudicated_true": "Engage",
    "adjudicated_false": "False alert",
    "indeterminate": "Indeterminate",
    "not_adjudicated": "Lost before a decision",
    "confirmed_true": "Confirmed true",
    "confirmed_false": "Confirmed false",
    "unconfirmed": "Unconfirmed",
    # why matching stopped
    "end_time": "the end time was reached",
    "stop_order": "a stop order",
    "operator": "the operator stopped it",
    "clock": "the clock was turned back",
    "engine_lost": "the engine was lost",
    "sources_ended": "the cameras or files ended",
    "monitor": "a monitor tripped",
    "power_loss": "power was lost",
    # states of a pipeline in the model register, and what a review needs
    "registered": "Registered, not tested",
    "tested": "Tested, not certified",
    "certified": "Certified",
    "operational": "In use",
    "under_review": "Under review",
    "suspended": "Suspended",
    "retired": "Retired",
    "human_review": "Review by people",
    "retest": "A new test",
    "ethics_referral": "The ethics committee",
    # documents
    "DPIA": "Data protection impact assessment (DPIA)",
    "EIA": "Equality impact assessment (EIA)",
    "APD": "Appropriate policy document (APD)",
    "CIA": "Community impact assessment (CIA)",
    "legal_mandate": "Legal mandate",
    "training_plan": "Training plan",
    **USE_CASES,
    **LOCATION_TYPES,
    **SENSITIVE_PLACES,
    **{key: f"{text} harm" for key, text in SERIOUSNESS.items()},
}
_COLOURS = {
    "draft": "govuk-tag--grey",
    "submitted": "govuk-tag--yellow",
    "returned": "govuk-tag--orange",
    "refused": "govuk-tag--red",
    "authorised": "govuk-tag--green",
    "collected": "govuk-tag--yellow",
    "kept": "govuk-tag--green",
    "removed": "govuk-tag--grey",
    "blocks": "govuk-tag--red",
    "would_block": "govuk-tag--orange",
    "warns": "govuk-tag--yellow",
    "informs": "govuk-tag--blue",
    "met": "govuk-tag--green",
    "registered": "govuk-tag--yellow",
    "tested": "govuk-tag--yellow",
    "certified": "govuk-tag--green",
    "operational": "govuk-tag--green",
    "under_review": "govuk-tag--orange",
    "suspended": "govuk-tag--red",
}


def say(code: str | Enum) -> str:
    """The words for a code; an unknown one is shown with its underscores as spaces rather than hidden."""
    text = str(code.value) if isinstance(code, Enum) else str(code)
    plain = text.replace("_", " ")
    return _WORDS.get(text) or plain[:1].upper() + plain[1:]


def colour(code: str | Enum) -> str:
    """The tag class for a state or level."""
    return _COLOURS.get(str(code.value) if isinstance(code, Enum) else str(code), "govuk-tag--grey")
