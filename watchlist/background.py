"""Which entries would cause a large share of the false alerts: each against a fixed background of people who are not sought (R24, R26).

In Doddington's zoo (Doddington et al. 1998) an enrolled person whom others easily reach is a *lamb*. A few lambs can cause most
of a list's false alerts, and a better photo often cures one. The measure is the mean similarity to the nearest fiftieth of the
background, ranked among the background's own people. Of several measures tried it foretold best who would be mistaken: the one
entry in fifty that it flags caused 43 of 100 false matches with `open-default`, 13 with `yunet-omz0095` (docs/quality.md).

The background holds templates of people whose photos may be used for this (published, or given for it), it says so itself, and
it stays in the office: no template of it is exported or sealed.
"""

import hashlib
import json
import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from lfr_engine.errors import BadInput

NEAREST_SHARE = 0.02
LEAST_PEOPLE = 200
"""Below this the nearest fiftieth is fewer than four people (ours)."""
LAMB_RANK = 0.98
"""A lamb lies closer to its nearest strangers than this share of ordinary people do (ours; docs/quality.md)."""
_MAGIC = b"lawful-lfr/background/v1\n"
_MAX_BYTES = 512 * 2**20
Rows = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class Background:
    """Unit rows float32[people, dimension], one per person; `ordinary` is how close each of them lies to the nearest fiftieth of the
    others, rising. `statement` says who they are and why their photos may be used."""

    rows: Rows
    pack_digest: str
    statement: str
    ordinary: npt.NDArray[np.float32]

    @property
    def digest(self) -> str:
        return "sha256:" + hashlib.sha256(self.to_bytes()).hexdigest()

    def to_bytes(self) -> bytes:
        people, dimension = self.rows.shape
        facts = {"people": people, "dimension": dimension, "pack_digest": self.pack_digest, "statement": self.statement}
        return _MAGIC + json.dumps(facts, sort_keys=True).encode() + b"\n" + self.rows.astype("<f4").tobytes()


@dataclass(frozen=True, slots=True)
class Nearness:
    """One entry lies closer to strangers than `passed` of the background's `people` do."""

    passed: int
    people: int

    @property
    def lamb(self) -> bool:
        return self.passed >= LAMB_RANK * self.people

    @property
    def words(self) -> str:
        """For those who review the entry."""
        return f"this photo lies closer to strangers than {self.passed:,} of {self.people:,} ordinary photos do"


WHAT_TO_DO = "use a better photo: from the front, sharp, in even light; if there is none, say why this person must be listed all the same"


def made_of(rows: Rows, pack_digest: str, statement: str) -> Background:
    """Raises BadInput below 200 people, or without a statement of who they are."""
    if rows.ndim != 2 or len(rows) < LEAST_PEOPLE:
        raise BadInput(
            f"a background of {len(rows)} people is too small to tell entries apart",
            rule_ids=("R24",),
            next_step=f"give photos of at least {LEAST_PEOPLE} people",
        )
    if len(statement.strip()) < 20:
        raise BadInput("say who the people of the background are and why their photos may be used", rule_ids=("R24",))
    if not np.isfinite(rows).all() or not np.allclose(np.linalg.norm(rows, axis=1), 1.0, atol=1e-3):
        raise BadInput("a template of the background is not a finite vector of unit length")
    kept = np.ascontiguousarray(rows, np.float32)
    alike = kept @ kept.T
    np.fill_diagonal(alike, -2.0)  # nobody is a stranger to themselves
    return Background(kept, pack_digest, " ".join(statement.split()), np.sort(_closeness(alike, len(kept))))


def nearness(background: Background, template: npt.NDArray[np.float32]) -> Nearness:
    """How one entry's template, which must come from the same pack, ranks among the background's people."""
    close = _closeness((background.rows @ template)[None, :], len(background.rows))[0]
    return Nearness(int(np.searchsorted(background.ordinary, close, side="left")), len(background.rows))


def _closeness(alike: npt.NDArray[np.float32], people: int) -> npt.NDArray[np.float32]:
    """Mean similarity to the nearest fiftieth, for each row of similarities."""
    nearest = round(NEAREST_SHARE * people)
    return np.asarray(np.partition(alike, -nearest, axis=1)[:, -nearest:].mean(axis=1), np.float32)


def write_background(path: Path, background: Background) -> str:
    """Write it whole, readable by its owner alone; its digest. Nothing that exists is overwritten."""
    if path.exists():
        raise BadInput(f"{path} exists already", next_step="name a new file: a background in use does not change")
    part = path.with_suffix(".part")
    with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as out:
        out.write(background.to_bytes())
        out.flush()
        os.fsync(out.fileno())
    part.replace(path)
    return background.digest


def read_background(path: Path) -> Background:
    """Raises BadInput for anything that `write_background` did not write."""
    try:
        if path.stat().st_size > _MAX_BYTES:
            raise BadInput(f"{path} is too large to be a background")
        content = path.read_bytes()
        head, _, body = content.removeprefix(_MAGIC).partition(b"\n")
        facts = json.loads(head)
        rows = np.frombuffer(body, "<f4").reshape(int(facts["people"]), int(facts["dimension"]))
        if not content.startswith(_MAGIC):
            raise ValueError("another kind of file")
        return made_of(rows, str(facts["pack_digest"]), str(facts["statement"]))
    except OSError as error:
        raise BadInput(f"the background {path} cannot be read: {error.strerror}") from error
    except (ValueError, KeyError, TypeError) as error:
        raise BadInput(f"{path} is not a background set", next_step="make one with: lfr models background") from error
