"""Sharded checkpoints of torch.distributed.checkpoint (FSDP): a folder of *.distcp and .metadata.

Nothing is unpickled freely. `.metadata` is a pickle; the few classes that PyTorch writes into it are
allowed, all others are refused by name. Tensors and values are read with torch.load(weights_only=True).
"""

from __future__ import annotations

import io
import math
import pathlib
import pickle
from typing import TYPE_CHECKING, Any

from tokgraft._core import FormatError, NotFoundError, UnsupportedError

if TYPE_CHECKING:
    import torch

METADATA = ".metadata"
_CHECKPOINT = "torch.distributed.checkpoint."
_ALLOWED = {
    (_CHECKPOINT + "metadata", name) for name in (
        "Metadata", "TensorStorageMetadata", "BytesStorageMetadata", "TensorProperties",
        "ChunkStorageMetadata", "MetadataIndex", "StorageMeta", "_MEM_FORMAT_ENCODING")
} | {(_CHECKPOINT + "filesystem", "_StorageInfo"), ("torch", "Size"), ("collections", "OrderedDict")}
_DTYPES = {"float64", "float32", "float16", "bfloat16", "int64", "int32", "int16", "int8", "uint8", "bool"}


class _Unpickler(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        if (module, name) in _ALLOWED or module == "torch" and name in _DTYPES:
            return super().find_class(module, name)
        if (module, name) == ("torch.serialization", "_get_layout"):
            return lambda layout: layout  # its name will do
        if module.split(".")[0] == "pathlib" and name in ("PosixPath", "PurePosixPath", "WindowsPath"):
            return pathlib.PurePosixPath  # where it was saved: only shown, never opened
        raise pickle.UnpicklingError(f"{module}.{name} is not allowed")


def find(checkpoint: pathlib.Path) -> pathlib.Path | None:
    """The folder of the optimizer's shards: this one, or one that accelerate makes in a checkpoint."""
    for folder in (checkpoint, checkpoint / "optimizer_0", checkpoint / "optimizer"):
        if (folder / METADATA).is_file():
            return folder
    return None


def read(folder: pathlib.Path) -> dict[str, Any]:
    """The state of the optimizer, whole: {"state": parameter's name -> {...}, "param_groups": [...]},
    on the CPU (memory: all of it). FormatError: not what PyTorch writes; NotFoundError: a shard is gone."""
    metadata = _metadata(folder / METADATA)
    root: dict[Any, Any] = {}
    try:
        for key, entry in metadata.state_dict_metadata.items():
            path = (metadata.planner_data or {}).get(key, (key,))
            value = (_tensor(folder, metadata, key, entry) if hasattr(entry, "chunks")
                     else _item(folder, metadata, key, None))
            _put(root, path, value)
    except (AttributeError, TypeError, KeyError, IndexError) as error:
        raise FormatError(f"{folder / METADATA}: is no metadata of torch.distributed.checkpoint ({error!r});"
                          " do not trust this file") from None
    state = _lists(root)
    if isinstance(state, dict) and set(state) == {"optimizer"}:
        state = state["optimizer"]
    if not isinstance(state, dict) or not {"state", "param_groups"} <= set(state):
        raise UnsupportedError(f"{folder}: holds no optimizer as FSDP saves it, state and param_groups were"
                               f" expected, not {', '.join(map(str, list(root)[:5]))}; name the folder of"
                               " the optimizer (checkpoint-N/optimizer_0)")
    return state


def _metadata(path: pathlib.Path) -> Any:
    try:
        with path.open("rb") as file:
            metadata = _Unpickler(file).load()
        metadata.state_dict_metadata.items(), metadata.storage_data.items()
    except Exception as error:  # a pickle fails as it likes
        raise FormatError(f"{path}: is no metadata of torch.distributed.checkpoint ({error}); do not trust"
                          " this file") from None
    return metadata


def _item(folder: pathlib.Path, metadata: Any, key: str, offsets: tuple[int, ...] | None) -> Any:
    import torch

    found = [info for index, info in metadata.storage_data.items() if index.fqn == key
             and (offsets is None or index.offset is not None and tuple(index.offset) == offsets)]
    if len(found) != 1:
        raise FormatError(f"{folder / METADATA}: {key}: stands in {len(found)} places, one was expected; save"
                          " the checkpoint again")
    info = found[0]
    name = str(info.relative_path)
    if getattr(info, "transform_descriptors", None):
        raise UnsupportedError(f"{folder / name}: is compressed or otherwise transformed; save it plainly")
    if pathlib.PurePath(name).name != name or name in ("", ".", ".."):
        raise FormatError(f"{folder / METADATA}: {key}: {name} is no file of the folder; do not trust it")
    path = folder / name
    if not path.is_file():
        raise NotFoundError(f"{path}: no such file, a shard with {key} was expected; copy all shards")
    try:
        with path.open("rb") as file:
            file.seek(info.offset)
            data = file.read(info.length)
        if len(data) != info.length:
            raise ValueError(f"ends after {len(data)} of {info.length} bytes")
        return torch.load(io.BytesIO(data), map_location="cpu", weights_only=True)
    except Exception as error:
        what = (str(error).strip() or repr(error)).splitlines()[0]
        raise FormatError(f"{path}: byte {info.offset}: {key}: torch.load(weights_only=True) refuses it:"
                          f" {what}; do not trust this file") from None


def _tensor(folder: pathlib.Path, metadata: Any, key: str, entry: Any) -> torch.Tensor:
    import torch

    shape, parts = tuple(entry.size), {}
    for chunk in entry.chunks:
        offsets, sizes = tuple(chunk.offsets), tuple(chunk.sizes)
        part = _item(folder, metadata, key, offsets)
        fits = (isinstance(part, torch.Tensor) and tuple(part.shape) == sizes and offsets not in parts
                and len(offsets) == len(sizes) == len(shape) and part.dtype == entry.properties.dtype
                and all(0 <= o and o + s <= n for o, s, n in zip(offsets, sizes, shape, strict=True)))
        if not fits:
            raise FormatError(f"{folder / METADATA}: {key}: a part does not fit into the shape"
                              f" {list(shape)}; save the checkpoint again")
        parts[offsets] = part
    filled, wanted = sum(part.numel() for part in parts.values()), math.prod(shape)
    if filled != wanted:  # and nothing of a size that was only claimed is allocated
        raise FormatError(f"{folder / METADATA}: {key}: its parts have {filled} numbers, {wanted} were"
                          " expected; save the checkpoint again")
    whole = torch.empty(shape, dtype=entry.properties.dtype)
    for offsets, part in parts.items():
        whole[tuple(slice(o, o + s) for o, s in zip(offsets, part.shape, strict=True))] = part
    return whole


def _put(root: dict[Any, Any], path: tuple[Any, ...], value: Any) -> None:
    for part in path[:-1]:
        root = root.setdefault(part, {})
    root[path[-1]] = value


def _lists(value: Any) -> Any:
    """Dicts whose keys are 0 to n - 1 are the lists that they were flattened from."""
    if not isinstance(value, dict):
        return value
    made = {key: _lists(own) for key, own in value.items()}
    if made and all(isinstance(key, int) for key in made) and sorted(made) == list(range(len(made))):
        return [made[i] for i in range(len(made))]
    return made
