"""Rows read out of what the model makes of the pieces: `readout`.

Each old token that is two others end to end is an example of what a row should be, given its pieces
alone: their rows (first, last, mean) and the states of the model's first layers after reading them.
A ridge regression from these features to the token's own row is learnt, and applied to the pieces
of the new tokens. No text and no gradients; deterministic.

It generalises Tokens2Words (arXiv 2410.05864), which fits the map on the states of whole old tokens
and applies it to split words: here both are split.
"""

import dataclasses
import math
import time
from collections.abc import Callable, Collection

import torch

from tokgraft import _core
from tokgraft.fit.language_model import LanguageModel
from tokgraft.fit.splits import examples, halves
from tokgraft.fit.vocabulary import NewVocabulary, piece_rows

_MOST_EXAMPLES = 100_000
_CHUNK = 8192
_LAMBDAS = (1e-4, 1e-3, 1e-2, 1e-1)  # of the mean of the Gram matrix's diagonal
_FREQUENT = 2000  # an example weighs _FREQUENT / (id + _FREQUENT): ids are by frequency, about
_HELD_OUT = 10    # every tenth token chooses lambda


@dataclasses.dataclass(frozen=True)
class Readout:
    """input, output: float32 [n, columns] in the order of vocabulary.added; output is None for a
    tied model, whose rows serve both. left: share of the weighted squared length of the rows of
    held-out old tokens that the regression does not explain (0: all, 1: none), by role."""

    input: torch.Tensor
    output: torch.Tensor | None
    left: dict[str, float]
    examples: int
    layers: tuple[int, ...]
    seconds: float


def readout(model: LanguageModel, tokenizer: _core.Tokenizer, vocabulary: NewVocabulary, *,
            layers: tuple[int, ...] | None = None, hidden: Collection[int] = (),
            progress: Callable[[str, float], None] | None = None) -> Readout:
    """layers: 1 is the first; by default at 1/15, 2/15 and 1/5 of the depth (one of them where the
    states are wide). hidden: old tokens that must not be looked at. Memory: 8 bytes times the
    square of the features (6 times the columns), and 2 bytes per example and layer column."""
    start = time.monotonic()
    if layers is None:
        layers = _default_layers(model)
    tokens, pieces = examples(halves(tokenizer, model.input_rows.shape[0], hidden), _MOST_EXAMPLES)
    if len(tokens) < 1000:
        raise _core.UnsupportedError(
            f"{model.directory}: only {len(tokens)} of the old tokens are two others end to end,"
            " 1000 are needed to learn from; choose another method")
    made = _Features(model, layers)
    report = progress or (lambda stage, fraction: None)
    targets = [model.input_rows] if model.tied else [model.input_rows, model.output_rows]
    wanted = torch.tensor(tokens, dtype=torch.long)
    goal = torch.cat([rows.float().cpu()[wanted] for rows in targets], 1)
    weight = _FREQUENT / (wanted.double() + _FREQUENT)
    held = wanted % _HELD_OUT == 0
    sums = {False: _Sums(made.count, goal.shape[1]), True: _Sums(made.count, goal.shape[1])}
    for begin in range(0, len(tokens), _CHUNK):
        report("readout", 0.9 * begin / len(tokens))
        part = slice(begin, begin + _CHUNK)
        features = made.of(pieces[part])
        for side, own in sums.items():
            chosen = held[part] == side
            own.add(features[chosen], goal[part][chosen], weight[part][chosen])
    best, left = _choose(sums[False], sums[True], len(targets))
    everything = sums[False].plus(sums[True])
    rows = []
    for begin in range(0, len(vocabulary.pieces), _CHUNK):
        rows.append(made.of(vocabulary.pieces[begin:begin + _CHUNK]))
    features = torch.cat(rows) if rows else torch.empty(0, made.count)
    solved = [(features.double() @ everything.solve(lam)[:, i * model.columns:(i + 1)
               * model.columns]).float() for i, lam in enumerate(best)]
    report("readout", 1.0)
    return Readout(solved[0], None if model.tied else solved[1],
                   dict(zip(("input", "output"), left, strict=False)), len(tokens), layers,
                   time.monotonic() - start)


def _default_layers(model: LanguageModel) -> tuple[int, ...]:
    shares = (1 / 15, 2 / 15, 1 / 5) if model.columns <= 1024 else (2 / 15,)
    return tuple(sorted({max(1, round(share * model.layers)) for share in shares}))


class _Features:
    """Piece rows, piece counts and early states, standardised by the first chunk that is seen."""

    def __init__(self, model: LanguageModel, layers: tuple[int, ...]) -> None:
        self._model, self._layers = model, layers
        self._scale: torch.Tensor | None = None
        self.count = 3 * model.columns + 3 + len(layers) * model.columns

    def of(self, pieces: list[list[int]]) -> torch.Tensor:
        own = piece_rows(self._model.input_rows, pieces)
        counts = torch.tensor([[1.0, len(p), len(p) == 2] for p in pieces])
        start = self._model.start_id
        states = self._model.early_states([[start, *p] for p in pieces], self._layers)
        plain = torch.cat([own["first"], own["last"], own["mean"], counts], 1)
        features = torch.cat([plain, states.float()], 1)
        if self._scale is None:
            deviation = features.std(0)
            self._scale = torch.where(deviation > 0, 1 / deviation.clamp(min=1e-6), 1.0)
        return features * self._scale


class _Sums:
    """What a weighted least-squares fit needs to know of its examples."""

    def __init__(self, features: int, columns: int) -> None:
        self.gram = torch.zeros(features, features, dtype=torch.float64)
        self.cross = torch.zeros(features, columns, dtype=torch.float64)
        self.square = torch.zeros(columns, dtype=torch.float64)

    def add(self, features: torch.Tensor, goal: torch.Tensor, weight: torch.Tensor) -> None:
        weighted = features * weight.float()[:, None]
        self.gram += (features.T @ weighted).double()
        self.cross += (weighted.T @ goal).double()
        self.square += (goal.double() ** 2 * weight[:, None]).sum(0)

    def plus(self, other: "_Sums") -> "_Sums":
        both = _Sums(*self.cross.shape)
        both.gram = self.gram + other.gram
        both.cross = self.cross + other.cross
        both.square = self.square + other.square
        return both

    def solve(self, lam: float) -> torch.Tensor:
        ridge = lam * self.gram.diagonal().mean()
        matrix = self.gram.clone()
        matrix.diagonal().add_(ridge)
        return torch.cholesky_solve(self.cross, torch.linalg.cholesky(matrix))

    def error(self, solution: torch.Tensor) -> torch.Tensor:
        """Weighted squared error of each column."""
        return (self.square - 2 * (solution * self.cross).sum(0)
                + (solution * (self.gram @ solution)).sum(0))


def _choose(fitted: _Sums, held: _Sums, roles: int) -> tuple[list[float], list[float]]:
    """The lambda of least held-out error per role, and the share of the squares that it leaves."""
    columns = held.square.shape[0] // roles
    total = held.square.view(roles, columns).sum(1)
    errors = torch.stack([held.error(fitted.solve(lam)).view(roles, columns).sum(1) / total
                          for lam in _LAMBDAS])
    least = errors.min(0)
    if not all(math.isfinite(float(value)) for value in least.values):
        raise _core.Error("readout: the regression has no finite solution; the model's rows hold"
                          " infinities or NaN")
    return ([_LAMBDAS[int(i)] for i in least.indices], [float(value) for value in least.values])
