"""The loss of a batch by role, as tokgraft.loss defines them: new token, right after one, rest."""

from __future__ import annotations

import dataclasses

import torch

from tokgraft.loss import ROLES

_CHUNK = 1024
_IGNORED = -100  # transformers' label of a position that is not scored


@dataclasses.dataclass(frozen=True)
class RoleLoss:
    """nats, tokens: per role, in the order of tokgraft.loss.ROLES."""

    nats: tuple[float, ...] = (0.0,) * len(ROLES)
    tokens: tuple[int, ...] = (0,) * len(ROLES)

    def __add__(self, other: RoleLoss) -> RoleLoss:
        return RoleLoss(tuple(a + b for a, b in zip(self.nats, other.nats, strict=True)),
                        tuple(a + b for a, b in zip(self.tokens, other.tokens, strict=True)))

    @property
    def loss(self) -> float:
        """Nats per token; not a number where nothing was scored."""
        return sum(self.nats) / sum(self.tokens) if any(self.tokens) else float("nan")

    def roles(self) -> dict[str, dict[str, float | int | None]]:
        """role -> loss (nats per token of that role; None: none of it was seen), tokens."""
        return {role: {"loss": nats / count if count else None, "tokens": count}
                for role, nats, count in zip(ROLES, self.nats, self.tokens, strict=True)}


@torch.no_grad()
def role_loss(logits: torch.Tensor, ids: torch.Tensor, labels: torch.Tensor, new: torch.Tensor
              ) -> RoleLoss:
    """logits: [batch, length, rows], of a causal model; ids, labels: [batch, length] as transformers
    takes them (labels not shifted, -100: not scored). new: bool [rows], which ids are new."""
    new = new.to(logits.device)
    following, before = labels[:, 1:].to(logits.device), ids[:, :-1].to(logits.device)
    scored = following != _IGNORED
    flat, following, before = logits[:, :-1][scored], following[scored], before[scored]
    nats = torch.empty(len(following), dtype=torch.float64)
    for begin in range(0, len(following), _CHUNK):
        part = slice(begin, begin + _CHUNK)
        nats[part] = torch.nn.functional.cross_entropy(
            flat[part].float(), following[part], reduction="none").cpu()
    is_new = new[following].cpu()
    after = new[before].cpu() & ~is_new
    parts = [is_new, after, ~is_new & ~after]
    sums = torch.stack([nats[part].sum() for part in parts])
    counts = torch.stack([part.sum() for part in parts])
    return RoleLoss(tuple(sums.tolist()), tuple(map(int, counts.tolist())))
