"""What watches a transformers.Trainer: losses by role, and the way back from a spike."""

from __future__ import annotations

import json
import math
import pathlib
from collections.abc import Callable
from typing import Any

import torch
import transformers

from tokgraft._core import Error, FormatError, UnsupportedError
from tokgraft.train.directory import sync_folder, write_whole
from tokgraft.train.good_states import GoodStates
from tokgraft.train.roles import RoleLoss, role_loss
from tokgraft.train.rows import NewRows
from tokgraft.train.spikes import SpikeGuard

STATE = "tokgraft_state.json"  # in a checkpoint; written last, so that one without it is not whole


class GraftCallback(transformers.TrainerCallback):
    """For any transformers.Trainer of a grafted causal model, in one process:

        rows = NewRows.of("grafted", model)
        trainer = Trainer(model, arguments, train_dataset=..., callbacks=[GraftCallback(rows)],
                          optimizers=(rows.optimizer(), None))    # stage 1; without: all parameters

    Losses: at every logging step, nats per token since the last one, in all (`tokgraft_loss`) and
    by role (`loss_new`, `loss_after`, `loss_rest`), in the Trainer's log history and as a line of
    `log`, a JSONL file (None: tokgraft_losses.jsonl in the output directory). They are computed from
    the logits and labels that pass through the model.

    Spikes: a step whose loss is one (guard; None: nothing is) is undone. Parameters and optimizer go
    back to the last good state, kept in OUTPUT_DIR/good and renewed at every save (or every
    `good_steps` steps where nothing is saved), learning rates are lowered, and training goes on with
    the next batch: those since that state are skipped. After guard.max_rollbacks of them the
    next spike raises tokgraft.Error, which names the last good state.

    A checkpoint holds the callback's state (tokgraft_state.json), so a resumed run decides as one that
    was never interrupted. progress: called with each record of the log.
    """

    def __init__(self, rows: NewRows, *, guard: SpikeGuard | None = SpikeGuard(),
                 log: str | pathlib.Path | None = None, stage: str = "",
                 good_steps: int = 100, progress: Callable[[dict[str, Any]], None] | None = None
                 ) -> None:
        self.rows = rows
        self.guard = guard
        self.stage = stage
        self.losses: list[float] = []
        self.rollbacks = 0
        self.rate_factor = 1.0
        self._log = None if log is None else pathlib.Path(log)
        self._good_steps = good_steps
        self._progress = progress
        self._step, self._interval = RoleLoss(), RoleLoss()
        self._hook: Any = None
        self._good = GoodStates(pathlib.Path())

    # -- events of the Trainer

    def on_train_begin(self, args, state, control, **kwargs):
        if args.world_size > 1 or getattr(args, "n_gpu", 0) > 1:
            raise UnsupportedError("GraftCallback: runs in one process on one device, this training has"
                                   f" {max(args.world_size, getattr(args, 'n_gpu', 0))}; set"
                                   " CUDA_VISIBLE_DEVICES, start without torchrun")
        out = pathlib.Path(args.output_dir)
        if self._log is None:
            self._log = out / "tokgraft_losses.jsonl"
        self._good = GoodStates(out / "good")
        if state.global_step:
            self._resume(out / f"checkpoint-{state.global_step}" / STATE)
        self._cut_log(state.global_step)
        model = kwargs["model"]
        if self.guard is not None and not self._good.begin(state.global_step):
            self._good.add(state.global_step, model, kwargs["optimizer"], self.rows)
        if self._hook is None:
            self._hook = model.register_forward_hook(self._see, with_kwargs=True)

    def on_train_end(self, args, state, control, **kwargs):
        if self._hook is not None:
            self._hook.remove()
            self._hook = None

    def on_step_end(self, args, state, control, **kwargs):
        step, self._step = self._step, RoleLoss()
        if not any(step.tokens):
            raise UnsupportedError("GraftCallback: no logits and labels passed through the model in this"
                                   " step; give batches with labels, and a model that returns logits")
        loss = step.loss
        if self.guard is not None and self.guard.is_spike(loss, self.losses):
            self._roll_back(self.guard, loss, state, args, kwargs)
            return
        self._interval += step
        if state.global_step >= state.max_steps and _value(args.logging_strategy) != "no":
            control.should_log = True
        if self.guard is not None:
            self._good.confirm(state.global_step)
            self.losses = [*self.losses, loss][-max(self.guard.window, self.guard.warm_up):]
            if not _saves(args) and state.global_step % self._good_steps == 0:
                self._good.add(state.global_step, kwargs["model"], kwargs["optimizer"], self.rows)

    def on_log(self, args, state, control, logs=None, **kwargs):
        if logs is None or "learning_rate" not in logs or not any(self._interval.tokens):
            return  # of an evaluation, or the summary at the end
        interval, self._interval = self._interval, RoleLoss()
        roles = interval.roles()
        ours = {"tokgraft_loss": interval.loss,
                **{f"loss_{role}": own["loss"] for role, own in roles.items()
                   if own["loss"] is not None}}
        logs.update(ours)
        if state.log_history:
            state.log_history[-1].update(ours)
        record = {"stage": self.stage, "step": state.global_step, "steps": state.max_steps,
                  "loss": interval.loss, **roles, "learning_rate": logs["learning_rate"]}
        if self.guard is not None:
            bound = self.guard.bound(self.losses)
            record["bound"] = bound if math.isfinite(bound) else None
        self._write(record)

    def on_save(self, args, state, control, **kwargs):
        folder = pathlib.Path(args.output_dir) / f"checkpoint-{state.global_step}"
        if not folder.is_dir():
            return
        if self.guard is not None:
            self._good.add(state.global_step, kwargs["model"], kwargs["optimizer"], self.rows)
        sync_folder(folder)
        write_whole(folder / STATE, json.dumps({
            "losses": self.losses, "rollbacks": self.rollbacks, "rate_factor": self.rate_factor,
            "nats": self._interval.nats, "tokens": self._interval.tokens}))

    # -- what they do

    def _see(self, module, arguments, keywords, outputs):
        labels = keywords.get("labels")
        logits = getattr(outputs, "logits", None)
        if not module.training or labels is None or logits is None:
            return
        self._step += role_loss(logits.detach(), keywords["input_ids"], labels, self.rows.mask)

    def _roll_back(self, guard: SpikeGuard, loss: float, state, args, kwargs) -> None:
        step = state.global_step
        bound = guard.bound(self.losses)
        shown = f"{loss:.4g}" if math.isfinite(loss) else str(loss)
        good = self._good.before_spike(step)
        self.rollbacks += 1
        if self.rollbacks > guard.max_rollbacks:
            checkpoint = pathlib.Path(args.output_dir) / f"checkpoint-{good}"
            place = checkpoint if (checkpoint / STATE).is_file() else self._good.path(good)
            raise Error(f"{args.output_dir}: {self._where()}step {step}: the loss {shown} is above the"
                        f" bound {bound:.4g}, after {guard.max_rollbacks} rollbacks; lower the learning"
                        f" rate, or look at the text of the batches; the last good state is {place}")
        optimizer, scheduler = kwargs["optimizer"], kwargs.get("lr_scheduler")
        rates = [group["lr"] for group in optimizer.param_groups]
        self._good.restore(good, kwargs["model"], optimizer, self.rows)
        for group, rate in zip(optimizer.param_groups, rates, strict=True):
            group["lr"] = rate * guard.rate_factor
        scheduler = getattr(scheduler, "scheduler", scheduler)  # accelerate wraps it
        if hasattr(scheduler, "base_lrs"):
            scheduler.base_lrs = [rate * guard.rate_factor for rate in scheduler.base_lrs]
        self.rate_factor *= guard.rate_factor
        self._write({"stage": self.stage, "step": step, "event": "rollback",
                     "loss": loss if math.isfinite(loss) else None, "loss_was": shown,
                     "bound": bound if math.isfinite(bound) else None, "to_step": good,
                     "skipped_steps": [good + 1, step], "rollbacks": self.rollbacks,
                     "rate_factor": self.rate_factor})

    def _where(self) -> str:
        return f"{self.stage}: " if self.stage else ""

    def _resume(self, path: pathlib.Path) -> None:
        try:
            saved = json.loads(path.read_text(encoding="utf-8"))
            self.losses = [float(loss) for loss in saved["losses"]]
            self.rollbacks, self.rate_factor = int(saved["rollbacks"]), float(saved["rate_factor"])
            self._interval = RoleLoss(tuple(map(float, saved["nats"])), tuple(map(int, saved["tokens"])))
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise FormatError(f"{path}: cannot be read ({error!r}); resume from a checkpoint in the"
                              " Trainer's output directory that GraftCallback saw saved") from error

    def _cut_log(self, step: int) -> None:
        """Lines of this stage after `step`, which the run comes to again, are dropped."""
        path = self._log
        if path is None or not path.is_file():
            return
        kept = [line for line in path.read_text(encoding="utf-8").splitlines()
                if line.endswith("}") and not self._is_later(json.loads(line), step)]
        write_whole(path, "".join(line + "\n" for line in kept))

    def _is_later(self, record: dict[str, Any], step: int) -> bool:
        return record.get("stage") == self.stage and int(record.get("step", 0)) > step

    def _write(self, record: dict[str, Any]) -> None:
        if self._log is not None:
            with self._log.open("a", encoding="utf-8") as file:
                file.write(json.dumps(record) + "\n")
        if self._progress:
            self._progress(record)


def _saves(args: Any) -> bool:
    return _value(args.save_strategy) != "no"


def _value(strategy: Any) -> str:
    return str(getattr(strategy, "value", strategy))


def last_checkpoint(folder: pathlib.Path) -> pathlib.Path | None:
    """The newest whole checkpoint that a Trainer with a GraftCallback saved in `folder`."""
    found = [(int(path.parent.name.rpartition("-")[2]), path.parent)
             for path in folder.glob(f"checkpoint-*/{STATE}")
             if path.parent.name.rpartition("-")[2].isdecimal()]
    return max(found)[1] if found else None
