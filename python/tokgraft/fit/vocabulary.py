"""The new vocabulary as the fits see it: which rows are old ones, which are wanted."""

import dataclasses

import numpy as np
import torch

from tokgraft import _core


@dataclasses.dataclass(frozen=True)
class NewVocabulary:
    """Tokens of a merge that have old rows, and those that need new ones.

    kept_new, kept_old: int64 [kept], new ids and the old rows they keep, in order of new id.
    added: int64 [n], new ids of `id_map.added`, in its order: the order of all fitted rows.
    pieces: per added token the old tokens it is made of; never empty, see `known`.
    known: bool [n]; False: no old pieces were found, and `pieces` holds the unknown stand-in.
    """

    size: int
    kept_new: torch.Tensor
    kept_old: torch.Tensor
    added: torch.Tensor
    pieces: list[list[int]]
    known: torch.Tensor

    @classmethod
    def of(cls, merged: "_core.MergeResult", old_rows: int, stand_in: int) -> "NewVocabulary":
        id_map = merged.id_map.to_dict()
        kept = sorted((new, old) for old, new in enumerate(id_map["base_to_merged"])
                      if new is not None and old < old_rows)
        ids, splits = _core.old_pieces(merged)
        pieces = [[int(i) for i in ids[splits[t]:splits[t + 1]]] for t in range(len(splits) - 1)]
        known = [bool(own) and max(own) < old_rows for own in pieces]
        return cls(
            size=id_map["merged_size"],
            kept_new=torch.tensor([new for new, _ in kept], dtype=torch.long),
            kept_old=torch.tensor([old for _, old in kept], dtype=torch.long),
            added=torch.tensor([token["id"] for token in id_map["added"]], dtype=torch.long),
            pieces=[own if good else [stand_in]
                    for own, good in zip(pieces, known, strict=True)],
            known=torch.tensor(known, dtype=torch.bool),
        )

    def added_places(self) -> torch.Tensor:
        """[size + 1]: index into `added` of each id, -1 where it is none of these; the last is the
        start token of `with_start`."""
        return self._places(self.added)

    def kept_places(self) -> torch.Tensor:
        """The same into `kept_new`."""
        return self._places(self.kept_new)

    def _places(self, ids: torch.Tensor) -> torch.Tensor:
        places = torch.full((self.size + 1,), -1, dtype=torch.long)
        places[ids] = torch.arange(len(ids))
        return places

    def assemble(self, old: torch.Tensor, new: torch.Tensor) -> torch.Tensor:
        """[size, columns]: old rows where they are kept, `new` [n, columns] for added tokens. Ids
        that no token has get zeros; no text holds them."""
        rows = torch.zeros(self.size, old.shape[1], dtype=old.dtype, device=old.device)
        rows[self.kept_new.to(old.device)] = old[self.kept_old.to(old.device)]
        rows[self.added.to(old.device)] = new.to(old)
        return rows

    def assemble_bias(self, old: torch.Tensor | None) -> torch.Tensor | None:
        """[size], float32 on the CPU: biases of a head, those of added tokens the mean of their
        pieces', as the library writes them. None: the head has none."""
        if old is None:
            return None
        source = old.float().cpu()
        bias = torch.zeros(self.size)
        bias[self.kept_new] = source[self.kept_old]
        bias[self.added] = torch.tensor([float(source[own].mean()) for own in self.pieces])
        return bias


def piece_rows(rows: torch.Tensor, pieces: list[list[int]]) -> dict[str, torch.Tensor]:
    """Rows of the first, the second (zero where there is none) and the last piece, and the mean of
    all: [n, columns] each, float32 on the CPU."""
    source = rows.float().cpu()
    first = torch.tensor([own[0] for own in pieces], dtype=torch.long)
    second = torch.tensor([own[1] if len(own) > 1 else -1 for own in pieces], dtype=torch.long)
    last = torch.tensor([own[-1] for own in pieces], dtype=torch.long)
    flat = torch.tensor([piece for own in pieces for piece in own], dtype=torch.long)
    starts = torch.from_numpy(np.cumsum([0] + [len(own) for own in pieces[:-1]]))
    mean = torch.nn.functional.embedding_bag(flat, source, starts, mode="mean")
    return {
        "first": source[first],
        "second": source[second.clamp(min=0)] * (second >= 0)[:, None],
        "last": source[last],
        "mean": mean,
    }
