from tokgraft._core import (
    ConflictError as ConflictError,
    Encoding as Encoding,
    EncodingBatch as EncodingBatch,
    Error as Error,
    FormatError as FormatError,
    NotFoundError as NotFoundError,
    RangeError as RangeError,
    Tokenizer as Tokenizer,
    UnsupportedError as UnsupportedError,
    __version__ as __version__,
    load as load,
)

__all__: list[str]
