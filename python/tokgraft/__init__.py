"""Changes the vocabulary of a language model without breaking the model.

    tok = tokgraft.load("model/")            # any tokenizer file, or a directory with one
    tok.encode("Hello").ids                  # exactly the ids of its reference library

Subjects are positional, everything else is by keyword; every error is a tokgraft.Error.
"""

from tokgraft._core import (
    Certificate,
    Comparison,
    ConflictError,
    ConflictReport,
    DiffReport,
    EfficiencyReport,
    Encoding,
    EncodingBatch,
    Error,
    FormatError,
    GraftReport,
    IdMap,
    InitReport,
    LintReport,
    MergeResult,
    NotFoundError,
    RangeError,
    Tokenizer,
    TrimReport,
    TrimResult,
    UnsupportedError,
    VerifyReport,
    __version__,
    compare,
    diff,
    graft,
    init_embeddings,
    lint,
    load,
    measure,
    merge,
    trim,
    verify,
)
from tokgraft.report import report

__all__ = [
    "Certificate",
    "Comparison",
    "ConflictError",
    "ConflictReport",
    "DiffReport",
    "EfficiencyReport",
    "Encoding",
    "EncodingBatch",
    "Error",
    "FormatError",
    "GraftReport",
    "IdMap",
    "InitReport",
    "LintReport",
    "MergeResult",
    "NotFoundError",
    "RangeError",
    "Tokenizer",
    "TrimReport",
    "TrimResult",
    "UnsupportedError",
    "VerifyReport",
    "__version__",
    "compare",
    "diff",
    "graft",
    "init_embeddings",
    "lint",
    "load",
    "measure",
    "merge",
    "report",
    "trim",
    "verify",
]

for _name in __all__:  # they are tokgraft's, wherever they were compiled: pickles and messages
    if isinstance(globals()[_name], type):
        globals()[_name].__module__ = "tokgraft"
del _name
