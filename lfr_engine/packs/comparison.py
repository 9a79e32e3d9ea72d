"""How far two ways to compute one pack lie apart, and how far they may."""

from dataclasses import dataclass

from lfr_engine.inference import Precision


@dataclass(frozen=True, slots=True)
class Limits:
    """`cosine`: the least between the two templates of one crop. `drift`: the most that a score may move when detection and embedding are
    both computed the other way, as a share of the distance between the scores of the same and of different people."""

    cosine: float
    drift: float


# Of fp32 only the order of additions may differ. A lower precision may move a score by a twentieth of what tells people apart,
# and may change no decision.
LIMITS = {Precision.FP32: Limits(0.9999, 0.005), Precision.BF16: Limits(0.995, 0.05), Precision.FP16: Limits(0.995, 0.05)}


@dataclass(frozen=True, slots=True)
class Comparison:
    """What was seen. `gap` is the distance between the mean score of the same and of different people, by the reference;
    `largest_shift` is in eye distances."""

    faces: int
    pairs: int
    faces_missed: int
    least_cosine: float
    largest_shift: float
    largest_drift: float
    gap: float
    decisions_changed: int

    def failings(self, limits: Limits) -> tuple[str, ...]:
        """Why it does not pass; empty where it does."""
        found = (
            (self.faces_missed > 0, f"{self.faces_missed} of {self.faces} faces were found by one of the two only"),
            (self.least_cosine < limits.cosine, f"templates differ: cosine {self.least_cosine:.5f}, the least allowed is {limits.cosine}"),
            (
                self.largest_drift > limits.drift * self.gap,
                f"a score moved by {self.largest_drift:.5f}; the most allowed is {limits.drift * self.gap:.5f}",
            ),
            (self.decisions_changed > 0, f"{self.decisions_changed} of {self.pairs} decisions at the default threshold changed"),
        )
        return tuple(why for failed, why in found if failed)
