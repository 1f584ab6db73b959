"""Rows for a merged vocabulary that are made by running the model: what `fit` and `readout` are."""

import dataclasses
import pathlib
import time
from collections.abc import Callable, Sequence

import numpy as np
import torch

from tokgraft import _core
from tokgraft.fit.blend import blend
from tokgraft.fit.documents import Corpora, fit_documents
from tokgraft.fit.language_model import LanguageModel
from tokgraft.fit.logistic import LogisticOptions, logistic
from tokgraft.fit.readout import readout
from tokgraft.fit.states import read, with_start
from tokgraft.fit.training import TrainingOptions, train
from tokgraft.fit.vocabulary import NewVocabulary

METHODS = ("readout", "fit", "train")


@dataclasses.dataclass(frozen=True)
class FittedRows:
    """input, output: float32 [n, columns], one row per token of merged.id_map.added, in its order;
    output is None where the rows of a tied model serve both. name: how they were made, for the
    manifest. facts: what the fits found out, plain values."""

    input: np.ndarray
    output: np.ndarray | None
    name: str
    facts: dict[str, object]

    def as_dict(self) -> dict[str, np.ndarray | None]:
        """As tokgraft.init_embeddings takes them: rows=fitted.as_dict(), rows_name=fitted.name."""
        return {"input": self.input, "output": self.output}


def fit_rows(model: str | pathlib.Path | LanguageModel, merged: "_core.MergeResult", *,
             method: str = "fit", corpora: Corpora | None = None, fit_bytes: int = 400_000,
             window_bytes: int = 1000, train_tokens: int = 60_000, seed: int = 0,
             device: str | None = None,
             progress: Callable[[str, float], None] | None = None) -> FittedRows:
    """Makes rows for the added tokens of a merge by running the model.

    method: "readout": input rows, and output rows where they are a matrix of their own, by
    `readout`; no text is read. "fit": input rows by `readout` or what `blend` finds better, output
    rows by `logistic` on the states of the model over at most fit_bytes of the corpora, cut into
    windows of window_bytes; a tied model must then be untied (init_embeddings(..., tie="untie")). "train": the rows of "fit",
    then trained on train_tokens of the corpora through the whole model (`training`), which costs
    minutes; nothing but new rows moves, and rows that came out worse on windows held out are
    given back as "fit" made them.
    corpora: name -> text file or texts. progress: called with the stage and a fraction.
    tokgraft.Error: no such method, no text, weights that are not finite; UnsupportedError: a model
    that is no causal language model, or whose logits are not a product with rows.
    """
    if method not in METHODS:
        raise _core.Error(f'method: "{method}" is not known here; choose one of'
                          f" {', '.join(METHODS)}")
    if method != "readout" and not corpora:
        raise _core.Error(f"corpora: none was given, method {method} learns output rows from text;"
                          " give some, or choose method readout")
    start = time.monotonic()
    own = model if isinstance(model, LanguageModel) else LanguageModel(model, device=device)
    vocabulary = NewVocabulary.of(merged, own.input_rows.shape[0], own.start_id)
    inputs = readout(own, merged.base, vocabulary, progress=progress)
    facts: dict[str, object] = {
        "examples": inputs.examples, "layers": list(inputs.layers),
        "left_unexplained": {role: round(value, 4) for role, value in inputs.left.items()},
        "readout_seconds": round(inputs.seconds, 1),
    }
    names = ", ".join(map(str, inputs.layers))
    name = f"readout (layers {names}; {inputs.examples} old tokens taken apart)"
    made, output = inputs.input, inputs.output
    if method != "readout":
        texts = fit_documents(corpora or {}, size=window_bytes, total_bytes=fit_bytes)
        made, output, more = _fit(own, merged, vocabulary, inputs.input, texts, seed, progress)
        facts.update(more)
        name = (f"input: {name}, {facts['input_rows']}; output: logistic"
                f" ({facts['positions']} positions of {facts['fit_bytes']} bytes, seed {seed})")
    if method == "train" and output is not None:
        every = fit_documents(corpora or {}, size=window_bytes, total_bytes=8 * train_tokens)
        trained = train(own, vocabulary, made, output,
                        [merged.tokenizer.encode_ids(text) for text in every],
                        [len(text.encode("utf-8", "replace")) for text in every],
                        TrainingOptions(tokens=train_tokens, seed=seed), progress=progress)
        made, output = trained.input, trained.output
        facts["training"] = {
            "steps": len(trained.losses), "tokens": train_tokens, "kept": trained.kept,
            "held_out_bits_per_byte": [round(trained.before, 4), round(trained.after, 4)],
            "losses": [round(value, 4) for value in trained.losses],
            "seconds": round(trained.seconds, 1), "core_seconds": round(trained.core_seconds, 1)}
        if trained.kept:
            name += f"; then {len(trained.losses)} steps of training new rows only"
    facts["seconds"] = round(time.monotonic() - start, 1)
    return FittedRows(_finite(made, "input"),
                      None if output is None else _finite(output, "output"), name, facts)


def _fit(model: LanguageModel, merged: "_core.MergeResult", vocabulary: NewVocabulary,
         input_rows: torch.Tensor, texts: Sequence[str], seed: int,
         progress: Callable[[str, float], None] | None
         ) -> tuple[torch.Tensor, torch.Tensor, dict[str, object]]:
    sizes = [len(text.encode("utf-8", "replace")) for text in texts]
    documents = with_start(vocabulary, [merged.tokenizer.encode_ids(text) for text in texts])
    if (tokens := sum(len(ids) - 1 for ids in documents)) < 1000:
        raise _core.Error(f"corpora: hold {tokens} tokens, at least 1000 are needed to fit output"
                          " rows; give more text")
    chosen = blend(model, vocabulary, input_rows, documents, sizes, seed=seed, progress=progress)
    states = read(model, vocabulary, chosen.input, [documents[i] for i in chosen.learn],
                  progress=progress)
    fitted = logistic(model.output_rows.float().cpu(), vocabulary, states,
                      LogisticOptions(seed=seed), bias=vocabulary.assemble_bias(model.output_bias),
                      progress=progress)
    seen = torch.unique(states.following)
    return chosen.input, fitted.rows, {
        "input_rows": chosen.name,
        "input_bits_per_byte": {name: round(value, 4) for name, value in
                                chosen.bits_per_byte.items()},
        "fit_bytes": sum(sizes[i] for i in chosen.learn),
        "positions": len(states.following),
        "added_tokens_seen": int((vocabulary.added_places()[seen] >= 0).sum()),
        "loss_first_pass": round(fitted.losses[0], 4) if fitted.losses else None,
        "loss_last_pass": round(fitted.losses[-1], 4) if fitted.losses else None,
        "common_direction": [round(value, 4) for value in fitted.constant],
        "logistic_seconds": round(fitted.seconds, 1),
    }


def _finite(rows: torch.Tensor, role: str) -> np.ndarray:
    values = rows.float().cpu().numpy()
    if not np.isfinite(values).all():
        raise _core.Error(f"{role} rows: some are not finite; the model's own rows hold infinities"
                          " or NaN, or the texts are too strange to learn from")
    return values
