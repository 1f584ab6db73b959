"""What the model is asked while it reads the new vocabulary: cached states and next tokens."""

import dataclasses
from collections.abc import Callable, Sequence

import numpy as np
import torch

from tokgraft.fit.language_model import LanguageModel, padded_batches
from tokgraft.fit.vocabulary import NewVocabulary

_CHUNK = 2048


@dataclasses.dataclass(frozen=True)
class States:
    """Every position of the documents that has a next token, in no particular order.

    state: bfloat16 [positions, columns], normed, behind the last layer.
    following: int64 [positions], the new id that comes next.
    kept_mass: float32 [positions], log of the sum of exp(logit) over the kept old rows.
    kept_logit: float32 [positions], the logit of `following` where it is a kept token, else 0.
    """

    state: torch.Tensor
    following: torch.Tensor
    kept_mass: torch.Tensor
    kept_logit: torch.Tensor


@torch.no_grad()
def read(model: LanguageModel, vocabulary: NewVocabulary, input_rows: torch.Tensor,
         documents: Sequence[np.ndarray], *, stage: str = "states",
         progress: Callable[[str, float], None] | None = None) -> States:
    """One pass of the model over documents of new ids, whose added tokens it reads by `input_rows`
    [n, columns]. The documents begin with a start token, see `with_start`."""
    rows = input_table(model, vocabulary, input_rows)
    kept = model.output_rows[vocabulary.kept_old.to(model.device)].to(model.dtype)
    bias = None
    if model.output_bias is not None:
        bias = model.output_bias[vocabulary.kept_old.to(model.device)].float()
    place = vocabulary.kept_places()
    parts: dict[str, list[torch.Tensor]] = {"s": [], "y": [], "mass": [], "logit": []}
    total, done = sum(map(len, documents)), 0
    with model.rows(rows):
        for batch, ids, mask in padded_batches(documents):
            states = model.states(ids)
            real = mask[:, 1:]
            flat, following = states[:, :-1][real.to(states.device)], ids[:, 1:][real]
            for begin in range(0, len(following), _CHUNK):
                chunk, own = flat[begin:begin + _CHUNK], following[begin:begin + _CHUNK]
                logits = (chunk @ kept.T).float()
                if bias is not None:
                    logits += bias
                where = place[own].to(logits.device)
                parts["mass"].append(logits.logsumexp(1).cpu())
                parts["logit"].append(torch.where(
                    where >= 0, logits.gather(1, where.clamp(min=0)[:, None])[:, 0], 0.0).cpu())
            parts["s"].append(flat.to("cpu", torch.bfloat16))
            parts["y"].append(following)
            done += int(mask.sum())
            if progress:
                progress(stage, done / total)
    empty = torch.empty(0)
    joined = {name: torch.cat(part) if part else empty for name, part in parts.items()}
    return States(joined["s"], joined["y"].long(), joined["mass"], joined["logit"])


def with_start(vocabulary: NewVocabulary, documents: Sequence[np.ndarray]) -> list[np.ndarray]:
    """A start token in front of each document: an id of its own, one past the vocabulary, which
    `input_table` gives the row of the model's start token; no text and no target holds it."""
    return [np.concatenate([[vocabulary.size], ids.astype(np.int64)]) for ids in documents]


def input_table(model: LanguageModel, vocabulary: NewVocabulary, input_rows: torch.Tensor
                ) -> torch.Tensor:
    """[size + 1, columns]: what documents of `with_start` are read by; input_rows [n, columns] are
    those of added tokens."""
    start = model.input_rows[model.start_id][None].float()
    return torch.cat([vocabulary.assemble(model.input_rows.float(), input_rows), start])
