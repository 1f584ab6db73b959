"""The numbers of a training, each with its reason."""

import dataclasses
from typing import Any

from tokgraft._core import Error


def _number(default: Any, text: str) -> Any:
    return dataclasses.field(default=default, metadata={"help": text})


@dataclasses.dataclass(frozen=True)
class Recipe:
    """Stage 1 trains the new rows alone, stage 2 everything with a new optimizer.

    row_steps, full_steps: of the stages; None: together one pass over the text, a quarter of it for
    the rows (the share of the published three-phase recipe for Arabic, 33 of 131 million tokens).
    sequence: tokens of one, a start token included. batch: sequences of a step; device_batch: of
    them at once (None: all). Rates: of Adam; row_rate with a warm-up and then falling linearly,
    full_rate (2e-5, where 2e-4 damaged a model of 4 billion) as a cosine. output_eps: Adam's for
    output rows, see NewRows.groups. weight_decay: in stage 2, of matrices; row_weight_decay: of new
    rows in stage 1. dtype: of the weights meanwhile, float32 or bfloat16; the forward pass of a GPU
    is in bfloat16 anyhow. save_steps, log_steps: a checkpoint, a line of the log every so many.
    max_rollbacks: spikes of a stage that are undone; one more ends the run.
    """

    row_steps: int | None = _number(None, "Steps of stage 1, which trains new rows alone (a quarter of one pass)")
    full_steps: int | None = _number(None, "Steps of stage 2, which trains everything (the rest of the pass)")
    sequence: int = _number(512, "Tokens of a sequence (512)")
    batch: int = _number(16, "Sequences of a step (16)")
    device_batch: int | None = _number(None, "Sequences at once, for less memory (all of a step)")
    row_rate: float = _number(1e-3, "Learning rate of new rows in stage 1 (1e-3)")
    full_rate: float = _number(2e-5, "Learning rate of stage 2 (2e-5)")
    output_eps: float = _number(1e-4, "Adam's eps for output rows in stage 1 (1e-4)")
    row_weight_decay: float = _number(0.0, "Weight decay of new rows in stage 1 (0)")
    weight_decay: float = _number(0.01, "Weight decay of matrices in stage 2 (0.01)")
    warm_up: float = _number(0.03, "Share of the steps of a stage in which its rate rises (0.03)")
    clip: float = _number(1.0, "Longest gradient of a step in stage 2 (1)")
    dtype: str = _number("float32", "Weights while training: float32 or bfloat16 (float32)")
    save_steps: int = _number(100, "Steps between checkpoints (100)")
    log_steps: int = _number(10, "Steps between lines of the log (10)")
    max_rollbacks: int = _number(5, "Spikes of a stage that are undone; one more ends the run (5)")
    seed: int = _number(0, "Of the order of the text (0)")

    def checked(self) -> "Recipe":
        """Itself. Error: a number out of its range."""
        for name in ("sequence", "batch", "device_batch", "save_steps", "log_steps"):
            value = getattr(self, name)
            if value is not None and value < (2 if name == "sequence" else 1):
                raise Error(f"{name}: is {value}, {2 if name == 'sequence' else 1} or more was expected")
        for name in ("row_steps", "full_steps", "max_rollbacks", "seed", "row_rate", "full_rate",
                     "output_eps", "row_weight_decay", "weight_decay", "warm_up", "clip"):
            value = getattr(self, name)
            if value is not None and not 0 <= value < float("inf"):
                raise Error(f"{name}: is {value}, a finite number of 0 or more was expected")
        if self.device_batch is not None and self.batch % self.device_batch:
            raise Error(f"device_batch: is {self.device_batch}, a divisor of batch ({self.batch}) was"
                        " expected")
        if self.dtype not in ("float32", "bfloat16"):
            raise Error(f'dtype: is "{self.dtype}", float32 or bfloat16 was expected')
        return self

    def with_steps(self, blocks: int) -> "Recipe":
        """With both numbers of steps, for a text of so many blocks."""
        whole = max(2, blocks // self.batch)
        rows = self.row_steps if self.row_steps is not None else max(1, whole // 4)
        full = self.full_steps if self.full_steps is not None else max(0, whole - rows)
        if rows + full == 0:
            raise Error("row_steps, full_steps: are both 0, there is nothing to do")
        return dataclasses.replace(self, row_steps=rows, full_steps=full)
