"""The signed objects of an export, found by the digest that a ledger entry names, each opened with the key that may sign it."""

import hashlib
from pathlib import Path

from .dsse import SignedObject, parse_payload, verify
from .roster import Roster
from .strict import JSON_BYTES_MAX, Failed, Fields, base64_bytes, base64url_bytes, exactly, read_file, text
from .webauthn import Assertion, challenge_for, verify_assertion

_DECISION = frozenset({"action", "document", "assertions"})
_ASSERTION = frozenset({"person_id", "credential_id", "client_data_json", "authenticator_data", "signature"})
_PREFIX = "sha256:"


class Objects:
    """`objects/<hex>.dsse.json`. Every method raises Failed and returns only what its signatures vouch for."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def path(self, digest: str) -> Path:
        hexadecimal = digest.removeprefix(_PREFIX)
        if not digest.startswith(_PREFIX) or len(hexadecimal) != 64 or hexadecimal.strip("0123456789abcdef"):
            raise Failed(f"{digest[:80]} is not the digest of an object")
        return self._folder / f"{hexadecimal}.dsse.json"

    def envelope(self, digest: str) -> bytes:
        """The exact bytes that the digest names."""
        path = self.path(digest)
        if not path.exists():
            raise Failed("an object that the ledger names is not in the export", str(path))
        data = read_file(path, JSON_BYTES_MAX)
        if hashlib.sha256(data).hexdigest() != path.name.removesuffix(".dsse.json"):
            raise Failed("the object was altered: it does not have the digest in its name", str(path))
        return data

    def signed_by(self, digest: str, object_type: str, key: bytes) -> SignedObject:
        try:
            return verify(self.envelope(digest), object_type, [key])
        except Failed as failed:
            raise Failed(failed.what, failed.where or str(self.path(digest))) from failed

    def decision(self, digest: str, action: str, document_type: str, *, roster: Roster) -> "Decision":
        """A decision countersigned by the office; who asserted it is for the caller to check with `Decision.asserted_by`."""
        signed = self.signed_by(digest, "decision", roster.office_key)
        body = exactly(signed.body, _DECISION, "the decision")
        if body["action"] != action:
            raise Failed(f"the decision is not one to {action}", str(self.path(digest)))
        if not isinstance(body["document"], str):
            raise Failed("the decision holds no document", str(self.path(digest)))
        document = base64_bytes(body["document"])
        assertions = body["assertions"]
        if not isinstance(assertions, list) or not 1 <= len(assertions) <= 4:
            raise Failed("a decision holds one to four assertions", str(self.path(digest)))
        read = [exactly(each, _ASSERTION, "an assertion") for each in assertions]
        return Decision(action, document, parse_payload(document, document_type), read, roster)


class Decision:
    """A document and the assertions over it."""

    def __init__(self, action: str, document: bytes, payload: SignedObject, assertions: list[Fields], roster: Roster) -> None:
        self.document = document
        self.payload = payload
        self.body = payload.body
        self._action = action
        self._assertions = assertions
        self._roster = roster

    @property
    def person_ids(self) -> list[str]:
        return [text(each, "person_id", 80) for each in self._assertions]

    def asserted_by(self, person_id: str, role: str, at: str) -> None:
        """Raises Failed unless this person, who held the role at that time, asserted exactly this document."""
        person = self._roster.person(person_id, role, at)
        fields = next((each for each in self._assertions if each["person_id"] == person_id), None)
        if fields is None:
            raise Failed(f"{person_id} did not assert this {self.payload.type}")
        spki, holder = person.credentials.get(text(fields, "credential_id"), (b"", ""))
        if not spki:
            raise Failed(f"the key that asserted is not one the roster gives {person_id}")
        if holder == "software" and self.payload.mode == "operational":
            raise Failed(f"{person_id} asserted with a software authenticator in operational mode")
        assertion = Assertion(
            *(base64url_bytes(text(fields, name, 65_536)) for name in ("client_data_json", "authenticator_data", "signature"))
        )
        verify_assertion(
            assertion, challenge_for(self._action, self.document), spki, rp_id=self._roster.rp_id, origins=self._roster.origins
        )
