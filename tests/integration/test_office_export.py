"""What a real office with a real witness exports, the separate verifier accepts; and it notices an office that forgot."""

from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from governance.export import make_export
from governance.home import OfficeHome, private_folder
from governance.ledger.note import Signer
from governance.messages.payload import Mode
from governance.messages.roster import Rank, Role
from governance.office.ceremony import Enrolment, PersonSpec, WitnessSpec, enrol_unit, init_office
from governance.office.store import Actor
from governance.verifier.evidence import Trust
from governance.verifier.notes import WITNESS_KEY, parse_vkey
from governance.verifier.roster import root_keys
from governance.verifier.verification import verify_export
from lfr_engine.clock import Clock
from tests.witness_process import WitnessProcess
from watchlist.sealing.keys import SigningKey

FORCE = "example.police.uk"


def test_the_export_of_a_real_office_holds_for_its_root_and_witness(tmp_path: Path) -> None:
    folder = tmp_path / "witness"
    private_folder(folder)
    witness = WitnessProcess(folder, [])
    people = [
        PersonSpec("p-1", "One", Rank.INSPECTOR, (Role.APPLICANT,)),
        PersonSpec("p-2", "Two", Rank.SUPERINTENDENT, (Role.AUTHORISING_OFFICER,)),
        PersonSpec("p-3", "Three", Rank.STAFF, (Role.OVERSIGHT,)),
    ]
    office = init_office(
        OfficeHome(tmp_path / "office"),
        root_folder=tmp_path / "roots",
        force=FORCE,
        mode=Mode.DEMONSTRATION,
        people=people,
        witnesses=[WitnessSpec(witness.verifier.vkey, "http://127.0.0.1:1")],
        origins=["http://localhost:5000"],
        clock=Clock(),
    )
    try:
        witness.watch([office.log_signer.verifier])
        witness.start()
        office.settings.witness_urls[witness.verifier.name] = witness.url
        log_key = Signer(f"{FORCE}/unit/unit-1", Ed25519PrivateKey.generate())
        enrol_unit(office, Enrolment("unit-1", "Unit 1", SigningKey.generate().public.text, log_key.vkey), root_folder=tmp_path / "roots")
        first = make_export(office, Actor("p-3", Role.OVERSIGHT), tmp_path / "first", justification="inspection")
        second = make_export(office, Actor("p-3", Role.OVERSIGHT), tmp_path / "second", justification="inspection")
    finally:
        office.engine.dispose()
        witness.stop()
    root = root_keys((tmp_path / "office" / "root.vkey").read_text())
    trust = Trust(root, [parse_vkey(witness.verifier.vkey, kind=WITNESS_KEY)])
    for export in (first, second):
        assert verify_export(export, trust).as_text().endswith("everything that was checked holds")
    rolled_back = verify_export(first, Trust(root, trust.witnesses, min_checkpoint=second / "checkpoint"))
    assert "an old state was restored" in rolled_back.as_text()
