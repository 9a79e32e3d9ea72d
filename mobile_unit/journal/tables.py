"""The journal's rows. Each change of state is committed together with its ledger entry; times are wire UTC."""

from enum import StrEnum

from sqlalchemy import Column, LargeBinary, Table
from sqlmodel import Field, SQLModel


class State(StrEnum):
    """A deployment on this unit, in the order it can go through; `paused` goes back to `matching`, `suspended` only by Silver (R54)."""

    PREPARED = "prepared"
    MATCHING = "matching"
    PAUSED = "paused"
    SUSPENDED = "suspended"
    ENDED = "ended"
    PURGED = "purged"


RUNNING = (State.MATCHING, State.PAUSED, State.SUSPENDED)
"""From the start of matching to its end: what a power cut would leave open."""


class AlertState(StrEnum):
    """How far people are with it. Erasing its pictures is another matter: who decided what stays."""

    OPEN = "open"
    DECIDED = "decided"
    RESOLVED = "resolved"


class UnitFact(SQLModel, table=True):
    """What the unit must not forget: newest roster version, last time seen, newest cosignature."""

    __tablename__ = "unit_fact"

    key: str = Field(primary_key=True)
    value: str


class DeploymentRow(SQLModel, table=True):
    """One deployment: its one-use key's public half, what the gate let pass, how it ended."""

    __tablename__ = "unit_deployment"

    deployment_id: str = Field(primary_key=True)
    state: str = State.PREPARED
    recipient: str
    unit_key: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    profile: str
    decision: str | None = None
    bundle: str | None = None
    certificate: str | None = None
    window_end: str | None = None
    alert_h: int = 0
    operator_ids: str = ""
    engagement_officer_ids: str = ""
    started_at: str | None = None
    ended_at: str | None = None
    ended_because: str | None = None
    purge: bytes | None = Field(default=None, sa_column=Column(LargeBinary))


class AlertRow(SQLModel, table=True):
    """One alert. `sealed` is readable only with its row in `unit_alert_key`; both go when it is erased."""

    __tablename__ = "unit_alert"

    alert_id: str = Field(primary_key=True)
    deployment_id: str = Field(index=True)
    camera_id: str
    raised_at: str
    erase_at: str
    state: str = AlertState.OPEN
    sealed: bytes | None = Field(sa_column=Column(LargeBinary))
    decision: str | None = None
    reason: str | None = None
    decided_at: str | None = None
    engagement_officer_id: str | None = None
    operator_id: str | None = None
    engagement: str | None = None
    outcome: str | None = None
    identified_by: str | None = None


class AlertKeyRow(SQLModel, table=True):
    """The key of one alert's pictures; deleting this row erases them wherever copies of the database went (R58)."""

    __tablename__ = "unit_alert_key"

    alert_id: str = Field(primary_key=True)
    key: bytes = Field(sa_column=Column(LargeBinary, nullable=False))


class OrderRow(SQLModel, table=True):
    """An order to a running deployment from another process of this machine; taken once."""

    __tablename__ = "unit_order"

    number: int | None = Field(default=None, primary_key=True)
    deployment_id: str = Field(index=True)
    what: str
    who: str
    reason: str = ""
    taken: bool = False


class PackageRow(SQLModel, table=True):
    """A sync package exactly as it was first made, so that making it again after a cut gives the same bytes."""

    __tablename__ = "unit_package"

    sequence: int = Field(primary_key=True)
    deployment_id: str
    size: int
    root: str
    envelope: bytes = Field(sa_column=Column(LargeBinary, nullable=False))


class WalkRow(SQLModel, table=True):
    """One walk of a drill: who is due when, the token that may tap it, and when it was tapped."""

    __tablename__ = "unit_walk"

    deployment_id: str = Field(primary_key=True)
    number: int = Field(primary_key=True)
    walker_id: str
    token: str
    due_at: str
    tapped_at: str | None = None


_NAMES = ("unit_fact", "unit_deployment", "unit_alert", "unit_alert_key", "unit_order", "unit_package", "unit_walk")
TABLES: list[Table] = [SQLModel.metadata.tables[name] for name in _NAMES]
