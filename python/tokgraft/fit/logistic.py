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
import time
from collections.abc import Callable

import torch

from tokgraft.fit.states import States
from tokgraft.fit.vocabulary import NewVocabulary, piece_rows


@dataclasses.dataclass(frozen=True)
class LogisticOptions:
    """passes: over the cached positions. Rates are Adam's, falling linearly to zero; `penalty`
    weighs the squares of the tokens' own parts, per token, in nats over the whole text."""

    passes: int = 12
    batch: int = 4096
    shared_rate: float = 3e-4
    bias_rate: float = 3e-2
    own_rate: float = 1e-3
    penalty: float = 0.3
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
    None: none. Deterministic for one number of threads. Memory: 12 bytes per new
    row and column, and 8 bytes per new row and position of a batch."""
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

    # The products are a third of a step's work; what they are rounded to is finer than the
    # bfloat16 that logits are made of.
    short = {name: rows_of.to(torch.bfloat16) for name, rows_of in own.items()}

    def rows() -> torch.Tensor:
        made = own["first"] + along_bias[:, None] * direction + part
        for name, matrix in zip(("first", "second", "last"), shared, strict=True):
            made = made + (short[name] @ matrix.to(torch.bfloat16)).float()
        return made

    place = vocabulary.added_places()[states.following]
    positions = len(place)
    batch = min(options.batch, positions)
    batches = positions // batch if batch else 0
    generator = torch.Generator().manual_seed(options.seed)
    losses = []
    for turn in range(options.passes if count else 0):
        order = torch.randperm(positions, generator=generator)
        total = 0.0
        for i in range(batches):
            chosen = order[i * batch:(i + 1) * batch]
            loss = _loss(rows(), states, chosen, place, own_bias)
            total += float(loss.detach())
            loss = loss + options.penalty / batch * (part ** 2).sum()
            done = (turn * batches + i) / (options.passes * batches)
            for group, rate in zip(optimizer.param_groups, rates, strict=True):
                group["lr"] = rate * (1 - done)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            if progress:
                progress("logistic", done)
        losses.append(total / max(batches, 1))
    if progress:
        progress("logistic", 1.0)
    return Logistic(rows().detach(), losses, (float(along.mean()), float(along.std())),
                    time.monotonic() - began)


def _loss(rows: torch.Tensor, states: States, chosen: torch.Tensor, place: torch.Tensor,
          bias: torch.Tensor | None) -> torch.Tensor:
    """Mean negative log-probability of the next token, kept rows being what they are."""
    new = (states.state[chosen] @ rows.to(torch.bfloat16).T).float()
    if bias is not None:
        new = new + bias
    mass = torch.logaddexp(new.logsumexp(1), states.kept_mass[chosen])
    target = place[chosen]
    own = new.gather(1, target.clamp(min=0)[:, None])[:, 0]
    return (mass - torch.where(target >= 0, own, states.kept_logit[chosen])).mean()
