"""The closed lists of reasons, one touch each, in display order: to decide (R47), to look (R65), to pause (R14).

Codes go into the ledger, which holds no free text (R67); sentences go onto pages. Behind them are the subject, system and
environment factors of the College APP.
"""

from governance.events import AlertDecision

REASONS: dict[AlertDecision, dict[str, str]] = {
    AlertDecision.TRUE: {
        "features_agree": "The faces agree in their lasting features",
        "features_agree_poor_view": "The faces agree although the view is poor",
        "person_known": "The officer knows this person",
    },
    AlertDecision.FALSE: {
        "features_differ": "The faces differ in lasting features",
        "age_or_build_differs": "Apparent age or build does not fit",
        "person_known_to_be_another": "The officer knows this is somebody else",
    },
    AlertDecision.LOST: {
        "left_the_view": "The person is out of sight",
        "nobody_free": "No officer was free",
        "unsafe_to_approach": "It was not safe to approach",
    },
    AlertDecision.INDETERMINATE: {
        "view_too_poor": "The view of the passer-by is too poor to tell",
        "photo_too_poor": "The photo on the list is too poor or too old to tell",
        "cannot_tell": "Both are clear, and still it cannot be told",
    },
}

LOOKING: dict[str, str] = {
    "adjudication": "To decide on this alert",
    "second_opinion": "To help a colleague decide",
    "engagement": "To recognise the person in the street",
    "review": "To review a decision",
    "complaint": "To answer a complaint",
}

SILVER_DECIDED = "silver_decided"
"""Why matching goes on after the monitor had suspended it (R54)."""

PAUSING: dict[str, str] = {
    "order": "Silver or the authorising officer asked for it",
    "incident": "Another incident needs the team",
    "crowd_safety": "The crowd or the street has become unsafe",
    "technical": "A camera or the van needs attention",
    "welfare": "The operator needs a rest",
}
