"""The drill of a deployment as its authority draws it, and walkers that a script lets tap in a rehearsal (R30, R78, R101)."""

import base64
import json
import threading
from collections import deque
from dataclasses import dataclass, field
from pathlib import Path

from governance.drills import draw, tap_bytes
from governance.messages.authority import Authority
from lfr_engine.clock import parse_utc
from lfr_engine.errors import BadInput, LfrError, Refused
from lfr_engine.video.rehearsal.truth import read_truth
from mobile_unit.journal import answers, asking
from mobile_unit.journal.client import JournalClient
from watchlist.sealing.keys import SigningKey

_LOOK_EVERY_S = 0.2


def scheduled(authority: Authority, decision: str) -> asking.ScheduleDrill:
    """The request that logs the walks which this authority draws. Raises BadInput where it has no drill."""
    plan = authority.drill
    if plan is None:
        raise BadInput("this authority has no drill", rule_ids=("R30",))
    tokens = {walker.walker_id: walker.token for walker in plan.walkers}
    walks = draw(decision, list(tokens), plan.walks, parse_utc(authority.window.start), parse_utc(authority.window.end))
    return asking.ScheduleDrill(
        deployment_id=authority.deployment_id,
        walks=tuple(
            asking.DueWalk(number=walk.number, walker_id=walk.walker_id, token=tokens[walk.walker_id], due_at=walk.due_at) for walk in walks
        ),
    )


def tap(journal: JournalClient, deployment_id: str, walk: int, token: SigningKey, *, scripted: bool = False) -> None:
    """A walker taps. Raises Refused (R30) when it is not their walk."""
    signature = base64.b64encode(token.private.sign(tap_bytes(deployment_id, walk))).decode()
    journal.ask(asking.Walked(deployment_id=deployment_id, walk=walk, signature=signature, scripted=scripted), answers.Done)


@dataclass(slots=True)
class ScriptedWalkers:
    """In a rehearsal nobody can tap: a thread reads the camera's truth and taps when a walker first shows. Every tap says so.

    `tokens`: walker -> key file; the truth's persons carry the walkers' ids.
    """

    journal: JournalClient
    deployment_id: str
    truth: Path
    tokens: dict[str, Path]
    fault: LfrError | None = None
    _over: threading.Event = field(default_factory=threading.Event)
    _thread: threading.Thread | None = None

    @classmethod
    def read(cls, path: Path, journal: JournalClient, deployment_id: str) -> "ScriptedWalkers":
        """From `{truth, tokens: {walker: file}}`, paths against the file's folder. Raises BadInput."""
        try:
            given = json.loads(path.read_text("utf-8"))
            tokens = {str(walker): path.parent / file for walker, file in given["tokens"].items()}
            return cls(journal, deployment_id, path.parent / given["truth"], tokens)
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise BadInput(f"{path} is not a script for the walkers of a rehearsal") from error

    def start(self) -> None:
        self._thread = threading.Thread(target=self._work, name="scripted walkers", daemon=True)
        self._thread.start()

    def finish(self, timeout_s: float) -> None:
        """End. Raises what stopped it."""
        self._over.set()
        if self._thread is not None:
            self._thread.join(timeout_s)
        if self.fault is not None:
            raise self.fault

    def _work(self) -> None:
        try:
            keys = {walker: SigningKey.load(file) for walker, file in self.tokens.items()}
            due: dict[str, deque[int]] = {}
            tapped: set[int] = set()
            while not self._over.wait(_LOOK_EVERY_S):
                if not due:
                    for walk in self.journal.ask(asking.LookAtDrill(deployment_id=self.deployment_id), answers.DrillSeen).walks:
                        due.setdefault(walk.walker_id, deque()).append(walk.number)
                if due and self.truth.exists():
                    self._tap_those_who_came(keys, due, tapped)
        except Refused:
            return  # matching has ended, so that nobody walks any more
        except LfrError as error:
            self.fault = error

    def _tap_those_who_came(self, keys: dict[str, SigningKey], due: dict[str, deque[int]], tapped: set[int]) -> None:
        for passage in read_truth(self.truth).passages:
            if passage.passage in tapped or not due.get(passage.person):
                continue
            tapped.add(passage.passage)
            tap(self.journal, self.deployment_id, due[passage.person].popleft(), keys[passage.person], scripted=True)
