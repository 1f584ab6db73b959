"""Input rows taught by the original model: `distill`.

Token Distillation (Dobler, Elliott, de Melo, arXiv 2505.20133): a new token is understood when the
last states of the model that reads it are those of the model that reads its old pieces, at its end
and on what follows. The teacher is the original model on old ids; the student reads the new ones,
and only the input rows of added tokens move, by Adam at a constant rate. The paper takes snippets
around each token; here whole windows of text are read, in which many new tokens stand at once, and
the mean squared difference is taken at every byte where an old and a new token end, from the first
added token of the window on.

Output rows are not touched: they follow by `logistic` from the states of the taught rows.
"""

import dataclasses
import math
import resource
import time
from collections.abc import Callable, Sequence

import numpy as np
import torch

from tokgraft import _core
from tokgraft.fit.alignment import Aligned
from tokgraft.fit.language_model import LanguageModel, padded_batches
from tokgraft.fit.states import input_table, with_start
from tokgraft.fit.teacher import Teacher
from tokgraft.fit.vocabulary import NewVocabulary

_HELD_OUT = 8  # texts that judge the result


@dataclasses.dataclass(frozen=True)
class DistillOptions:
    """start: "mean" of the old pieces' rows, or "readout". tokens: how many new ids to learn from,
    over again where there are fewer; batch_tokens: of one step. rate: Adam's, constant; the paper's
    is 1e-4. With 1e-3 eleven steps took a third off the error of SmolLM2-135M on German."""

    start: str = "readout"
    tokens: int = 30_000
    batch_tokens: int = 1024
    rate: float = 1e-3
    seed: int = 0


@dataclasses.dataclass(frozen=True)
class Distillation:
    """rows: float32 [n, columns], input rows in the order of vocabulary.added. losses: of every
    step, mean squared difference of the states as a share of the mean square of the teacher's.
    before, after: the same on texts held out; where it rose, the rows are those it began with and
    `kept` is False."""

    rows: torch.Tensor
    losses: list[float]
    before: float
    after: float
    kept: bool
    seconds: float
    core_seconds: float


def distill(model: LanguageModel, vocabulary: NewVocabulary, input_rows: torch.Tensor,
            texts: Sequence[Aligned], options: DistillOptions = DistillOptions(), *,
            progress: Callable[[str, float], None] | None = None) -> Distillation:
    """input_rows [n, columns]: where to start. Deterministic for one number of threads. Memory: the
    states of one batch in every layer, four floats per new row and column, 2 bytes per column and
    place that is compared. Error: fewer than ten texts that hold an added token."""
    added = vocabulary.added_places().numpy() >= 0
    texts = [text for text in texts if added[text.new].any()]
    if len(texts) < _HELD_OUT + 2:
        raise _core.Error(f"corpora: {len(texts)} windows of text hold added tokens, at least"
                          f" {_HELD_OUT + 2} are needed to learn from; give more text")
    began, cores = time.monotonic(), _core_seconds()
    held = sorted({i * len(texts) // _HELD_OUT for i in range(_HELD_OUT)})
    lessons = [i for i in range(len(texts)) if i not in held]
    pupil = Pupil(model, vocabulary, texts)
    rows = input_rows.detach().float().to(model.device, copy=True)
    start = rows.clone()
    before = pupil.error(held, rows)
    losses = _steps(pupil, rows, lessons, [len(text.new) for text in texts], options, progress)
    after = pupil.error(held, rows)
    kept = math.isfinite(after) and after <= before
    return Distillation((rows if kept else start).cpu(), losses, before, after, kept,
                        time.monotonic() - began, _core_seconds() - cores)


def _steps(pupil: "Pupil", rows: torch.Tensor, lessons: list[int], sizes: list[int],
           options: DistillOptions, progress: Callable[[str, float], None] | None) -> list[float]:
    rows.requires_grad_()
    optimizer = torch.optim.Adam([rows], lr=options.rate, betas=(0.9, 0.98))
    chance = np.random.default_rng(options.seed)
    losses: list[float] = []
    order: list[int] = []
    seen = 0
    while seen < options.tokens:
        batch: list[int] = []
        while sum(sizes[i] for i in batch) < options.batch_tokens:
            order = order or [lessons[i] for i in chance.permutation(len(lessons))]
            batch.append(order.pop())
        optimizer.zero_grad()
        losses.append(pupil.learn(batch, rows))
        optimizer.step()
        seen += sum(sizes[i] for i in batch)
        if progress:
            progress("distill", min(1.0, seen / options.tokens))
    rows.requires_grad_(False)
    return losses


class Pupil:
    """The model reading texts in new ids, and how far its states are from the teacher's."""

    def __init__(self, model: LanguageModel, vocabulary: NewVocabulary, texts: Sequence[Aligned]
                 ) -> None:
        self._model = model
        self._teacher = Teacher(model, vocabulary, texts)
        self._documents = with_start(vocabulary, [text.new for text in texts])
        self._old = input_table(model, vocabulary,
                                torch.zeros(len(vocabulary.added), model.columns))
        self._place = vocabulary.added_places()

    def learn(self, which: Sequence[int], rows: torch.Tensor) -> float:
        """Adds the gradient of the error on these texts to that of `rows` [n, columns]; the
        error."""
        return self._pass(which, rows, learn=True)

    @torch.no_grad()
    def error(self, which: Sequence[int], rows: torch.Tensor) -> float:
        """Mean squared difference of the states, as a share of the mean square of the teacher's."""
        return self._pass(which, rows, learn=False)

    def _pass(self, which: Sequence[int], rows: torch.Tensor, *, learn: bool) -> float:
        lessons = self._teacher.of(which)
        square = sum(float((goal.float() ** 2).sum()) for _, goal in lessons)
        total = 0.0
        for batch, ids, _ in padded_batches([self._documents[i] for i in which]):
            states = self._states(ids, rows)
            row = torch.cat([torch.full((len(lessons[i][0]),), r) for r, i in enumerate(batch)])
            column = torch.cat([lessons[i][0] for i in batch])
            goal = torch.cat([lessons[i][1] for i in batch]).to(states.device).float()
            found = states[row.to(states.device), column.to(states.device)].float()
            share = ((found - goal) ** 2).sum() / square
            if learn:
                share.backward()
            total += float(share.detach())
        return total

    def _states(self, ids: torch.Tensor, rows: torch.Tensor) -> torch.Tensor:
        unique, local = ids.unique(return_inverse=True)
        place = self._place[unique]
        read = self._old[unique.to(self._old.device)]
        new = (place >= 0).nonzero()[:, 0]
        read = read.index_put((new.to(read.device),), rows[place[new].to(rows.device)])
        return self._model.states_with(read, local)


def _core_seconds() -> float:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime
