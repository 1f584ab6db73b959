"""Rows for a merged vocabulary that are made by running the model: the table of METHODS."""

import dataclasses
import pathlib
import time
from collections.abc import Callable

import numpy as np
import torch

from tokgraft import _core
from tokgraft.fit.alignment import Aligned, Aligner
from tokgraft.fit.blend import blend
from tokgraft.fit.chain_rule import ChainRuleOptions, chain_rule
from tokgraft.fit.distillation import DistillOptions, distill
from tokgraft.fit.documents import Corpora, fit_documents
from tokgraft.fit.language_model import LanguageModel
from tokgraft.fit.logistic import LogisticOptions, logistic
from tokgraft.fit.readout import readout
from tokgraft.fit.states import read, with_start
from tokgraft.fit.tokens2words import Tokens2WordsOptions, tokens2words
from tokgraft.fit.training import TrainingOptions, train
from tokgraft.fit.vocabulary import NewVocabulary, piece_rows


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


Progress = Callable[[str, float], None] | None
Options = Tokens2WordsOptions | ChainRuleOptions | DistillOptions | TrainingOptions


@dataclasses.dataclass(frozen=True)
class _Job:
    """What a method is given; it adds to `facts`."""

    model: LanguageModel
    merged: "_core.MergeResult"
    vocabulary: NewVocabulary
    corpora: Corpora
    fit_bytes: int
    window_bytes: int
    train_tokens: int
    seed: int
    options: Options | None
    progress: Progress
    facts: dict[str, object]

    def texts(self, total_bytes: int) -> list[str]:
        return fit_documents(self.corpora, size=self.window_bytes, total_bytes=total_bytes)

    def documents(self) -> tuple[list[np.ndarray], list[int]]:
        """New ids of the texts to fit on, a start token in front, and the bytes of each."""
        texts = self.texts(self.fit_bytes)
        documents = with_start(self.vocabulary,
                               [self.merged.tokenizer.encode_ids(text) for text in texts])
        if (tokens := sum(len(ids) - 1 for ids in documents)) < 1000:
            raise _core.Error(f"corpora: hold {tokens} tokens, at least 1000 are needed to fit"
                              " output rows; give more text")
        return documents, [len(text.encode("utf-8", "replace")) for text in texts]

    def aligned(self, total_bytes: int) -> list[Aligned]:
        texts = self.texts(total_bytes)
        found = Aligner(self.merged.base, self.merged.tokenizer).align(texts)
        self.facts["windows"] = len(found)
        self.facts["windows_not_aligned"] = len(texts) - len(found)
        return found


_Made = tuple[torch.Tensor, torch.Tensor | None, str]  # input rows, output rows, name


@dataclasses.dataclass(frozen=True)
class Method:
    """help: one line. options: what fit_rows(options=...) takes for it, if anything."""

    name: str
    needs_text: bool
    help: str
    make: Callable[[_Job], _Made]
    options: type | None = None


def fit_rows(model: str | pathlib.Path | LanguageModel, merged: "_core.MergeResult", *,
             method: str = "fit", corpora: Corpora | None = None, fit_bytes: int = 400_000,
             window_bytes: int = 1000, train_tokens: int = 60_000, seed: int = 0,
             options: Options | None = None, device: str | None = None,
             progress: Callable[[str, float], None] | None = None) -> FittedRows:
    """Makes rows for the added tokens of a merge by running the model.

    method: one of METHODS. Without text: "readout", input rows, and output rows where they are a
    matrix of their own, by `readout`; "tokens2words", the same by a linear map of early states.
    With text: "fit", input rows by `readout` or what `blend` finds better, output rows by
    `logistic` on the states of the model over at most fit_bytes of the corpora, cut into windows
    of window_bytes; "chain-rule", input
    rows by `readout`, output rows from what the original model makes of the pieces in that text;
    "distill", input rows taught by the original model, then output rows by `logistic`; "train",
    the rows of "fit", then trained on train_tokens of the corpora through the whole model
    (`training`), which costs minutes; nothing but new rows moves, and rows that came out worse on
    windows held out are given back as they were. Methods with text make two matrices: a tied model
    must then be untied (init_embeddings(..., tie="untie")).
    corpora: name -> text file or texts. options: of the method, where it has some
    (Tokens2WordsOptions, ChainRuleOptions, DistillOptions, TrainingOptions), in place of
    train_tokens and seed for its own part. progress: called with the stage and a fraction.
    tokgraft.Error: no such method, options of another, no text, weights that are not finite;
    UnsupportedError: a model that is no causal language model, or whose logits are not a product
    with rows.
    """
    if method not in METHODS:
        raise _core.Error(f'method: "{method}" is not known here; choose one of'
                          f" {', '.join(METHODS)}")
    chosen = METHODS[method]
    if chosen.needs_text and not corpora:
        without = " or ".join(own.name for own in METHODS.values() if not own.needs_text)
        raise _core.Error(f"corpora: none was given, method {method} learns output rows from text;"
                          f" give some, or choose method {without}")
    if options is not None and (chosen.options is None or not isinstance(options, chosen.options)):
        takes = "none" if chosen.options is None else chosen.options.__name__
        raise _core.Error(f"options: {type(options).__name__} are not those of method {method},"
                          f" which takes {takes}")
    start = time.monotonic()
    own = model if isinstance(model, LanguageModel) else LanguageModel(model, device=device)
    vocabulary = NewVocabulary.of(merged, own.input_rows.shape[0], own.start_id)
    facts: dict[str, object] = {}
    made, output, name = chosen.make(_Job(
        own, merged, vocabulary, corpora or {}, fit_bytes, window_bytes, train_tokens, seed,
        options, progress, facts))
    facts["seconds"] = round(time.monotonic() - start, 1)
    return FittedRows(_finite(made, "input"),
                      None if output is None else _finite(output, "output"), name, facts)


def _readout(job: _Job) -> _Made:
    made = readout(job.model, job.merged.base, job.vocabulary, progress=job.progress)
    job.facts.update({
        "examples": made.examples, "layers": list(made.layers),
        "left_unexplained": {role: round(value, 4) for role, value in made.left.items()},
        "readout_seconds": round(made.seconds, 1),
    })
    names = ", ".join(map(str, made.layers))
    return (made.input, made.output,
            f"readout (layers {names}; {made.examples} old tokens taken apart)")


def _tokens2words(job: _Job) -> _Made:
    options = job.options if isinstance(job.options, Tokens2WordsOptions) else Tokens2WordsOptions()
    made = tokens2words(job.model, job.merged.base, job.vocabulary, options, progress=job.progress)
    job.facts.update({
        "examples": made.examples, "layer": options.layer, "map": options.map,
        "penalty": options.penalty if options.map == "ridge" else None,
        "left_unexplained": {role: round(value, 4) for role, value in made.left.items()}})
    return (made.input, made.output,
            f"tokens2words ({options.map} map of layer {options.layer},"
            f" {made.examples} old tokens)")


def _fit(job: _Job) -> _Made:
    rows, _, name = _readout(job)
    documents, sizes = job.documents()
    chosen = blend(job.model, job.vocabulary, rows, documents, sizes, seed=job.seed,
                   progress=job.progress)
    job.facts.update({"input_rows": chosen.name, "input_bits_per_byte": {
        candidate: round(value, 4) for candidate, value in chosen.bits_per_byte.items()}})
    output, how = _logistic(job, chosen.input, [documents[i] for i in chosen.learn],
                            sum(sizes[i] for i in chosen.learn))
    return chosen.input, output, f"input: {name}, {chosen.name}; output: {how}"


def _chain_rule(job: _Job) -> _Made:
    options = job.options if isinstance(job.options, ChainRuleOptions) else ChainRuleOptions()
    inputs, _, name = _readout(job)
    made = chain_rule(job.model, job.vocabulary, job.aligned(job.fit_bytes), options,
                      progress=job.progress)
    job.facts.update({
        "positions": made.positions, "added_tokens_seen": int((made.occurrences > 0).sum()),
        "constant_r2": round(made.r2, 4), "mean_beta": round(float(made.beta.mean()), 4),
        "chain_rule_seconds": round(made.seconds, 1)})
    return inputs, made.rows, (f"input: {name}; output: chain-rule ({made.positions} positions of"
                               " the original model)")


def _distill(job: _Job) -> _Made:
    options = (job.options if isinstance(job.options, DistillOptions)
               else DistillOptions(seed=job.seed))
    starts: dict[str, Callable[[], tuple[torch.Tensor, str]]] = {
        "mean": lambda: (piece_rows(job.model.input_rows, job.vocabulary.pieces)["mean"], "mean"),
        "readout": lambda: _readout(job)[::2]}
    if options.start not in starts:
        raise _core.Error(f'start: "{options.start}" is not known; choose one of'
                          f" {', '.join(starts)}")
    begin, name = starts[options.start]()
    made = distill(job.model, job.vocabulary, begin, job.aligned(8 * options.tokens), options,
                   progress=job.progress)
    job.facts["distillation"] = {
        "steps": len(made.losses), "tokens": options.tokens, "kept": made.kept,
        "held_out_error": [round(made.before, 4), round(made.after, 4)],
        "losses": [round(value, 4) for value in made.losses],
        "seconds": round(made.seconds, 1), "core_seconds": round(made.core_seconds, 1)}
    documents, sizes = job.documents()
    output, how = _logistic(job, made.rows, documents, sum(sizes))
    steps = f", {len(made.losses)} steps of distillation" if made.kept else ""
    return made.rows, output, f"input: {name}{steps}; output: {how}"


def _train(job: _Job) -> _Made:
    options = (job.options if isinstance(job.options, TrainingOptions)
               else TrainingOptions(tokens=job.train_tokens, seed=job.seed))
    made, output, name = _fit(job)
    assert output is not None
    every = job.texts(8 * options.tokens)
    trained = train(job.model, job.vocabulary, made, output,
                    [job.merged.tokenizer.encode_ids(text) for text in every],
                    [len(text.encode("utf-8", "replace")) for text in every],
                    options, progress=job.progress)
    job.facts["training"] = {
        "steps": len(trained.losses), "tokens": options.tokens, "kept": trained.kept,
        "held_out_bits_per_byte": [round(trained.before, 4), round(trained.after, 4)],
        "losses": [round(value, 4) for value in trained.losses],
        "seconds": round(trained.seconds, 1), "core_seconds": round(trained.core_seconds, 1)}
    if trained.kept:
        name += f"; then {len(trained.losses)} steps of training new rows only"
    return trained.input, trained.output, name


METHODS = {own.name: own for own in (
    Method("readout", False, "rows read out of what the model makes of the pieces", _readout),
    Method("tokens2words", False, "a linear map of the state that an early layer has after the"
           " pieces (arXiv 2410.05864)", _tokens2words, Tokens2WordsOptions),
    Method("fit", True, "readout, and output rows by regression on the model's states", _fit),
    Method("chain-rule", True, "readout, and output rows with the mean log-probability of the"
           " further pieces", _chain_rule, ChainRuleOptions),
    Method("distill", True, "input rows that give the states of the original model"
           " (arXiv 2505.20133), output rows as fit", _distill, DistillOptions),
    Method("train", True, "fit, then the new rows trained through the whole model", _train,
           TrainingOptions),
)}


def _logistic(job: _Job, input_rows: torch.Tensor, documents: list[np.ndarray], size: int
              ) -> tuple[torch.Tensor, str]:
    """Output rows learnt from documents of new ids, of `size` bytes together."""
    model, vocabulary = job.model, job.vocabulary
    states = read(model, vocabulary, input_rows, documents, progress=job.progress)
    fitted = logistic(model.output_rows.float().cpu(), vocabulary, states,
                      LogisticOptions(seed=job.seed),
                      bias=vocabulary.assemble_bias(model.output_bias), progress=job.progress)
    seen = torch.unique(states.following)
    job.facts.update({
        "fit_bytes": size, "positions": len(states.following),
        "added_tokens_seen": int((vocabulary.added_places()[seen] >= 0).sum()),
        "loss_first_pass": round(fitted.losses[0], 4) if fitted.losses else None,
        "loss_last_pass": round(fitted.losses[-1], 4) if fitted.losses else None,
        "common_direction": [round(value, 4) for value in fitted.constant],
        "logistic_seconds": round(fitted.seconds, 1),
    })
    return fitted.rows, (f"logistic ({len(states.following)} positions of {size} bytes,"
                         f" seed {job.seed})")


def _finite(rows: torch.Tensor, role: str) -> np.ndarray:
    values = rows.float().cpu().numpy()
    if not np.isfinite(values).all():
        raise _core.Error(f"{role} rows: some are not finite; the model's own rows hold infinities"
                          " or NaN, or the texts are too strange to learn from")
    return values
