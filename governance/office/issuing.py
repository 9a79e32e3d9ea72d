"""A test body's work: a certificate from the exact results of registered runs that passed, under its own signature (R37, R98, R100)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from pydantic import ValidationError

from governance.messages.certificate import RETEST_CEILING, CameraClass, Certificate, Evidence, Licence
from governance.messages.payload import digest_of, signed
from governance.office import plans
from governance.office.certifiable import read_result
from governance.office.store import Office
from lfr_engine.clock import format_utc
from lfr_engine.errors import BadInput, Refused
from watchlist.sealing.keys import SigningKey

RETEST_AFTER = timedelta(days=365)
"""R102: tested again after 12 months, unless the test body says sooner."""


@dataclass(frozen=True, slots=True)
class Passed:
    """A registered run to rest a certificate on: the signed plan and the exact bytes of the run's result."""

    plan: bytes
    result: bytes


def issue(
    office: Office,
    runs: Sequence[Passed],
    *,
    licence: Licence,
    camera_classes: tuple[CameraClass, ...],
    known_limits: tuple[str, ...],
    key: SigningKey,
    valid_for: timedelta = RETEST_AFTER,
) -> bytes:
    """A certificate signed by the test body's key, from the exact results of runs that passed.

    One of them brings the thresholds, any may bring rates by group. Raises BadInput or Refused (R37, R100, R102).
    """
    if valid_for > RETEST_CEILING:
        raise Refused("a certificate lasts at most 24 months", rule_ids=("R102",))
    planned = [plans.read_plan(office, one.plan) for one in runs]
    said = [read_result(one.result) for one in runs]
    first = planned[0]
    for one, plan, result in zip(runs, planned, said, strict=True):
        told = (plan.issuer, plan.pipeline_digest, result.pipeline_digest, result.pack_digest, result.registered.plan)
        if told != (first.issuer, first.pipeline_digest, first.pipeline_digest, first.pack_digest, digest_of(one.plan)):
            raise Refused(
                "a result is not of its plan, its pipeline or its test body",
                rule_ids=("R100",),
                next_step="name each plan with its own result",
            )
    bands = [result.bands for result in said if result.bands]
    if len(bands) != 1:
        raise BadInput(f"{len(bands)} of the results bring thresholds", next_step="one of them must: lfr evaluate calibrate --plan")
    try:
        body = Certificate(
            pack=first.pack,
            pack_digest=first.pack_digest,
            pipeline_digest=first.pipeline_digest,
            pipeline=first.pipeline,
            camera_classes=camera_classes,
            bands=tuple(one.band for one in bands[0]),
            groups=tuple(one.rate for result in said for one in result.groups if one.rate),
            issuer=first.issuer,
            data_statement="\n".join(dict.fromkeys(f"{plan.title}: {plan.data_statement}" for plan in planned)),
            licence=licence,
            known_limits=known_limits,
            evidence=tuple(
                Evidence(
                    plan=digest_of(one.plan),
                    run=result.registered.run,
                    result=digest_of(one.result),
                    runs=plans.runs(office, digest_of(one.plan)),
                )
                for one, result in zip(runs, said, strict=True)
            ),
            valid_to=format_utc(office.clock.now_utc() + valid_for),
        )
    except ValidationError as error:
        raise BadInput(f"no certificate can be issued: {error.errors()[0]['msg']}", next_step="certify a run that passed") from error
    return signed(body, key, clock=office.clock, mode=office.mode, profile=office.profile.name, rule_ids=("R37", "R98", "R100", "R102"))
