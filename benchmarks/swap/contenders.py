"""How the rows of new tokens are made: one entry per contender, each (input, output) rows.

Controls know nothing of the token (zero, random, mean_resizing) or what everybody does (fvt). Every
contender copies the rows of shared tokens, the peers in their own way; all are judged with two
matrices, so that a method may treat the roles differently.
"""

import dataclasses
import pathlib
import tempfile
from collections.abc import Callable

import changes
import numpy as np
import peers
import torch
from safetensors import safe_open

import tokgraft
from tokgraft.fit import METHODS, fit_rows
from tokgraft.fit.language_model import LanguageModel

Rows = tuple[torch.Tensor, torch.Tensor]
# The files that decide a contender's rows, below the root of the repository.
_OF_METHODS = ("embed_init/methods/*", "embed_init/kernels/*", "embed_init/*.cc")
_OF_FITS = ("python/tokgraft/fit/*.py",)
_OF_PEERS = ("benchmarks/swap/peer*.py",)


@dataclasses.dataclass(frozen=True)
class Contender:
    """make: (change, model, seed) -> rows. seeded: there is chance in it. definition: what tells
    it from others of its kind, for the key of its cells."""

    make: Callable[[changes.Change, LanguageModel, int], Rows]
    definition: tuple
    files: tuple[str, ...]
    seeded: bool = False


def added_ids(change: changes.Change) -> np.ndarray:
    return np.array([token["id"] for token in change.merged.id_map.to_dict()["added"]])


def _rows_of(change: changes.Change, input_method: str, output_method: str, seed: int, *,
             donor: bool = False) -> Rows:
    with tempfile.TemporaryDirectory(dir=change.folder) as folder:
        out = pathlib.Path(folder) / "out"
        tokgraft.init_embeddings(
            change.model, change.merged, out=out, input_method=input_method,
            output_method=output_method, tie="untie", seed=seed, link=True,
            **({"donor_model": change.need_donor_model()} if donor else {}))
        added = torch.from_numpy(added_ids(change))
        with safe_open(out / "model.safetensors", "pt") as file:
            return tuple(file.get_tensor(name)[added].float()
                         for name in ("model.embed_tokens.weight", "lm_head.weight"))


def _method(input_method: str, output_method: str, *, seeded: bool = False, donor: bool = False
            ) -> Contender:
    return Contender(lambda change, model, seed: _rows_of(change, input_method, output_method, seed,
                                                          donor=donor),
                     (input_method, output_method), _OF_METHODS, seeded)


def _zero(change: changes.Change, model: LanguageModel, seed: int) -> Rows:
    shape = (len(added_ids(change)), model.columns)
    return torch.zeros(shape), torch.zeros(shape)


def _random(change: changes.Change, model: LanguageModel, seed: int) -> Rows:
    chance = torch.Generator().manual_seed(seed)
    scale = float(model.input_rows.float().std())
    return tuple(torch.randn(len(added_ids(change)), model.columns, generator=chance) * scale
                 for _ in range(2))


def _fitted(method: str) -> Contender:
    def make(change: changes.Change, model: LanguageModel, seed: int) -> Rows:
        made = fit_rows(model, change.merged, method=method,
                        corpora={"train": change.texts.train}, seed=seed)
        rows = torch.from_numpy(made.input)
        return rows, rows if made.output is None else torch.from_numpy(made.output)
    return Contender(make, (method,), _OF_FITS, seeded=METHODS[method].needs_text)


def _readout_and(output_method: str) -> Contender:
    def make(change: changes.Change, model: LanguageModel, seed: int) -> Rows:
        made = fit_rows(model, change.merged, method="readout")
        return torch.from_numpy(made.input), _rows_of(change, "mean", output_method, seed)[1]
    return Contender(make, ("readout", output_method), _OF_FITS + _OF_METHODS)


def _peer(name: str, *arguments: str) -> Contender:
    return Contender(lambda change, model, seed: peers.rows(name, arguments, change,
                                                            added_ids(change)),
                     (name, *arguments, peers.PINNED[name]), _OF_PEERS)


TABLE: dict[str, Contender] = {
    "zero": Contender(_zero, (), ()),
    "random": Contender(_random, (), (), seeded=True),
    # Its noise has 1e-9 of the covariance: the mean of all rows, to every digit that matters.
    "mean_resizing": _method("copy", "copy"),
    "fvt": _method("mean", "mean"),
    "length-weighted": _method("weighted", "weighted"),
    "eeve": _method("mean", "first"),
    "halving": _method("mean", "halving"),
    "softmax": _method("softmax", "softmax"),
    "bil": _method("bil", "bil"),
    "gaussian": _method("gaussian", "gaussian", seeded=True),
    "script": _method("script", "script", seeded=True),
    "merge-order": _method("merge-order", "merge-order"),
    "ridge": _method("ridge", "ridge"),
    "ridge, halving": _method("ridge", "halving"),
    "auto": _method("auto", "auto"),
    # The model is run.
    "readout": _fitted("readout"),
    "readout, halving": _readout_and("halving"),
    "fit": _fitted("fit"),
    "tokens2words": _fitted("tokens2words"),
    "chain-rule": _fitted("chain-rule"),
    "distill": _fitted("distill"),
    "train": _fitted("train"),
    # With a donor model.
    "omp": _method("omp", "omp", donor=True),
    "map": _method("map", "map", donor=True),
    "knn": _method("knn", "knn", donor=True),
    "stacked": _method("stacked", "stacked", donor=True),
    # Other programs.
    "mergekit omp": _peer("mergekit", "omp"),
    "mergekit subword": _peer("mergekit", "subword"),
    "mergekit common_interpolation": _peer("mergekit", "common_interpolation"),
    "deepfocus": _peer("deepfocus"),
    "tokenizer-adapter": _peer("tokenizer-adapter", "average"),
}
