"""What the verifier says: one line per subject, ok or FAILED with what and where."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from .strict import Failed

FAILURES_SHOWN = 200  # of one subject; a forged export must not be able to fill the terminal


@dataclass(slots=True)
class Subject:
    """One line of the report: facts that were verified, failures, and things to know that are no failure."""

    name: str
    facts: list[str] = field(default_factory=list)
    failures: list[tuple[str, str]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def fail(self, what: str, where: str = "") -> None:
        if len(self.failures) < FAILURES_SHOWN:
            self.failures.append((what, where))

    @contextmanager
    def check(self, where: str = "") -> Iterator[None]:
        """Collects a failed check and goes on with the next: a reader wants all of them."""
        try:
            yield
        except Failed as failed:
            self.fail(failed.what, ", ".join(part for part in (where, failed.where) if part))


class Report:
    """All subjects in the order in which they were opened. `entries`: ledger entries read; `purges`: deployments that owe one."""

    def __init__(self) -> None:
        self.subjects: dict[str, Subject] = {}
        self.entries = 0
        self.purges = {"due": 0, "shown": 0}

    def subject(self, name: str) -> Subject:
        return self.subjects.setdefault(name, Subject(name))

    @property
    def purged(self) -> bool:
        """Matching ended somewhere, and wherever it did a purge is attested in time."""
        return 0 < self.purges["due"] == self.purges["shown"]

    @property
    def ok(self) -> bool:
        return not any(subject.failures for subject in self.subjects.values())

    def as_text(self) -> str:
        lines = []
        for subject in self.subjects.values():
            facts = "; ".join(subject.facts)
            lines.append(f" {subject.name:<12} {facts}{'  ' if facts else ''}{'FAILED' if subject.failures else 'ok'}")
            lines += [f"   FAILED: {what}{f' ({where})' if where else ''}" for what, where in subject.failures]
            lines += [f"   note: {note}" for note in subject.notes]
        lines.append("everything that was checked holds" if self.ok else "VERIFICATION FAILED")
        return "\n".join(_printable(line) for line in lines)

    def as_json(self) -> str:
        """`{ok, entries, purge, checks: [{name, ok, detail, failures: [{what, where}], notes}]}`."""
        checks = [
            {
                "name": subject.name,
                "ok": not subject.failures,
                "detail": "; ".join(subject.facts),
                "failures": [{"what": what, "where": where} for what, where in subject.failures],
                "notes": subject.notes,
            }
            for subject in self.subjects.values()
        ]
        return json.dumps({"ok": self.ok, "entries": self.entries, "purge": self.purged, "checks": checks}, indent=1)


def _printable(line: str) -> str:
    """An export's text must not steer the reader's terminal."""
    return "".join(c if c.isprintable() else f"\\x{ord(c):02x}" for c in line)
