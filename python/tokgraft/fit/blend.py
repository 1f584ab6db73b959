"""Which input rows the output rows are fitted under, chosen by the loss they give: `blend`.

The readout is far better than the mean of the pieces for most tokens and far worse for some: words
like " of" are nothing that their pieces tell, and there are so many of them that they decide the
loss. In a tied model their fitted output rows are known well and serve as input rows, so each token
gets n / (n + c) of its output row and the rest of its readout, n being how often the text holds it.
"""

import dataclasses
from collections.abc import Callable, Sequence

import numpy as np
import torch

from tokgraft.fit.language_model import LanguageModel
from tokgraft.fit.logistic import LogisticOptions, logistic
from tokgraft.fit.states import input_table, read
from tokgraft.fit.vocabulary import NewVocabulary, piece_rows
from tokgraft.loss import loss

_JUDGES = 16  # documents that choose, at most, and at most an eighth; none is learnt from
_COUNTS = (300.0, 100.0, 30.0, 10.0, 3.0)  # c


@dataclasses.dataclass(frozen=True)
class Blend:
    """input: float32 [n, columns]. name: what won. bits_per_byte: of every candidate on the windows
    that chose; those of one stage can be compared, starts have means of pieces as output rows, all
    others the rows of a first fit. learn: places of the documents that chose nothing."""

    input: torch.Tensor
    name: str
    bits_per_byte: dict[str, float]
    learn: list[int]


def blend(model: LanguageModel, vocabulary: NewVocabulary, readout: torch.Tensor,
          documents: Sequence[np.ndarray], sizes: Sequence[int], *, seed: int = 0,
          progress: Callable[[str, float], None] | None = None) -> Blend:
    """readout: input rows of `readout`, [n, columns]. documents: of with_start; sizes: bytes of
    each. A model of two matrices keeps the better start, as its output rows are no input rows.
    Memory: the states of half of the documents."""
    count = max(1, min(_JUDGES, len(documents) // 8))
    judges = [i * len(documents) // count for i in range(count)]
    learn = [i for i in range(len(documents)) if i not in judges] or judges
    mean = piece_rows(model.input_rows, vocabulary.pieces)["mean"]
    mean_output = piece_rows(model.output_rows, vocabulary.pieces)["mean"]
    bias = vocabulary.assemble_bias(model.output_bias)
    bits: dict[str, float] = {}

    def judge(name: str, inputs: torch.Tensor, outputs: torch.Tensor) -> None:
        bits[name] = loss(
            model, input_table(model, vocabulary, inputs),
            vocabulary.assemble(model.output_rows.float(), outputs.to(model.device)),
            [documents[i] for i in judges], [sizes[i] for i in judges],
            output_bias=bias).bits_per_byte

    starts = {"mean": mean, "readout": readout}
    for name, rows in starts.items():
        judge(name, rows, mean_output)
    start = min(starts, key=lambda name: bits[name])
    if not model.tied:
        return Blend(starts[start], start, bits, learn)
    first = read(model, vocabulary, starts[start], [documents[i] for i in learn[::2]],
                 progress=progress)
    fitted = logistic(model.output_rows.float().cpu(), vocabulary, first,
                      LogisticOptions(seed=seed), bias=bias, progress=progress).rows
    counts = np.bincount(np.concatenate([documents[i] for i in learn]),
                         minlength=vocabulary.size + 1)
    often = torch.from_numpy(counts)[vocabulary.added].float()[:, None]
    blends = {f"{start}, first fit": starts[start], "readout, first fit": readout}
    for c in _COUNTS:
        share = often / (often + c)
        blends[f"n/(n+{c:g}) of the fitted output row"] = share * fitted + (1 - share) * readout
    for i, (name, rows) in enumerate(blends.items()):
        if progress:
            progress("choose", i / len(blends))
        judge(name, rows, fitted)
    best = min(blends, key=lambda name: bits[name])
    return Blend(blends[best], best, bits, learn)
