"""What the journal does about a drill: the schedule before matching, each tap of a walker's token, each recognition (R30, R78)."""

import base64
import binascii

from cryptography.exceptions import InvalidSignature
from sqlmodel import col, select

from governance.drills import Walk, schedule_digest, tap_bytes
from governance.events import DrillRecognised, DrillScheduled, DrillWalked
from lfr_engine.errors import BadInput, Refused
from mobile_unit.journal import answers, asking
from mobile_unit.journal.book import Book
from mobile_unit.journal.looking import done
from mobile_unit.journal.tables import RUNNING, State, WalkRow
from watchlist.sealing.keys import VerifyingKey


def schedule(book: Book, ask: asking.ScheduleDrill) -> answers.Done:
    """Keep and log the walks, once, before matching starts. Raises Refused (R30) afterwards."""
    deployment = book.deployment(ask.deployment_id)
    if deployment.state != State.PREPARED or _walks(book, ask.deployment_id):
        raise Refused("a drill is scheduled once, before matching starts", rule_ids=("R30", "R78"))
    for walk in ask.walks:
        book.session.add(WalkRow(deployment_id=ask.deployment_id, **walk.model_dump()))
    digest = schedule_digest([Walk(walk.number, walk.walker_id, walk.due_at) for walk in ask.walks])
    walkers = len({walk.walker_id for walk in ask.walks})
    book.record(DrillScheduled(schedule=digest, walks=len(ask.walks), walkers=walkers), deployment=deployment)
    return done(book)


def walked(book: Book, ask: asking.Walked) -> answers.Done:
    """A walker sets out and taps their own token. Raises Refused (R30) for another's token, twice, or while nothing is matched."""
    deployment = book.deployment(ask.deployment_id)
    row = book.session.get(WalkRow, (ask.deployment_id, ask.walk))
    if row is None:
        raise BadInput(f"this drill has no walk {ask.walk}", rule_ids=("R30",), next_step="lfr drill schedule")
    if deployment.state != State.MATCHING:
        raise Refused("nothing is being matched now: this walk would measure nothing", rule_ids=("R30", "R78"))
    if row.tapped_at is not None:
        raise Refused(f"walk {ask.walk} was tapped already at {row.tapped_at}", rule_ids=("R30",))
    try:
        signature = base64.b64decode(ask.signature, validate=True)
        VerifyingKey.from_text(row.token).ed25519.verify(signature, tap_bytes(ask.deployment_id, ask.walk))
    except (InvalidSignature, binascii.Error) as error:
        raise Refused(
            f"this is not the token of {row.walker_id}, who is due for walk {ask.walk}", rule_ids=("R30",), next_step="tap your own token"
        ) from error
    row.tapped_at = book.now()
    book.session.add(row)
    body = DrillWalked(walk=ask.walk, walker_id=row.walker_id, signature=ask.signature, scripted=ask.scripted)
    book.record(body, actor=row.walker_id, role="walker", deployment=deployment)
    return done(book)


def recognised(book: Book, ask: asking.Recognised) -> answers.Done:
    """The engine's candidate was a walker: an event, and nothing else is kept. Raises Refused once matching has ended."""
    deployment = book.deployment(ask.deployment_id)
    if deployment.state not in RUNNING:
        raise Refused("matching has ended: nothing is taken any more", rule_ids=("R8",))
    book.record(DrillRecognised(walker_id=ask.walker_id, camera_id=ask.camera_id), deployment=deployment)
    return done(book)


def look_at_drill(book: Book, ask: asking.LookAtDrill) -> answers.DrillSeen:
    """The walks in order of time, and which were tapped."""
    rows = _walks(book, ask.deployment_id)
    return answers.DrillSeen(
        walks=tuple(
            answers.WalkSeen(number=row.number, walker_id=row.walker_id, due_at=row.due_at, tapped_at=row.tapped_at) for row in rows
        )
    )


def _walks(book: Book, deployment_id: str) -> list[WalkRow]:
    return list(book.session.exec(select(WalkRow).where(WalkRow.deployment_id == deployment_id).order_by(col(WalkRow.number))))
