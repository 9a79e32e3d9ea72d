"""Who signs in to the office: one password per person of the roster, lock-out, and sessions that can be ended here.

An account only opens pages. What a person may do comes from the roster at each request, and what counts as a decision is
asserted with the person's key, never with a password. Passwords are kept as argon2id hashes, session tokens as digests.
"""

import hashlib
import secrets
from datetime import timedelta

from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error
from sqlmodel import Field, Session, SQLModel, select

from governance.events import SignedIn
from governance.messages.roster import Person
from governance.office.store import Actor, Office
from lfr_engine.clock import format_utc, parse_utc
from lfr_engine.errors import BadInput, Refused

MAX_FAILURES = 5  # ours: in a row, before the account rests
LOCKED_FOR = timedelta(minutes=15)  # ours
SESSION_AT_MOST = timedelta(hours=12)  # ours: one long shift, then sign in again
MIN_PASSWORD = 12  # ours; length beats composition rules (NCSC guidance)
MAX_PASSWORD = 200
# Without the letters and digits that people confuse when they copy from paper.
_ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"
_HASHER = PasswordHasher()
_NOBODY = _HASHER.hash("nobody has this account")  # checked for unknown people, so that an answer takes as long
_WRONG = "this person and password do not belong together, or the account is locked"


class Account(SQLModel, table=True):
    """One person's password. `failures` counts wrong ones in a row; until `locked_until` none is looked at."""

    __tablename__ = "account"

    person_id: str = Field(primary_key=True)
    password: str
    failures: int = 0
    locked_until: str = ""
    changed_at: str


class SignInSession(SQLModel, table=True):
    """A signed-in browser by the digest of its token; signing out or a new password ends it."""

    __tablename__ = "sign_in_session"

    token: str = Field(primary_key=True)
    person_id: str = Field(index=True)
    started_at: str


def create_tables(office: Office) -> None:
    """Make the tables of every service loaded by now that are missing: a service may load after the office was opened."""
    SQLModel.metadata.create_all(office.engine)


def set_password(office: Office, person_id: str, password: str) -> None:
    """Give a person of the roster a password; their open sessions end. Raises BadInput on a short one, Refused for a stranger."""
    create_tables(office)
    office.roster.person(person_id)
    if not MIN_PASSWORD <= len(password) <= MAX_PASSWORD:
        raise BadInput(f"a password has {MIN_PASSWORD} to {MAX_PASSWORD} characters", rule_ids=("R33",))
    hashed = _HASHER.hash(password)
    with office.transaction() as session:
        row = session.get(Account, person_id) or Account(person_id=person_id, password="", changed_at="")
        row.password, row.failures, row.locked_until = hashed, 0, ""
        row.changed_at = format_utc(office.clock.now_utc())
        session.add(row)
        _end_all(session, person_id)


def demo_passwords(office: Office) -> dict[str, str]:
    """A new random password for everybody in the roster, by person id. For demonstrations: the caller prints them once."""
    passwords = {person.person_id: _readable_password() for person in office.roster.roster.persons}
    for person_id, password in passwords.items():
        set_password(office, person_id, password)
    return passwords


def check_password(office: Office, person_id: str, password: str) -> Person:
    """The person this password belongs to; both outcomes are events. Raises Refused (R33), in the same words for every cause."""
    with office.read() as session:
        row = session.get(Account, person_id)
        hashed = row.password if row else _NOBODY
        locked = bool(row and row.locked_until and office.clock.now_utc() < parse_utc(row.locked_until))
    right = _fits(hashed, password)
    if row is None or locked:
        # Nothing is written for a stranger or a locked account: guessing must not fill the ledger.
        raise Refused(_WRONG, rule_ids=("R33",), next_step=_next_step())
    with office.transaction() as session:
        account = session.get_one(Account, person_id)
        account.failures = 0 if right else account.failures + 1
        if account.failures >= MAX_FAILURES:
            account.failures, account.locked_until = 0, format_utc(office.clock.now_utc() + LOCKED_FOR)
        session.add(account)
        office.record(session, SignedIn(succeeded=right), Actor(person_id, "person"))
    if not right:
        raise Refused(_WRONG, rule_ids=("R33",), next_step=_next_step())
    return office.roster.person(person_id)


def start_session(office: Office, person_id: str) -> str:
    """A fresh token for a browser that has just proved who it is; never one that it brought along."""
    token = secrets.token_urlsafe(32)
    with office.transaction() as session:
        session.add(SignInSession(token=_digest(token), person_id=person_id, started_at=format_utc(office.clock.now_utc())))
    return token


def person_of(office: Office, token: str) -> str | None:
    """Whose session this is; None when it was ended, is too old or never was."""
    with office.read() as session:
        row = session.get(SignInSession, _digest(token))
    if row is None or office.clock.now_utc() - parse_utc(row.started_at) > SESSION_AT_MOST:
        return None
    return row.person_id


def end_session(office: Office, token: str) -> None:
    """Sign out; harmless when it is over already."""
    with office.transaction() as session:
        row = session.get(SignInSession, _digest(token))
        if row is not None:
            session.delete(row)


def _end_all(session: Session, person_id: str) -> None:
    for row in session.exec(select(SignInSession).where(SignInSession.person_id == person_id)):
        session.delete(row)


def _fits(hashed: str, password: str) -> bool:
    try:
        return _HASHER.verify(hashed, password[: MAX_PASSWORD + 1])
    except Argon2Error:
        return False


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def _readable_password() -> str:
    """Four groups of four: 79 bits."""
    return "-".join("".join(secrets.choice(_ALPHABET) for _ in range(4)) for _ in range(4))


def _next_step() -> str:
    return f"check both; after {MAX_FAILURES} wrong passwords an account rests for {LOCKED_FOR.seconds // 60} minutes"
