"""Where a pipeline stands in the force's model register, as it travels with every sealed list (R98, R99, R102)."""

from enum import StrEnum
from typing import Annotated

from pydantic import Field

from governance.messages.payload import Digest, Strict, WireTime

Count = Annotated[int, Field(ge=0)]


class ModelState(StrEnum):
    """How far a pipeline is. Only `certified` and `operational` ones may match; the first of them outside real use only."""

    REGISTERED = "registered"
    TESTED = "tested"
    CERTIFIED = "certified"
    OPERATIONAL = "operational"
    UNDER_REVIEW = "under_review"
    SUSPENDED = "suspended"
    RETIRED = "retired"


class Need(StrEnum):
    """What a pipeline under review still needs before it may match again (College monitoring guidance, S5; R55, R99)."""

    HUMAN_REVIEW = "human_review"
    RETEST = "retest"
    ETHICS_REFERRAL = "ethics_referral"


class Cumulative(Strict):
    """Everything a pipeline and its predecessors did since the last review was cleared (R54, R79). `undecided`: alerts that
    are open, lost or indeterminate. `reviews` counts the reviews cleared so far."""

    reviews: Count
    passages: Count
    false_alerts: Count
    undecided: Count


class ModelStanding(Strict):
    """The register's line on one pipeline at the moment a list was sealed: the unit is offline and asks nobody else."""

    pipeline_digest: Digest
    state: ModelState
    since: WireTime
    cumulative: Cumulative
