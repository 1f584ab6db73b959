"""Text as a Trainer reads it: blocks of ids, in an order that a seed and a position determine."""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Sequence

import numpy as np
import torch

from tokgraft._core import Error, Tokenizer
from tokgraft.fit.documents import Corpora, lines_of

_LINES = 4096  # encoded at once
_HELD_OUT = 8  # blocks of each corpus at most, a tenth at most


@dataclasses.dataclass(frozen=True)
class Text:
    """blocks: uint32 [n, sequence], each a start token and consecutive ids of one corpus.
    held_out: name -> blocks that are never trained on, uint32 [few, sequence]. facts: name ->
    {sha256 (of the text's lines), bytes, tokens, blocks, held_out_blocks, unused_tokens}."""

    blocks: np.ndarray
    held_out: dict[str, np.ndarray]
    facts: dict[str, dict]


def read_text(tokenizer: Tokenizer, corpora: Corpora, sequence: int, start_id: int) -> Text:
    """All lines of a corpus one after the other, cut every sequence - 1 tokens; what is left at the
    end is not used. Held out are blocks evenly spread. Memory: four bytes a token, and the lines.
    Error: none was given, no text, or less than ten blocks of one."""
    if not corpora:
        raise Error("corpora: none was given; a model can only be trained on text")
    blocks, held_out, facts = [], {}, {}
    for name, source in corpora.items():
        lines = [line if line.endswith("\n") else line + "\n" for line in lines_of(name, source)]
        digest, parts = hashlib.sha256(), []
        size = 0
        for begin in range(0, len(lines), _LINES):
            part = lines[begin:begin + _LINES]
            data = "".join(part).encode("utf-8", "replace")
            digest.update(data)
            size += len(data)
            parts.append(np.asarray(tokenizer.encode_batch(part).ids, dtype=np.uint32))
        ids = np.concatenate(parts)
        count = len(ids) // (sequence - 1)
        if count < 10:
            raise Error(f"corpus {name}: has {len(ids)} tokens, {10 * (sequence - 1)} were expected, ten"
                        f" sequences of {sequence} with the start token; give more text, or shorter"
                        " sequences")
        own = np.empty((count, sequence), dtype=np.uint32)
        own[:, 0] = start_id
        own[:, 1:] = ids[:count * (sequence - 1)].reshape(count, sequence - 1)
        few = min(_HELD_OUT, count // 10)
        held = np.zeros(count, dtype=bool)
        held[[i * count // few for i in range(few)]] = True
        blocks.append(own[~held])
        held_out[name] = own[held]
        facts[name] = {"sha256": digest.hexdigest(), "bytes": size, "tokens": len(ids),
                       "blocks": int(count - few), "held_out_blocks": few,
                       "unused_tokens": int(len(ids) - count * (sequence - 1))}
    return Text(np.concatenate(blocks), held_out, facts)


class Lessons(torch.utils.data.Dataset):
    """Blocks number first to first + count - 1 of an endless order: each pass over the text is a
    permutation of its own, which the seed and the number of the pass determine."""

    def __init__(self, blocks: np.ndarray, *, first: int, count: int, seed: int) -> None:
        self._blocks, self._first, self._count, self._seed = blocks, first, count, seed
        self._pass, self._order = -1, np.empty(0, dtype=np.int64)

    def __len__(self) -> int:
        return self._count

    def __getitem__(self, index: int) -> dict[str, torch.Tensor]:
        number, place = divmod(self._first + index, len(self._blocks))
        if number != self._pass:
            self._pass = number
            self._order = np.random.default_rng([self._seed, number]).permutation(len(self._blocks))
        ids = torch.from_numpy(self._blocks[self._order[place]].astype(np.int64))
        return {"input_ids": ids, "labels": ids.clone()}


def stacked(blocks: Sequence[dict[str, torch.Tensor]]) -> dict[str, torch.Tensor]:
    """A batch of Lessons: all have one length."""
    return {name: torch.stack([block[name] for block in blocks]) for name in blocks[0]}
