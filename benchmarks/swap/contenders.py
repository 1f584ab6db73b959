"""How the rows of new tokens are made: one entry per contender, each (input, output) rows.

Controls know nothing of the token (zero, random, mean_resizing) or what everybody does (fvt). Every
contender copies the rows of shared tokens; all are judged with two matrices, so that a method may
treat the roles differently.
"""

import pathlib
import tempfile

import changes
import numpy as np
import torch
from safetensors import safe_open

import tokgraft
from tokgraft.fit import fit_rows
from tokgraft.fit.language_model import LanguageModel

Rows = tuple[torch.Tensor, torch.Tensor]

CONTROLS = ["zero", "random", "mean_resizing", "fvt"]
# Methods of the library by their names: (input, output).
METHODS = {
    "length-weighted": ("weighted", "weighted"),
    "eeve": ("mean", "first"),
    "halving": ("mean", "halving"),
    "softmax": ("softmax", "softmax"),
    "bil": ("bil", "bil"),
    "gaussian": ("gaussian", "gaussian"),
    "script": ("script", "script"),
    "merge-order": ("merge-order", "merge-order"),
    "ridge": ("ridge", "ridge"),
    "ridge, halving": ("ridge", "halving"),
}
# The model is run; but for "readout, halving" by their names in tokgraft.fit.
RUN = ["readout", "readout, halving", "tokens2words", "fit", "chain-rule", "distill", "train"]
SEEDED = {"random", "gaussian", "script", "fit", "distill", "train"}
ALL = CONTROLS + list(METHODS) + RUN


def make(name: str, change: changes.Change, model: LanguageModel, *, seed: int) -> Rows:
    if name in ("zero", "random"):
        return _control(name, change, model, seed)
    if name == "mean_resizing":
        # Its noise has 1e-9 of the covariance: the mean of all rows, to every digit that matters.
        return _method(change, "copy", "copy", seed)
    if name == "fvt":
        return _method(change, "mean", "mean", seed)
    if name in METHODS:
        return _method(change, *METHODS[name], seed)
    if name == "readout, halving":
        made = fit_rows(model, change.merged, method="readout")
        return torch.from_numpy(made.input), _method(change, "mean", "halving", seed)[1]
    if name in RUN:
        made = fit_rows(model, change.merged, method=name, corpora={"train": change.texts.train},
                        seed=seed)
        output = made.input if made.output is None else made.output
        return torch.from_numpy(made.input), torch.from_numpy(output)
    raise SystemExit(f"contender {name} is not known; choose from {', '.join(ALL)}")


def _added(change: changes.Change) -> np.ndarray:
    return np.array([token["id"] for token in change.merged.id_map.to_dict()["added"]])


def _control(name: str, change: changes.Change, model: LanguageModel, seed: int) -> Rows:
    shape = (len(_added(change)), model.columns)
    if name == "zero":
        return torch.zeros(shape), torch.zeros(shape)
    chance = torch.Generator().manual_seed(seed)
    scale = float(model.input_rows.float().std())
    return tuple(torch.randn(shape, generator=chance) * scale for _ in range(2))


def _method(change: changes.Change, input_method: str, output_method: str, seed: int) -> Rows:
    with tempfile.TemporaryDirectory() as folder:
        out = pathlib.Path(folder) / "out"
        tokgraft.init_embeddings(change.model, change.merged, out=out, input_method=input_method,
                                 output_method=output_method, tie="untie", seed=seed, link=True)
        added = torch.from_numpy(_added(change))
        with safe_open(out / "model.safetensors", "pt") as file:
            return tuple(file.get_tensor(name)[added].float()
                         for name in ("model.embed_tokens.weight", "lm_head.weight"))
