"""What the original model makes of a text that it reads in its own vocabulary."""

from collections.abc import Sequence

import numpy as np
import torch

from tokgraft.fit.alignment import Aligned
from tokgraft.fit.language_model import LanguageModel, padded_batches
from tokgraft.fit.vocabulary import NewVocabulary

_CHUNK = 2048


@torch.no_grad()
def original_states(model: LanguageModel, documents: Sequence[np.ndarray]) -> list[torch.Tensor]:
    """bfloat16 [ids + 1, columns] per document of old ids, on the CPU: the normed state behind the
    last layer after the model's start token, and after each of the ids."""
    started = [np.concatenate([[model.start_id], ids]) for ids in documents]
    found: list[torch.Tensor] = [torch.empty(0)] * len(started)
    for batch, ids, mask in padded_batches(started):
        states = model.states(ids).to("cpu", torch.bfloat16)
        for row, document in enumerate(batch):
            found[document] = states[row, :int(mask[row].sum())].clone()
    return found


@torch.no_grad()
def surprise(model: LanguageModel, ids: np.ndarray, states: torch.Tensor) -> torch.Tensor:
    """Log-probability of each of `ids`, float32 [ids], nats, given `original_states` of them."""
    head = model.output_rows.to(model.dtype)
    found = torch.empty(len(ids))
    for begin in range(0, len(ids), _CHUNK):
        part = slice(begin, min(begin + _CHUNK, len(ids)))
        logits = (states[part].to(head) @ head.T).float()
        if model.output_bias is not None:
            logits += model.output_bias.to(logits)
        own = torch.from_numpy(ids[part].astype(np.int64))[:, None].to(logits.device)
        found[part] = (logits.gather(1, own)[:, 0] - logits.logsumexp(1)).cpu()
    return found


class Teacher:
    """States of the original model where a text in new ids has to agree with them: at the end of
    every token that ends where an old one does, from the first added token of the text on (before
    it nothing differs). Computed once per text, when it is first asked for."""

    def __init__(self, model: LanguageModel, vocabulary: NewVocabulary, texts: Sequence[Aligned]
                 ) -> None:
        self._model, self._texts = model, texts
        self._added = vocabulary.added_places().numpy() >= 0
        self._known: dict[int, tuple[torch.Tensor, torch.Tensor]] = {}

    def of(self, which: Sequence[int]) -> list[tuple[torch.Tensor, torch.Tensor]]:
        """Per text of the numbers in `which`: places in its new ids behind a start token (int64
        [k]) and the states there (bfloat16 [k, columns], on the CPU)."""
        missing = sorted({i for i in which} - self._known.keys())
        states = original_states(self._model, [self._texts[i].old for i in missing])
        for i, own in zip(missing, states, strict=True):
            old, new = self._texts[i].common()
            added = np.flatnonzero(self._added[self._texts[i].new])
            after = new >= (added[0] if len(added) else len(self._texts[i].new))
            self._known[i] = (torch.from_numpy(new[after] + 1),
                              own[torch.from_numpy(old[after] + 1)])
        return [self._known[i] for i in which]
