"""States of a training to go back to, on disk: what moves in the model, and the optimizer."""

from __future__ import annotations

import os
import pathlib
import re
import tempfile
from typing import Any

import torch

from tokgraft._core import FormatError
from tokgraft.train.rows import NewRows

_NAME = re.compile(r"good-(\d{8})\.pt")


class GoodStates:
    """folder/good-STEP.pt: the state after STEP steps. A state is known to be good when the next
    step's loss, which is the first to be computed with it, was; until then the one before is kept."""

    def __init__(self, folder: pathlib.Path) -> None:
        self.folder = folder

    def path(self, step: int) -> pathlib.Path:
        return self.folder / f"good-{step:08d}.pt"

    def steps(self) -> list[int]:
        if not self.folder.is_dir():
            return []
        return sorted(int(match[1]) for name in os.listdir(self.folder)
                      if (match := _NAME.fullmatch(name)))

    def begin(self, step: int) -> bool:
        """At the start of a run at `step`: drops what a longer run left. Whether `step` is there."""
        self.folder.mkdir(parents=True, exist_ok=True)
        for name in os.listdir(self.folder):
            match = _NAME.fullmatch(name)
            if ".tmp-" in name or match and (int(match[1]) > step or step == 0):
                (self.folder / name).unlink()
        return step in self.steps()

    def add(self, step: int, model: torch.nn.Module, optimizer: Any, rows: NewRows) -> None:
        state = {"step": step, "parameters": _moving(model, rows), "optimizer": optimizer.state_dict()}
        descriptor, temporary = tempfile.mkstemp(prefix="good.tmp-", dir=self.folder)
        try:
            with os.fdopen(descriptor, "wb") as file:
                torch.save(state, file)
                file.flush()
                os.fsync(file.fileno())
            os.replace(temporary, self.path(step))
        except BaseException:
            if os.path.exists(temporary):
                os.unlink(temporary)
            raise

    def confirm(self, step: int) -> None:
        """The loss of `step` was good, and so are the states before it: only the last is kept."""
        for old in [known for known in self.steps() if known < step][:-1]:
            self.path(old).unlink()

    def before_spike(self, step: int) -> int:
        """The step of the last state known to be good when `step` spiked; later ones are dropped."""
        steps = self.steps()
        known = [own for own in steps if own < step - 1] or steps[:1]
        for own in steps:
            if own > known[-1]:
                self.path(own).unlink()
        return known[-1]

    @torch.no_grad()
    def restore(self, step: int, model: torch.nn.Module, optimizer: Any, rows: NewRows) -> None:
        """In place, bit by bit."""
        path = self.path(step)
        try:
            state = torch.load(path, map_location="cpu", weights_only=True)
            saved = state["parameters"]
        except Exception as error:  # torch raises what it likes
            raise FormatError(f"{path}: cannot be read ({error}); start the training again") from error
        held = {matrix.name for matrix in rows.matrices} if rows.held else set()
        for name, parameter in model.named_parameters():
            if name not in saved:
                continue
            own = saved[name].to(parameter.device)
            if name in held:
                parameter.index_copy_(0, rows.ids.to(parameter.device), own)
            else:
                parameter.copy_(own)
        optimizer.load_state_dict(state["optimizer"])


def _moving(model: torch.nn.Module, rows: NewRows) -> dict[str, torch.Tensor]:
    """Parameters that training moves; of matrices whose old rows are held, the new rows."""
    held = {matrix.name for matrix in rows.matrices} if rows.held else set()
    return {name: (parameter.detach()[rows.ids.to(parameter.device)] if name in held
                   else parameter.detach())
            for name, parameter in model.named_parameters() if parameter.requires_grad}
