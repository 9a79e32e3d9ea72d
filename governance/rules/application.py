"""The rules on an application and its list, each pure: values in, findings out (R2-R10, R16, R19, R21, R22, R24-R27, R82)."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from governance.messages.application import Content
from governance.messages.certificate import Certificate
from governance.messages.model import ModelState
from governance.messages.payload import Mode
from governance.messages.roster import Person, Rank, TestBody
from governance.rules.certificate import shortcomings
from governance.rules.finding import Finding, Level
from governance.rules.list_risk import ListRisk
from governance.rules.model_states import require_may_match
from governance.rules.profile import LOCATION_TYPES, USE_CASES, Profile
from lfr_engine.clock import parse_utc
from lfr_engine.errors import Refused
from watchlist.entry import Entry

REQUIRED_DOCUMENTS = ("DPIA", "EIA", "APD", "CIA", "legal_mandate", "training_plan")


@dataclass(frozen=True, slots=True)
class Case:
    """What the rules look at: one complete application, its reviewed entries, who decides, when, with which certificate."""

    content: Content
    applicant_id: str
    entries: tuple[Entry, ...]
    officer: Person | None
    certificate: Certificate | None
    now: datetime
    mode: Mode
    profile: Profile
    issuer: TestBody | None = None
    model_state: ModelState | None = None
    risk: ListRisk | None = None
    walkers: int = 0  # of a drill: everybody is compared with them as well

    @property
    def start(self) -> datetime:
        return parse_utc(self.content.window.start)

    def demanded(self) -> Level:
        """What a rule that needs a real certificate or real notice says: a demonstration goes on and shows it."""
        return Level.WOULD_BLOCK if self.mode is Mode.DEMONSTRATION else Level.BLOCKS


Rule = Callable[[Case], Iterator[Finding]]


def r2_rank(case: Case) -> Iterator[Finding]:
    """The authorising officer is at least a superintendent."""
    if case.officer is not None:
        met = case.officer.rank.level >= Rank.SUPERINTENDENT.level
        yield Finding("R2", Level.MET if met else Level.BLOCKS, f"authorising officer is a {case.officer.rank.value}", "College APP; S14")


def r4_roles_apart(case: Case) -> Iterator[Finding]:
    """The authorising officer neither applies nor operates here, and proposed or reviewed no entry."""
    if case.officer is None:
        return
    officer = case.officer.person_id
    entangled = {
        "the applicant": officer == case.applicant_id,
        "an operator of this deployment": officer in case.content.operator_ids,
        "a proposer or reviewer of an entry": any(officer in {entry.proposer_id, entry.reviewer_id} for entry in case.entries),
    }
    found = [what for what, yes in entangled.items() if yes]
    text = (
        f"the authorising officer is also {' and '.join(found)}"
        if found
        else "the authorising officer is neither applicant nor operator, and proposed or reviewed no entry"
    )
    yield Finding("R4", Level.BLOCKS if found else Level.MET, text, "Covenant: accountable (S2)")


def r5_closed_lists(case: Case) -> Iterator[Finding]:
    """Use case and location type come from closed lists of a published policy in force."""
    content = case.content
    if content.use_case not in USE_CASES:
        yield Finding(
            "R5", Level.BLOCKS, f"use case {content.use_case!r} is not one the policy knows", "Bridges [2020] EWCA Civ 1058", "why"
        )
    if content.place.location_type not in LOCATION_TYPES:
        yield Finding("R5", Level.BLOCKS, f"location type {content.place.location_type!r} is not one the policy knows", "Bridges", "where")
    published = content.policy.url.startswith("https://") and parse_utc(content.policy.in_force_from) <= case.now
    yield Finding(
        "R5",
        Level.MET if published else Level.BLOCKS,
        f"policy {content.policy.version} is {'published and in force' if published else 'not published or not in force'}",
        "Bridges",
        "why",
    )


def r6_reason_for_place(case: Case) -> Iterator[Finding]:
    """Reasonable grounds to think that listed people will be there."""
    enough = len(case.content.place.justification.strip()) >= case.profile.min_reason_chars and case.content.place.intelligence_ref.strip()
    yield Finding(
        "R6",
        Level.MET if enough else Level.BLOCKS,
        "grounds to expect listed people at this place are given with an intelligence reference"
        if enough
        else "say why listed people are thought to be there, with the intelligence reference",
        "Bridges: where",
        "where",
    )


def r7_necessity(case: Case) -> Iterator[Finding]:
    """Necessity, proportionality and alternatives each explained."""
    for name in ("necessity", "proportionality", "alternatives"):
        text = getattr(case.content, name).strip()
        if len(text) < case.profile.min_reason_chars:
            yield Finding("R7", Level.BLOCKS, f"{name} is not explained ({len(text)} characters)", "DPA 2018 s.35; APP", "why")


def r8_duration(case: Case) -> Iterator[Finding]:
    """A start and an end, not longer than the profile allows, not in the past."""
    end = parse_utc(case.content.window.end)
    if end <= case.now:
        yield Finding("R8", Level.BLOCKS, "the window has passed", "College APP (S6)", "when")
    length = end - case.start
    level = Level.MET if length <= case.profile.max_duration else Level.BLOCKS
    yield Finding("R8", level, f"matching may run for {length}", "College APP (S6)", "when")


def r9_sensitive(case: Case) -> Iterator[Finding]:
    """A sensitive place needs its own reasons."""
    if case.content.sensitive_places:
        given = len(case.content.sensitive_rationale.strip()) >= case.profile.min_reason_chars
        yield Finding(
            "R9",
            Level.WARNS if given else Level.BLOCKS,
            f"sensitive places near: {', '.join(case.content.sensitive_places)}",
            "APP (memory, unverified)",
            "where",
        )


def r10_documents(case: Case) -> Iterator[Finding]:
    """Every assessment bound by version and hash, none past its review."""
    have = {document.kind: document for document in case.content.documents}
    missing = [kind for kind in REQUIRED_DOCUMENTS if kind not in have]
    due = [kind for kind, document in have.items() if parse_utc(document.review_due) <= case.now]
    for kind in missing:
        yield Finding("R10", Level.BLOCKS, f"{kind} is missing", "DPA 2018 s.64; S17", "safeguards")
    for kind in due:
        yield Finding("R10", Level.BLOCKS, f"{kind} is past its review date", "DPA 2018 s.64; S17", "safeguards")
    if not missing and not due:
        yield Finding("R10", Level.MET, "DPIA, EIA, APD, CIA, mandate and training plan are current", "DPA 2018 s.64; S17")


def r19_reviewed_for_this(case: Case) -> Iterator[Finding]:
    """Every entry reviewed for this deployment within 24 hours of the start."""
    stale = sum(case.start - parse_utc(entry.reviewed_at) > case.profile.review_before_start for entry in case.entries)
    yield Finding(
        "R19",
        Level.BLOCKS if stale else Level.MET,
        f"{stale} of {len(case.entries)} entries were reviewed more than 24 h before the start",
        "College APP (S3)",
        "who",
    )


def r21_children(case: Case) -> Iterator[Finding]:
    """People under 18, or of unknown age, are each named to the officer."""
    young = sum(entry.under_18(case.start.date()) for entry in case.entries)
    yield Finding("R21", Level.WARNS if young else Level.MET, f"{young} under 18 or of unknown age", "Liberty 2025 (S40, S42)", "who")


def r22_not_suspects(case: Case) -> Iterator[Finding]:
    """Associates, witnesses and victims are approved one by one."""
    some = sum(entry.category.needs_individual_approval for entry in case.entries)
    if some:
        yield Finding("R22", Level.WARNS, f"{some} associates, witnesses or victims: each needs its own approval", "S12", "who")


def r24_old_photos(case: Case) -> Iterator[Finding]:
    """Photos older than the profile's limit are pointed out."""
    limit = timedelta(days=365 * case.profile.image_age_warning_years)
    old = sum(case.start.date() - entry.image_date > limit for entry in case.entries)
    if old:
        yield Finding(
            "R24",
            Level.WARNS,
            f"{old} photos are older than {case.profile.image_age_warning_years} years (limit ours)",
            "College APP (S3)",
            "who",
        )


def r24_lambs(case: Case) -> Iterator[Finding]:
    """Entries that others easily reach are pointed out, where a background was there to count against."""
    if case.risk is not None:
        yield from case.risk.findings()


def r25_third_party(case: Case) -> Iterator[Finding]:
    """Photos from outside the police need their lawful holding confirmed."""
    outside = sum(entry.image_source.needs_lawful_holding_check for entry in case.entries)
    if outside:
        yield Finding(
            "R25", Level.WARNS, f"{outside} photos come from outside the police: lawful holding to be confirmed", "College APP (S3)", "who"
        )


def r37_certificate(case: Case) -> Iterator[Finding]:
    """Thresholds come from a certificate of an independent test body, with rates by group and a false alert bound (R27, R38)."""
    certificate = case.certificate
    if certificate is None or parse_utc(certificate.valid_to) <= case.now:
        yield Finding("R37", Level.BLOCKS, "no valid pipeline certificate is registered", "Bridges ground 5 (S83)")
        return
    if parse_utc(certificate.valid_to) < parse_utc(case.content.window.end):
        text = f"the certificate runs out at {certificate.valid_to}, before the window ends: have the pipeline tested again"
        yield Finding("R37", Level.BLOCKS, text, "Bridges ground 5 (S83)", "when")
    yield from shortcomings(certificate, case.issuer, case.demanded(), entries=len(case.entries) + case.walkers)


def r98_in_use(case: Case) -> Iterator[Finding]:
    """The pipeline stands in the model register as one that may match: neither under review nor suspended (R55, R98, R99)."""
    if case.certificate is None:
        return
    if case.model_state is None:
        yield Finding("R98", Level.BLOCKS, f"{case.certificate.pack} is not in the model register", "College monitoring guidance (S5)")
        return
    try:
        require_may_match(case.model_state, case.mode, case.certificate.pack)
    except Refused as refusal:
        yield Finding(refusal.rule_ids[0], Level.BLOCKS, refusal.message, "College monitoring guidance (S5)")


def r82_notice(case: Case) -> Iterator[Finding]:
    """Public notice ahead of the start."""
    published = case.content.notice_published_at
    lead = case.start - parse_utc(published) if published else None
    if lead is not None and lead >= case.profile.notice_lead:
        yield Finding("R82", Level.MET, f"public notice {lead} before the start", "APP (S6)")
    else:
        text = "no public notice is recorded" if lead is None else f"public notice only {lead} before the start"
        yield Finding("R82", case.demanded(), text, "APP (S6)", "safeguards")


RULES: tuple[Rule, ...] = (
    r2_rank,
    r4_roles_apart,
    r5_closed_lists,
    r6_reason_for_place,
    r7_necessity,
    r8_duration,
    r9_sensitive,
    r10_documents,
    r19_reviewed_for_this,
    r21_children,
    r22_not_suspects,
    r24_old_photos,
    r24_lambs,
    r25_third_party,
    r37_certificate,
    r98_in_use,
    r82_notice,
)


def findings(case: Case) -> tuple[Finding, ...]:
    """All findings, what blocks first."""
    order = list(Level)
    return tuple(
        sorted((finding for rule in RULES for finding in rule(case)), key=lambda one: (order.index(one.level), int(one.rule_id[1:])))
    )
