"""Rows made by running the model itself, with PyTorch: pip install tokgraft[torch].

    merged = tokgraft.merge("model/", "donor.json", budget=8000)
    fitted = tokgraft.fit.fit_rows("model/", merged, corpora={"de": "de.txt"})
    tokgraft.init_embeddings("model/", merged, out="new/", rows=fitted.as_dict(),
                             rows_name=fitted.name, tie="untie")

rows: the table METHODS (name -> Method). Input rows: readout, tokens2words, distillation. Output
rows: logistic, chain_rule, tokens2words. Both: training. One file each.
"""

from tokgraft.fit.chain_rule import ChainRuleOptions
from tokgraft.fit.distillation import DistillOptions
from tokgraft.fit.rows import METHODS, FittedRows, Method, fit_rows
from tokgraft.fit.tokens2words import Tokens2WordsOptions
from tokgraft.fit.training import TrainingOptions

__all__ = ["METHODS", "ChainRuleOptions", "DistillOptions", "FittedRows", "Method",
           "Tokens2WordsOptions", "TrainingOptions", "fit_rows"]
