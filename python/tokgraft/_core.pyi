"""Types of the extension module; import them from tokgraft."""

import os
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Literal, TypeAlias

import numpy as np
import numpy.typing as npt

_Path: TypeAlias = str | bytes | os.PathLike[str] | os.PathLike[bytes]
_Text: TypeAlias = str | bytes
_Ids: TypeAlias = Sequence[int] | npt.NDArray[np.integer]
_Format: TypeAlias = Literal["tokenizer.json", "sentencepiece", "tiktoken", "tekken", "gguf"]
_Corpora: TypeAlias = dict[str, str | bytes | os.PathLike[str] | os.PathLike[bytes]]
_Documents: TypeAlias = Literal["line", "paragraph", "file"]
_Method: TypeAlias = Literal[
    "auto", "copy", "mean", "weighted", "first", "asymmetric", "gaussian"
]
_Tie: TypeAlias = Literal["keep", "keep-input", "keep-output", "untie"]
_Progress: TypeAlias = Callable[[str, float], object]

__version__: str

class Error(Exception): ...
class FormatError(Error, ValueError): ...
class UnsupportedError(Error, NotImplementedError): ...
class NotFoundError(Error, FileNotFoundError): ...
class ConflictError(Error): ...
class RangeError(Error, IndexError): ...

class Encoding:
    @property
    def ids(self) -> npt.NDArray[np.uint32]: ...
    @property
    def offsets(self) -> npt.NDArray[np.int64]: ...
    @property
    def invalid_utf8(self) -> int: ...
    def __len__(self) -> int: ...

class EncodingBatch:
    @property
    def ids(self) -> npt.NDArray[np.uint32]: ...
    @property
    def row_splits(self) -> npt.NDArray[np.int64]: ...
    @property
    def invalid_utf8(self) -> int: ...
    def __len__(self) -> int: ...

class Tokenizer:
    def encode(self, text: _Text, *, add_special_tokens: bool = False) -> Encoding: ...
    def encode_ids(
        self, text: _Text, *, add_special_tokens: bool = False
    ) -> npt.NDArray[np.uint32]: ...
    def count(self, text: _Text, *, add_special_tokens: bool = False) -> int: ...
    def encode_batch(
        self, texts: Iterable[_Text], *, threads: int = 0, add_special_tokens: bool = False
    ) -> EncodingBatch: ...
    def decode(self, ids: _Ids, *, skip_special_tokens: bool = False) -> str: ...
    def decode_bytes(self, ids: _Ids) -> bytes: ...
    @property
    def vocab_size(self) -> int: ...
    @property
    def format(self) -> str: ...
    @property
    def source(self) -> str: ...
    def token_bytes(self, id: int) -> bytes | None: ...
    def token_kind(self, id: int) -> str | None: ...
    def token_id(self, bytes: _Text) -> int | None: ...
    def save(
        self, path: _Path, *, format: _Format = "tokenizer.json", force: bool = False
    ) -> list[str]: ...

class _Report:
    def to_dict(self) -> dict[str, Any]: ...
    def to_json(self) -> str: ...

class EfficiencyReport(_Report):
    @property
    def tokenizer(self) -> str: ...
    @property
    def corpora(self) -> dict[str, Any]: ...

class Comparison(_Report):
    @property
    def tokenizers(self) -> list[str]: ...
    @property
    def corpora(self) -> Any: ...
    @property
    def pairs(self) -> list[dict[str, Any]]: ...

class ConflictReport(_Report):
    @property
    def counts(self) -> dict[str, int]: ...
    @property
    def findings(self) -> list[dict[str, Any]]: ...

class Certificate(_Report):
    @property
    def level(self) -> str: ...
    @property
    def proved(self) -> bool: ...
    @property
    def reason(self) -> str: ...
    @property
    def checked_bytes(self) -> int: ...
    @property
    def new_cuts(self) -> int: ...
    @property
    def changed_spans(self) -> int: ...

class GraftReport(_Report):
    """The main job, from efficiency before and after to verification."""

class InitReport(_Report):
    @property
    def rows(self) -> dict[str, int]: ...
    @property
    def input(self) -> str: ...
    @property
    def output(self) -> str: ...
    @property
    def tied(self) -> bool: ...
    @property
    def norms(self) -> dict[str, Any]: ...
    @property
    def seconds(self) -> float: ...

class VerifyReport(_Report):
    @property
    def ok(self) -> bool: ...
    @property
    def problems(self) -> list[str]: ...

class IdMap:
    @property
    def strategy(self) -> str: ...
    @property
    def base_size(self) -> int: ...
    @property
    def merged_size(self) -> int: ...
    @property
    def base_to_merged(self) -> list[int | None]: ...
    @property
    def donor_to_merged(self) -> list[int | None]: ...
    @property
    def added(self) -> list[dict[str, Any]]: ...
    def to_dict(self) -> dict[str, Any]: ...
    def to_json(self) -> str: ...

class MergeResult:
    @property
    def base(self) -> Tokenizer: ...
    @property
    def tokenizer(self) -> Tokenizer: ...
    @property
    def id_map(self) -> IdMap: ...
    @property
    def conflicts(self) -> ConflictReport: ...
    @property
    def certificate(self) -> Certificate: ...

def load(path: _Path, *, pattern: str | None = None) -> Tokenizer: ...
def measure(
    tokenizer: Tokenizer,
    corpora: _Corpora,
    *,
    documents: _Documents = "line",
    threads: int = 0,
    progress: _Progress | None = None,
) -> EfficiencyReport: ...
def compare(
    tokenizers: dict[str, Tokenizer],
    corpora: _Corpora,
    *,
    documents: _Documents = "line",
    alpha: float = 0.05,
    resamples: int = 2000,
    seed: int = 0,
    threads: int = 0,
) -> Comparison: ...
def merge(
    base: Tokenizer,
    donor: Tokenizer,
    *,
    strategy: str = "extend",
    budget: int | None = None,
    scripts: Sequence[str] = (),
    corpora: _Corpora | None = None,
    protect: _Corpora | None = None,
    bytes: bool = False,
    threads: int = 0,
) -> MergeResult: ...
def graft(
    model: _Path,
    donor: Tokenizer,
    *,
    out: _Path | None = None,
    budget: int | None = None,
    scripts: Sequence[str] = (),
    corpora: _Corpora | None = None,
    documents: _Documents = "line",
    method: _Method = "auto",
    input_method: _Method | None = None,
    output_method: _Method | None = None,
    tie: _Tie = "keep",
    pad_to_multiple: int = 0,
    seed: int = 0,
    dry_run: bool = False,
    force: bool = False,
    link: bool = False,
    verify: bool = True,
    threads: int = 0,
    progress: _Progress | None = None,
) -> GraftReport: ...
def init_embeddings(
    model: _Path,
    merged: MergeResult,
    *,
    out: _Path,
    method: _Method = "auto",
    input_method: _Method | None = None,
    output_method: _Method | None = None,
    tie: _Tie = "keep",
    pad_to_multiple: int = 0,
    seed: int = 0,
    force: bool = False,
    link: bool = False,
    threads: int = 0,
    progress: _Progress | None = None,
) -> InitReport: ...
def verify(
    directory: _Path,
    *,
    model: _Path | None = None,
    threads: int = 0,
    progress: _Progress | None = None,
) -> VerifyReport: ...
def run_program(arguments: Sequence[str]) -> int: ...
