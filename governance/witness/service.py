"""The witness over HTTP: a WSGI application with one route, POST /add-checkpoint."""

import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from http import HTTPStatus
from typing import Any

from governance.ledger.note import Verifier
from governance.witness.memory import Memory
from governance.witness.protocol import Declined, Head, Submission, check_history, check_signature, parse_submission
from lfr_engine.clock import Clock

BODY_BYTES_MAX = 65_536 + 63 * 45 + 32  # the largest note, the longest proof, the old size line
_PLAIN = "text/plain; charset=utf-8"
_SIZE = "text/x.tlog.size"

StartResponse = Callable[[str, list[tuple[str, str]]], Any]


class WitnessApp:
    """Checks and cosigns one request at a time: comparing with the head and replacing it must be one step."""

    def __init__(self, *, memory: Memory, logs: Mapping[str, Sequence[Verifier]], clock: Clock) -> None:
        self._memory = memory
        self._logs = logs
        self._clock = clock
        self._one_at_a_time = threading.Lock()

    def __call__(self, environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        status, kind, answer = self._answer(environ)
        data = answer.encode()
        start_response(f"{status} {HTTPStatus(status).phrase}", [("Content-Type", kind), ("Content-Length", str(len(data)))])
        return [data]

    def _answer(self, environ: dict[str, Any]) -> tuple[int, str, str]:
        if environ.get("PATH_INFO") != "/add-checkpoint":
            return 404, _PLAIN, "the one resource here is /add-checkpoint\n"
        if environ.get("REQUEST_METHOD") != "POST":
            return 405, _PLAIN, "POST a checkpoint here\n"
        body: bytes = environ["wsgi.input"].read(BODY_BYTES_MAX + 1)
        if len(body) > BODY_BYTES_MAX:
            return 413, _PLAIN, f"a request has at most {BODY_BYTES_MAX} bytes\n"
        try:
            return 200, _PLAIN, self._cosign(parse_submission(body))
        except Declined as declined:
            if declined.evidence:
                self._memory.keep_evidence(body)
            if declined.known_size is not None:
                return declined.status, _SIZE, f"{declined.known_size}\n"
            return declined.status, _PLAIN, f"{declined.reason}\n"

    def _cosign(self, submission: Submission) -> str:
        check_signature(submission, self._logs)
        stated = submission.checkpoint
        with self._one_at_a_time:
            head = self._memory.head(stated.origin)
            check_history(submission, head)
            # A clock set back must not make this witness state that a larger tree was the newest at an earlier time.
            time_s = max(int(self._clock.now_utc().timestamp()), head.time_s)
            line = self._memory.cosigner.cosign(stated.text, time_s)
            self._memory.remember(Head(stated.origin, stated.size, stated.root_hash, time_s))
        return line
