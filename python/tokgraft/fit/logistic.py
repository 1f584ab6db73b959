"""Output rows fitted to cached states: `logistic`.

Once the input rows are there, the states of the model over a text do not depend on the new output
rows, so these are a multinomial logistic regression on states that are computed once: nothing is
propagated back through the model. The row of a new token with pieces b_1, b_2, ..., b_n is

    u = U[b_1] + U[b_1] F + U[b_2] S + U[b_n] L + bias * c + own

with three matrices that all new tokens share (how a beginning, a continuation and an end speak for
the whole), a bias per token along c, and a part of its own that is kept small: what is learnt on
frequent tokens serves the rare ones. c is the direction that all states have in common (c . h is
about 1), which makes the bias part of an ordinary row: log-probabilities of the pieces that are no
longer predicted one by one can be paid without a bias vector in the model.
"""

import dataclasses
import math
import time
from collections.abc import Callable

import torch

from tokgraft.fit.states import States
from tokgraft.fit.vocabulary import NewVocabulary, piece_rows

_CHUNK = 256  # positions


@dataclasses.dataclass(frozen=True)
class LogisticOptions:
    """passes: over the cached positions. Rates are Adam's, falling linearly to zero; `penalty`
    weighs the squares of the tokens' own parts, per token, in nats over the whole text. Tokens that
    the text has fewer than `often` times take turns where there are more than `seldom` of them, so
    many a step."""

    passes: int = 12
    batch: int = 4096
    shared_rate: float = 3e-4
    bias_rate: float = 3e-2
    own_rate: float = 1e-3
    penalty: float = 0.3
    often: int = 3
    seldom: int = 2048
    seed: int = 0


@dataclasses.dataclass(frozen=True)
class Logistic:
    """rows: float32 [n, columns] in the order of vocabulary.added. losses: nats per position, the
    mean of each pass. constant: mean and standard deviation of c . h over the states."""

    rows: torch.Tensor
    losses: list[float]
    constant: tuple[float, float]
    seconds: float


def common_direction(states: torch.Tensor, ridge: float = 1e-3) -> torch.Tensor:
    """c = argmin of the mean of (c . h - 1)^2, with a little ridge; [columns]."""
    h = states.double()
    moment = h.T @ h / len(h)
    moment.diagonal().add_(ridge * moment.diagonal().mean())
    return torch.linalg.solve(moment, h.mean(0)).float()


def logistic(output_rows: torch.Tensor, vocabulary: NewVocabulary, states: States,
             options: LogisticOptions = LogisticOptions(), *, bias: torch.Tensor | None = None,
             progress: Callable[[str, float], None] | None = None) -> Logistic:
    """output_rows: the old ones. bias: [size] of the head, which adds to the logits of new rows;
    None: none. Deterministic for one number of threads. Memory: some 60 bytes per new row and
    column, and 4 KiB per new row that a step looks at."""
    began = time.monotonic()
    count, columns = len(vocabulary.pieces), output_rows.shape[1]
    sample = states.state[: 20_000].float()
    direction = common_direction(sample)
    along = sample @ direction
    own = piece_rows(output_rows, vocabulary.pieces)
    pieces = torch.tensor([float(len(p)) for p in vocabulary.pieces])
    shared = [torch.zeros(columns, columns, requires_grad=True) for _ in range(3)]
    own_bias = None if bias is None else bias[vocabulary.added]
    along_bias = (-pieces.log()).requires_grad_()
    part = torch.zeros(count, columns, requires_grad=True)
    groups = [{"params": shared, "lr": options.shared_rate},
              {"params": [along_bias], "lr": options.bias_rate},
              # Rows that a batch hardly touches have tiny gradients: Adam's full step would be
              # noise to them.
              {"params": [part], "lr": options.own_rate, "eps": 1e-4}]
    optimizer = torch.optim.Adam(groups, betas=(0.9, 0.99))
    rates = [group["lr"] for group in optimizer.param_groups]

    # Rounded to what logits are made of anyway.
    short = {name: own_rows.to(torch.bfloat16) for name, own_rows in own.items()}

    def rows(of: torch.Tensor) -> torch.Tensor:
        made = own["first"][of] + along_bias[of, None] * direction + part[of]
        for name, matrix in zip(("first", "second", "last"), shared, strict=True):
            made = made + (short[name][of] @ matrix.to(torch.bfloat16)).float()
        return made

    target = vocabulary.added_places()[states.following]
    positions = len(target)
    batch = min(options.batch, positions)
    batches = positions // batch if batch else 0
    generator = torch.Generator().manual_seed(options.seed)
    candidates = _Candidates(target, count, options, generator)
    losses = []
    for turn in range(options.passes if count else 0):
        order = torch.randperm(positions, generator=generator)
        total = 0.0
        for i in range(batches):
            chosen = order[i * batch:(i + 1) * batch]
            of, offset = candidates.draw(target[chosen])
            if own_bias is not None:
                offset = offset + own_bias[of]
            made = rows(of)
            loss, gradient = _loss(made.detach(), offset, states, chosen,
                                   candidates.places(of, target[chosen]))
            total += loss
            done = (turn * batches + i) / (options.passes * batches)
            for group, rate in zip(optimizer.param_groups, rates, strict=True):
                group["lr"] = rate * (1 - done)
            optimizer.zero_grad()
            made.backward(gradient)
            part.grad.add_(part.detach(), alpha=2 * options.penalty / batch)
            optimizer.step()
            if progress:
                progress("logistic", done)
        losses.append(total / max(batches, 1))
    if progress:
        progress("logistic", 1.0)
    with torch.no_grad():
        fitted = rows(torch.arange(count))
    return Logistic(fitted, losses, (float(along.mean()), float(along.std())),
                    time.monotonic() - began)


class _Candidates:
    """Which new rows a step looks at: all that the text has often, those that the batch has, and
    some of the others, which stand for all others: their logits rise by the log of how many each
    stands for (importance sampling). A vocabulary of tens of thousands has mostly others."""

    def __init__(self, target: torch.Tensor, count: int, options: LogisticOptions,
                 generator: torch.Generator) -> None:
        times = torch.bincount(target[target >= 0], minlength=count)
        self._often = torch.nonzero(times >= options.often)[:, 0]
        self._seldom = torch.nonzero(times < options.often)[:, 0]
        if len(self._seldom) <= options.seldom:
            self._often, self._seldom = torch.arange(count), self._seldom[:0]
        self._count, self._most, self._generator = count, options.seldom, generator
        self._is_seldom = torch.zeros(count, dtype=torch.bool)
        self._is_seldom[self._seldom] = True

    def draw(self, target: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Rows [m], and what is added to their logits [m]."""
        if not len(self._seldom):
            return self._often, torch.zeros(len(self._often))
        asked = torch.unique(target[target >= 0])
        asked = asked[self._is_seldom[asked]]
        free = self._is_seldom.clone()
        free[asked] = False
        others = torch.nonzero(free)[:, 0]
        drawn = others[torch.randperm(len(others), generator=self._generator)[:self._most]]
        of = torch.cat([self._often, asked, drawn])
        offset = torch.zeros(len(of))
        if len(drawn):
            offset[len(of) - len(drawn):] = math.log(len(others) / len(drawn))
        return of, offset

    def places(self, of: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
        """Where in `of` each target is; -1: a kept token."""
        place = torch.full((self._count + 1,), -1, dtype=torch.long)
        place[of] = torch.arange(len(of))
        return place[target]


def _loss(rows: torch.Tensor, offset: torch.Tensor, states: States, chosen: torch.Tensor,
          target: torch.Tensor) -> tuple[float, torch.Tensor]:
    """Mean negative log-probability of the next token, kept rows being what they are, and its
    gradient by the rows; a few positions at a time, so that what is between stays in caches."""
    short = rows.to(torch.bfloat16).T
    gradient = torch.zeros_like(rows)
    total = 0.0
    for begin in range(0, len(chosen), _CHUNK):
        here, wanted = chosen[begin:begin + _CHUNK], target[begin:begin + _CHUNK]
        state, kept = states.state[here], states.kept_mass[here]
        logits = (state @ short).float().add_(offset)
        new = torch.nonzero(wanted >= 0)[:, 0]
        own = states.kept_logit[here].clone()
        own[new] = logits[new, wanted[new]]
        top = torch.maximum(logits.max(1).values, kept)
        shares = logits.sub_(top[:, None]).exp_()
        mass = shares.sum(1) + (kept - top).exp()
        total += float((top + mass.log() - own).sum())
        shares.div_(mass[:, None])
        shares[new, wanted[new]] -= 1
        gradient += (shares.to(torch.bfloat16).T @ state).float()
    return total / len(chosen), gradient / len(chosen)
