"""R98: what a pack's licence allows is checked with insightface's own code, and a forged licence is worse than none."""

import base64
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import rfc8785
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from lfr_engine.errors import Refused
from lfr_engine.insightface_models import signed_licence
from lfr_engine.packs.licence import FILE_NAME, licence_of
from lfr_engine.packs.manifest import Manifest, known_manifests

NOW = datetime(2026, 12, 5, tzinfo=UTC)
KEY = Ed25519PrivateKey.generate()


def manifest(name: str) -> Manifest:
    return next(known for known in known_manifests() if known.name == name)


def write(folder: Path, **changes: Any) -> None:
    """A licence of the form that insightface issues, signed with our key."""
    fields = {
        "license_version": 1,
        "license_id": "L-1",
        "issuer": "InsightFace",
        "model_id": "insightface-sc",
        "grant": "commercial",
        "customer": "A police force",
        "valid_from": "2026-01-01T00:00:00Z",
        "valid_until": "2027-01-01T00:00:00Z",
        **changes,
    }
    signature = KEY.sign(rfc8785.dumps(fields))
    text = json.dumps({**fields, "signature": base64.urlsafe_b64encode(signature).decode().rstrip("=")})
    (folder / FILE_NAME).write_text(text)


def test_without_a_licence_file_an_insightface_pack_stays_at_research(tmp_path: Path) -> None:
    found = licence_of(manifest("insightface-sc"), tmp_path, now=NOW)
    assert found.use == "research"
    assert "non-commercial" in found.statement
    assert FILE_NAME in found.checked


def test_a_pack_of_other_models_says_that_there_is_no_signed_licence(tmp_path: Path) -> None:
    found = licence_of(manifest("open-default"), tmp_path, now=NOW)
    assert found.use == "demonstration"
    assert "no signed licence file" in found.checked


def test_a_licence_that_nobody_trusted_signed_is_refused_and_not_ignored(tmp_path: Path) -> None:
    write(tmp_path)
    with pytest.raises(Refused) as caught:
        licence_of(manifest("insightface-sc"), tmp_path, now=NOW)
    assert caught.value.rule_ids == ("R98",)
    (tmp_path / FILE_NAME).write_text("{}")
    with pytest.raises(Refused):
        licence_of(manifest("open-default"), tmp_path, now=NOW)


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({}, "verified_commercial"),
        ({"grant": "non-commercial"}, "verified_non_commercial"),
        ({"model_id": "another"}, "invalid"),
        ({"valid_until": "2026-12-01T00:00:00Z"}, "expired"),
        ({"valid_from": "2026-12-31T00:00:00Z"}, "not_active"),
    ],
)
def test_insightface_own_check_of_a_licence_signed_by_a_key_that_it_trusts(tmp_path: Path, changes: dict[str, Any], status: str) -> None:
    write(tmp_path, **changes)
    assert signed_licence(tmp_path, "insightface-sc", now=NOW, public_keys=(KEY.public_key(),))[0] == status
