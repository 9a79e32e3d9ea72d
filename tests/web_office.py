"""A real office for tests of its pages: ceremony, a witness in its own process, a unit, a certificate, accounts, people."""

import io
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

from governance.home import Home
from governance.ledger.note import Signer, Verifier
from governance.messages.payload import Mode
from governance.messages.roster import Rank, Role
from governance.office import accounts
from governance.office.applications import create, submit
from governance.office.ceremony import Enrolment, PersonSpec, WitnessSpec, enrol_unit, init_office
from governance.office.entries import PhotoOf, collect, proposals, review
from governance.office.store import Actor
from lfr_engine.clock import Clock, format_utc
from lfr_engine.packs.store import OpenPack
from tests.certified import certify
from tests.witness_process import WitnessProcess
from watchlist.sealing.keys import SigningKey
from webui.cli.demo_people import demo_people

FORCE = "testshire"
PEOPLE = (
    PersonSpec("ap-01", "Amira Hassan", Rank.INSPECTOR, (Role.APPLICANT,)),
    PersonSpec("co-01", "Carol Owens", Rank.STAFF, (Role.COMPILER,)),
    PersonSpec("co-02", "Colin Reed", Rank.STAFF, (Role.COMPILER,)),
    PersonSpec("ao-01", "Superintendent Lee", Rank.SUPERINTENDENT, (Role.AUTHORISING_OFFICER,)),
    PersonSpec("si-01", "Silver Shah", Rank.CHIEF_INSPECTOR, (Role.SILVER,)),
    PersonSpec("op-01", "Olu Grant", Rank.CONSTABLE, (Role.OPERATOR,)),
    PersonSpec("ov-01", "Oversight Office", Rank.STAFF, (Role.OVERSIGHT,)),
)
PASSWORD = "correct-horse-battery"  # one for everybody, in tests only


class WebOffice:
    """Use it as a context: the witness runs meanwhile."""

    def __init__(self, folder: Path, *, port: int = 0) -> None:
        self.home = Home(folder / "home")
        self.roots = folder / "roots"
        self.witness = WitnessProcess(folder / "witness", [])
        clock = Clock()
        self.office = init_office(
            self.home.office,
            root_folder=self.roots,
            force=FORCE,
            mode=Mode.DEMONSTRATION,
            people=PEOPLE,
            witnesses=[WitnessSpec(self.witness.verifier.vkey, "")],
            origins=[f"http://localhost:{port}" if port else "http://localhost"],
            clock=clock,
        )
        log = Verifier.from_vkey(self.office.roster.roster.office.log_vkey)
        self.witness = WitnessProcess(folder / "witness", [log]).start()
        self.office.settings.witness_urls[self.witness.verifier.name] = self.witness.url
        settings = self.home.office.root / "office.json"  # for other processes that open this office
        settings.write_text(json.dumps({**json.loads(settings.read_text()), "witness_urls": self.office.settings.witness_urls}))
        unit_key, log_key = SigningKey.generate(), SigningKey.generate()
        vkey = Signer(f"{FORCE}/unit/unit-3", log_key.private).vkey
        enrol_unit(self.office, Enrolment("unit-3", "Unit 3", unit_key.public.text, vkey), root_folder=self.roots)
        accounts.create_tables(self.office)
        for person in PEOPLE:
            accounts.set_password(self.office, person.person_id, PASSWORD)

    def close(self) -> None:
        self.witness.stop()
        self.office.engine.dispose()

    def certify(self, pack: OpenPack) -> None:
        certify(self.office, pack, self.roots)

    def draft(self, **changes: object) -> str:
        """A complete draft of ap-01, without people; its id."""
        return create(self.office, Actor("ap-01", Role.APPLICANT), {**complete_draft(), **changes}).application_id

    def fill(self, application_id: str, pack: OpenPack, photos: list[tuple[str, bytes]]) -> None:
        """Propose these people by one compiler and have the other keep them all."""
        for ref, photo in photos:
            collect(self.office, Actor("co-01", Role.COMPILER), application_id, photo_of(ref, photo), pack)
        with self.office.read() as session:
            found = proposals(session, application_id)
        for one in found:
            review(self.office, Actor("co-02", Role.COMPILER), application_id, one.entry_id, keep=True)

    def submitted(self, pack: OpenPack, photos: list[tuple[str, bytes]]) -> str:
        """An application that waits for an officer."""
        application_id = self.draft()
        self.fill(application_id, pack, photos)
        submit(self.office, Actor("ap-01", Role.APPLICANT), application_id)
        return application_id


def complete_draft(*, start_in: timedelta = timedelta(hours=20)) -> dict[str, object]:
    now = datetime.now(UTC)
    start, end = now + start_in, now + start_in + timedelta(hours=5)
    kinds = ("DPIA", "EIA", "APD", "CIA", "legal_mandate", "training_plan")
    return {
        "operation": "NORTHGATE",
        "objective": "Find people wanted by the courts who are thought to use this street on market days.",
        "use_case": "hotspot",
        "necessity": "Patrols and appeals over three months found four of thirty people wanted by the courts.",
        "proportionality": "One short street for five hours, signs on both ends, another way round, nothing kept of those not sought.",
        "alternatives": "Patrols with briefing sheets and home visits were tried and reported in October.",
        "seriousness_of_harm": "serious",
        "policy": {
            "url": "https://example.org/lfr-policy",
            "digest": "sha256:" + "a1" * 32,
            "version": "4",
            "in_force_from": "2026-01-01T00:00:00.000Z",
        },
        "place": {
            "name": "Market Street",
            "location_type": "shopping_street",
            "polygon": [[-2.2453, 53.4794], [-2.2441, 53.4794], [-2.2441, 53.4800], [-2.2453, 53.4800], [-2.2453, 53.4794]],
            "justification": "Eleven of the listed people were recorded here on market days since August.",
            "intelligence_ref": "INT-2026-118",
        },
        "sensitive_places": [],
        "sensitive_rationale": "",
        "camera_ids": ["camera-1"],
        "window": {"start": format_utc(start), "end": format_utc(end)},
        "unit_id": "unit-3",
        "operator_ids": ["op-01"],
        "operating_forces": [FORCE],
        "documents": [
            {"kind": kind, "version": "1", "digest": "sha256:" + "b2" * 32, "review_due": "2027-06-01T00:00:00.000Z"} for kind in kinds
        ],
        "retention": {"alert_h": 24, "watchlist_after_end_h": 0, "cctv_d": 0},
        "notice_published_at": format_utc(now - timedelta(days=2)),
        "expected_passers_by": 4000,
    }


def photo_of(ref: str, photo: bytes, **changes: str) -> PhotoOf:
    return PhotoOf(photo=photo, **{**row_of(ref), **changes})


def row_of(ref: str) -> dict[str, str]:
    return {
        "subject_ref": ref,
        "category": "wanted_by_courts",
        "justification": "Warrant issued by the magistrates, not yet served.",
        "offence_or_power": "Failure to appear, Bail Act 1976 s.6",
        "image_source": "custody",
        "legal_basis": "PACE 1984 s.64A",
        "image_date": "2024-03-14",
        "born": "1980-02-03",
        "response": "amber",
        "what_to_do": "Confirm identity, then arrest on the warrant",
    }


def table_of(rows: list[dict[str, str]]) -> bytes:
    """A CSV as a compiler would hand it in; each row needs `image` too."""
    out = io.StringIO()
    columns = ["subject_ref", "image", *[name for name in rows[0] if name not in {"subject_ref", "image"}]]
    out.write(",".join(columns) + "\n")
    for row in rows:
        out.write(",".join(f'"{row[name]}"' for name in columns) + "\n")
    return out.getvalue().encode()


def real_photos(folder: Path, count: int) -> list[tuple[str, bytes]]:
    """References and photos of real people from installed packages."""
    return [(person.ref, person.enrol_jpeg) for person in demo_people(folder)[:count]]
