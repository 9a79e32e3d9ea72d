"""From application to authority: whose hand is on it, which exact document, and nothing that changed in between (R1-R10, R26)."""

import dataclasses
import json
from datetime import timedelta
from typing import Any

import pytest

from governance.events import AuthorityGranted, read_entry
from governance.ledger.tlog_proof import parse_proof
from governance.messages.authority import Authority
from governance.messages.decision import Action, Decision
from governance.messages.payload import Mode, opened, parse
from governance.office import applications, authorities, entries
from governance.office.authorities import ServedDocument, of_deployment
from governance.office.store import Actor
from lfr_engine.clock import format_utc
from lfr_engine.errors import BadInput, LfrError, Refused, VerificationFailed
from tests.office_world import APPLICANT, COMPILER, END, NOW, OFFICER, OTHER_OFFICER, REASONS, REVIEWER, START, OfficeWorld, photos
from watchlist.entry import list_root


def rules(caught: "pytest.ExceptionInfo[LfrError]") -> tuple[str, ...]:
    return caught.value.rule_ids


def test_an_authority_is_the_asserted_document_logged_and_under_a_cosigned_checkpoint(office_world: OfficeWorld) -> None:
    office = office_world.office
    application_id = office_world.submitted("unit-x", people=2)
    document = office_world.prepared(application_id)
    granted = authorities.grant(office, office_world.sign("ao-01", Action.AUTHORISE, document), document)
    decision = opened(office.object_bytes(granted.decision), Decision, [office.roster.office_key]).body
    assert granted.document == document
    assert decision.assertions[0].person_id == "ao-01"
    with office.read() as session:
        kept = entries.kept(session, application_id)
        event, body = read_entry(office.log.entry(session, granted.entry_index))
        assert applications.get(session, application_id).state == "authorised"
    assert parse(document, Authority).body.watchlist.root == list_root(row.leaf for row in kept if row.leaf)
    assert isinstance(body, AuthorityGranted)
    assert (body.decision, event.actor, event.objects) == (granted.decision, "ao-01", (granted.decision,))
    proof = parse_proof(granted.proof)
    proof.verify(log=office.log_signer.verifier, witnesses=[office_world.witness.verifier], threshold=1)
    assert proof.index == granted.entry_index


def test_an_authority_is_granted_once(office_world: OfficeWorld) -> None:
    document = office_world.prepared(office_world.submitted())
    assertion = office_world.sign("ao-01", Action.AUTHORISE, document)
    authorities.grant(office_world.office, assertion, document)
    size = office_world.count()
    with pytest.raises(Refused) as caught:
        authorities.grant(office_world.office, assertion, document)
    assert rules(caught) == ("R1",)
    assert office_world.count() == size


def test_of_two_documents_served_for_one_application_only_one_is_granted(office_world: OfficeWorld) -> None:
    application_id = office_world.submitted()
    first, second = office_world.prepared(application_id), office_world.prepared(application_id)
    assert first != second
    authorities.grant(office_world.office, office_world.sign("ao-01", Action.AUTHORISE, second), second)
    with pytest.raises(Refused):
        authorities.grant(office_world.office, office_world.sign("ao-01", Action.AUTHORISE, first), first)


def test_a_document_altered_after_it_was_asserted_is_refused(office_world: OfficeWorld) -> None:
    document = office_world.prepared(office_world.submitted())
    assertion = office_world.sign("ao-01", Action.AUTHORISE, document)
    longer = document.replace(format_utc(END).encode(), format_utc(END + timedelta(hours=1)).encode())
    assert longer != document
    with pytest.raises(VerificationFailed):
        authorities.grant(office_world.office, assertion, longer)
    authorities.grant(office_world.office, assertion, document)


def test_a_document_the_office_never_served_is_refused_even_when_truly_asserted(office_world: OfficeWorld) -> None:
    document = office_world.prepared(office_world.submitted())
    own = document.replace(format_utc(END).encode(), format_utc(END + timedelta(hours=1)).encode())
    with pytest.raises(Refused, match="not served"):
        authorities.grant(office_world.office, office_world.sign("ao-01", Action.AUTHORISE, own), own)


def test_a_document_served_to_another_officer_is_refused(office_world: OfficeWorld) -> None:
    document = office_world.prepared(office_world.submitted(), OFFICER)
    with pytest.raises(Refused, match="not served to this officer"):
        authorities.grant(office_world.office, office_world.sign("ao-02", Action.AUTHORISE, document), document)


def test_an_assertion_to_do_something_else_grants_nothing(office_world: OfficeWorld) -> None:
    document = office_world.prepared(office_world.submitted())
    for action in (Action.SEAL, Action.STOP, Action.PUBLISH):
        with pytest.raises(VerificationFailed):
            authorities.grant(office_world.office, office_world.sign("ao-01", action, document), document)


def test_another_persons_assertion_under_the_officers_name_is_refused(office_world: OfficeWorld) -> None:
    document = office_world.prepared(office_world.submitted())
    forged = office_world.sign("si-01", Action.AUTHORISE, document).model_copy(update={"person_id": "ao-01"})
    with pytest.raises(VerificationFailed):
        authorities.grant(office_world.office, forged, document)
    with pytest.raises(Refused):
        authorities.grant(office_world.office, office_world.sign("si-01", Action.AUTHORISE, document), document)


def test_an_application_changed_after_it_was_served_is_not_authorised(office_world: OfficeWorld) -> None:
    office, application_id = office_world.office, office_world.submitted()
    document = office_world.prepared(application_id)
    returned = applications.send_back(office, OFFICER, application_id, "returned", "the street is too long for this")
    applications.save(office, APPLICANT, application_id, returned.revision, {"operation": "Operation Other"})
    applications.submit(office, APPLICANT, application_id)
    with pytest.raises(Refused) as caught:
        authorities.grant(office, office_world.sign("ao-01", Action.AUTHORISE, document), document)
    assert rules(caught) == ("R1",)


def test_a_list_changed_after_it_was_served_is_not_authorised(office_world: OfficeWorld) -> None:
    office, application_id = office_world.office, office_world.submitted(people=1)
    assert office_world.pack is not None
    document = office_world.prepared(application_id)
    applications.send_back(office, OFFICER, application_id, "returned", "one more is sought there")
    proposal = entries.collect(office, COMPILER, application_id, photos()[1], office_world.pack)
    entries.review(office, REVIEWER, application_id, proposal.entry_id, keep=True)
    applications.submit(office, APPLICANT, application_id)
    with pytest.raises(Refused, match="list was changed"):
        authorities.grant(office, office_world.sign("ao-01", Action.AUTHORISE, document), document)


def test_an_application_returned_after_it_was_served_is_not_authorised(office_world: OfficeWorld) -> None:
    application_id = office_world.submitted()
    document = office_world.prepared(application_id)
    applications.send_back(office_world.office, OTHER_OFFICER, application_id, "refused", "not proportionate at all")
    with pytest.raises(Refused):
        authorities.grant(office_world.office, office_world.sign("ao-01", Action.AUTHORISE, document), document)


def test_a_document_kept_until_its_window_passed_is_not_authorised(office_world: OfficeWorld) -> None:
    document = office_world.prepared(office_world.submitted())
    assertion = office_world.sign("ao-01", Action.AUTHORISE, document)
    with office_world.at(END), pytest.raises(Refused) as caught:
        authorities.grant(office_world.office, assertion, document)
    assert "R8" in rules(caught)


@pytest.mark.parametrize(
    ("officer", "changes", "rule_id"),
    [
        ("ao-in", {}, "R2"),
        ("ao-ap", {"applicant": Actor("ao-ap", "applicant")}, "R4"),
        ("ao-01", {"operator_ids": ["ao-01"]}, "R4"),
        ("si-01", {}, "R2"),
        ("nobody", {}, "R2"),
    ],
    ids=["a chief inspector", "the applicant", "an operator", "somebody without the role", "nobody in the roster"],
)
def test_who_may_not_authorise_is_not_even_served_a_document(
    office_world: OfficeWorld, officer: str, changes: dict[str, Any], rule_id: str
) -> None:
    application_id = office_world.submitted(**changes)
    with pytest.raises(Refused) as caught:
        authorities.prepare(office_world.office, Actor(officer, "authorising_officer"), application_id, reasons=REASONS)
    assert rule_id in rules(caught)


def test_R4_an_officer_who_proposed_an_entry_does_not_authorise_the_list(office_world: OfficeWorld) -> None:
    assert office_world.pack is not None
    application_id = office_world.draft()
    proposal = entries.collect(office_world.office, Actor("ao-ap", "compiler"), application_id, photos()[1], office_world.pack)
    entries.review(office_world.office, REVIEWER, application_id, proposal.entry_id, keep=True)
    applications.submit(office_world.office, APPLICANT, application_id)
    with pytest.raises(Refused) as caught:
        office_world.prepared(application_id, Actor("ao-ap", "authorising_officer"))
    assert "R4" in rules(caught)
    assert office_world.prepared(application_id, OFFICER)


@pytest.mark.parametrize("reasons", ["", "   ", "agreed", "x" * 39])
def test_R7_an_officer_without_reasons_of_their_own_authorises_nothing(office_world: OfficeWorld, reasons: str) -> None:
    application_id = office_world.submitted()
    with pytest.raises(BadInput) as caught:
        authorities.prepare(office_world.office, OFFICER, application_id, reasons=reasons)
    assert rules(caught) == ("R7",)


@pytest.mark.parametrize("copied", ["necessity", "proportionality", "objective"])
def test_R7_the_applicants_words_are_not_the_officers_reasons(office_world: OfficeWorld, copied: str) -> None:
    application_id = office_world.submitted()
    with pytest.raises(BadInput) as caught:
        authorities.prepare(office_world.office, OFFICER, application_id, reasons=f"  {office_world.fields()[copied]}\n")
    assert rules(caught) == ("R7",)


def test_every_rule_that_blocks_is_named_at_once(office_world: OfficeWorld) -> None:
    application_id = office_world.submitted(use_case="general", documents=[], necessity="because of it")
    with pytest.raises(Refused) as caught:
        office_world.prepared(application_id)
    assert set(rules(caught)) == {"R5", "R7", "R10"}


def test_R19_a_list_reviewed_days_before_is_not_authorised(office_world: OfficeWorld) -> None:
    later = {"window": {"start": format_utc(NOW + timedelta(hours=25)), "end": format_utc(NOW + timedelta(hours=30))}}
    application_id = office_world.submitted(**later)
    with pytest.raises(Refused) as caught:
        office_world.prepared(application_id)
    assert rules(caught) == ("R19",)


def test_an_empty_list_is_not_put_before_an_officer(office_world: OfficeWorld) -> None:
    with pytest.raises(BadInput, match="1 to 20000"):
        office_world.prepared(office_world.submitted(people=0))


def test_a_document_shows_what_a_demonstration_lacks(office_world: OfficeWorld) -> None:
    shown = parse(office_world.prepared(office_world.submitted()), Authority).body.findings
    assert {one.rule_id for one in shown if one.level == "would_block"} == {"R27", "R37", "R38", "R82"}


def test_what_only_a_demonstration_may_do_is_refused_in_earnest(office_world: OfficeWorld) -> None:
    application_id = office_world.submitted()
    operational = dataclasses.replace(
        office_world.office, settings=dataclasses.replace(office_world.office.settings, mode=Mode.OPERATIONAL)
    )
    with pytest.raises(Refused) as caught:
        authorities.prepare(operational, OFFICER, application_id, reasons=REASONS)
    assert {"R37", "R82"} <= set(rules(caught))
    document = office_world.prepared(application_id)
    assertion = office_world.sign("ao-01", Action.AUTHORISE, document)
    with pytest.raises(Refused) as caught:
        authorities.grant(operational, assertion, document)
    assert rules(caught) == ("R33",)


def test_without_a_witness_the_authority_stands_but_has_no_proof_until_one_answers(office_world: OfficeWorld) -> None:
    office = office_world.office
    document = office_world.prepared(office_world.submitted())
    deployment_id = parse(document, Authority).body.deployment_id
    settings = office.settings
    office.settings = dataclasses.replace(settings, witness_urls=dict.fromkeys(settings.witness_urls, "http://127.0.0.1:9"))
    try:
        with pytest.raises(LfrError, match="does not answer"):
            authorities.grant(office, office_world.sign("ao-01", Action.AUTHORISE, document), document)
    finally:
        office.settings = settings
    with office.read() as session:
        assert of_deployment(session, deployment_id).proof == ""
    assert authorities.attach_proof(office, deployment_id).proof.startswith("c2sp.org/tlog-proof")


def test_served_documents_are_for_their_officer_only(office_world: OfficeWorld) -> None:
    document = office_world.prepared(office_world.submitted())
    with office_world.office.read() as session:
        (digest,) = [row.digest for row in session.query(ServedDocument).filter_by(document=document)]
        assert authorities.served_document(session, digest, "ao-01") == document
        for who, what in (("ao-02", digest), ("ao-01", "sha256:" + "0" * 64)):
            with pytest.raises(BadInput):
                authorities.served_document(session, what, who)


# -- the application itself -------------------------------------------------------------------------------------------


def test_only_the_applicant_changes_and_submits_an_application(office_world: OfficeWorld) -> None:
    application_id, other = office_world.draft(), Actor("ao-ap", "applicant")
    for attempt in (
        lambda: applications.save(office_world.office, other, application_id, 1, {"operation": "Mine now"}),
        lambda: applications.submit(office_world.office, other, application_id),
    ):
        with pytest.raises(Refused) as caught:
            attempt()
        assert rules(caught) == ("R4",)


def test_somebody_without_the_role_makes_no_application(office_world: OfficeWorld) -> None:
    for who in ("p-operator", "nobody"):
        with pytest.raises(Refused):
            applications.create(office_world.office, Actor(who, "applicant"), office_world.fields())


def test_a_second_save_from_an_old_page_overwrites_nothing(office_world: OfficeWorld) -> None:
    office, application_id = office_world.office, office_world.draft()
    applications.save(office, APPLICANT, application_id, 1, {"operation": "First"})
    with pytest.raises(Refused, match="after you opened it"):
        applications.save(office, APPLICANT, application_id, 1, {"operation": "Second"})
    with office.read() as session:
        assert applications.get(session, application_id).draft["operation"] == "First"


@pytest.mark.parametrize("gap", ["necessity", "window", "unit_id", "policy", "camera_ids"])
def test_an_incomplete_application_is_kept_but_not_submitted(office_world: OfficeWorld, gap: str) -> None:
    fields = office_world.fields()
    del fields[gap]
    row = applications.create(office_world.office, APPLICANT, fields)
    assert list(applications.missing_parts(row)) == [gap]
    with pytest.raises(BadInput, match=gap):
        applications.submit(office_world.office, APPLICANT, row.application_id)


def test_a_submitted_application_and_its_list_stand_still(office_world: OfficeWorld) -> None:
    office, application_id = office_world.office, office_world.submitted()
    assert office_world.pack is not None
    with office.read() as session:
        (row,) = entries.kept(session, application_id)
    for attempt, rule_id in (
        (lambda: applications.save(office, APPLICANT, application_id, 1, {}), "R1"),
        (lambda: entries.collect(office, COMPILER, application_id, photos()[1], office_world.pack), "R28"),  # type: ignore[arg-type]
        (lambda: entries.review(office, REVIEWER, application_id, row.entry_id, keep=False, reason="not sought"), "R28"),
    ):
        with pytest.raises(Refused) as caught:
            attempt()
        assert rules(caught) == (rule_id,)


def test_an_application_of_endless_text_is_refused(office_world: OfficeWorld) -> None:
    with pytest.raises(BadInput, match="256 KiB"):
        applications.create(office_world.office, APPLICANT, {"objective": "x" * 300_000})


def test_sending_back_needs_words_and_the_role(office_world: OfficeWorld) -> None:
    office, application_id = office_world.office, office_world.submitted()
    with pytest.raises(BadInput):
        applications.send_back(office, OFFICER, application_id, "returned", "no")
    with pytest.raises(Refused):
        applications.send_back(office, APPLICANT, application_id, "returned", "reasons of some length")
    applications.send_back(office, OFFICER, application_id, "returned", "reasons of some length")
    with pytest.raises(Refused):
        applications.send_back(office, OFFICER, application_id, "returned", "reasons of some length")


def test_the_ledger_has_an_applications_digest_and_none_of_its_words(office_world: OfficeWorld) -> None:
    before = office_world.count()
    applications.create(office_world.office, APPLICANT, office_world.fields(operation="Operation Unmistakable"))
    with office_world.office.read() as session:
        logged = b"".join(office_world.office.log.entries(session, before, office_world.count()))
    assert b"application.saved" in logged
    assert b"Unmistakable" not in logged
    assert json.dumps(format_utc(START)).encode() not in logged
