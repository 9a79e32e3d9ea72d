"""What became of every true passage of a clip: who was recognised, who was missed and at which step, whose passage gave a false
name (R44, R45, R75). Misses are counted apart by the first step that failed, so that a reader sees what to mend."""

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from enum import StrEnum

from lfr_engine.evaluation.equality import Trial, rate_of
from lfr_engine.evaluation.interval import Measured, exactly
from lfr_engine.evaluation.passages import ObservedClip
from lfr_engine.values import Alert


class Outcome(StrEnum):
    """What became of the passage of a listed person."""

    RECOGNISED = "recognised"
    NOT_ENROLLED = "their reference photo was refused"
    NOT_DETECTED = "no face was found in any frame"
    LOW_QUALITY = "a face was found, but no view was good enough to compare"
    NOT_RECOGNISED = "compared, but no agreement at the threshold"
    MISSED = "missed, at a step that a truth without boxes cannot tell"


@dataclass(frozen=True, slots=True)
class ClipOutcome:
    """One clip. `listed`: person and outcome per listed passage; `strangers`: person and whether their passage gave a name. Without
    boxes in the truth a false name belongs to no passage, and `strangers` stays empty."""

    listed: tuple[tuple[str, Outcome], ...]
    strangers: tuple[tuple[str, bool], ...]
    alerts: int
    false_alerts: int
    wrong_name_for_listed: int
    nobody_there: int
    passages_counted: int
    passages_true: int
    too_small: int
    low_quality: int
    frames: int

    def as_json(self) -> dict[str, object]:
        return {
            **{name: getattr(self, name) for name in self.__dataclass_fields__ if name not in ("listed", "strangers")},
            "listed": [[person, str(outcome)] for person, outcome in self.listed],
            "strangers": [[person, false] for person, false in self.strangers],
        }


def outcome_of(clip: ObservedClip, enrolled: Collection[str]) -> ClipOutcome:
    """Judge every passage of a clip; `enrolled` are the people on the list whose reference photo was taken."""
    walks, boxes = clip.truth.walks, clip.truth.boxes
    hits = [(alert, _hit(clip, alert)) for alert in clip.alerts]
    recognised = {passage for _, passage in hits if passage is not None}
    false = [alert for alert, passage in hits if passage is None]
    named = Counter(clip.truth.on_face(alert.frame, alert.bbox_xyxy_px) for alert in false) if boxes is not None else Counter()
    return ClipOutcome(
        listed=tuple((walk.person, _outcome(clip, passage, recognised, enrolled)) for passage, walk in walks.items() if walk.listed),
        strangers=tuple((walk.person, passage in named) for passage, walk in walks.items() if not walk.listed and boxes is not None),
        alerts=len(clip.alerts),
        false_alerts=len(false),
        wrong_name_for_listed=sum(count for passage, count in named.items() if passage is not None and walks[passage].listed),
        nobody_there=named.get(None, 0),
        passages_counted=clip.counters.passages,
        passages_true=len(walks),
        too_small=clip.counters.too_small,
        low_quality=clip.counters.low_quality,
        frames=clip.counters.frames,
    )


def _hit(clip: ObservedClip, alert: Alert) -> int | None:
    """The passage of the person an alert names: its box on their face, or without boxes within their frames. None: a false name."""
    name = alert.candidates[0].entry_id
    for passage, walk in clip.truth.walks.items():
        if walk.person != name or not walk.listed:
            continue
        if clip.truth.boxes is not None:
            if clip.truth.on_face(alert.frame, alert.bbox_xyxy_px) == passage:
                return passage
        elif walk.first_frame <= alert.frame and alert.first_frame <= walk.last_frame:
            return passage
    return None


def _outcome(clip: ObservedClip, passage: int, recognised: set[int], enrolled: Collection[str]) -> Outcome:
    if passage in recognised:
        return Outcome.RECOGNISED
    if clip.truth.walks[passage].person not in enrolled:
        return Outcome.NOT_ENROLLED
    if clip.truth.boxes is None:
        return Outcome.MISSED
    if any(passage in track.row_passages for track in clip.tracks):
        return Outcome.NOT_RECOGNISED
    return Outcome.LOW_QUALITY if any(track.passage == passage for track in clip.tracks) else Outcome.NOT_DETECTED


@dataclass(frozen=True, slots=True)
class CrowdFigures:
    """All clips of a test together."""

    clips: tuple[ClipOutcome, ...]
    seed: int

    @property
    def misses(self) -> tuple[Trial, ...]:
        """One trial for each listed passage: missed or not."""
        return tuple(Trial(person, outcome is not Outcome.RECOGNISED) for clip in self.clips for person, outcome in clip.listed)

    @property
    def falses(self) -> tuple[Trial, ...]:
        """One trial for each passage of a stranger: did it give a name."""
        return tuple(Trial(person, false) for clip in self.clips for person, false in clip.strangers)

    @property
    def recognised(self) -> Measured:
        return rate_of([Trial(trial.person, not trial.event) for trial in self.misses], self.seed)

    @property
    def false_names(self) -> Measured:
        """Strangers' passages that gave a name; without boxes, false alerts among all true passages."""
        if self.falses:
            return rate_of(self.falses, self.seed)
        return exactly(min(self.total("false_alerts"), self.total("passages_true")), self.total("passages_true"))

    @property
    def false_among_alerts(self) -> Measured:
        return exactly(self.total("false_alerts"), self.total("alerts"))

    def total(self, name: str) -> int:
        return sum(int(getattr(clip, name)) for clip in self.clips)

    def missed_by(self) -> dict[Outcome, int]:
        """How many listed passages ended in each way that is not recognition, in the order of the steps."""
        counted = Counter(outcome for clip in self.clips for _, outcome in clip.listed)
        return {outcome: counted[outcome] for outcome in Outcome if outcome is not Outcome.RECOGNISED}


def boxes_known(clips: Sequence[ClipOutcome]) -> bool:
    """Whether the truth of these clips said where faces were."""
    return any(clip.strangers for clip in clips)
