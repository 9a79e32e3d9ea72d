"""Outcomes of finished clips, kept between runs so that a killed crowd test goes on with the next clip. Figures only."""

import hashlib
import json
import os
from pathlib import Path

from lfr_engine.evaluation.outcomes import ClipOutcome, Outcome


class ClipStore:
    """One file per test, a line per finished clip; `key` names everything that decides an outcome. Mode 0600."""

    def __init__(self, work: Path, key: str) -> None:
        work.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._path = work / f"clips-{hashlib.sha256(key.encode()).hexdigest()[:24]}.jsonl"
        self._done: dict[str, ClipOutcome] = {}
        if self._path.is_file():
            for line in self._path.read_text("utf-8", errors="replace").splitlines():
                self._take(line)

    def get(self, clip: str) -> ClipOutcome | None:
        return self._done.get(clip)

    def add(self, clip: str, outcome: ClipOutcome) -> None:
        """Keep one more outcome; the file is rewritten whole, so that no half line stays."""
        self._done[clip] = outcome
        text = "".join(json.dumps({"clip": name, "outcome": one.as_json()}) + "\n" for name, one in self._done.items())
        scratch = self._path.with_suffix(".new")
        with os.fdopen(os.open(scratch, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
            file.write(text)
        os.replace(scratch, self._path)

    def forget(self) -> None:
        """Delete what was kept."""
        self._path.unlink(missing_ok=True)
        self._done.clear()

    def _take(self, line: str) -> None:
        try:
            given = json.loads(line)
            facts = dict(given["outcome"])
            listed = tuple((str(person), Outcome(outcome)) for person, outcome in facts.pop("listed"))
            strangers = tuple((str(person), bool(false)) for person, false in facts.pop("strangers"))
            self._done[str(given["clip"])] = ClipOutcome(listed=listed, strangers=strangers, **facts)
        except (ValueError, KeyError, TypeError):
            return  # not one of ours: that clip is run again
