"""Rows made by running the model itself, with PyTorch: pip install tokgraft[torch].

    merged = tokgraft.merge("model/", "donor.json", budget=8000)
    fitted = tokgraft.fit.fit_rows("model/", merged, corpora={"de": "de.txt"})
    tokgraft.init_embeddings("model/", merged, out="new/", rows=fitted.as_dict(),
                             rows_name=fitted.name, tie="untie")

vocabulary -> readout (input rows) -> states -> logistic (output rows) -> training: one file each.
"""

from tokgraft.fit.rows import METHODS, FittedRows, fit_rows

__all__ = ["METHODS", "FittedRows", "fit_rows"]
