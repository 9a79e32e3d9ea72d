"""Certificates for tests: a valid one to alter, and the real way to one in an office (plan, run, certificate)."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from governance.messages.certificate import Band, CameraClass, Certificate, Evidence, Licence, Predicted, RunLine
from governance.messages.model import Cumulative, ModelStanding, ModelState
from governance.messages.payload import digest_of, signed
from governance.messages.plan import Criterion, Plan, PlannedData, Side, Test
from governance.office import certificates, issuing, plans
from governance.office.issuing import Passed
from governance.office.store import Office
from lfr_engine.packs.store import OpenPack
from watchlist.sealing.keys import SigningKey

FACTS = json.dumps(
    {
        "agreement": {"views": 2},
        "interval_s": 0.2,
        "quality": {"smallest_eye_distance_px": 12.0},
        "runtime": "onnxruntime 1.0 CPUExecutionProvider fp32",
        "track": {"forget_s": 1.0},
        "version": 1,
    },
    sort_keys=True,
    separators=(",", ":"),
)
PIPELINE = digest_of(FACTS.encode())
RESULT = digest_of(b"result")
LICENCE = Licence(use="any", statement="made for a test", checked="nothing to check")


def band(entries: int, threshold: str, false_alerts: Predicted | None = None) -> Band:
    return Band(max_entries=entries, threshold=threshold, false_alerts=false_alerts, misses=None)


def evidence(**changes: Any) -> Evidence:
    run = RunLine(ordinal=1, began_at="2026-12-01T08:00:00.000Z", outcome="passed", result=RESULT)
    return Evidence(plan=digest_of(b"plan"), run=1, result=RESULT, runs=(run,)).model_copy(update=changes)


def certificate(facts: str = FACTS, **changes: Any) -> Certificate:
    """Coherent unless `changes` make it otherwise, which nothing here checks."""
    made = Certificate(
        pack="open-default",
        pack_digest=digest_of(b"pack"),
        pipeline_digest=digest_of(facts.encode()),
        pipeline=facts,
        camera_classes=(CameraClass.REHEARSAL,),
        bands=(band(100, "0.60"),),
        groups=(),
        issuer="lab",
        data_statement="made for a test",
        licence=LICENCE,
        known_limits=(),
        evidence=(evidence(),),
        valid_to="2027-01-04T10:05:00.000Z",
    )
    return made.model_copy(update=changes)


def standing(pipeline_digest: str, state: ModelState = ModelState.CERTIFIED, **counts: int) -> ModelStanding:
    """The register's line on a pipeline."""
    told = Cumulative(**{"reviews": 0, "passages": 0, "false_alerts": 0, "undecided": 0, **counts})
    return ModelStanding(pipeline_digest=pipeline_digest, state=state, since="2026-12-01T08:00:00.000Z", cumulative=told)


@dataclass(frozen=True)
class Tested:
    """What a plan and a result say of the pack that was tested."""

    __test__ = False  # not a test class

    name: str
    pack_digest: str
    facts: str
    threshold: str

    @property
    def pipeline_digest(self) -> str:
        return digest_of(self.facts.encode())

    @classmethod
    def of(cls, pack: OpenPack) -> "Tested":
        return cls(pack.manifest.name, pack.pack_digest, pack.pipeline_facts, pack.manifest.threshold.value)


SMALL = Tested("small", digest_of(b"pack"), FACTS, "0.60")


def plan_for(tested: Tested, issuer: str, **changes: Any) -> Plan:
    """A plan whose only criterion is `accuracy` of at least 0.9."""
    plan = Plan(
        title="Test",
        purpose="to test",
        data_statement="nobody",
        test=Test.CROWD,
        pack=tested.name,
        pack_digest=tested.pack_digest,
        pipeline_digest=tested.pipeline_digest,
        pipeline=tested.facts,
        data=tuple(PlannedData(role=role, digest=digest, files=1) for role, digest in MATERIAL.items()),
        thresholds=(),
        criteria=(Criterion(figure="accuracy", side=Side.AT_LEAST, value="0.9"),),
        issuer=issuer,
    )
    return plan.model_copy(update=changes)


MATERIAL = {"faces": digest_of(b"faces")}


def registered(office: Office, plan: Plan, key: SigningKey) -> bytes:
    """The signed plan, logged and cosigned."""
    envelope = signed(plan, key, clock=office.clock, mode=office.mode, profile=office.profile.name)
    plans.register_plan(office, envelope)
    return envelope


def result_of(tested: Tested, begun: plans.Begun, **changes: Any) -> bytes:
    """A result as an evaluation writes it, with one band for every list."""
    bands = [{"max_entries": 20_000, "threshold": tested.threshold}]
    told = {"pack_digest": tested.pack_digest, "pipeline_digest": tested.pipeline_digest, "accuracy": 0.95, "bands": bands}
    return json.dumps({**told, "registered": {"plan": begun.digest, "run": begun.ordinal}, **changes}).encode()


def run(office: Office, plan: bytes, tested: Tested, **changes: Any) -> Passed:
    """A run of a registered plan; it passes unless `changes` to its result say otherwise."""
    begun = plans.begin(office, plan, pipeline_digest=tested.pipeline_digest, data=MATERIAL)
    result = result_of(tested, begun, **changes)
    plans.end(office, begun, result)
    return Passed(plan, result)


def tester(office: Office, roots: Path) -> tuple[str, SigningKey]:
    """The roster's test body and its key."""
    return office.roster.roster.test_bodies[0].name, SigningKey.load(roots / "test-body.key")


def issued(office: Office, key: SigningKey, *runs: Passed, **changes: Any) -> bytes:
    """A certificate from these runs, signed and not yet taken in."""
    fields = {"licence": LICENCE, "camera_classes": tuple(CameraClass), "known_limits": ("made for a test",), **changes}
    return issuing.issue(office, runs, key=key, **fields)


def certify_facts(office: Office, roots: Path, tested: Tested = SMALL) -> str:
    """Plan, run and certificate of a pipeline of which only the facts exist; the certificate's digest."""
    issuer, key = tester(office, roots)
    plan = registered(office, plan_for(tested, issuer), key)
    return certificates.take_in(office, issued(office, key, run(office, plan, tested)))


def certify(office: Office, pack: OpenPack, roots: Path) -> str:
    """What an office needs before it can authorise anything: a registered certificate of this pack; its digest."""
    return certify_facts(office, roots, Tested.of(pack))
