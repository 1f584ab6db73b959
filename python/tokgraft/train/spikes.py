"""When a loss is a spike: plain numbers, no PyTorch."""

import dataclasses
import math
import statistics
from collections.abc import Sequence

_TO_DEVIATION = 1.4826  # of a median absolute deviation, to the standard deviation of a normal one


@dataclasses.dataclass(frozen=True)
class SpikeGuard:
    """Bounds the loss of a training step, in nats per token.

    forecast: what the loss should be at first, where that is known: no step may exceed it by more
    than `margin`. Until `warm_up` good losses are known, the bound is the forecast, or else the
    first loss, plus `margin`; from then on the median of the last `window` good losses plus
    `deviations` standard deviations (estimated from their median absolute deviation), at least half
    a `margin`. A loss that is not finite is always a spike. After each spike learning rates are
    multiplied by `rate_factor`; one more than `max_rollbacks` ends the run.
    """

    forecast: float | None = None
    margin: float = 1.0
    window: int = 64
    deviations: float = 8.0
    warm_up: int = 16
    rate_factor: float = 0.5
    max_rollbacks: int = 5

    def bound(self, losses: Sequence[float]) -> float:
        """The highest loss that is no spike after these good ones, oldest first."""
        bound = math.inf
        if self.forecast is not None:
            bound = self.forecast + self.margin
        elif losses and len(losses) < self.warm_up:
            bound = losses[0] + self.margin
        if len(losses) >= self.warm_up:
            recent = losses[-self.window:]
            middle = statistics.median(recent)
            spread = statistics.median(abs(loss - middle) for loss in recent)
            running = middle + max(self.deviations * _TO_DEVIATION * spread, self.margin / 2)
            bound = min(bound, running)
        return bound

    def is_spike(self, loss: float, losses: Sequence[float]) -> bool:
        return not math.isfinite(loss) or loss > self.bound(losses)
