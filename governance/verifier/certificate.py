"""One certificate: signed by the test body of the roster that it names; and what it must hold for real use (R27, R37, R38, R98)."""

from .dsse import SignedObject
from .intervals import clopper_pearson
from .objects import Objects
from .roster import Roster
from .strict import Failed, Fields, count, exactly, names, text

FALSE_ALERT_CAP = 0.001  # R27: of the upper 95 % bound, per passage
_ATTRIBUTES = ("sex", "ethnicity", "age")
_PREDICTED = names("k n expected low high method extrapolated")
_GROUP = names("attribute group recognised_k recognised_n false_k false_n")

CERTIFICATE = names(
    """
    pack pack_digest pipeline_digest pipeline camera_classes bands groups issuer data_statement licence known_limits evidence
    valid_to
    """
)


def read_certificate(name: str, roster: Roster, objects: Objects) -> tuple[SignedObject, bool]:
    """The certificate, signed by the test body it names, and whether that body is independent."""
    objects.envelope(name)  # a missing or altered file is a better message than "nobody signed it"
    for issuer, (key, independent) in roster.test_bodies.items():
        try:
            signed = objects.signed_by(name, "certificate", key)
        except Failed:
            continue
        if exactly(signed.body, CERTIFICATE, "the certificate")["issuer"] == issuer:
            return signed, independent
    raise Failed("no test body of the roster signed the certificate", str(objects.path(name)))


def require_real_use(certificate: Fields, band: Fields, independent: bool) -> None:
    """What an operational deployment may rest on; `band` is the one its list falls into. Raises Failed."""
    if not independent:
        raise Failed("the certificate comes from a test body that is not independent")
    use = text(exactly(certificate["licence"], names("use statement checked"), "the licence"), "use", 20)
    if use not in ("licensed", "any"):
        raise Failed(f"the licence of the certified models allows {use} use only")
    rows = [exactly(each, _GROUP, "a group") for each in certificate["groups"]] if isinstance(certificate["groups"], list) else []
    counts = {name: [row for row in rows if row["attribute"] == name and row["group"] != "not stated"] for name in _ATTRIBUTES}
    for name, of in counts.items():
        if len({row["group"] for row in of if count(row, "recognised_n") and count(row, "false_n")}) < 2:
            raise Failed(f"the certificate tells no two groups apart by {name}")
    tried = [(sum(count(row, "false_k") for row in of), sum(count(row, "false_n") for row in of)) for of in counts.values()]
    kept = True
    if band["false_alerts"] is not None:
        told = exactly(band["false_alerts"], _PREDICTED, "the false alerts of a band")
        tried.append((count(told, "k"), count(told, "n")))
        kept = _number(told, "high") <= FALSE_ALERT_CAP
    if not kept or not all(k <= n and clopper_pearson(k, n)[1] <= FALSE_ALERT_CAP for k, n in tried):
        raise Failed("by the certificate false alerts could be more than 0.1 % of passages, which is the cap")


def _number(told: Fields, name: str) -> float:
    try:
        return float(text(told, name, 20))
    except ValueError as error:
        raise Failed(f"{name} of a band is no number") from error
