"""The closed lists an entry is described by (R17, R18, R25, R56). There is no `other` and no `intelligence`."""

from enum import StrEnum


class Category(StrEnum):
    """The College of Policing's eight categories of person (R17)."""

    WANTED_BY_COURTS = "wanted_by_courts"
    SUSPECT = "suspect"
    BREACH_OF_CONDITIONS = "breach_of_conditions"
    MISSING_AT_RISK = "missing_at_risk"
    RISK_OF_HARM = "risk_of_harm"
    ASSOCIATE = "associate"
    WITNESS = "witness"
    VICTIM = "victim"

    @property
    def needs_individual_approval(self) -> bool:
        """Associates, witnesses and victims are each approved by name, with less intrusive means considered (R22)."""
        return self in {Category.ASSOCIATE, Category.WITNESS, Category.VICTIM}


class ImageSource(StrEnum):
    """Where the photo came from (R18, R25)."""

    CUSTODY = "custody"
    POLICE_OTHER = "police_other"
    PUBLIC_BODY = "public_body"
    THIRD_PARTY = "third_party"
    SOCIAL_MEDIA = "social_media"
    PASSPORT_OR_LICENCE = "passport_or_licence"

    @property
    def needs_lawful_holding_check(self) -> bool:
        return self in {ImageSource.THIRD_PARTY, ImageSource.SOCIAL_MEDIA, ImageSource.PUBLIC_BODY}


class ResponseClass(StrEnum):
    """What an alert asks of officers (R56); `red` calls the owner first. No intelligence-only class exists."""

    RED = "red"
    AMBER = "amber"
    SAFEGUARDING = "safeguarding"
