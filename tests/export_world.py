"""A force that holds real keys and may lie: it writes a whole export, step by step, each step open to a test's hand.

No service of the office or the unit is used, so that it can do what they refuse to do. Every signature in it is real.
"""

import base64
import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlmodel import Session

from governance import events
from governance.authenticator import SoftwareAuthenticator
from governance.intervals import fixed, rate
from governance.ledger.database import open_database
from governance.ledger.log import Log
from governance.ledger.note import Cosigner, Signer
from governance.messages.authority import Authority
from governance.messages.bundle import Bundle, UnitKey
from governance.messages.certificate import Evidence, RunLine
from governance.messages.decision import Action, Decision
from governance.messages.model import Cumulative
from governance.messages.payload import Body, Mode, compose, digest_of, signed
from governance.messages.plan import Criterion, Plan, PlannedData, Side, Test
from governance.messages.record import DeploymentRecord, LedgerRange
from governance.messages.roster import Authenticator, Office, Person, Rank, Role, Roster, TestBody, Unit, Witness
from governance.messages.unit import Destroyed, PurgeCertificate
from governance.monitors.false_alerts import look
from lfr_engine.clock import Clock, format_utc
from lfr_engine.sealed.facts import Seal
from tests.certified import FACTS, PIPELINE, band, certificate, standing
from watchlist.entry import list_root
from watchlist.sealing.keys import SigningKey

FORCE, UNIT, DEPLOYMENT = "example.police.uk", "unit-3", "deployment-1"
PROFILE, RP_ID, ORIGIN = "uk-app-2022", "localhost", "http://localhost:5000"
DAY = datetime(2026, 12, 5, tzinfo=UTC)
DIGEST = "sha256:" + "ab" * 32


def at(text: str) -> str:
    """`10:00:02` on the day as wire time."""
    return format_utc(datetime.fromisoformat(f"2026-12-05T{text}+00:00"))


def _clock(text: str) -> Clock:
    return Clock(datetime.fromisoformat(f"2026-12-05T{text}+00:00"), 0.0, 0.0)


@dataclass
class ExportWorld:
    """Attributes are what a test changes before `build`; `steps` is the order of the day."""

    folder: Path
    mode: Mode = Mode.DEMONSTRATION
    leaves: list[str] = field(default_factory=lambda: [f"{number:064x}" for number in range(1, 5)])
    changes: dict[str, dict[str, Any]] = field(default_factory=dict)
    people: dict[str, tuple[Rank, tuple[Role, ...]]] = field(
        default_factory=lambda: {
            "p-applicant": (Rank.INSPECTOR, (Role.APPLICANT,)),
            "p-officer": (Rank.SUPERINTENDENT, (Role.AUTHORISING_OFFICER,)),
            "p-compiler": (Rank.STAFF, (Role.COMPILER,)),
            "p-silver": (Rank.CHIEF_INSPECTOR, (Role.SILVER,)),
            "p-operator": (Rank.CONSTABLE, (Role.OPERATOR, Role.ENGAGEMENT_OFFICER)),
        }
    )
    asserting: dict[str, list[str]] = field(
        default_factory=lambda: {"authorise": ["p-officer"], "seal": ["p-compiler"], "publish": ["p-silver", "p-officer"]}
    )
    root_signers: int = 3
    times: dict[str, str] = field(default_factory=dict)
    skip: set[str] = field(default_factory=set)
    outcomes: list[str] = field(default_factory=lambda: ["passed"])
    after_certificate: list["Callable[[ExportWorld], None]"] = field(default_factory=list)
    extra_unit_events: list[tuple[str, events.EventBody]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.roots = [SigningKey.generate() for _ in range(3)]
        self.office_key, self.unit_key, self.test_body = (SigningKey.generate() for _ in range(3))
        self.office_signer = Signer(f"{FORCE}/office", Ed25519PrivateKey.generate())
        self.unit_signer = Signer(f"{FORCE}/unit/{UNIT}", Ed25519PrivateKey.generate())
        self.witness = Cosigner("ethics.example.org/w1", Ed25519PrivateKey.generate())
        self.authenticators = {person: SoftwareAuthenticator.generate(person) for person in self.people}
        self.folder.mkdir(parents=True, exist_ok=True)
        self.export = self.folder / "export"
        self.objects: dict[str, bytes] = {}
        self.checkpoints: dict[int, str] = {}
        self.office_log, self.unit_log = Log(f"{FORCE}/office"), Log(f"{FORCE}/unit/{UNIT}")
        self.counters = {"passages": 0, "frames": 0, "dropped": 0, "faces": 0, "too_small": 0, "low_quality": 0}

    # What the reader of the export is given.
    def key_files(self) -> tuple[Path, Path]:
        root, witness = self.folder / "root.vkey", self.folder / "witness.vkey"
        root.write_text("".join(f"{Signer(f'{FORCE}/root-{number}', key.private).vkey}\n" for number, key in enumerate(self.roots)))
        witness.write_text(self.witness.vkey + "\n")
        return root, witness

    def build(self) -> Path:
        """The export's folder."""
        database = self.folder / "db.sqlite"
        database.unlink(missing_ok=True)
        self.engine = open_database(database)
        self.office_log.create(self.engine)
        try:
            testing = (self.begin, self.plan, self.run, self.certify)
            for step in (*testing, self.authorise, self.seal, self.match, self.purge, self.sync, self.publish, self.finish):
                if step.__name__ not in self.skip:
                    step()
        finally:
            self.engine.dispose()
        return self.export

    def begin(self) -> None:
        self.office("08:00:00", events.OfficeInitialised(force=FORCE, mode=self.mode))
        first = self._roster(1, None, units=())
        self.office("08:00:01", events.RosterPublished(version=1, roster=first), objects=(first,))
        unit = Unit(
            unit_id=UNIT,
            name="Unit 3",
            spki=self.unit_key.public.text,
            log_vkey=self.unit_signer.vkey,
            valid_from=at("07:00:00"),
            valid_to=format_utc(DAY + timedelta(days=300)),
        )
        second = self._roster(2, first, units=(unit,))
        self.office("08:00:02", events.RosterPublished(version=2, roster=second), objects=(second,))
        self.office("08:00:03", events.UnitEnrolled(unit_id=UNIT, keyid=self.unit_key.keyid))

    def plan(self) -> None:
        plan = self.changed(
            "plan",
            Plan(
                title="Test",
                purpose="to test",
                data_statement="not a test",
                test=Test.REHEARSAL,
                pack="open-default",
                pack_digest=DIGEST,
                pipeline_digest=PIPELINE,
                pipeline=FACTS,
                data=(PlannedData(role="faces", digest=DIGEST, files=1),),
                thresholds=(),
                criteria=(Criterion(figure="accuracy", side=Side.AT_LEAST, value="0.9"),),
                issuer="test-body",
            ),
        )
        self.planned = self._object(signed(plan, self.test_body, clock=_clock("08:00:10"), mode=self.mode, profile=PROFILE))
        registered = events.PipelineRegistered(model="open-default", pipeline_digest=PIPELINE, pack_digest=DIGEST, predecessor=None)
        self.office("08:00:10", registered)
        self.office("08:00:10", events.PlanRegistered(plan=self.planned, pipeline_digest=PIPELINE), objects=(self.planned,))

    def run(self) -> None:
        """Every run that really happened, in `self.outcomes`."""
        self.cosign(self.times.get("plan cosigned", "08:00:20"))
        for ordinal, outcome in enumerate(self.outcomes, 1):
            began = self.times.get("run", "08:00:30")
            self.office(began, events.RunStarted(plan=self.planned, ordinal=ordinal), objects=(self.planned,))
            if outcome != "open":
                result = None if outcome == "aborted" else DIGEST
                ended = {"plan": self.planned, "ordinal": ordinal, "outcome": outcome, "result": result}
                self.office("08:00:40", events.RunEnded.model_validate(ended), objects=(self.planned,))

    def move(self, when: str, was: str, becomes: str, cause: str, *needs: str) -> None:
        """One step of the model register, allowed or not."""
        fields = {"pipeline_digest": PIPELINE, "was": was, "becomes": becomes, "cause": cause, "needs": needs}
        self.office(when, events.PipelineMoved.model_validate_json(json.dumps(fields)))

    def certify(self) -> None:
        runs = [
            RunLine.model_validate(
                {"ordinal": n, "began_at": at("08:00:30"), "outcome": outcome, "result": None if outcome in ("aborted", "open") else DIGEST}
            )
            for n, outcome in enumerate(self.outcomes, 1)
        ]
        last = max((line.ordinal for line in runs if line.outcome == "passed"), default=1)
        resting = Evidence.model_construct(plan=self.planned, run=last, result=DIGEST, runs=tuple(runs))
        body = certificate(
            FACTS,
            pack_digest=DIGEST,
            bands=(band(100, "0.94"),),
            issuer="test-body",
            evidence=(resting.model_copy(update=self.changes.get("evidence", {})),),
            valid_to=format_utc(DAY + timedelta(days=30)),
        ).model_copy(update=self.changes.get("certificate", {}))
        self.certificate = self._object(signed(body, self.test_body, clock=_clock("08:01:00"), mode=self.mode, profile=PROFILE))
        registered = events.CertificateRegistered(certificate=self.certificate, pipeline_digest=PIPELINE)
        self.move("08:00:50", "registered", "tested", "run_passed")
        self.office("08:01:00", registered, objects=(self.certificate,))
        self.move("08:01:00", "tested", "certified", "certificate")
        for step in self.after_certificate:
            step(self)

    def authorise(self) -> None:
        root = list_root(self.leaves)
        document = Authority.model_validate_json(_authority_json(root, len(self.leaves), self.certificate))
        self.document = self.changed("authority", document)
        self.decision = self._decide(Action.AUTHORISE, self.document, "08:30:00")
        granted = self.changed(
            "granted",
            events.AuthorityGranted(
                decision=self.decision,
                application_id=self.document.application_id,
                unit_id=self.document.unit_id,
                list_root=self.document.watchlist.root,
                window_start=self.document.window.start,
                window_end=self.document.window.end,
            ),
        )
        actor = self.document.authorising_officer_id
        self.office(self.times.get("granted", "08:30:00"), granted, actor=actor, objects=(self.decision,), deployment=DEPLOYMENT)
        self.cosign(self.times.get("cosigned", "08:31:00"))

    def seal(self) -> None:
        recipient = "age1qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqq"
        key = self.changed("unit_key", UnitKey(deployment_id=DEPLOYMENT, unit_id=UNIT, recipient=recipient, created_at=at("08:40:00")))
        name = self._object(signed(key, self.unit_key, clock=_clock("08:40:00"), mode=self.mode, profile=PROFILE))
        self.unit("08:40:00", events.UnitKeyMade(unit_key=name, recipient=recipient), objects=(name,))
        self.office("08:41:00", events.UnitKeyReceived(unit_id=UNIT, unit_key=name), objects=(name,), deployment=DEPLOYMENT)
        bundle = self.changed(
            "bundle",
            Bundle(
                deployment_id=DEPLOYMENT,
                unit_id=UNIT,
                recipient=recipient,
                authority=self.decision,
                list_root=list_root(self.leaves),
                leaves=tuple(sorted(self.leaves)),
                removals=(),
                compiled_at=at("08:45:00"),
                not_before=at("08:45:00"),
                not_after=at("16:00:00"),
                pack_digest=DIGEST,
                model=standing(PIPELINE),
                plain=DIGEST,
                cipher=DIGEST,
            ),
        )
        self.bundle = self._decide(Action.SEAL, bundle, "08:45:00")
        self.recipient = recipient
        body = events.BundleSealed(decision=self.bundle, unit_id=UNIT, entries=len(bundle.leaves) - len(bundle.removals))
        self.office("08:45:00", body, actor=self.asserting["seal"][0], objects=(self.bundle,), deployment=DEPLOYMENT)

    def match(self) -> None:
        self.unit(
            "10:00:01",
            events.GatePassed(decision=self.decision, bundle=self.bundle, certificate=self.certificate, would_block=("R27", "R37", "R38")),
        )
        self.unit("10:00:02", events.BundleOpened(bundle=self.bundle, entries=len(self.leaves)))
        started = self.changed(
            "started",
            events.MatchingStarted(
                camera_ids=("camera-1",),
                list_root=list_root(self.leaves),
                pack_digest=DIGEST,
                pipeline_digest=PIPELINE,
                threshold=self.document.threshold,
                sealed=(Seal.NO_CORE,),
                lacking=(Seal.MEMORY_LOCKED,),
            ),
        )
        self.unit(self.times.get("started", "10:00:03"), started)
        for minute, passages in (("10:01:00", 400), ("10:02:00", 600)):
            counted = events.PassersCounted(
                minute=at(minute), frames=750, dropped=2, passages=passages, faces=900, too_small=7, low_quality=5
            )
            self.unit(minute, counted)
        self.alert("a-1", events.AlertDecision.TRUE, events.AlertOutcome.CONFIRMED_TRUE)
        self.alert("a-2", events.AlertDecision.FALSE, None)
        self.alert("a-3", events.AlertDecision.TRUE, events.AlertOutcome.CONFIRMED_FALSE)
        self.alert("a-4", events.AlertDecision.LOST, None)
        self.alert("a-5", None, None)
        for when, body in self.extra_unit_events:
            self.unit(when, body)
        self.unit(self.times.get("stopped", "16:00:00"), events.MatchingStopped(reason="end_time"))

    def alert(self, alert_id: str, decision: events.AlertDecision | None, outcome: events.AlertOutcome | None) -> None:
        if f"alert {alert_id}" in self.skip:
            return
        self.unit("10:03:00", events.AlertRaised(alert_id=alert_id, camera_id="camera-1", candidate="cd" * 32))
        if decision is not None:
            adjudicated = events.AlertAdjudicated(
                alert_id=alert_id,
                decision=decision,
                reason="nose",
                decided_after_ms=4000,
                engagement_officer_id="p-operator",
                operator_id="p-operator",
                scripted=True,
            )
            self.unit("10:03:10", adjudicated)
        if outcome is not None:
            self.unit(
                "10:05:00",
                events.AlertResolved(
                    alert_id=alert_id, engagement="engaged", outcome=outcome, identified_by="rehearsal_truth", scripted=True
                ),
            )

    def purge(self) -> None:
        body = self.changed(
            "purge",
            PurgeCertificate(
                deployment_id=DEPLOYMENT,
                unit_id=UNIT,
                recipient=self.recipient,
                bundle=self.bundle,
                matching_ended_at=at(self.times.get("stopped", "16:00:00")),
                ended_because="end_time",
                destroyed_at=at("16:00:02"),
                destroyed=(Destroyed(what="one-use key", count=1),),
                bundle_opens_after=False,
                method="overwritten and unlinked",
                proves="that the key file is gone",
            ),
        )
        self.purged = self._object(signed(body, self.unit_key, clock=_clock("16:00:02"), mode=self.mode, profile=PROFILE))
        self.unit("16:00:02", events.PurgeDone(certificate=self.purged), objects=(self.purged,))

    def sync(self) -> None:
        with Session(self.engine) as session:
            size, root = self.unit_log.size_and_root(session)
        self.anchored = size
        body = self.changed(
            "sync", events.SyncReceived(unit_id=UNIT, origin=self.unit_log.origin, size=size, root=root.hex(), sequence=1, package=DIGEST)
        )
        self.office("16:10:00", body, actor=UNIT, deployment=DEPLOYMENT)
        if "fold" not in self.skip and "match" not in self.skip:
            self.fold()

    def fold(self) -> None:
        """The deployment enters its pipeline's monitor: 1,000 passages, 2 false alerts and 2 that nobody decided, less those left out."""
        left_out = {"alert a-2", "alert a-3"} & self.skip, {"alert a-4", "alert a-5"} & self.skip
        monitored = look(Cumulative(reviews=0, passages=1000, false_alerts=2 - len(left_out[0]), undecided=2 - len(left_out[1])))
        told = events.PipelineMonitored(
            pipeline_digest=PIPELINE,
            reviews=0,
            passages=monitored.cumulative.passages,
            false_alerts=monitored.cumulative.false_alerts,
            undecided=monitored.cumulative.undecided,
            lower=fixed(monitored.lower),
            lower_worst=fixed(monitored.lower_worst),
            breached=monitored.breached,
        )
        self.office("16:10:01", self.changed("monitored", told), deployment=DEPLOYMENT)

    def publish(self) -> None:
        with Session(self.engine) as session:
            size, root = self.unit_log.size_and_root(session)
        record = DeploymentRecord(
            deployment_id=DEPLOYMENT,
            force=FORCE,
            operation=self.document.operation,
            use_case=self.document.use_case,
            location=self.document.place.name,
            window_start=self.document.window.start,
            window_end=self.document.window.end,
            matching_started_at=at(self.times.get("started", "10:00:03")),
            matching_ended_at=at(self.times.get("stopped", "16:00:00")),
            ended_because="end_time",
            authority=self.decision,
            certificate=self.certificate,
            purge_certificate=getattr(self, "purged", DIGEST),
            watchlist_size=self.document.watchlist.size,
            watchlist_by_category={str(name): n for name, n in self.document.watchlist.by_category.items()},
            under_18=0,
            threshold=self.document.threshold,
            engine_sealed=(Seal.NO_CORE,),
            engine_lacking=(Seal.MEMORY_LOCKED,),
            passages=1000,
            counting_method="one track",
            too_small=14,
            low_quality=10,
            frames=1500,
            dropped=4,
            alerts=5,
            true_alerts=1,
            false_alerts=2,
            confirmed_true=1,
            confirmed_false=1,
            indeterminate=0,
            open_alerts=1,
            lost_alerts=1,
            engagements=2,
            false_per_passage=rate(2, 1000, "false", "passages"),
            false_per_passage_worst=rate(4, 1000, "false", "passages"),
            false_per_alert=rate(2, 5, "false", "alerts"),
            true_per_alert=rate(1, 5, "true", "alerts"),
            decided_by="scripted officer reading the rehearsal's truth",
            ledger=LedgerRange(origin=self.unit_log.origin, first=0, stop=size, root=root.hex()),
            notes=(),
        )
        self.record = self.changed("record", record)
        name = self._decide(Action.PUBLISH, self.record, "16:30:00")
        self.office("16:30:00", events.RecordPublished(decision=name), actor="p-silver", objects=(name,), deployment=DEPLOYMENT)

    def finish(self) -> None:
        self.office("16:40:00", events.ExportMade(size=1), justification="asked for by the auditor")
        self.cosign("16:41:00")
        shutil.rmtree(self.export, ignore_errors=True)
        unit = self.export / "units" / UNIT
        for made in (self.export / "objects", self.export / "checkpoints", self.export / "published", unit):
            made.mkdir(parents=True)
        for size, note in self.checkpoints.items():
            (self.export / "checkpoints" / str(size)).write_text(note)
        newest = max(self.checkpoints)
        (self.export / "checkpoint").write_text(self.checkpoints[newest])
        (self.export / "roster.dsse.json").write_bytes(self.roster)
        for digest, envelope in self.objects.items():
            (self.export / "objects" / f"{digest.removeprefix('sha256:')}.dsse.json").write_bytes(envelope)
        with Session(self.engine) as session:
            self.office_log.write_tiles(session, self.export, newest)
            size = self.unit_log.size(session)
            if size:
                self.unit_log.write_tiles(session, unit, size)
                (unit / "checkpoint").write_text(self.unit_log.checkpoint(session, self.unit_signer))
            else:
                shutil.rmtree(self.export / "units")
        if "publish" not in self.skip:
            (self.export / "published" / f"{DEPLOYMENT}.json").write_bytes(self.published)

    # Tools of the trade.
    def office(self, when: str, body: events.EventBody, *, justification: str = "duty", **fields: Any) -> None:
        self._append(self.office_log, when, body, justification, **{"actor": "office", "deployment": None, **fields})

    def unit(self, when: str, body: events.EventBody, **fields: Any) -> None:
        self._append(self.unit_log, when, body, "authorised matching", **{"actor": UNIT, "deployment": DEPLOYMENT, **fields})

    def _append(self, log: Log, when: str, body: events.EventBody, justification: str, **fields: Any) -> None:
        entry = events.entry_bytes(
            body, clock=_clock(when), role="system", justification=justification, mode=self.mode, profile=PROFILE, **fields
        )
        with Session(self.engine) as session:
            log.append(session, entry)
            session.commit()

    def cosign(self, when: str) -> None:
        with Session(self.engine) as session:
            note = self.office_log.checkpoint(session, self.office_signer)
            size = self.office_log.size(session)
        text = note.partition("\n\n")[0] + "\n"
        self.checkpoints[size] = note + self.witness.cosign(text, int(_clock(when).now_utc().timestamp()))

    def changed(self, name: str, body: Any) -> Any:
        """The body with what the test changes in it."""
        return body.model_copy(update=self.changes[name]) if name in self.changes else body

    def _decide(self, action: Action, body: Body, when: str) -> str:
        document = compose(body, clock=_clock(when), mode=self.mode, profile=PROFILE)
        if action is Action.PUBLISH:
            self.published = document
        assertions = tuple(
            self.authenticators[person].sign(action, document, rp_id=RP_ID, origin=ORIGIN) for person in self.asserting[action.value]
        )
        decision = Decision(action=action, document=base64.b64encode(document).decode(), assertions=assertions)
        return self._object(signed(decision, self.office_key, clock=_clock(when), mode=self.mode, profile=PROFILE))

    def _object(self, envelope: bytes) -> str:
        digest = digest_of(envelope)
        self.objects[digest] = envelope
        return digest

    def _roster(self, version: int, previous: str | None, *, units: tuple[Unit, ...]) -> str:
        persons = tuple(
            Person(
                person_id=person,
                name=person,
                rank=rank,
                roles=roles,
                credentials=(self.authenticators[person].credential.model_copy(update={"authenticator": Authenticator.SOFTWARE}),),
                enrolled_by=("p-admin-1", "p-admin-2"),
                valid_from=at("07:00:00"),
                valid_to=format_utc(DAY + timedelta(days=300)),
            )
            for person, (rank, roles) in self.people.items()
        )
        roster = Roster(
            force=FORCE,
            version=version,
            previous=previous,
            valid_from=at("07:00:00"),
            valid_to=format_utc(DAY + timedelta(days=300)),
            rp_id=RP_ID,
            origins=(ORIGIN,),
            root_threshold=2,
            persons=persons,
            units=units,
            office=Office(spki=self.office_key.public.text, log_vkey=self.office_signer.vkey),
            witnesses=(Witness(name=self.witness.verifier.name, vkey=self.witness.vkey),),
            witness_threshold=1,
            test_bodies=(TestBody(name="test-body", spki=self.test_body.public.text, independent=False),),
        )
        roster = self.changed(f"roster {version}", roster)
        self.roster = signed(roster, *self.roots[: self.root_signers], clock=_clock("08:00:00"), mode=self.mode, profile=PROFILE)
        return self._object(self.roster)


Lie = Callable[[ExportWorld], None]


def _authority_json(root: str, size: int, certificate: str) -> str:
    import json

    return json.dumps(
        {
            "server_random": "12" * 32,
            "revision": 1,
            "application_id": "application-1",
            "deployment_id": DEPLOYMENT,
            "force": FORCE,
            "operating_forces": [FORCE],
            "operation": "Op NORTHGATE",
            "applicant_id": "p-applicant",
            "authorising_officer_id": "p-officer",
            "operator_ids": ["p-operator"],
            "use_case": "hotspot",
            "objective": "find people wanted by the courts",
            "necessity": "they were not found otherwise",
            "proportionality": "two hours, one street",
            "alternatives": "officers on foot",
            "seriousness_of_harm": "serious",
            "policy": {"url": "https://example.org/policy", "digest": DIGEST, "version": "4", "in_force_from": at("00:00:00")},
            "place": {
                "name": "Northgate",
                "location_type": "high_street",
                "polygon": [[0.0, 51.0], [0.1, 51.0], [0.1, 51.1], [0.0, 51.0]],
                "justification": "robberies",
                "intelligence_ref": "INT-1",
            },
            "camera_ids": ["camera-1"],
            "window": {"start": at("10:00:00"), "end": at("16:00:00")},
            "unit_id": UNIT,
            "watchlist": {"root": root, "size": size, "by_category": {}, "by_source": {}, "under_18": 0},
            "certificate": certificate,
            "threshold": "0.94",
            "documents": [],
            "retention": {"alert_h": 24, "watchlist_after_end_h": 24, "cctv_d": 0},
            "notice_published_at": None,
            "officer_reasons": "needed and proportionate in my view",
            "findings": [],
        }
    )
