"""Types of the extension module; import them from tokgraft."""

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Literal, TypeAlias

import numpy as np
import numpy.typing as npt

_Path: TypeAlias = str | bytes | os.PathLike[str] | os.PathLike[bytes]
_Text: TypeAlias = str | bytes
_Ids: TypeAlias = Sequence[int] | npt.NDArray[np.integer]
_Format: TypeAlias = Literal["tokenizer.json", "sentencepiece", "tiktoken", "tekken", "gguf"]
_Corpora: TypeAlias = dict[str, str | bytes | os.PathLike[str] | os.PathLike[bytes]]
_Documents: TypeAlias = Literal["line", "paragraph", "file"]
_Strategy: TypeAlias = Literal["extend", "swap", "union", "intersect", "replace-slots"]
_Method: TypeAlias = Literal[
    "auto", "copy", "mean", "weighted", "first", "last", "halving", "softmax", "asymmetric", "bil",
    "merge-order", "gaussian", "hewitt", "script", "zero", "ridge", "omp", "map", "knn", "stacked",
    "wechsel", "trans-tokenization", "focus", "clp", "tokenadapt", "tokalign",
]
_Budget: TypeAlias = int | Literal["auto"] | None
_Tie: TypeAlias = Literal["keep", "keep-input", "keep-output", "compromise", "untie"]
_Norm: TypeAlias = Literal["none", "pieces", "script"]
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
    def __getitem__(self, index: int) -> npt.NDArray[np.uint32]: ...

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
    def decode_batch(
        self, batch: EncodingBatch | Iterable[_Ids], *, skip_special_tokens: bool = False
    ) -> list[str]: ...
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
        self,
        path: _Path,
        *,
        format: _Format = "tokenizer.json",
        force: bool = False,
        lossy: bool = False,
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

class LintReport(_Report):
    @property
    def counts(self) -> dict[str, int]: ...
    @property
    def findings(self) -> list[dict[str, Any]]: ...
    @property
    def not_checked(self) -> list[dict[str, Any]]: ...

class DiffReport(_Report):
    @property
    def verdict(self) -> str: ...
    @property
    def proof(self) -> str: ...
    @property
    def hash(self) -> dict[str, str]: ...
    @property
    def pieces(self) -> dict[str, Any]: ...
    @property
    def merges(self) -> dict[str, Any]: ...
    @property
    def differences(self) -> list[dict[str, Any]]: ...
    @property
    def counter_example(self) -> dict[str, Any] | None: ...
    @property
    def cut_example(self) -> dict[str, Any] | None: ...

class Curve(_Report):
    @property
    def held_out(self) -> bool: ...
    @property
    def corpora(self) -> dict[str, Any]: ...

class BudgetChoice(_Report):
    @property
    def budget(self) -> int: ...
    @property
    def model(self) -> dict[str, Any]: ...
    @property
    def memory_weight(self) -> float: ...
    @property
    def reaches_end(self) -> bool: ...
    @property
    def next_id(self) -> dict[str, float]: ...
    @property
    def last_id(self) -> dict[str, float]: ...
    @property
    def points(self) -> list[dict[str, Any]]: ...
    @property
    def curve(self) -> dict[str, Any]: ...

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
    @property
    def model(self) -> str: ...
    @property
    def donor(self) -> str: ...
    @property
    def out(self) -> str: ...
    @property
    def vocabulary(self) -> dict[str, int]: ...
    @property
    def budget(self) -> dict[str, Any] | None: ...
    @property
    def curve(self) -> dict[str, Any] | None: ...
    @property
    def efficiency(self) -> dict[str, Any]: ...
    @property
    def conflicts(self) -> dict[str, Any]: ...
    @property
    def certificate(self) -> dict[str, Any]: ...
    @property
    def init(self) -> dict[str, Any]: ...
    @property
    def verify(self) -> dict[str, Any] | None: ...

class AdapterReport(_Report):
    @property
    def mapped(self) -> list[str]: ...
    @property
    def unchanged(self) -> int: ...
    @property
    def old_rows(self) -> int: ...
    @property
    def new_rows(self) -> int: ...

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
    def complete(self) -> bool: ...
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
    @property
    def removed(self) -> list[dict[str, Any]]: ...
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
    @property
    def budget(self) -> BudgetChoice | None: ...
    @property
    def curve(self) -> Curve | None: ...
    @property
    def notes(self) -> list[str]: ...
    def save(self, directory: _Path, *, force: bool = False) -> None: ...

class TrimReport(_Report):
    @property
    def base_size(self) -> int: ...
    @property
    def kept(self) -> dict[str, int]: ...
    @property
    def removed(self) -> int: ...
    @property
    def checked_documents(self) -> int: ...
    @property
    def checked_bytes(self) -> int: ...
    @property
    def checked_tokens(self) -> int: ...

class TrimResult:
    @property
    def tokenizer(self) -> Tokenizer: ...
    @property
    def id_map(self) -> IdMap: ...
    @property
    def report(self) -> TrimReport: ...

def load(path: _Path, *, pattern: str | None = None) -> Tokenizer: ...
def measure(
    tokenizer: Tokenizer | _Path,
    corpora: _Corpora,
    *,
    documents: _Documents = "line",
    threads: int = 0,
    progress: _Progress | None = None,
) -> EfficiencyReport: ...
def compare(
    tokenizers: dict[str, Tokenizer | _Path],
    corpora: _Corpora,
    *,
    documents: _Documents = "line",
    alpha: float = 0.05,
    resamples: int = 2000,
    seed: int = 0,
    threads: int = 0,
) -> Comparison: ...
def lint(
    tokenizer: Tokenizer | _Path,
    *,
    ignore: Sequence[str] = (),
    corpora: _Corpora | None = None,
    model: _Path | None = None,
    threads: int = 0,
) -> LintReport: ...
def diff(
    a: Tokenizer | _Path,
    b: Tokenizer | _Path,
    *,
    corpora: _Corpora | None = None,
    threads: int = 0,
) -> DiffReport: ...
def merge(
    base: Tokenizer | _Path,
    donor: Tokenizer | _Path | None = None,
    *,
    donor_corpus: _Corpora | _Path | None = None,
    donor_size: int | None = None,
    strategy: _Strategy = "extend",
    budget: _Budget = None,
    model: _Path | None = None,
    memory_weight: float = 1.0,
    scripts: Sequence[str] = (),
    pieces: Sequence[_Text] | None = None,
    corpora: _Corpora | None = None,
    protect: _Corpora | None = None,
    documents: _Documents = "line",
    curve: bool = False,
    bytes: bool = False,
    digits: Literal["keep", "widen"] = "keep",
    normalizer: Literal["base", "donor"] = "base",
    pre_tokenizer: Literal["base", "donor"] = "base",
    byte_alphabet: Literal["keep", "complete"] = "keep",
    format: _Format | None = None,
    mix: float = 0.5,
    em: int = 0,
    threads: int = 0,
    progress: _Progress | None = None,
) -> MergeResult: ...
def trim(
    tokenizer: Tokenizer | _Path,
    *,
    keep: _Corpora | None = None,
    ids: Sequence[int] | None = None,
    documents: _Documents = "line",
    threads: int = 0,
) -> TrimResult: ...
def graft(
    model: _Path,
    donor: Tokenizer | _Path | None = None,
    *,
    donor_corpus: _Corpora | _Path | None = None,
    donor_size: int | None = None,
    out: _Path | None = None,
    strategy: _Strategy = "extend",
    budget: _Budget = None,
    memory_weight: float = 1.0,
    scripts: Sequence[str] = (),
    pieces: Sequence[_Text] | None = None,
    corpora: _Corpora | None = None,
    protect: _Corpora | None = None,
    documents: _Documents = "line",
    curve: bool = False,
    method: _Method = "auto",
    input_method: _Method | None = None,
    output_method: _Method | None = None,
    tie: _Tie = "keep",
    input_norm: _Norm = "none",
    output_norm: _Norm = "none",
    donor_model: _Path | None = None,
    vectors: _Path | None = None,
    base_vectors: _Path | None = None,
    dictionary: _Path | None = None,
    parallel: _Path | None = None,
    vector_text: _Path | None = None,
    settings: Mapping[str, bool | float | str] | None = None,
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
    input_norm: _Norm = "none",
    output_norm: _Norm = "none",
    donor_model: _Path | None = None,
    vectors: _Path | None = None,
    base_vectors: _Path | None = None,
    dictionary: _Path | None = None,
    parallel: _Path | None = None,
    vector_text: _Path | None = None,
    settings: Mapping[str, bool | float | str] | None = None,
    pad_to_multiple: int = 0,
    seed: int = 0,
    rows: Mapping[Literal["input", "output"], npt.ArrayLike | None] | None = None,
    rows_name: str = "",
    force: bool = False,
    link: bool = False,
    threads: int = 0,
    progress: _Progress | None = None,
) -> InitReport: ...
def old_pieces(
    merged: MergeResult,
) -> tuple[npt.NDArray[np.uint32], npt.NDArray[np.int64]]: ...
def graft_adapter(
    adapter: _Path,
    grafted: _Path,
    *,
    out: _Path,
    base_name: str = "",
    force: bool = False,
    threads: int = 0,
) -> AdapterReport: ...
def verify(
    directory: _Path,
    *,
    model: _Path | None = None,
    threads: int = 0,
    progress: _Progress | None = None,
) -> VerifyReport: ...
def run_program(arguments: Sequence[str]) -> int: ...
