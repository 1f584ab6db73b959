"""The two stages, one after the other, from a grafted directory to a trained one."""

from __future__ import annotations

import contextlib
import dataclasses
import fcntl
import json
import math
import os
import pathlib
import shutil
import tempfile
from collections.abc import Callable, Iterator
from typing import Any

import torch
import transformers

from tokgraft._core import ConflictError, Error, NotFoundError, Tokenizer, UnsupportedError, __version__, load
from tokgraft.fit.documents import Corpora
from tokgraft.loss import ROLES
from tokgraft.train.callback import GraftCallback, last_checkpoint
from tokgraft.train.directory import (
    ID_MAP,
    MANIFEST,
    RECORD,
    read_record,
    sha256,
    sync_folder,
    write_whole,
)
from tokgraft.train.recipe import Recipe
from tokgraft.train.roles import RoleLoss, role_loss
from tokgraft.train.rows import NewRows
from tokgraft.train.spikes import SpikeGuard
from tokgraft.train.text import Lessons, Text, read_text, stacked

LOG = "losses.jsonl"
_STAGES = ("rows", "full")
_STALE = {MANIFEST, "tokgraft_rows.json", "init_report.json", "optimizer.pt", "scheduler.pt",
          "trainer_state.json", "training_args.bin", RECORD, LOG}  # they speak of the source's rows
_WEIGHTS = (".safetensors", ".safetensors.index.json", ".bin", ".bin.index.json", ".pth", ".gguf")


def run(source: pathlib.Path, out: pathlib.Path, corpora: Corpora, recipe: Recipe, device: str | None,
        force: bool, progress: Callable[[dict[str, Any]], None] | None) -> dict[str, Any]:
    """Trains, and returns what stands in OUT/training.json; see tokgraft.train."""
    recipe = recipe.checked()
    if int(os.environ.get("WORLD_SIZE", "1")) > 1:
        raise UnsupportedError("train: runs in one process, WORLD_SIZE is more; use GraftCallback's parts"
                               " with a Trainer of your own, or start it without torchrun")
    _check_source(source)
    if out.exists() and out.resolve() == source.resolve():
        raise ConflictError(f"{out}: is the directory that training starts from; name another")
    tokenizer, config = load(source), _config(source)
    text = read_text(tokenizer, corpora, _fitting(recipe, config), _start_id(config))
    recipe = recipe.with_steps(len(text.blocks))
    record = _record(source, out, recipe, text)
    if out.exists() and not force:
        return _finished(out, record)
    work = out.with_name(out.name + ".training")
    with _locked(work):
        _begin(work, record, force)
        record["held_out"], record["stages"] = {}, []
        model = _train(source, work, recipe, text, tokenizer, device, record, progress)
        _write(model, source, out, work, record)
    shutil.rmtree(work, ignore_errors=True)
    return record


def _check_source(source: pathlib.Path) -> None:
    if not (source / MANIFEST).is_file() and not (source / RECORD).is_file():
        raise NotFoundError(f"{source / MANIFEST}: there is no manifest; give a directory that graft or init"
                            " wrote")
    if not (source / ID_MAP).is_file():
        raise NotFoundError(f"{source / ID_MAP}: there is no id map; give a directory that graft or init"
                            " wrote")


def _config(source: pathlib.Path) -> Any:
    try:
        return transformers.AutoConfig.from_pretrained(source, local_files_only=True)
    except (OSError, ValueError, KeyError) as error:
        raise Error(f"{source}: transformers cannot read its config ({error}); only model directories of"
                    " transformers can be trained") from error


def _fitting(recipe: Recipe, config: Any) -> int:
    most = getattr(config.get_text_config(), "max_position_embeddings", None)
    return min(recipe.sequence, most) if isinstance(most, int) and most > 1 else recipe.sequence


def _start_id(config: Any) -> int:
    """The token before a sequence: bos, else eos, else 0; as tokgraft probe has it."""
    for name in ("bos_token_id", "eos_token_id"):
        value = getattr(config.get_text_config(), name, None)
        value = value[0] if isinstance(value, list) and value else value
        if isinstance(value, int):
            return value
    return 0


def _record(source: pathlib.Path, out: pathlib.Path, recipe: Recipe, text: Text) -> dict[str, Any]:
    """What makes two runs the same run. No time and no host stands in it."""
    named = MANIFEST if (source / MANIFEST).is_file() else RECORD
    return {
        "tokgraft_version": __version__,
        "versions": {"torch": torch.__version__, "transformers": transformers.__version__},
        "trained_from": os.path.relpath(source.resolve(), out.resolve()),
        "manifest": named, "manifest_sha256": sha256(source / named),
        "settings": dataclasses.asdict(recipe), "corpora": text.facts,
    }


def _differences(old: dict[str, Any], new: dict[str, Any]) -> str:
    parts = []
    for key in ("trained_from", "manifest_sha256", "settings", "corpora"):
        before, now = old.get(key), new[key]
        if isinstance(before, dict):
            parts += [name for name in dict.fromkeys([*before, *now]) if before.get(name) != now.get(name)]
        elif before != now:
            parts.append(key)
    return ", ".join(parts)


def _finished(out: pathlib.Path, record: dict[str, Any]) -> dict[str, Any]:
    path = out / RECORD
    if not path.is_file():
        raise ConflictError(f"{out}: exists already; name another directory, or force replacement"
                            " (--force, force=True)")
    old = read_record(path)
    if different := _differences(old, record):
        raise ConflictError(f"{out}: exists already, trained otherwise ({different} differ); name another"
                            " directory, or force replacement (--force, force=True)")
    return old


@contextlib.contextmanager
def _locked(work: pathlib.Path) -> Iterator[None]:
    """One run at a time in a folder; the lock goes with the process."""
    work.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(work, os.O_RDONLY)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise ConflictError(f"{work}: another run is at work in it; wait for it, or end it") from None
        yield
    finally:
        os.close(descriptor)


def _begin(work: pathlib.Path, record: dict[str, Any], force: bool) -> None:
    path = work / RECORD
    if path.is_file():
        different = _differences(read_record(path), record)
        if different and not force:
            raise ConflictError(f"{work}: holds a run with other settings ({different} differ); give the same"
                                " to go on, another output, or start it anew (--force, force=True)")
        if not different:
            return
    for entry in work.iterdir():
        shutil.rmtree(entry) if entry.is_dir() else entry.unlink()
    write_whole(path, json.dumps(record, indent=2))


def _train(source: pathlib.Path, work: pathlib.Path, recipe: Recipe, text: Text, tokenizer: Tokenizer,
           device: str | None, record: dict[str, Any],
           progress: Callable[[dict[str, Any]], None] | None) -> Any:
    device = device or ("cuda" if torch.cuda.is_available() else "cpu")
    model = _model(source, recipe, device)
    rows = NewRows.of(source, model)
    counts = {"rows": recipe.row_steps or 0, "full": recipe.full_steps or 0}
    first = 0
    for stage in [name for name in _STAGES if counts[name]]:
        before = _held_out(work, f"before-{stage}", model, rows, text, tokenizer, recipe)
        if not record["held_out"]:
            record["held_out"]["before"] = before
        guard = SpikeGuard(forecast=before["loss"], margin=max(1.0, 8 * before["spread"]),
                           max_rollbacks=recipe.max_rollbacks)
        lessons = Lessons(text.blocks, first=first * recipe.batch, count=counts[stage] * recipe.batch,
                          seed=recipe.seed)
        callback = GraftCallback(rows, guard=guard, log=work / LOG, stage=stage, progress=progress)
        _stage(model, rows, stage, work / stage, lessons, recipe, callback, device)
        first += counts[stage]
        record["stages"].append({"stage": stage, "steps": counts[stage], "rollbacks": callback.rollbacks,
                                 "rate_factor": callback.rate_factor})
        rows.release()
    record["held_out"]["after"] = _held_out(work, "after", model, rows, text, tokenizer, recipe)
    return model


def _model(source: pathlib.Path, recipe: Recipe, device: str) -> Any:
    try:
        transformers.utils.logging.disable_progress_bar()
        model: Any = transformers.AutoModelForCausalLM.from_pretrained(
            source, dtype=getattr(torch, recipe.dtype), local_files_only=True)
    except (OSError, ValueError, KeyError) as error:
        raise Error(f"{source}: transformers cannot load it as a causal language model ({error}); give a"
                    " model directory") from error
    model.config.use_cache = False
    return model.to(device)


class _Trainer(transformers.Trainer):
    def _get_train_sampler(self, *_: Any) -> Any:
        return torch.utils.data.SequentialSampler(self.train_dataset)  # Lessons are in order


def _stage(model: Any, rows: NewRows, stage: str, folder: pathlib.Path, lessons: Lessons, recipe: Recipe,
           callback: GraftCallback, device: str) -> None:
    steps = len(lessons) // recipe.batch
    device_batch = recipe.device_batch or recipe.batch
    if stage == "rows":
        optimizer = rows.optimizer(rate=recipe.row_rate, weight_decay=recipe.row_weight_decay,
                                   output_eps=recipe.output_eps)
    else:
        rows.release()
        optimizer = torch.optim.AdamW(_decayed(model, recipe.weight_decay), lr=recipe.full_rate)
    arguments = transformers.TrainingArguments(
        output_dir=str(folder), max_steps=steps, per_device_train_batch_size=device_batch,
        gradient_accumulation_steps=recipe.batch // device_batch, logging_steps=recipe.log_steps,
        save_steps=recipe.save_steps, save_total_limit=2, seed=recipe.seed,
        warmup_steps=math.ceil(recipe.warm_up * steps),
        lr_scheduler_type="linear" if stage == "rows" else "cosine",
        max_grad_norm=0.0 if stage == "rows" else recipe.clip, use_cpu=device == "cpu",
        bf16=device != "cpu" and torch.cuda.is_bf16_supported(), report_to=[], disable_tqdm=True,
        remove_unused_columns=False)
    if getattr(arguments, "n_gpu", 0) > 1:
        arguments._n_gpu = 1
    trainer = _Trainer(model=model, args=arguments, train_dataset=lessons, data_collator=stacked,
                       optimizers=(optimizer, None), callbacks=[callback])
    trainer.remove_callback(transformers.trainer_callback.PrinterCallback)
    checkpoint = last_checkpoint(folder)
    for other in folder.glob("checkpoint-*"):
        if checkpoint is None or int(other.name[11:]) > int(checkpoint.name[11:]):
            shutil.rmtree(other)  # not whole
    trainer.train(resume_from_checkpoint=None if checkpoint is None else str(checkpoint))


def _decayed(model: Any, weight_decay: float) -> list[dict[str, Any]]:
    """Matrices decay, biases and norms do not."""
    parameters = [parameter for parameter in model.parameters() if parameter.requires_grad]
    return [{"params": [own for own in parameters if own.dim() > 1], "weight_decay": weight_decay},
            {"params": [own for own in parameters if own.dim() <= 1], "weight_decay": 0.0}]


def _held_out(work: pathlib.Path, name: str, model: Any, rows: NewRows, text: Text, tokenizer: Tokenizer,
              recipe: Recipe) -> dict[str, Any]:
    """Losses of the blocks that are never trained on: loss and its spread over blocks, nats per token;
    corpora: name -> {bits_per_byte, roles: {role: bits per byte, adding up}}. Measured once, for a
    resumed run comes back with the model as it is later."""
    path = work / f"{name}.json"
    if path.is_file():
        return read_record(path)
    model.eval()
    parameter = next(model.parameters())
    losses, corpora, total = [], {}, RoleLoss()
    for corpus, blocks in text.held_out.items():
        whole = RoleLoss()
        for block in blocks.astype("int64"):
            ids = torch.from_numpy(block)[None].to(parameter.device)
            with torch.no_grad():
                own = role_loss(model(input_ids=ids).logits, ids, ids, rows.mask)
            losses.append(own.loss)
            whole += own
        size = sum(len(tokenizer.token_bytes(int(i)) or b"") for i in blocks[:, 1:].flat)
        roles = {role: nats / math.log(2) / size for role, nats in zip(ROLES, whole.nats, strict=True)}
        corpora[corpus] = {"bits_per_byte": sum(roles.values()), "roles": roles, "bytes": size}
        total += whole
    model.train()
    middle = sorted(losses)[len(losses) // 2]
    found = {"loss": total.loss, "corpora": corpora,
             "spread": 1.4826 * sorted(abs(loss - middle) for loss in losses)[len(losses) // 2]}
    if not math.isfinite(found["loss"]):
        raise Error(f"{work}: {name}: the loss of held-out text is {found['loss']}; the model has weights"
                    " that are not finite numbers")
    write_whole(path, json.dumps(found, indent=2))
    return found


def _write(model: Any, source: pathlib.Path, out: pathlib.Path, work: pathlib.Path,
           record: dict[str, Any]) -> None:
    """OUT appears whole: weights in the dtype of the source's config, everything else as it was."""
    made = pathlib.Path(tempfile.mkdtemp(prefix=out.name + ".tmp-", dir=out.parent))
    try:
        dtype = getattr(_config(source), "dtype", None) or getattr(_config(source), "torch_dtype", None)
        model.to("cpu", dtype if isinstance(dtype, torch.dtype) else torch.float32)
        model.save_pretrained(made)
        for entry in source.iterdir():
            if entry.is_file() and entry.name not in _STALE and not entry.name.endswith(_WEIGHTS):
                shutil.copyfile(entry, made / entry.name)
        shutil.copyfile(work / LOG, made / LOG)
        record["files"] = {path.name: sha256(path) for path in sorted(made.iterdir())}
        write_whole(made / RECORD, json.dumps(record, indent=2) + "\n")
        sync_folder(made)
        os.chmod(made, 0o755)
        old = None
        if out.exists():
            old = pathlib.Path(tempfile.mkdtemp(prefix=out.name + ".old-", dir=out.parent)) / "old"
            os.rename(out, old)
        os.rename(made, out)
        if old is not None:
            shutil.rmtree(old.parent)
    except BaseException:
        shutil.rmtree(made, ignore_errors=True)
        raise
