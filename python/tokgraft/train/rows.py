"""The new rows of a model, and training them alone: no old row changes by a single bit."""

from __future__ import annotations

import dataclasses
import pathlib
from collections.abc import Iterable
from typing import Any

import torch

from tokgraft._core import Error, UnsupportedError
from tokgraft.train.directory import added_ids

BETAS = (0.9, 0.98)
INPUT_EPS = 1e-6
OUTPUT_EPS = 1e-4


@dataclasses.dataclass
class _Matrix:
    """role: "input", "output", "tied" (both in one) or "bias" (of the head, one number a row)."""

    name: str
    role: str
    parameter: torch.nn.Parameter
    old_rows: torch.Tensor | None = None  # a copy, while old rows are held


class NewRows:
    """Which rows of a model belong to new tokens.

        rows = NewRows.of("grafted", model)
        optimizer = rows.optimizer()        # stage 1: everything else is held
        rows.release()                      # stage 2: everything moves

    ids: int64 [n], sorted. mask: bool [rows of the model]. While held, all other parameters have no
    gradient, old rows have a gradient of zero, and a copy of them (the room of the matrices) is put
    back after every step of an optimizer that `keep_old_rows` knows: weight decay and momentum would
    move them all the same.
    """

    def __init__(self, model: torch.nn.Module, ids: Iterable[int]) -> None:
        self._model: Any = model
        self.ids = torch.tensor(sorted(set(ids)), dtype=torch.long)
        self.matrices = _matrices(self._model)
        rows = len(self.matrices[0].parameter)
        if not len(self.ids):
            raise Error("ids: no token is new, there are no rows to train")
        if int(self.ids[0]) < 0 or int(self.ids[-1]) >= rows:
            raise Error(f"ids: {int(self.ids[-1])} is no row of the model, which has {rows}; give the"
                        " directory that the model was loaded from")
        self.mask = torch.zeros(rows, dtype=torch.bool)
        self.mask[self.ids] = True
        self._hooks: list[Any] = []

    @classmethod
    def of(cls, directory: str | pathlib.Path, model: torch.nn.Module) -> NewRows:
        """Those that DIRECTORY/id_map.json calls added. NotFoundError, FormatError: no such file."""
        return cls(model, added_ids(pathlib.Path(directory)))

    @property
    def held(self) -> bool:
        """Whether everything but the new rows is held."""
        return bool(self._hooks)

    @property
    def tied(self) -> bool:
        return self.matrices[0].role == "tied"

    def hold_rest(self) -> None:
        """Only new rows move from here on, under optimizers that `keep_old_rows` was told of."""
        self.release()
        self._model.requires_grad_(False)
        old = (~self.mask).nonzero()[:, 0]
        for matrix in self.matrices:
            parameter = matrix.parameter
            matrix.old_rows = parameter.detach()[old.to(parameter.device)].clone()
            parameter.requires_grad_(True)
            self._hooks.append(parameter.register_hook(self._mask_gradient))

    def release(self) -> None:
        """Every parameter may move, and the copies of old rows are dropped."""
        for hook in self._hooks:
            hook.remove()
        self._hooks = []
        for matrix in self.matrices:
            matrix.old_rows = None
        self._model.requires_grad_(True)

    def _mask_gradient(self, gradient: torch.Tensor) -> torch.Tensor:
        rows = ~self.mask.to(gradient.device)
        return gradient.masked_fill(rows[:, None] if gradient.dim() == 2 else rows, 0)

    @torch.no_grad()
    def restore(self) -> None:
        """Old rows are what they were at hold_rest, bit by bit."""
        for matrix in self.matrices:
            if matrix.old_rows is None:
                continue
            parameter = matrix.parameter
            if len(parameter) != len(self.mask):
                raise UnsupportedError(f"{matrix.name}: is sharded, its rows cannot be told apart; train"
                                       " the new rows on one device, or all parameters")
            matrix.old_rows = matrix.old_rows.to(parameter.device)
            old = (~self.mask).nonzero()[:, 0].to(parameter.device)
            parameter.index_copy_(0, old, matrix.old_rows)

    def keep_old_rows(self, optimizer: torch.optim.Optimizer) -> Any:
        """Old rows are put back after each step of this optimizer; returns the handle of the hook."""
        return optimizer.register_step_post_hook(lambda *_: self.restore())

    def groups(self, *, rate: float = 1e-3, weight_decay: float = 0.0, input_eps: float = INPUT_EPS,
               output_eps: float = OUTPUT_EPS) -> list[dict[str, Any]]:
        """Parameter groups of an Adam for the new rows.

        Adam divides a gradient by its own size, plus eps. The output row of a token that a batch
        does not hold has a gradient many times smaller than one that it does hold (20 to 40 times
        with rows of a good start); with the usual eps it is moved as far at each step, along noise,
        and a good start is damaged first. A larger eps (output_eps) leaves it nearer to where it is.
        The input row of such a token has no gradient at all, so input rows need none of this; a
        matrix that is both is treated as output rows, for it gets their gradients too. Held-out
        loss of SmolLM2-135M with 400 German pieces after steps of 512 tokens, by output_eps:

            tied, 12 steps from 4.848    1e-8 4.801   1e-5 4.788   1e-4 4.765   1e-3 4.759
            untied, 10 steps from 4.957  1e-8 4.740                1e-4 4.736   1e-3 4.761
        """
        return [{"params": [matrix.parameter], "lr": rate, "weight_decay": weight_decay,
                 "eps": input_eps if matrix.role == "input" else output_eps, "name": matrix.name}
                for matrix in self.matrices]

    def optimizer(self, **settings: float) -> torch.optim.AdamW:
        """Holds all but the new rows, and an AdamW (betas 0.9, 0.98) for these; see `groups`."""
        self.hold_rest()
        optimizer = torch.optim.AdamW(self.groups(**settings), betas=BETAS)
        self.keep_old_rows(optimizer)
        return optimizer


def _matrices(model: Any) -> list[_Matrix]:
    embedding, head = model.get_input_embeddings(), model.get_output_embeddings()
    if embedding is None or head is None:
        raise UnsupportedError("model: has no embedding or no output head; a causal language model of"
                               " transformers was expected")
    names = {id(parameter): name for name, parameter in model.named_parameters()}
    if id(embedding.weight) not in names or id(head.weight) not in names:
        raise UnsupportedError("model: its embedding or head are no plain parameters (quantised, or an"
                               " adapter around them); load it in floating point, without adapters")
    tied = head.weight is embedding.weight
    found = [_Matrix(names[id(embedding.weight)], "tied" if tied else "input", embedding.weight)]
    if not tied:
        found.append(_Matrix(names[id(head.weight)], "output", head.weight))
    bias = getattr(head, "bias", None)
    if bias is not None:
        found.append(_Matrix(names[id(bias)], "bias", bias))
    rows = len(embedding.weight)
    for matrix in found:
        if len(matrix.parameter) != rows or not matrix.parameter.is_floating_point():
            raise UnsupportedError(f"model: {matrix.name}: has the shape {list(matrix.parameter.shape)},"
                                   f" {rows} rows of floating point were expected; sharded and quantised"
                                   " matrices cannot be trained by row")
    return found
