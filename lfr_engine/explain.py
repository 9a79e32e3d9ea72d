"""Why an alert was raised, for the person who judges it and for the record: which views agreed, how good they were, who came second."""

from collections.abc import Mapping
from typing import Any

from lfr_engine.values import Candidate
from lfr_engine.views import Passage, View


def explanation(passage: Passage, candidate: Candidate, *, threshold: float) -> Mapping[str, Any]:
    """JSON-ready: `{views_needed, views, agreeing, runner_up, seen: [{frame, stream_s, similarity, counts, runner_up, quality}]}`.

    `seen` are at most `lfr_engine.views.MOST_VIEWS` of the `views` embedded. `similarity` is the candidate's in that view, None where
    it came nowhere near; `counts`: it reached the threshold. A runner-up is the most similar other entry that came near,
    `{entry_id, similarity}` or None; nobody but entries of the list is named.
    """
    seen = [_told(view, candidate.entry_id, threshold) for view in sorted(passage.views, key=lambda known: known.frame)]
    others = [one for view in passage.views for one in view.alike if one.entry_id != candidate.entry_id]
    return {
        "views_needed": passage.rule.views,
        "views": passage.embedded,
        "agreeing": sum(bool(view["counts"]) for view in seen),
        "runner_up": _named(max(others, key=lambda one: one.similarity, default=None)),
        "seen": seen,
    }


def _told(view: View, entry_id: str, threshold: float) -> dict[str, Any]:
    own = next((one.similarity for one in view.alike if one.entry_id == entry_id), None)
    other = next((one for one in view.alike if one.entry_id != entry_id), None)
    return {
        "frame": view.frame,
        "stream_s": round(view.stream_s, 3),
        "similarity": None if own is None else round(own, 6),
        "counts": own is not None and own >= threshold,
        "runner_up": _named(other),
        "quality": view.quality.as_json(),
    }


def _named(candidate: Candidate | None) -> dict[str, str | float] | None:
    return None if candidate is None else {"entry_id": candidate.entry_id, "similarity": round(candidate.similarity, 6)}
