"""Safeguards: the assessments bound by version and fingerprint, public notice, and how long data is kept (R10-R12, R57-R60, R82)."""

from collections.abc import Mapping
from typing import Any

from governance.office.store import Office
from governance.rules.application import REQUIRED_DOCUMENTS
from governance.rules.profile import ALERT_RETENTION_CEILING_H, CCTV_CEILING_D, PURGE_AFTER_END_CEILING_H
from lfr_engine.clock import parse_utc
from webui.office import forms, times, words


class _Safeguards(forms.PageForm):
    """Notice and retention; the documents' fields are added below, three for each."""

    notice_day = forms.day("Day on which public notice was given", "Leave empty when none was given yet. For example, 4 12 2026")
    notice_clock = forms.clock("Time of the notice")
    alert_h = forms.number("Hours to keep an alert's pictures", f"At most {ALERT_RETENTION_CEILING_H}", at_most=ALERT_RETENTION_CEILING_H)
    watchlist_after_end_h = forms.number(
        "Hours to keep the watchlist on the unit after the end",
        f"At most {PURGE_AFTER_END_CEILING_H}; 0 erases it at the end",
        at_most=PURGE_AFTER_END_CEILING_H,
    )
    cctv_d = forms.number("Days to keep video", f"At most {CCTV_CEILING_D}; 0 records none", at_most=CCTV_CEILING_D)


def _with_documents() -> type[_Safeguards]:
    fields: dict[str, Any] = {}
    for kind in REQUIRED_DOCUMENTS:
        fields[f"{kind}_version"] = forms.line(f"{words.say(kind)}: version", at_most=80)
        fields[f"{kind}_review"] = forms.day(f"{words.say(kind)}: review due", "For example, 31 3 2027")
        fields[f"{kind}_file"] = forms.document(f"{words.say(kind)}: file", "Only its fingerprint is kept")
    return type("SafeguardsForm", (_Safeguards,), fields)


SafeguardsForm = _with_documents()


def form(_: Office, draft: Mapping[str, Any]) -> _Safeguards:
    """The form as saved so far."""
    data: dict[str, Any] = dict(draft.get("retention", {}))
    if draft.get("notice_published_at"):
        data["notice_day"], data["notice_clock"] = times.day_and_clock(draft["notice_published_at"])
    bound = {document["kind"]: document for document in draft.get("documents", ())}
    for kind, document in bound.items():
        data[f"{kind}_version"] = document.get("version", "")
        due = document.get("review_due")
        data[f"{kind}_review"] = parse_utc(due).astimezone(times.ZONE).date() if due else None
    filled = SafeguardsForm(data=data)
    for kind, document in bound.items():
        if document.get("digest"):
            filled[
                f"{kind}_file"
            ].description = f"A file is bound already ({document['digest'][:19]}…). Choose another one only to replace it"
    return filled


def changes(form: _Safeguards, draft: Mapping[str, Any]) -> dict[str, Any]:
    """What was typed, as the application holds it; a document of which nothing was said is left out."""
    bound = {document["kind"]: document for document in draft.get("documents", ())}
    documents = []
    for kind in REQUIRED_DOCUMENTS:
        day = form[f"{kind}_review"].data
        said = {
            "version": form[f"{kind}_version"].data,
            "digest": forms.digest_of_upload(form[f"{kind}_file"].data) or bound.get(kind, {}).get("digest"),
            "review_due": times.wire_from_local(day, forms.clock_time("00:00")) if day else None,
        }
        present = {name: value for name, value in said.items() if value}
        if present:
            documents.append({"kind": kind, **present})
    retention = {name: form[name].data for name in ("alert_h", "watchlist_after_end_h", "cctv_d") if form[name].data is not None}
    day = form.notice_day.data
    notice = times.wire_from_local(day, forms.clock_time(form.notice_clock.data or "00:00")) if day else None
    return {"documents": documents, "retention": retention, "notice_published_at": notice}
