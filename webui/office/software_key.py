"""Signing with the software authenticator that a demonstration's ceremony made for each person. Never in operational mode.

The page says what it is: a key in a file of this office. A passkey keeps the key where nobody can copy it.
"""

from governance.authenticator import SoftwareAuthenticator
from governance.messages.decision import Action, Assertion
from governance.messages.payload import Mode
from governance.messages.roster import Person
from governance.office.store import Office
from lfr_engine.errors import Refused


def sign_with_software_key(office: Office, person: Person, action: Action, document: bytes) -> Assertion:
    """An assertion by this person's software key over exactly this document. Raises Refused (R33) in operational mode."""
    if office.mode is Mode.OPERATIONAL:
        raise Refused("a software authenticator cannot sign in operational mode", rule_ids=("R33",), next_step="enrol a passkey")
    key = SoftwareAuthenticator.load(person.person_id, office.home.keys / "authenticators" / f"{person.person_id}.key")
    roster = office.roster.roster
    return key.sign(action, document, rp_id=roster.rp_id, origin=roster.origins[0])
