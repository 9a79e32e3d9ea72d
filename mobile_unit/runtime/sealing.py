"""How tightly the engine must be sealed before matching may start in the street (R41)."""

from governance.messages.payload import Mode
from lfr_engine.errors import Refused
from lfr_engine.sealed.facts import Facts, Seal

# Without these the process could keep a passer-by or hand them on. The others make it harder still, and are on the record.
NEEDED = (Seal.WRITES_NOTHING, Seal.FILE_SIZE_ZERO, Seal.UNIX_CLOSED, Seal.TCP_CAMERAS_ONLY, Seal.NO_CORE)


def require_sealed(facts: Facts, mode: Mode) -> None:
    """Raise Refused (R41) where an operational unit's kernel does not hold the engine to what is needed."""
    lacking = [seal for seal in NEEDED if seal not in facts.sealed]
    if lacking and mode is Mode.OPERATIONAL:
        raise Refused(
            f"the engine cannot be sealed on this machine: it does not hold that {'; that '.join(seal.words for seal in lacking)}",
            rule_ids=("R41",),
            next_step="use a Linux kernel of 6.12 or later; lfr doctor says what is missing",
        )
