"""The model register as a state machine, pure (R55, R98, R99, R102; the states of the requirements, 11O).

registered -> tested -> certified -> operational; certified and operational -> under_review -> certified, once everything the
review needs was done; any of them -> suspended -> under_review; any -> retired, for good. Whatever is not in `ALLOWED` does
not happen, in the register and in the verifier alike.
"""

from enum import StrEnum

from governance.messages.model import ModelState, Need
from governance.messages.payload import Mode
from lfr_engine.errors import Refused


class Cause(StrEnum):
    """Why a state changed; codes, because the ledger holds no free text."""

    RUN_PASSED = "run_passed"
    CERTIFICATE = "certificate"
    ADOPTED = "adopted"
    CHANGE = "change"  # of model, detector, camera, firmware or runtime (R99)
    SUPPLIER = "supplier"  # an upgrade or a warning by whoever supplies it
    MONITOR = "monitor"  # a monitor's limit was passed (R54, R55)
    RETEST_DUE = "retest_due"
    ORDER = "order"
    CLEARED = "cleared"
    WITHDRAWN = "withdrawn"


_S, _C = ModelState, Cause
_IN_USE = (_S.CERTIFIED, _S.OPERATIONAL)
ALLOWED: frozenset[tuple[ModelState, ModelState, Cause]] = frozenset(
    {
        (_S.REGISTERED, _S.TESTED, _C.RUN_PASSED),
        (_S.TESTED, _S.CERTIFIED, _C.CERTIFICATE),
        (_S.CERTIFIED, _S.OPERATIONAL, _C.ADOPTED),
        *((state, _S.UNDER_REVIEW, cause) for state in _IN_USE for cause in (_C.CHANGE, _C.SUPPLIER, _C.MONITOR, _C.RETEST_DUE)),
        *((state, _S.SUSPENDED, _C.ORDER) for state in (*_IN_USE, _S.UNDER_REVIEW)),
        (_S.SUSPENDED, _S.UNDER_REVIEW, _C.ORDER),
        (_S.UNDER_REVIEW, _S.UNDER_REVIEW, _C.MONITOR),  # a limit passed while another review was open
        (_S.UNDER_REVIEW, _S.CERTIFIED, _C.CLEARED),
        *((state, _S.RETIRED, _C.WITHDRAWN) for state in _S if state is not _S.RETIRED),
    }
)
NEEDS: dict[Cause, tuple[Need, ...]] = {
    Cause.CHANGE: (Need.RETEST,),
    Cause.SUPPLIER: (Need.HUMAN_REVIEW, Need.RETEST),
    Cause.MONITOR: (Need.HUMAN_REVIEW, Need.RETEST, Need.ETHICS_REFERRAL),
    Cause.RETEST_DUE: (Need.RETEST,),
    Cause.ORDER: (Need.HUMAN_REVIEW,),
}
"""What a review of each cause has to bring before the pipeline may match again."""


def require_allowed(was: ModelState, becomes: ModelState, cause: Cause) -> None:
    """Raise Refused (R98) on a step that the state machine does not have."""
    if (was, becomes, cause) not in ALLOWED:
        raise Refused(f"a pipeline that is {was.value} does not become {becomes.value} by {cause.value}", rule_ids=("R98",))


def still_needed(open_needs: tuple[Need, ...], becomes: ModelState, cause: Cause) -> tuple[Need, ...]:
    """What the pipeline lacks after a step: a new review adds to what was open, and a suspension takes nothing away."""
    if becomes is ModelState.SUSPENDED:
        return open_needs
    if becomes is not ModelState.UNDER_REVIEW:
        return ()
    return tuple(need for need in Need if need in open_needs or need in NEEDS[cause])


def may_match(state: ModelState, mode: Mode) -> bool:
    """Real use needs an adopted pipeline; a demonstration or exercise needs a certified one."""
    return state is ModelState.OPERATIONAL or (state is ModelState.CERTIFIED and mode is not Mode.OPERATIONAL)


def require_may_match(state: ModelState, mode: Mode, name: str) -> None:
    """Raise Refused: R99 for a pipeline under review, R55 for a suspended one, R98 for one that is not in use or no longer."""
    if may_match(state, mode):
        return
    rule_id, next_step = {
        ModelState.UNDER_REVIEW: ("R99", "lfr models register says what the review still needs"),
        ModelState.SUSPENDED: ("R55", "the review has to be opened and cleared first: lfr models register"),
        ModelState.RETIRED: ("R98", "use the pipeline that replaced it"),
    }.get(state, ("R98", "lfr models certify, then lfr models adopt"))
    raise Refused(f"{name} is {state.value.replace('_', ' ')} in the model register", rule_ids=(rule_id,), next_step=next_step)
