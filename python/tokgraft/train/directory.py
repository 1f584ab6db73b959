"""What a directory that graft, init or train wrote says of itself."""

import hashlib
import json
import os
import pathlib
import tempfile
from typing import Any

from tokgraft._core import FormatError, NotFoundError

MANIFEST = "tokgraft.json"
RECORD = "training.json"
ID_MAP = "id_map.json"


def added_ids(directory: pathlib.Path) -> list[int]:
    """The ids of new tokens, from DIRECTORY/id_map.json."""
    path = directory / ID_MAP
    if not path.is_file():
        raise NotFoundError(f"{path}: there is no id map; give a directory that graft or init wrote")
    try:
        return [int(token["id"]) for token in json.loads(path.read_text(encoding="utf-8"))["added"]]
    except (ValueError, KeyError, TypeError) as error:
        raise FormatError(f"{path}: is no id map of tokgraft ({error!r})") from error


def sha256(path: pathlib.Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while data := file.read(1 << 20):
            digest.update(data)
    return digest.hexdigest()


def read_record(path: pathlib.Path) -> dict[str, Any]:
    """A JSON object of ours. FormatError: it is none."""
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise FormatError(f"{path}: is no record of a training ({error}); remove it") from error
    if not isinstance(record, dict):
        raise FormatError(f"{path}: is no record of a training, an object was expected; remove it")
    return record


def write_whole(path: pathlib.Path, text: str) -> None:
    """Under a temporary name, synced, renamed: the file is there as a whole or not at all."""
    descriptor, temporary = tempfile.mkstemp(prefix=path.name + ".tmp-", dir=path.parent)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(temporary, 0o644)
        os.replace(temporary, path)
    except BaseException:
        if os.path.exists(temporary):
            os.unlink(temporary)
        raise


def sync_folder(folder: pathlib.Path) -> None:
    """Every file below is on the disk, not only in its cache."""
    for path in [*folder.rglob("*"), folder]:
        descriptor = os.open(path, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
