"""Output rows from the chain rule: `chain_rule`.

A new token with pieces b_1 ... b_n stands where the original model predicts b_1, and its
log-probability there is that of b_1 plus the sum of log p(b_i | text, b_1 ... b_i-1) of the others.
One pass of the original model over a text in its own vocabulary tells that sum wherever the new
tokenizer would use the token; its mean over these places is a bias, beta. The model has no bias
vector, but its states have a direction in common: with c . h about 1 for every state h, the row

    u = U[b_1] + beta * c

has the logit of b_1 plus beta. No gradients. Tokens that the text does not hold get the mean beta
of those with as many pieces, or beta per further piece where there are none. The row of b_1 keeps
its whole probability although the new tokens took a part of it.

The sum is that of the original model: it is unbiased for states like those after the old pieces, so
what the new input rows spoil is not made up for, as `logistic` does, nor that new tokens are more
frequent in the text that they were learnt from.
"""

import dataclasses
import time
from collections.abc import Callable, Sequence

import torch

from tokgraft import _core
from tokgraft.fit.alignment import Aligned
from tokgraft.fit.language_model import LanguageModel
from tokgraft.fit.logistic import common_direction
from tokgraft.fit.teacher import original_states, surprise
from tokgraft.fit.vocabulary import NewVocabulary, piece_rows

_TEXTS = 32  # read at a time


@dataclasses.dataclass(frozen=True)
class ChainRuleOptions:
    """ridge: of the common direction, see `common_direction`."""

    ridge: float = 1e-3


@dataclasses.dataclass(frozen=True)
class ChainRule:
    """rows: float32 [n, columns] in the order of vocabulary.added. beta: float32 [n], nats.
    occurrences: int64 [n], places that beta is the mean of. r2: 1 - mean of (c . h - 1)^2 over all
    states: how much of a constant the states hold (1: all of it)."""

    rows: torch.Tensor
    beta: torch.Tensor
    occurrences: torch.Tensor
    r2: float
    positions: int
    seconds: float


def chain_rule(model: LanguageModel, vocabulary: NewVocabulary, texts: Sequence[Aligned],
               options: ChainRuleOptions = ChainRuleOptions(), *,
               progress: Callable[[str, float], None] | None = None) -> ChainRule:
    """Places where the old tokenizer cuts a new token into other pieces than `vocabulary.pieces`
    are not counted. Deterministic. Memory: 2 bytes per old token of the texts and column. Error:
    the texts hold none of the added tokens."""
    began = time.monotonic()
    count = len(vocabulary.pieces)
    place = vocabulary.added_places().numpy()
    total = torch.zeros(count, dtype=torch.float64)
    occurrences = torch.zeros(count, dtype=torch.long)
    seen: list[torch.Tensor] = []
    for begin in range(0, len(texts), _TEXTS):
        part = texts[begin:begin + _TEXTS]
        states = original_states(model, [text.old for text in part])
        for text, own in zip(part, states, strict=True):
            nats = surprise(model, text.old, own).double()
            up_to = torch.cat([torch.zeros(1, dtype=torch.float64), nats.cumsum(0)])
            for new, first, last in zip(*text.spans(), strict=True):
                token = place[text.new[new]]
                if token >= 0 and text.old[first:last + 1].tolist() == vocabulary.pieces[token]:
                    total[token] += up_to[last + 1] - up_to[first + 1]
                    occurrences[token] += 1
        seen += states
        if progress:
            progress("chain-rule", min(1.0, (begin + _TEXTS) / len(texts)))
    if count and not occurrences.any():
        raise _core.Error("corpora: hold none of the added tokens, method chain-rule learns from"
                          " places where they stand; give text that the new vocabulary is for")
    states = torch.cat(seen).float()
    direction = common_direction(states, options.ridge)
    r2 = 1 - float(((states @ direction - 1) ** 2).mean())
    beta = _with_unseen(total / occurrences, occurrences, vocabulary)
    rows = (piece_rows(model.output_rows, vocabulary.pieces)["first"]
            + beta[:, None] * direction)
    return ChainRule(rows, beta, occurrences, r2, len(states), time.monotonic() - began)


def _with_unseen(beta: torch.Tensor, occurrences: torch.Tensor, vocabulary: NewVocabulary
                 ) -> torch.Tensor:
    """beta is NaN where there were no occurrences."""
    further = torch.tensor([len(own) - 1 for own in vocabulary.pieces])
    known = (occurrences > 0) & (further > 0)
    per_piece = (beta[known] / further[known]).mean() if known.any() else torch.tensor(0.0)
    filled = torch.where(further > 0, further * per_piece, 0.0).double()
    for number in further[known].unique():
        alike = further == number
        filled[alike] = beta[alike & known].mean()
    return torch.where(known, beta, filled).float()
