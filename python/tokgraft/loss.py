"""Bits per byte of a model on texts, split by what a change of vocabulary can hurt.

A token's loss falls on one of three roles: `new` (the token itself is new: its output row), `after`
(an old token right after a new one: mostly the new one's input row), `rest`. Per byte, never per
token: two vocabularies cut the same text into different tokens.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import torch

if TYPE_CHECKING:
    from tokgraft.fit.language_model import LanguageModel

ROLES = ("new", "after", "rest")
_CHUNK = 1024


@dataclasses.dataclass(frozen=True)
class Loss:
    """bits, bytes: per document, [documents]. roles: name -> (bits, tokens) over all documents."""

    bits: np.ndarray
    bytes: np.ndarray
    roles: dict[str, tuple[float, int]]

    @property
    def bits_per_byte(self) -> float:
        return float(self.bits.sum() / max(1, self.bytes.sum()))

    def role_bits_per_byte(self, role: str) -> float:
        """The roles add up to bits_per_byte."""
        return self.roles[role][0] / max(1, int(self.bytes.sum()))


@torch.no_grad()
def loss(model: LanguageModel, input_rows: torch.Tensor, output_rows: torch.Tensor,
         documents: Sequence[np.ndarray], sizes: Sequence[int], *,
         new: torch.Tensor | None = None, output_bias: torch.Tensor | None = None) -> Loss:
    """documents: ids, a start token in front (not scored). Row i of input_rows is read for id i;
    output_rows may lack the last rows of input_rows (a start token of its own). sizes: bytes of
    each text. new: bool [ids], which ids are new; None: none."""
    from tokgraft.fit.language_model import padded_batches  # tokgraft.fit imports this module

    bits = np.zeros(len(documents))
    role_bits = dict.fromkeys(ROLES, 0.0)
    role_tokens = dict.fromkeys(ROLES, 0)
    head = output_rows.to(model.device, model.dtype)
    is_new = torch.zeros(input_rows.shape[0], dtype=torch.bool)
    if new is not None:
        is_new[: len(new)] = new
    with model.rows(input_rows):
        for batch, ids, mask in padded_batches(documents):
            states = model.states(ids)
            real = mask[:, 1:]
            flat = states[:, :-1][real.to(states.device)]
            following, before = ids[:, 1:][real], ids[:, :-1][real]
            nats = torch.empty(len(following))
            for begin in range(0, len(following), _CHUNK):
                logits = (flat[begin:begin + _CHUNK] @ head.T).float()
                if output_bias is not None:
                    logits += output_bias.to(logits)
                nats[begin:begin + _CHUNK] = torch.nn.functional.cross_entropy(
                    logits, following[begin:begin + _CHUNK].to(logits.device),
                    reduction="none").cpu()
            own = nats.double() / np.log(2)
            row = torch.arange(len(batch))[:, None].expand_as(real)[real]
            for r, document in enumerate(batch):
                bits[document] = float(own[row == r].sum())
            after = is_new[before] & ~is_new[following]
            for role, part in (("new", is_new[following]), ("after", after),
                               ("rest", ~is_new[following] & ~after)):
                role_bits[role] += float(own[part].sum())
                role_tokens[role] += int(part.sum())
    return Loss(bits, np.asarray(sizes, dtype=np.int64),
                {role: (role_bits[role], role_tokens[role]) for role in ROLES})
