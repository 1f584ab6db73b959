"""New rows trained on text through the whole model, nothing else moved: `train`.

The loss is the model's own, next-token prediction over the new vocabulary, and only rows of added
tokens move. They move together: an input row is e = e0 + P A + own and an output row
u = u0 + Q B + own, where P and Q hold what is known of the token (its starting row, its first and
last piece and the mean of all) and the matrices A and B are shared. So a few dozen steps teach
every row what new rows have in common, those that the batches never held included, and the parts
of their own add what is special to frequent tokens. Folded into ordinary rows at the end.

Adam would blow the tiny gradients of output rows that a batch does not hold up to full steps, which
damages a good start; an eps of the size of the gradients of rows that it holds prevents that.
"""

import dataclasses
import math
import resource
import time
from collections.abc import Callable, Sequence

import numpy as np
import torch

from tokgraft import _core
from tokgraft.fit.language_model import LanguageModel, padded_batches
from tokgraft.fit.states import input_table, with_start
from tokgraft.fit.vocabulary import NewVocabulary, piece_rows
from tokgraft.loss import loss as measure

_HELD_OUT = 8  # documents that judge the result


@dataclasses.dataclass(frozen=True)
class TrainingOptions:
    """tokens: how many to train on, over again where there are fewer. batch_tokens: of one step.
    Rates are Adam's, after `warm_up` steps falling linearly to nearly nothing."""

    tokens: int = 60_000
    batch_tokens: int = 1024
    input_shared_rate: float = 3e-5
    input_own_rate: float = 1e-3
    output_shared_rate: float = 1e-4
    output_own_rate: float = 1e-3
    warm_up: int = 5
    seed: int = 0


@dataclasses.dataclass(frozen=True)
class Training:
    """input, output: float32 [n, columns]. losses: nats per token of every step. before, after:
    bits per byte of documents that were held out; where training made them worse, the rows are
    those it began with and `kept` is False."""

    input: torch.Tensor
    output: torch.Tensor
    losses: list[float]
    before: float
    after: float
    kept: bool
    seconds: float
    core_seconds: float


class _Rows:
    """Starting rows, what is known of each token, and what is learnt."""

    def __init__(self, start: torch.Tensor, old: torch.Tensor, vocabulary: NewVocabulary) -> None:
        self.start = start
        own = piece_rows(old, vocabulary.pieces)
        known = torch.cat([start.cpu(), own["first"], own["mean"], own["last"]], 1)
        length = float(old.float().norm(dim=1).mean())
        self._known = (known / known.norm(dim=1, keepdim=True).clamp(min=1e-6) * length).to(start)
        self.shared = torch.zeros(known.shape[1], start.shape[1], device=start.device,
                                  requires_grad=True)
        self.own = torch.zeros_like(start, requires_grad=True)

    def of(self, which: torch.Tensor | slice) -> torch.Tensor:
        return self.start[which] + self._known[which] @ self.shared + self.own[which]


def train(model: LanguageModel, vocabulary: NewVocabulary, input_rows: torch.Tensor,
          output_rows: torch.Tensor, documents: Sequence[np.ndarray], sizes: Sequence[int],
          options: TrainingOptions = TrainingOptions(), *,
          progress: Callable[[str, float], None] | None = None) -> Training:
    """input_rows, output_rows: where to start, [n, columns]; two matrices even for a tied model.
    documents: new ids; sizes: bytes of each. Memory: the states of one batch in every layer, six
    floats per new row and column. Error: fewer documents than the ten that are needed."""
    if len(documents) < _HELD_OUT + 2:
        raise _core.Error(f"corpora: give {len(documents)} windows of text, at least"
                          f" {_HELD_OUT + 2} are needed to train on; give more text")
    began, cores = time.monotonic(), _core_seconds()
    device = model.device
    held = {i * len(documents) // _HELD_OUT for i in range(_HELD_OUT)}
    started = with_start(vocabulary, documents)
    judge = [started[i] for i in sorted(held)], [sizes[i] for i in sorted(held)]
    lessons = [ids for i, ids in enumerate(started) if i not in held]
    inputs = _Rows(input_rows.float().to(device), model.input_rows.float(), vocabulary)
    outputs = _Rows(output_rows.float().to(device), model.output_rows.float(), vocabulary)
    before = _judge(model, vocabulary, inputs.start, outputs.start, *judge)
    losses = _steps(model, vocabulary, inputs, outputs, lessons, options, progress)
    with torch.no_grad():
        made = inputs.of(slice(None)).cpu(), outputs.of(slice(None)).cpu()
    after = _judge(model, vocabulary, *made, *judge)
    kept = math.isfinite(after) and after <= before
    if not kept:
        made = inputs.start.cpu(), outputs.start.cpu()
    return Training(*made, losses, before, after, kept, time.monotonic() - began,
                    _core_seconds() - cores)


def _steps(model: LanguageModel, vocabulary: NewVocabulary, inputs: _Rows, outputs: _Rows,
           lessons: list[np.ndarray], options: TrainingOptions,
           progress: Callable[[str, float], None] | None) -> list[float]:
    optimizer = torch.optim.Adam([
        {"params": [inputs.shared], "lr": options.input_shared_rate},
        {"params": [inputs.own], "lr": options.input_own_rate, "eps": 1e-6},
        {"params": [outputs.shared], "lr": options.output_shared_rate},
        {"params": [outputs.own], "lr": options.output_own_rate, "eps": 1e-4},
    ], betas=(0.9, 0.98))
    rates = [group["lr"] for group in optimizer.param_groups]
    head = _Head(model, vocabulary)
    chance = np.random.default_rng(options.seed)
    losses: list[float] = []
    order: list[int] = []
    seen = 0
    while seen < options.tokens:
        batch: list[np.ndarray] = []
        while sum(map(len, batch)) < options.batch_tokens:
            order = order or list(chance.permutation(len(lessons)))
            batch.append(lessons[order.pop()])
        share = min(1.0, (len(losses) + 1) / options.warm_up) * (1 - seen / options.tokens)
        for group, rate in zip(optimizer.param_groups, rates, strict=True):
            group["lr"] = rate * share
        total, count = 0.0, sum(len(ids) - 1 for ids in batch)
        optimizer.zero_grad()
        for _, ids, mask in padded_batches(batch, options.batch_tokens):
            nats = head.nats(ids, mask, inputs, outputs)
            (nats / count).backward()
            total += float(nats.detach())
        optimizer.step()
        losses.append(total / count)
        seen += count
        if progress:
            progress("train", min(1.0, seen / options.tokens))
    return losses


class _Head:
    """The loss of a batch as a function of the new rows."""

    def __init__(self, model: LanguageModel, vocabulary: NewVocabulary) -> None:
        self._model = model
        device = model.device
        self._old = input_table(model, vocabulary,
                                torch.zeros(len(vocabulary.added), model.columns))
        kept = vocabulary.kept_old.to(device)
        self._kept = model.output_rows[kept].to(model.dtype)
        bias = vocabulary.assemble_bias(model.output_bias)
        self._bias = None if bias is None else bias[vocabulary.kept_new].to(device)
        self._new_bias = None if bias is None else bias[vocabulary.added].to(device)
        self._place = vocabulary.added_places()
        self._kept_place = vocabulary.kept_places()

    def nats(self, ids: torch.Tensor, mask: torch.Tensor, inputs: _Rows, outputs: _Rows
             ) -> torch.Tensor:
        """Sum over the tokens of a batch of their negative log-probabilities."""
        unique, local = ids.unique(return_inverse=True)
        place = self._place[unique]
        rows = self._old[unique.to(self._old.device)]
        new = (place >= 0).nonzero()[:, 0]
        rows = rows.index_put((new.to(rows.device),), inputs.of(place[new].to(rows.device)))
        states = self._model.states_with(rows, local)
        real = mask[:, 1:].to(states.device)
        flat, following = states[:, :-1][real], ids[:, 1:].to(states.device)[real]
        old_logits = (flat @ self._kept.T).float()
        if self._bias is not None:
            old_logits = old_logits + self._bias
        new_logits = (flat @ outputs.of(slice(None)).to(flat.dtype).T).float()
        if self._new_bias is not None:
            new_logits = new_logits + self._new_bias
        mass = torch.logaddexp(old_logits.logsumexp(1), new_logits.logsumexp(1))
        target = self._place.to(states.device)[following]
        kept = self._kept_place.to(states.device)[following]
        own = torch.where(target >= 0,
                          new_logits.gather(1, target.clamp(min=0)[:, None])[:, 0],
                          old_logits.gather(1, kept.clamp(min=0)[:, None])[:, 0])
        return (mass - own).sum()


def _judge(model: LanguageModel, vocabulary: NewVocabulary, inputs: torch.Tensor,
           outputs: torch.Tensor, documents: list[np.ndarray], sizes: list[int]) -> float:
    rows = input_table(model, vocabulary, inputs)
    head = vocabulary.assemble(model.output_rows.float(), outputs)
    return measure(model, rows, head, documents, sizes,
                   output_bias=vocabulary.assemble_bias(model.output_bias)).bits_per_byte


def _core_seconds() -> float:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime
