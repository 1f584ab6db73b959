"""Rows from a linear map of early states: `tokens2words`.

After Tokens2Words (Kaplan, Oren, Reif, Schwartz, arXiv 2410.05864): early layers put the pieces of
a word together, so that the state at its last piece is much like that of a word which is one token.
From the states h of single old tokens (start token, token) behind one layer two linear maps are
fitted, T_E to their input rows and T_U to their output rows; a new token with pieces b_1 ... b_n has
the state h at b_n of (start token, b_1 ... b_n), and gets e = T_E h and u = T_U h. No text.

The paper only adds words that a later layer can be made to spell, about three of four; here every
added token gets rows, well understood or not. Its trained calibrators are left out.
"""

import dataclasses
import time
from collections.abc import Callable, Collection

import torch

from tokgraft import _core
from tokgraft.fit.language_model import LanguageModel
from tokgraft.fit.vocabulary import NewVocabulary

MAPS = ("ridge", "procrustes")


@dataclasses.dataclass(frozen=True)
class Tokens2WordsOptions:
    """layer: 1 is the first; 5 is the paper's. map: "ridge", least squares with `penalty` times the
    mean of the Gram matrix's diagonal on the squares of the map; "procrustes", a rotation times
    the best scale. hidden: old tokens that must not be looked at."""

    layer: int = 5
    map: str = "ridge"
    penalty: float = 1e-4
    hidden: Collection[int] = ()


@dataclasses.dataclass(frozen=True)
class Tokens2Words:
    """input, output: float32 [n, columns] in the order of vocabulary.added; output is None for a
    tied model, whose rows serve both. left: share of the squares of the old rows that the map does
    not explain, by role. examples: single old tokens that the maps were fitted on."""

    input: torch.Tensor
    output: torch.Tensor | None
    left: dict[str, float]
    examples: int
    seconds: float


def tokens2words(model: LanguageModel, tokenizer: _core.Tokenizer, vocabulary: NewVocabulary,
                 options: Tokens2WordsOptions = Tokens2WordsOptions(), *,
                 progress: Callable[[str, float], None] | None = None) -> Tokens2Words:
    """tokenizer: the old one. Deterministic. Memory: 6 bytes per old row and column. Error: no such
    layer or map; UnsupportedError: fewer old tokens than twice the columns to learn from."""
    began = time.monotonic()
    if not 1 <= options.layer <= model.layers:
        raise _core.Error(f"layer: {options.layer} is none of {model.directory}, which has"
                          f" 1 to {model.layers}")
    if options.map not in MAPS:
        raise _core.Error(f'map: "{options.map}" is not known; choose one of {", ".join(MAPS)}')
    rows = min(tokenizer.vocab_size, model.input_rows.shape[0])
    tokens = [i for i in range(rows) if tokenizer.token_bytes(i) and i not in options.hidden
              and tokenizer.token_kind(i) in ("normal", "byte")]
    if len(tokens) < 2 * model.columns:
        raise _core.UnsupportedError(
            f"{model.directory}: {len(tokens)} old tokens are there to learn a map of"
            f" {model.columns} columns from, {2 * model.columns} are needed; choose another method")
    report = progress or (lambda stage, fraction: None)
    report("tokens2words", 0.0)
    start = model.start_id
    states = model.early_states([[start, i] for i in tokens], (options.layer,)).float()
    report("tokens2words", 0.7)
    wanted = model.early_states([[start, *own] for own in vocabulary.pieces],
                                (options.layer,)).float()
    report("tokens2words", 0.9)
    made, left = [], {}
    roles = {"input": model.input_rows} if model.tied else {"input": model.input_rows,
                                                            "output": model.output_rows}
    for role, source in roles.items():
        goal = source.float().cpu()[torch.tensor(tokens)]
        if options.map == "ridge":
            solution = ridge_map(states, goal, options.penalty)
        else:
            solution = procrustes_map(states, goal)
        left[role] = float(((states @ solution - goal) ** 2).sum() / (goal ** 2).sum())
        made.append(wanted @ solution)
    report("tokens2words", 1.0)
    return Tokens2Words(made[0], None if model.tied else made[1], left, len(tokens),
                        time.monotonic() - began)


def ridge_map(states: torch.Tensor, goal: torch.Tensor, penalty: float) -> torch.Tensor:
    """T [columns of states, columns of goal] of least |states T - goal|^2 + p |T|^2, with p =
    penalty times the mean of the squares of a column of states."""
    gram = (states.T @ states).double()
    gram.diagonal().add_(penalty * gram.diagonal().mean())
    return torch.linalg.solve(gram, (states.T @ goal).double()).float()


def procrustes_map(states: torch.Tensor, goal: torch.Tensor) -> torch.Tensor:
    """s R of least |states s R - goal|^2, R orthogonal."""
    left, values, right = torch.linalg.svd((states.T @ goal).double())
    scale = values.sum() / (states.double() ** 2).sum()
    return (scale * (left @ right)).float()
