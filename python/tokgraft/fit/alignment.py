"""One text in two vocabularies: which tokens end at the same byte."""

import dataclasses
from collections.abc import Iterable

import numpy as np

from tokgraft import _core


@dataclasses.dataclass(frozen=True)
class Aligned:
    """A text cut twice, without start tokens. old, new: int64 ids. old_end, new_end: int64, the
    byte of the text behind each of them; both end with the same one."""

    old: np.ndarray
    new: np.ndarray
    old_end: np.ndarray
    new_end: np.ndarray

    def common(self) -> tuple[np.ndarray, np.ndarray]:
        """(old, new): places in `old` and `new` of tokens that end at the same byte, in order."""
        _, old, new = np.intersect1d(self.old_end, self.new_end, return_indices=True)
        return old, new

    def spans(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """(new, first, last): new tokens that begin and end where old ones do, as places in `new`;
        they are the old tokens at `first` to `last`, both included."""
        old, new = self.common()
        begins = np.concatenate([[-1], old[:-1]]) + 1
        whole = np.diff(new, prepend=-1) == 1
        return new[whole], begins[whole], old[whole]


class Aligner:
    """Cuts texts with the old and the new tokenizer of a merge."""

    def __init__(self, old: _core.Tokenizer, new: _core.Tokenizer) -> None:
        self._tokenizers = old, new
        self._bytes = [[own.token_bytes(i) or b"" for i in range(own.vocab_size)]
                       for own in self._tokenizers]

    def align(self, texts: Iterable[str]) -> list[Aligned]:
        """The texts that both tokenizers spell by the same bytes; others are left out (unknown
        characters, say). UnsupportedError: there is none."""
        found, given = [], 0
        for text in texts:
            given += 1
            ids = [own.encode_ids(text).astype(np.int64) for own in self._tokenizers]
            spelt = [[table[i] for i in own] for own, table in zip(ids, self._bytes, strict=True)]
            if b"".join(spelt[0]) != b"".join(spelt[1]):
                continue
            ends = [np.cumsum([len(piece) for piece in own], dtype=np.int64) for own in spelt]
            found.append(Aligned(ids[0], ids[1], ends[0], ends[1]))
        if given and not found:
            raise _core.UnsupportedError(
                f"corpora: none of {given} windows of text is spelt by the same bytes with the old"
                " and the new tokenizer, old and new tokens cannot be told to be the same text;"
                " choose method fit or train")
        return found
