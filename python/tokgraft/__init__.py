"""Changes the vocabulary of a language model without breaking the model.

    tok = tokgraft.load("model/")            # any tokenizer file, or a directory with one
    tok.encode("Hello").ids                  # exactly the ids of its reference library

Subjects are positional, everything else is by keyword. Every error in a file, a path or a value is
a tokgraft.Error; an argument of the wrong type is a TypeError. decode() is the reference's: ids that
do not exist give no text.
"""

from tokgraft._core import (
    AdapterReport,
    BudgetChoice,
    Certificate,
    Comparison,
    ConflictError,
    ConflictReport,
    Curve,
    DiffReport,
    EfficiencyReport,
    Encoding,
    EncodingBatch,
    Error,
    Forecast,
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
    forecast,
    graft,
    graft_adapter,
    init_embeddings,
    lint,
    load,
    measure,
    merge,
    old_pieces,
    trim,
    verify,
)
from tokgraft.optimizer import remap_optimizer
from tokgraft.probe import ProbeReport, probe
from tokgraft.report import report
from tokgraft.train import TrainReport, train

__all__ = [
    "AdapterReport",
    "BudgetChoice",
    "Certificate",
    "Comparison",
    "ConflictError",
    "ConflictReport",
    "Curve",
    "DiffReport",
    "EfficiencyReport",
    "Encoding",
    "EncodingBatch",
    "Error",
    "Forecast",
    "FormatError",
    "GraftReport",
    "IdMap",
    "InitReport",
    "LintReport",
    "MergeResult",
    "NotFoundError",
    "ProbeReport",
    "RangeError",
    "Tokenizer",
    "TrainReport",
    "TrimReport",
    "TrimResult",
    "UnsupportedError",
    "VerifyReport",
    "__version__",
    "compare",
    "diff",
    "forecast",
    "graft",
    "graft_adapter",
    "init_embeddings",
    "lint",
    "load",
    "measure",
    "merge",
    "old_pieces",
    "probe",
    "remap_optimizer",
    "report",
    "train",
    "trim",
    "verify",
]

for _name in __all__:  # they are tokgraft's, wherever they were compiled: pickles and messages
    if isinstance(globals()[_name], type):
        globals()[_name].__module__ = "tokgraft"
del _name


def __getattr__(name: str):
    if name == "fit":  # PyTorch is imported when it is asked for
        import importlib

        return importlib.import_module("tokgraft.fit")
    raise AttributeError(f"module 'tokgraft' has no attribute {name!r}")
