"""The state of an optimizer follows the rows of a grafted model, so that training can be resumed.

    tokgraft.remap_optimizer("checkpoint-1000", "grafted")    # tokgraft optimizer checkpoint-1000 --grafted grafted
    tokgraft.optimizer.correct_new_rows(optimizer)            # once, after load_state_dict

A kept row keeps its moments (exp_avg, exp_avg_sq and whatever else the optimizer holds per row),
bit for bit; a new row starts at zero. AdamW counts steps once per tensor, not per row: it divides
the moments by 1 - beta^step, which is 1 by then, and so takes moments of new rows, which have seen
one gradient, for settled ones. Their first update is (1 - beta1) / sqrt(1 - beta2) times what a
fresh Adam would do: 3.2 times with betas (0.9, 0.999), 0.45 times with (0.9, 0.95). The format has
no place for steps per row, so the file says which rows are new (grafted_rows, a mask in the state)
and when they came (grafted_at_step, in the group), and correct_new_rows(optimizer) replaces, after
each step, the update of these rows by the one with bias correction from their own first step. An
optimizer that knows nothing of it loads and runs the file as any other.

The sharded checkpoint of an FSDP run (*.distcp, .metadata) is read too, and written as one file that
names its parameters, which torch.distributed.checkpoint.state_dict.set_optimizer_state_dict distributes
(StateDictOptions(full_state_dict=True)); correct_new_rows does not work on sharded parameters. A ZeRO
checkpoint of DeepSpeed is refused.

Files are read with torch.load(weights_only=True) and an allow-list of classes alone.
"""

from __future__ import annotations

import argparse
import json
import os
import pathlib
import sys
import tempfile
from typing import TYPE_CHECKING, Any

from tokgraft import sharded
from tokgraft._core import ConflictError, Error, FormatError, NotFoundError, UnsupportedError

if TYPE_CHECKING:
    import torch

_NAME = "optimizer.pt"
_MASK = "grafted_rows"
_BORN = "grafted_at_step"


def _torch():
    try:
        import torch
    except ImportError:
        raise UnsupportedError("optimizer: needs PyTorch, which is not installed; pip install torch") from None
    return torch


def _manifest(directory: pathlib.Path) -> dict[str, Any]:
    path = directory / "tokgraft.json"
    if not path.is_file():
        raise NotFoundError(f"{path}: no such file, a directory that graft or init wrote was expected; "
                            "check the path")
    try:
        manifest = json.loads(path.read_text(encoding="utf-8"))
        if "rows" not in manifest:
            rows = directory / "tokgraft_rows.json"
            manifest["rows"] = json.loads(rows.read_text(encoding="utf-8"))
        manifest["sizes"]["old_rows"], manifest["tensors"]["embedding"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise FormatError(f"{path}: is no manifest of tokgraft ({error!r}); write the model again") from None
    return manifest


def _sources(entries: list[dict[str, Any]], rows: int, old_rows: int) -> torch.Tensor:
    """[rows]: the old row that a new one is a copy of, or -1."""
    torch = _torch()
    sources = torch.full((rows,), -1, dtype=torch.int64)
    for entry in entries:
        if "copied_from" in entry:
            begin, end = entry["rows"]
            first = entry["copied_from"]
            if not (0 <= begin <= end <= rows and 0 <= first and first + end - begin <= old_rows):
                raise FormatError("tokgraft.json: rows: a range goes beyond the matrices; write the model again")
            sources[begin:end] = torch.arange(first, first + end - begin)
    return sources


def _load(path: pathlib.Path) -> dict[str, Any]:
    torch = _torch()
    if path.is_dir():
        return _checked(path, sharded.read(path))
    if path.name.endswith("_optim_states.pt"):
        raise _zero(path)
    if not path.is_file():
        raise NotFoundError(f"{path}: no such file, the state of an optimizer was expected; check the path")
    try:
        state = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # torch raises what it likes on a file that is broken or unsafe
        what = str(error).strip().splitlines()[0] if str(error).strip() else repr(error)
        raise FormatError(f"{path}: torch.load(weights_only=True) refuses it: {what}; "
                          "do not trust this file") from None
    return _checked(path, state)


def _source(model_dir: pathlib.Path) -> pathlib.Path:
    """optimizer.pt of a checkpoint, or the folder of its shards."""
    if not model_dir.is_dir():
        return model_dir
    path = model_dir / _NAME
    if not path.is_file() and (folder := sharded.find(model_dir)):
        return folder
    shards = sorted(model_dir.glob("**/*_optim_states.pt"))
    if not path.is_file() and shards:
        raise _zero(shards[0])
    return path


def _zero(path: pathlib.Path) -> UnsupportedError:
    return UnsupportedError(
        f"{path}: is a part of a ZeRO checkpoint of DeepSpeed, whose flat partitions have no rows and whose"
        " pickle holds DeepSpeed's own objects; the weights can be had (python zero_to_fp32.py . OUT, in the"
        " checkpoint), the optimizer of the grafted model must start anew")


def _checked(path: pathlib.Path, state: Any) -> dict[str, Any]:
    well_formed = (isinstance(state, dict) and isinstance(state.get("state"), dict)
                   and isinstance(state.get("param_groups"), list)
                   and all(isinstance(entry, dict) for entry in state["state"].values())
                   and all(isinstance(group, dict) and isinstance(group.get("params"), list)
                           for group in state["param_groups"]))
    if not well_formed:
        raise FormatError(f"{path}: is no state of an optimizer, a dict with state and param_groups was "
                          "expected; save optimizer.state_dict()")
    return state


def _per_row(entry: dict[str, Any], shape: tuple[int, ...]) -> dict[str, torch.Tensor]:
    torch = _torch()
    return {key: value for key, value in entry.items()
            if isinstance(value, torch.Tensor) and tuple(value.shape) == shape}


def _shape(entry: dict[str, Any]) -> tuple[int, ...]:
    """Of the parameter: that of its largest state."""
    torch = _torch()
    tensors = [value for value in entry.values() if isinstance(value, torch.Tensor)]
    return tuple(max(tensors, key=lambda value: value.numel()).shape) if tensors else ()


def _assign(path: pathlib.Path, state: dict[int, dict[str, Any]], manifest: dict[str, Any],
            given: dict[str, int]) -> dict[str, int]:
    """Name of a tensor with rows -> number of its parameter."""
    old_rows = manifest["sizes"]["old_rows"]
    tensors = manifest["tensors"]
    matrices = [tensors["embedding"]]
    if tensors["head"] and not manifest["tied_before"]:
        matrices.append(tensors["head"])
    biases = list(tensors["head_biases"])
    for name, number in given.items():
        if name not in matrices + biases or number not in state:
            raise FormatError(f"{path}: parameters: {name}={number}: one of {', '.join(matrices + biases)} "
                              "and the number of a parameter with a state were expected")
        if _shape(state[number])[:1] != (old_rows,):
            raise ConflictError(f"{path}: parameter {number} ({name}): has the shape "
                                f"{list(_shape(state[number]))}, {old_rows} rows were expected; "
                                "name the right number")
    result = dict(given)
    if any(isinstance(number, str) for number in state):  # FSDP keeps parameters by name
        return result | _named(path, state, [name for name in matrices + biases if name not in given],
                               old_rows)
    for names, dimensions in ((matrices, 2), (biases, 1)):
        found = [number for number, entry in sorted(state.items())
                 if len(_shape(entry)) == dimensions and _shape(entry)[0] == old_rows
                 and number not in given.values()]
        wanted = [name for name in names if name not in given]
        if len(found) != len(wanted):
            raise ConflictError(
                f"{path}: has {len(found)} parameters of {old_rows} rows and {dimensions} dimensions "
                f"({', '.join(map(str, found)) or 'none'}), {len(wanted)} were expected "
                f"({', '.join(wanted) or 'none'}); name them (parameters={{name: number}}, --parameter)")
        result.update(zip(wanted, found))  # models list the embedding before the head
    return result


def _named(path: pathlib.Path, state: dict[Any, dict[str, Any]], names: list[str],
           old_rows: int) -> dict[str, Any]:
    """Name -> key of the state: the name itself, or one that a wrapper put something before."""
    result = {}
    for name in names:
        found = [key for key in state if key == name] or [
            key for key in state if isinstance(key, str) and key.endswith("." + name)]
        if len(found) != 1:
            raise ConflictError(f"{path}: has {len(found)} parameters named {name}, one was expected; save the"
                                " optimizer with the names of the model (FSDP's use_orig_params=True)")
        if _shape(state[found[0]])[:1] != (old_rows,):
            raise ConflictError(f"{path}: {found[0]}: has the shape {list(_shape(state[found[0]]))}, {old_rows}"
                                " rows were expected; name the checkpoint that was grafted")
        result[name] = found[0]
    return result


def remap_optimizer(model_dir: str | os.PathLike[str], out_dir: str | os.PathLike[str], *,
                    parameters: dict[str, int] | None = None, force: bool = False) -> dict[str, Any]:
    """Writes OUT_DIR/optimizer.pt: the state of MODEL_DIR/optimizer.pt for the grafted rows.

    model_dir: the directory of the checkpoint that was grafted, or its optimizer.pt, or the folder of
    its shards (FSDP). out_dir: what
    graft or init_embeddings wrote for it. parameters: numbers of the tensors with rows (as
    param_groups counts them), where their shapes leave doubt; embedding and head are told apart by
    their order. force: replaces an optimizer.pt that is there. Returns what became of them.
    """
    torch = _torch()
    source = pathlib.Path(model_dir)
    path = _source(source)
    directory = pathlib.Path(out_dir)
    target = directory / _NAME
    manifest = _manifest(directory)
    if target.exists() and not force:
        raise ConflictError(f"{target}: exists already; force replacement (--force, force=True)")
    if target.exists() and path.exists() and os.path.samefile(target, path):
        raise ConflictError(f"{target}: is the input; name the checkpoint before the graft")
    if manifest["tied_before"] and not manifest["tied_after"]:
        raise UnsupportedError(f"{directory}: its head was untied, so it is a parameter that the old "
                               "optimizer does not know; start the optimizer anew")
    saved = _load(path)
    state: dict[int, dict[str, Any]] = dict(saved["state"])
    sizes = manifest["sizes"]
    entries = manifest["rows"]
    sources = {True: _sources(entries["input"], sizes["new_rows"], sizes["old_rows"])}
    sources[False] = (_sources(entries["output"], sizes["new_rows"], sizes["old_rows"])
                      if entries.get("output") else sources[True])
    report: dict[str, Any] = {"parameters": {}, "unchanged": 0, "new_rows": 0}
    born: dict[Any, float] = {}
    renewed: set[Any] = set()
    for name, number in _assign(path, state, manifest, parameters or {}).items():
        entry = state[number]
        shape = _shape(entry)
        rows = sources[name == manifest["tensors"]["embedding"]]
        kept = rows >= 0
        moved = dict(entry)
        for key, value in _per_row(entry, shape).items():
            made = torch.zeros((len(rows), *shape[1:]), dtype=value.dtype)
            made[kept] = value[rows[kept]]
            moved[key] = made
        report["parameters"][name] = number
        report["new_rows"] = int((~kept).sum())
        if isinstance(number, str):  # a state by names is distributed with the keys of the optimizer alone
            state[number] = moved
            renewed.add(number)
            continue
        old_mask = entry.get(_MASK)
        mask = torch.zeros(len(rows), dtype=torch.float32)
        if isinstance(old_mask, torch.Tensor) and old_mask.shape == (sizes["old_rows"],):
            mask[kept] = old_mask[rows[kept]].float()
        mask[~kept] = 1
        moved[_MASK] = mask
        state[number] = moved
        born[number] = float(entry["step"]) if "step" in entry else 0.0
        renewed.add(number)
    groups = []
    for group in saved["param_groups"]:
        steps = {born[number] for number in group["params"] if number in born}
        groups.append({**group, _BORN: max(steps)} if steps else dict(group))
    report["unchanged"] = len(state) - len(renewed)
    _save({**saved, "state": state, "param_groups": groups}, target)
    return report


def _save(state: dict[str, Any], target: pathlib.Path) -> None:
    torch = _torch()
    descriptor, temporary = tempfile.mkstemp(prefix=target.name + ".tmp-", dir=target.parent)
    try:
        with os.fdopen(descriptor, "wb") as file:
            torch.save(state, file)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(temporary, 0o644)
        os.replace(temporary, target)
    except BaseException:
        if os.path.exists(temporary):
            os.unlink(temporary)
        raise


def correct_new_rows(optimizer: torch.optim.Optimizer) -> Any:
    """Bias correction of new rows from their own first step; returns the handle of the hook.

    For torch.optim.Adam and AdamW whose state came from remap_optimizer: after each step, the update
    that these rows got is replaced by the one that Adam makes of the same moments with a step count
    that began at the graft. To rounding, the rows move as under a fresh optimizer.
    """
    torch = _torch()
    if not isinstance(optimizer, (torch.optim.Adam, torch.optim.AdamW)):
        raise UnsupportedError(f"optimizer: is a {type(optimizer).__name__}, torch.optim.Adam or AdamW was "
                               "expected; other optimizers need a correction of their own")

    @torch.no_grad()
    def after_step(stepped, _arguments, _keywords):
        for group in stepped.param_groups:
            if _BORN not in group:
                continue
            for parameter in group["params"]:
                entry = stepped.state.get(parameter, {})
                if _MASK in entry and parameter.grad is not None:
                    _correct(parameter, entry, group)

    return optimizer.register_step_post_hook(after_step)


def _correct(parameter: torch.Tensor, entry: dict[str, Any], group: dict[str, Any]) -> None:
    step = float(entry["step"])
    own = step - float(group[_BORN])
    if own <= 0:
        return
    beta1, beta2 = (float(beta) for beta in group["betas"])
    rows = entry[_MASK].nonzero().squeeze(1)
    mean = entry["exp_avg"][rows].float()
    square = entry["max_exp_avg_sq" if group.get("amsgrad") else "exp_avg_sq"][rows].float()

    def update(steps: float) -> torch.Tensor:
        root = (square / (1 - beta2 ** steps)).sqrt() + group["eps"]
        return float(group["lr"]) / (1 - beta1 ** steps) * mean / root

    parameter[rows] += (update(step) - update(own)).to(parameter.dtype)


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(
        "tokgraft optimizer", description="The state of an optimizer for the rows of a grafted model: "
        "writes DIR/optimizer.pt")
    parser.add_argument("checkpoint", metavar="MODEL_DIR",
                        help="The checkpoint that was grafted, its optimizer.pt or its folder of FSDP's shards")
    parser.add_argument("--grafted", metavar="DIR", required=True, help="What graft or init wrote for it")
    parser.add_argument("--parameter", metavar="NAME=NUMBER", action="append", default=[],
                        help="The number of a tensor with rows, where shapes leave doubt")
    parser.add_argument("--force", action="store_true", help="Replace an optimizer.pt that exists")
    parser.add_argument("--json", action="store_true", help="The report as JSON")
    options = parser.parse_args(arguments)
    parameters = {}
    for text in options.parameter:
        name, _, number = text.rpartition("=")
        if not name or not number.isdecimal():
            parser.error(f"--parameter: {text} is not NAME=NUMBER")
        parameters[name] = int(number)
    try:
        report = remap_optimizer(options.checkpoint, options.grafted, parameters=parameters,
                                 force=options.force)
    except Error as error:
        print("tokgraft: error:", str(error).replace("\n", " "), file=sys.stderr)
        return 1
    if options.json:
        print(json.dumps(report, indent=2))
    else:
        for name, number in report["parameters"].items():
            print(f"parameter {number}: {name}, {report['new_rows']:,} new rows start at zero")
        print(f"{report['unchanged']:,} other parameters unchanged")
    return 0
