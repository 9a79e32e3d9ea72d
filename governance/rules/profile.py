"""The numbers of the profile in force, each under its ceiling in code (R104).

`uk-app-2022` is the default. The provenance says how well each is founded: verified in the named source, secondary, or
ours.
"""

from dataclasses import dataclass
from datetime import timedelta

from lfr_engine.errors import BadInput

COMPILE_BEFORE_START_CEILING = timedelta(hours=24)
PURGE_AFTER_END_CEILING_H = 24
ALERT_RETENTION_CEILING_H = 744
CCTV_CEILING_D = 31
DRILL_WALKS_FLOOR = 30

USE_CASES = {
    "hotspot": "Crime hotspot and its access routes",
    "protective_security": "Protective security operation",
    "intelligence": "Intelligence on the likely location of a sought person",
}
LOCATION_TYPES = {
    "shopping_street": "Shopping street",
    "transport_hub": "Transport hub or its approaches",
    "event_approach": "Approach to a public event",
    "night_time_economy": "Night-time economy area",
    "public_square": "Public square or open space",
}
SENSITIVE_PLACES = {
    "hospital": "Hospital or health care",
    "worship": "Place of worship",
    "school": "School",
    "legal_advice": "Legal advice premises",
    "polling": "Polling station",
    "care": "Care setting",
    "assembly": "Assembly or protest",
}
SERIOUSNESS = {"low": "Low", "moderate": "Moderate", "serious": "Serious", "very_serious": "Very serious"}


@dataclass(frozen=True, slots=True)
class Profile:
    """One rule profile. Raises BadInput when a number exceeds its ceiling."""

    name: str = "uk-app-2022"
    max_duration: timedelta = timedelta(hours=12)  # ours
    compile_before_start: timedelta = timedelta(hours=24)  # Met and SWP practice, secondary
    review_before_start: timedelta = timedelta(hours=24)  # ours, R19
    notice_lead: timedelta = timedelta(hours=24)  # ours
    alert_retention_h: int = 24  # SWP, verified
    image_age_warning_years: int = 5  # ours
    least_drill_walks: int = DRILL_WALKS_FLOOR  # ours, R78: below this recognition is "not measured"
    min_reason_chars: int = 40  # ours: below this nothing has been explained

    def __post_init__(self) -> None:
        if self.compile_before_start > COMPILE_BEFORE_START_CEILING or self.alert_retention_h > ALERT_RETENTION_CEILING_H:
            raise BadInput(f"profile {self.name} exceeds a ceiling that no profile may raise", rule_ids=("R104",))
        if self.least_drill_walks < DRILL_WALKS_FLOOR:
            raise BadInput(f"profile {self.name} would call recognition measured after too few walks", rule_ids=("R78", "R104"))


UK_APP_2022 = Profile()
