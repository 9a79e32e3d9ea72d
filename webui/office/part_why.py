"""Why: purpose, necessity, proportionality, and the published policy the deployment rests on (R5, R7, R15)."""

from collections.abc import Mapping
from typing import Any

from governance.office.store import Office
from governance.rules.profile import SERIOUSNESS, USE_CASES
from lfr_engine.clock import parse_utc
from webui.office import forms, times


class WhyForm(forms.PageForm):
    """Texts are the applicant's own; the officer gives their own reasons later."""

    operation = forms.line("Name of the operation", "As people will call it, for example NORTHGATE")
    use_case = forms.choice("Use case", USE_CASES.items(), "The published policy knows these and no others")
    objective = forms.text("What is it to achieve?", at_most=4000)
    seriousness_of_harm = forms.choice("How serious is the harm it is to prevent or detect?", SERIOUSNESS.items())
    necessity = forms.text("Why is it necessary?", "At least 40 characters. Why will less not do?")
    proportionality = forms.text(
        "Why is it proportionate?", "At least 40 characters. Weigh it against everybody who will pass and is not sought"
    )
    alternatives = forms.text("Which alternatives were considered, and why are they not enough?", "At least 40 characters")
    policy_url = forms.line("Address of the published policy", "Begins with https://")
    policy_version = forms.line("Version of the policy", at_most=80)
    policy_in_force = forms.day("In force from")
    policy_file = forms.document("The policy as a file", "Only its fingerprint is kept, so that everybody can check which text was meant")


def form(_: Office, draft: Mapping[str, Any]) -> WhyForm:
    """The form as saved so far."""
    policy = draft.get("policy", {})
    in_force = policy.get("in_force_from")
    plain = ("operation", "use_case", "objective", "seriousness_of_harm", "necessity", "proportionality", "alternatives")
    filled = WhyForm(
        data={
            **{name: draft.get(name, "") for name in plain},
            "policy_url": policy.get("url", ""),
            "policy_version": policy.get("version", ""),
            "policy_in_force": parse_utc(in_force).astimezone(times.ZONE).date() if in_force else None,
        }
    )
    if policy.get("digest"):
        filled.policy_file.description = f"A file is bound already ({policy['digest'][:19]}…). Choose another one only to replace it"
    return filled


def changes(form: WhyForm, draft: Mapping[str, Any]) -> dict[str, Any]:
    """What was typed, as the application holds it; the policy only as far as it is there."""
    plain = ("operation", "use_case", "objective", "seriousness_of_harm", "necessity", "proportionality", "alternatives")
    digest = forms.digest_of_upload(form.policy_file.data) or draft.get("policy", {}).get("digest")
    day = form.policy_in_force.data
    policy = {
        "url": form.policy_url.data,
        "version": form.policy_version.data,
        "digest": digest,
        "in_force_from": times.wire_from_local(day, forms.clock_time("00:00")) if day else None,
    }
    return {**{name: getattr(form, name).data or "" for name in plain}, "policy": {key: value for key, value in policy.items() if value}}
