"""A causal language model whose rows can be exchanged: states in, logits out.

Only what the fits need of transformers: the states of the whole body, the states after an early
layer (the layers behind it are not run), the two matrices. The head must be what the fits take it
for, a product with the output rows and a bias; that is checked on real states when a model is
opened, and anything else (soft caps, scaled logits) is refused.
"""

import contextlib
import pathlib
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import torch

from tokgraft._core import Error, UnsupportedError

_BATCH_TOKENS = 4096


class _Reached(Exception):
    """The last layer that was asked for has run."""


class LanguageModel:
    """A model directory, opened by transformers. Not thread-safe: its rows are exchanged in place.

    dtype: what the body runs in; rows, states that leave it and sums are float32. The states of
    bfloat16 are good enough for every fit here and several times faster on most machines.
    """

    def __init__(self, directory: str | pathlib.Path, *, device: str | None = None,
                 dtype: torch.dtype = torch.bfloat16) -> None:
        import transformers

        self._embedding: Any
        self.directory = str(directory)
        self.device = device or ("cuda" if torch.cuda.is_available() else "cpu")
        transformers.utils.logging.disable_progress_bar()
        model: Any  # transformers types what it loads by what it might be
        try:
            model = transformers.AutoModelForCausalLM.from_pretrained(
                self.directory, dtype=torch.float32, local_files_only=True)
        except (OSError, ValueError, KeyError) as error:
            raise Error(f"{self.directory}: transformers cannot load it as a causal language model"
                        f" ({error}); give a model directory") from error
        model.eval().requires_grad_(False)
        self.config = model.config.get_text_config()
        head = model.get_output_embeddings()
        if head is None:
            raise UnsupportedError(f"{self.directory}: the model has no output head; fits need a"
                                   " causal language model")
        self.input_rows = model.get_input_embeddings().weight.detach().clone()
        self.output_rows = head.weight.detach().clone()
        self.output_bias = None if getattr(head, "bias", None) is None else head.bias.detach().clone()
        self.tied = head.weight is model.get_input_embeddings().weight
        self._model = model.to(self.device, dtype)
        self._embedding = model.get_input_embeddings()
        self._body = model.base_model
        self._table = next(name for name, module in self._body.named_modules()
                           if module is self._embedding) + ".weight"
        self._layers = self._find_layers()
        self._check_head()
        self.input_rows = self.input_rows.to(self.device)
        self.output_rows = self.output_rows.to(self.device)

    @property
    def columns(self) -> int:
        return self.input_rows.shape[1]

    @property
    def layers(self) -> int:
        return len(self._layers)

    @property
    def dtype(self) -> torch.dtype:
        found: torch.dtype = self._embedding.weight.dtype
        return found

    @property
    def start_id(self) -> int:
        """The token that stands before a text: the config's bos, else eos, else 0."""
        for name in ("bos_token_id", "eos_token_id"):
            value = getattr(self.config, name, None)
            if isinstance(value, list):
                value = value[0] if value else None
            if value is not None:
                return int(value)
        return 0

    def _find_layers(self) -> torch.nn.ModuleList:
        count = self.config.num_hidden_layers
        found = [module for module in self._body.modules()
                 if isinstance(module, torch.nn.ModuleList) and len(module) == count]
        if not found:
            raise UnsupportedError(f"{self.directory}: no list of {count} layers was found in the"
                                   " model; its architecture is not supported")
        return found[0]

    @torch.no_grad()
    def _check_head(self) -> None:
        ids = torch.arange(32, device=self.device)[None] % self.input_rows.shape[0]
        states = self._body(input_ids=ids, use_cache=False).last_hidden_state
        theirs = self._model(input_ids=ids, use_cache=False).logits.float()
        ours = states @ self._model.get_output_embeddings().weight.T
        if self.output_bias is not None:
            ours = ours + self._model.get_output_embeddings().bias
        if not torch.allclose(theirs, ours.float(), rtol=1e-2, atol=1e-2):
            raise UnsupportedError(f"{self.directory}: the logits are not the product of the last"
                                   " state and the output rows (soft caps or scaled logits); rows"
                                   " cannot be fitted to this model")

    @contextlib.contextmanager
    def rows(self, input_rows: torch.Tensor) -> Iterator[None]:
        """The body reads these input rows ([any number, columns]) meanwhile."""
        old = self._embedding.weight
        padding, self._embedding.padding_idx = getattr(self._embedding, "padding_idx", None), None
        self._embedding.weight = torch.nn.Parameter(
            input_rows.to(self.device, old.dtype), requires_grad=False)
        try:
            yield
        finally:
            self._embedding.weight = old
            self._embedding.padding_idx = padding

    def states(self, ids: torch.Tensor) -> torch.Tensor:
        """Normed states behind the last layer, [batch, length, columns], of right-padded ids."""
        return self._body(input_ids=ids.to(self.device), use_cache=False).last_hidden_state

    def states_with(self, rows: torch.Tensor, ids: torch.Tensor) -> torch.Tensor:
        """`states` of ids that point into `rows` [any number, columns], with gradients to them."""
        return torch.func.functional_call(
            self._body, {self._table: rows.to(self.dtype)},
            kwargs={"input_ids": ids.to(self.device), "use_cache": False}).last_hidden_state

    @torch.no_grad()
    def early_states(self, sequences: Sequence[Sequence[int]], layers: Sequence[int]
                     ) -> torch.Tensor:
        """The state behind each of `layers` (1: the first) at the end of every sequence, side by
        side: float16 [sequences, layers * columns] on the CPU. Later layers are not run."""
        seen: dict[int, torch.Tensor] = {}

        def keep(layer: int):
            def hook(module: torch.nn.Module, inputs: tuple, output: object) -> None:
                state: Any = output[0] if isinstance(output, tuple) else output
                seen[layer] = state[:, -1]
                if layer == max(layers):
                    raise _Reached
            return hook

        hooks = [self._layers[layer - 1].register_forward_hook(keep(layer)) for layer in layers]
        result = torch.empty(len(sequences), len(layers) * self.columns, dtype=torch.bfloat16)
        by_length: dict[int, list[int]] = {}
        for i, sequence in enumerate(sequences):
            by_length.setdefault(len(sequence), []).append(i)
        try:
            for length, members in sorted(by_length.items()):
                step = max(1, 4 * _BATCH_TOKENS // length)
                for begin in range(0, len(members), step):
                    part = members[begin:begin + step]
                    ids = torch.tensor([sequences[i] for i in part], device=self.device)
                    with contextlib.suppress(_Reached):
                        self._body(input_ids=ids, use_cache=False)
                    result[part] = torch.cat([seen[layer] for layer in layers], 1).to(
                        "cpu", torch.bfloat16)
        finally:
            for hook in hooks:
                hook.remove()
        return result


def padded_batches(documents: Sequence[np.ndarray], tokens: int = _BATCH_TOKENS
                   ) -> Iterator[tuple[list[int], torch.Tensor, torch.Tensor]]:
    """(indices, ids [n, longest], mask of real ids) over documents of like length."""
    order = sorted(range(len(documents)), key=lambda i: (len(documents[i]), i))
    batch: list[int] = []
    for position, i in enumerate(order):
        batch.append(i)
        longest = len(documents[i])
        following = len(documents[order[position + 1]]) if position + 1 < len(order) else 0
        if position + 1 < len(order) and (len(batch) + 1) * following <= max(tokens, following):
            continue
        ids = torch.zeros(len(batch), longest, dtype=torch.long)
        mask = torch.zeros(len(batch), longest, dtype=torch.bool)
        for row, document in enumerate(batch):
            size = len(documents[document])
            ids[row, :size] = torch.from_numpy(documents[document].astype(np.int64))
            mask[row, :size] = True
        yield batch, ids, mask
        batch = []
