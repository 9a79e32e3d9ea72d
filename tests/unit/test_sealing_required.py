"""An operational unit does not match in a process that could keep a passer-by (R41)."""

import pytest

from governance.messages.payload import Mode
from lfr_engine.errors import Refused
from lfr_engine.sealed.facts import Facts, Seal
from mobile_unit.runtime.sealing import NEEDED, require_sealed

WHOLE = Facts(tuple(Seal))


@pytest.mark.parametrize("missing", NEEDED)
def test_an_operational_start_is_refused_where_the_kernel_lacks_what_is_needed(missing: Seal) -> None:
    facts = Facts(tuple(seal for seal in Seal if seal is not missing))
    with pytest.raises(Refused) as refused:
        require_sealed(facts, Mode.OPERATIONAL)
    assert refused.value.rule_ids == ("R41",)
    assert missing.words in refused.value.message
    require_sealed(facts, Mode.DEMONSTRATION)  # shown on the record, and a demonstration films nobody


def test_what_only_makes_it_harder_is_on_the_record_and_refuses_nothing() -> None:
    require_sealed(WHOLE, Mode.OPERATIONAL)
    require_sealed(Facts(NEEDED), Mode.OPERATIONAL)
    assert set(Facts(NEEDED).lacking) == set(Seal) - set(NEEDED)
