"""kill -9 on the witness: what it cosigned it still knows afterwards, so a rollback in the same breath is refused."""

from pathlib import Path

import pytest

from lfr_engine.errors import VerificationFailed
from tests.integration.test_witness import SmallLog
from tests.witness_process import WitnessProcess


def test_a_witness_killed_after_an_answer_still_refuses_another_history(tmp_path: Path) -> None:
    log = SmallLog("example.police.uk/office").grow("a")
    witness = WitnessProcess(tmp_path / "witness", [log.signer.verifier])
    for size in range(1, 4):
        witness.start()
        log.cosigned_by(witness, old_size=size - 1)
        witness.kill()
        log.grow(str(size))
    witness.start()
    forked = SmallLog("example.police.uk/office").grow("b", "c", "d")
    forked.signer = log.signer
    with pytest.raises(VerificationFailed, match="forked"):
        forked.cosigned_by(witness, old_size=3)
    with pytest.raises(VerificationFailed, match="already cosigned 3"):
        log.cosigned_by(witness, size=2)
    log.cosigned_by(witness, old_size=3)
    assert witness.stop() == 0


def test_a_half_written_head_is_not_the_head(tmp_path: Path) -> None:
    log = SmallLog("example.police.uk/office").grow("a", "b")
    witness = WitnessProcess(tmp_path / "witness", [log.signer.verifier]).start()
    log.cosigned_by(witness)
    witness.kill()
    (head,) = (witness.folder / "heads").iterdir()
    head.with_name(f".{head.name}.new").write_text('{"origin": "exam')  # as a kill between write and rename leaves it
    witness.start()
    log.grow("c").cosigned_by(witness, old_size=2)
    assert witness.stop() == 0
