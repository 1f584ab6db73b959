"""Goes on training a grafted model: first the new rows alone, then everything.

    print(tokgraft.train("grafted", out="trained", corpora={"de": "de.txt"}))
    tokgraft train grafted --corpus de=de.txt -o trained

Or by the parts, with a transformers.Trainer of your own:

    from tokgraft.train import GraftCallback, NewRows, SpikeGuard

rows -> text -> roles -> spikes -> good_states -> callback -> run: one file each. Needs tokgraft[torch].
"""

import dataclasses
import importlib
import json
import pathlib
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from tokgraft.train.recipe import Recipe
from tokgraft.train.spikes import SpikeGuard

if TYPE_CHECKING:
    from tokgraft.fit.documents import Corpora
    from tokgraft.train.callback import GraftCallback, last_checkpoint
    from tokgraft.train.roles import RoleLoss, role_loss
    from tokgraft.train.rows import NewRows

__all__ = ["GraftCallback", "NewRows", "Recipe", "RoleLoss", "SpikeGuard", "TrainReport",
           "last_checkpoint", "role_loss", "train"]

_WITH_TORCH = {"GraftCallback": "callback", "last_checkpoint": "callback", "NewRows": "rows",
               "RoleLoss": "roles", "role_loss": "roles"}


@dataclasses.dataclass(frozen=True)
class TrainReport:
    """stages: [{stage: "rows" or "full", steps, rollbacks, rate_factor}]. held_out: {"before", "after"}
    -> {loss (nats per token), corpora: name -> {bits_per_byte, bytes, roles: {new, after, rest} (bits
    per byte, adding up)}}, of blocks of text that were not trained on."""

    directory: str
    trained_from: str
    stages: list[dict[str, Any]]
    held_out: dict[str, dict[str, Any]]

    def to_dict(self) -> dict[str, Any]:
        return dataclasses.asdict(self)

    def to_json(self) -> str:
        return json.dumps(self.to_dict(), indent=2, ensure_ascii=False)

    def __str__(self) -> str:
        names = {"rows": "new rows", "full": "all parameters"}
        steps = ", ".join(f"{own['steps']:,} steps of {names[own['stage']]}"
                          + (f" ({own['rollbacks']} rolled back)" if own["rollbacks"] else "")
                          for own in self.stages)
        rows = [["corpus", "before", "after", "change", "new", "after new", "rest"]]
        for name, after in self.held_out["after"]["corpora"].items():
            before = self.held_out["before"]["corpora"][name]
            change = after["bits_per_byte"] - before["bits_per_byte"]
            parts = [f"{before['roles'][role]:.3f} to {after['roles'][role]:.3f}"
                     for role in ("new", "after", "rest")]
            rows.append([name, f"{before['bits_per_byte']:.3f}", f"{after['bits_per_byte']:.3f}",
                         f"{change:+.3f}", *parts])
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
        table = "\n".join("  ".join(cell.rjust(width) if i else cell.ljust(width) for i, (cell, width)
                                    in enumerate(zip(row, widths, strict=True))).rstrip() for row in rows)
        return f"{self.directory}: {steps}\nbits per byte of text held out\n{table}"


def train(directory: str | pathlib.Path, *, out: str | pathlib.Path, corpora: "Corpora",
          recipe: Recipe | None = None, device: str | None = None, force: bool = False,
          progress: Callable[[dict[str, Any]], None] | None = None) -> TrainReport:
    """Trains the model that graft or init_embeddings wrote to `directory`, and writes it to `out`.

    corpora: name -> text file or texts, in the proportions that the model will see. recipe: the numbers
    (Recipe(row_steps=500)). progress: called with each record of the log. While at work, checkpoints
    and losses.jsonl stand in OUT.training; the same call goes on from the last checkpoint there, with
    the same losses as if it had not been stopped. `out` appears whole at the end: weights, everything
    else of `directory` but its manifest (no claim of it holds of rows that have moved), losses.jsonl, and
    training.json, which names the directory, the hash of its manifest, settings, texts and files.
    Needs tokgraft[torch]. NotFoundError: no manifest, id map or text; ConflictError: `out`, or a run
    in OUT.training with other settings, is there; Error: too many spikes, too little text.
    """
    from tokgraft.train.run import run

    record = run(pathlib.Path(directory), pathlib.Path(out), corpora, recipe or Recipe(), device, force,
                 progress)
    return TrainReport(str(out), str(directory), record["stages"], record["held_out"])


def __getattr__(name: str) -> Any:
    if name in _WITH_TORCH:  # PyTorch is imported when it is asked for
        return getattr(importlib.import_module(f"tokgraft.train.{_WITH_TORCH[name]}"), name)
    raise AttributeError(f"module 'tokgraft.train' has no attribute {name!r}")
