"""What a change of vocabulary cost: bits per byte before and after, on texts.

    print(tokgraft.probe("grafted", corpora={"de": "de.txt", "en": "en.txt"}))
    tokgraft probe grafted --corpus de=de.txt --corpus en=en.txt

Both models are run by PyTorch: the directory that tokgraft wrote, and the model it was made from.
Both read the same windows of text, each by its own tokenizer, and are compared per byte.
"""

import argparse
import dataclasses
import json
import os
import pathlib
import sys
import tempfile
from collections.abc import Callable

import numpy as np

from tokgraft._core import Error, FormatError, NotFoundError, forecast, load

_RESAMPLES = 2000
_HEAD = ["corpus", "windows", "bytes", "before", "after", "change", "95 % interval", "on new tokens",
         "new", "after new", "rest"]


@dataclasses.dataclass(frozen=True)
class ProbeReport:
    """corpora: name -> {windows, bytes, before, after, change, interval: [low, high] (bits per byte;
    the interval is of the change, from resampled windows), new_byte_share (of the text's bytes that
    new tokens cover), roles: {new, after, rest} (bits per byte, adding up to after)}.
    forecast: what the tokenizers and rows alone tell of the same windows, see tokgraft.forecast,
    with the verdict on what was measured; expected: name -> {change, interval} without the run."""

    directory: str
    model: str
    corpora: dict[str, dict]
    forecast: dict = dataclasses.field(default_factory=dict)
    expected: dict[str, dict] = dataclasses.field(default_factory=dict)

    def to_dict(self) -> dict:
        return dataclasses.asdict(self)

    def to_json(self) -> str:
        return json.dumps(self.to_dict(), indent=2, ensure_ascii=False)

    def __str__(self) -> str:
        rows = [_HEAD]
        for name, own in self.corpora.items():
            low, high = own["interval"]
            rows.append([name, str(own["windows"]), f"{own['bytes']:,}", f"{own['before']:.3f}",
                         f"{own['after']:.3f}", f"{own['change']:+.3f}", f"{low:+.3f} to {high:+.3f}",
                         f"{own['new_byte_share']:.0%}",
                         *(f"{own['roles'][role]:.3f}" for role in ("new", "after", "rest"))])
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
        lines = ["  ".join(cell.rjust(width) if i else cell.ljust(width) for i, (cell, width)
                           in enumerate(zip(row, widths, strict=True))).rstrip() for row in rows]
        return (f"bits per byte of {self.directory}, beside {self.model}\n" + "\n".join(lines)
                + "\nnew, after new, rest: where the bits after the change fall: new tokens, old"
                  " tokens right after one, all others" + self._verdict())

    def _verdict(self) -> str:
        if not self.forecast:
            return ""
        lines = ["", f"{self.forecast['verdict']}: {self.forecast['reason']}"]
        for own in self.forecast["corpora"]:
            expected = self.expected[own["name"]]
            low, high = expected["interval"]
            lines.append(f"  {own['name']}: {expected['change']:+.3f} was expected without a run"
                         f" ({low:+.3f} to {high:+.3f}); some {own['break_even_tokens']:,.0f}"
                         " tokens of training make it good")
        return "\n".join([*lines, *(f"  Warning: {text}" for text in self.forecast["warnings"])])


def probe(directory: str | pathlib.Path, *, corpora: dict, model: str | pathlib.Path | None = None,
          windows: int = 64, window_bytes: int = 1000, device: str | None = None,
          progress: Callable[[str, float], None] | None = None) -> ProbeReport:
    """Runs the model of `directory` and its source on at most `windows` windows of each corpus.

    corpora: name -> text file or texts. model: the source, where it is not where the manifest says.
    Needs tokgraft[torch]. NotFoundError: no manifest, no source, no text file; Error: no text.
    """
    from tokgraft.fit.documents import lines_of, spread
    from tokgraft.fit.documents import windows as cut

    out = pathlib.Path(directory)
    source = pathlib.Path(model) if model is not None else _source_of(out)
    if not corpora:
        raise Error("corpora: none was given; a model can only be probed on text")
    texts = {name: spread(cut(lines_of(name, own), window_bytes), windows)
             for name, own in corpora.items()}
    before = _losses(source, texts, None, device, "before", progress)
    after = _losses(out, texts, _added(out), device, "after", progress)
    compared = {name: _compare(texts[name], before[name], after[name]) for name in texts}
    expected, judged = _judge(out, source, texts, compared)
    return ProbeReport(str(directory), str(source), compared, judged, expected)


def _judge(out: pathlib.Path, source: pathlib.Path, texts: dict[str, list[str]],
           compared: dict[str, dict]) -> tuple[dict, dict]:
    """What was to be expected of these windows, and the forecast with what was measured."""
    with tempfile.TemporaryDirectory() as folder:
        files: dict[str, str | bytes | os.PathLike[str] | os.PathLike[bytes]] = {}
        for i, (name, own) in enumerate(texts.items()):
            path = pathlib.Path(folder) / f"{i}.txt"
            path.write_text("\n".join(own), encoding="utf-8", errors="replace")
            files[name] = path
        blind = forecast(out, model=source, corpora=files)
        judged = forecast(out, model=source, corpora=files,
                          measured={name: own["change"] for name, own in compared.items()})
    return ({own["name"]: {"change": own["change"], "interval": own["interval"]}
             for own in blind.corpora}, judged.to_dict())


def _source_of(out: pathlib.Path) -> pathlib.Path:
    path = out / "tokgraft.json"
    if not path.is_file() and (out / "training.json").is_file():
        return _source_of(_trained_from(out / "training.json"))
    if not path.is_file():
        raise NotFoundError(f"{path}: there is no manifest; give a directory that graft or init wrote")
    try:
        manifest = json.loads(path.read_text(encoding="utf-8"))
        source = pathlib.Path(manifest["model"])
        if not source.is_absolute():
            source = out / manifest.get("relative_to", "") / source
    except (ValueError, KeyError, TypeError) as error:
        raise FormatError(f"{path}: is no manifest of tokgraft ({error!r})") from error
    if not source.exists():
        raise NotFoundError(f"{source}: the source model that {path} names is not there; say where"
                            " it is (model=, --model)")
    return source


def _trained_from(path: pathlib.Path) -> pathlib.Path:
    try:
        source = path.parent / json.loads(path.read_text(encoding="utf-8"))["trained_from"]
    except (ValueError, KeyError, TypeError) as error:
        raise FormatError(f"{path}: is no record of a training ({error!r})") from error
    if not source.is_dir():
        raise NotFoundError(f"{source}: the directory that {path} names is not there; say where the"
                            " source model is (model=, --model)")
    return source


def _added(out: pathlib.Path) -> list[int]:
    path = out / "id_map.json"
    if not path.is_file():
        raise NotFoundError(f"{path}: there is no id map; give a directory that graft or init wrote")
    try:
        return [int(token["id"]) for token in json.loads(path.read_text(encoding="utf-8"))["added"]]
    except (ValueError, KeyError, TypeError) as error:
        raise FormatError(f"{path}: is no id map of tokgraft ({error!r})") from error


def _losses(directory: pathlib.Path, texts: dict[str, list[str]], added: list[int] | None,
            device: str | None, stage: str, progress: Callable[[str, float], None] | None) -> dict:
    import torch

    from tokgraft.fit.language_model import LanguageModel
    from tokgraft.loss import loss

    tokenizer = load(directory)
    model = LanguageModel(directory, device=device)
    rows = len(model.input_rows)
    new = torch.zeros(rows, dtype=torch.bool)
    new[torch.tensor(added or [], dtype=torch.long)] = True
    found = {}
    for i, (name, own) in enumerate(texts.items()):
        if progress:
            progress(stage, i / len(texts))
        ids = [tokenizer.encode_ids(text).astype(np.int64) for text in own]
        if max((int(document.max(initial=0)) for document in ids), default=0) >= rows:
            raise Error(f"{directory}: the tokenizer has ids beyond the model's {rows} rows")
        documents = [np.concatenate([[model.start_id], document]) for document in ids]
        sizes = [len(text.encode("utf-8", "replace")) for text in own]
        covered = sum(len(tokenizer.token_bytes(int(i)) or b"") for document in ids
                      for i in document[new[document].numpy()])
        found[name] = (loss(model, model.input_rows, model.output_rows, documents, sizes, new=new,
                            output_bias=model.output_bias), covered / max(1, sum(sizes)))
    if progress:
        progress(stage, 1.0)
    return found


def _compare(texts: list[str], before: tuple, after: tuple) -> dict:
    old, new = before[0], after[0]
    difference = new.bits - old.bits
    draws = np.random.default_rng(0).integers(0, len(texts), (_RESAMPLES, len(texts)))
    changes = difference[draws].sum(1) / old.bytes[draws].sum(1)
    low, high = np.percentile(changes, [2.5, 97.5])
    return {
        "windows": len(texts), "bytes": int(old.bytes.sum()), "before": old.bits_per_byte,
        "after": new.bits_per_byte, "change": new.bits_per_byte - old.bits_per_byte,
        "interval": [float(low), float(high)], "new_byte_share": after[1],
        "roles": {role: new.role_bits_per_byte(role) for role in new.roles},
    }


def _corpus(text: str) -> tuple[str, str]:
    name, equals, path = text.partition("=")
    return (name, path) if equals else (pathlib.Path(text).stem, text)


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(
        "tokgraft probe", description="Bits per byte of a model before and after its vocabulary was"
        " changed, on texts; both models are run by PyTorch (pip install tokgraft[torch])")
    parser.add_argument("directory", metavar="OUT", help="A directory that tokgraft wrote")
    parser.add_argument("--corpus", metavar="NAME=PATH", action="append", required=True,
                        help="A text file; more than once for several")
    parser.add_argument("--model", metavar="MODEL_DIR", help="The source model, where it has moved")
    parser.add_argument("--windows", type=int, default=64, metavar="N",
                        help="Windows of each text at most, evenly spread (64)")
    parser.add_argument("--window-bytes", type=int, default=1000, metavar="N",
                        help="Bytes of a window (1000)")
    parser.add_argument("--json", action="store_true", help="The report as JSON")
    options = parser.parse_args(arguments)
    if options.windows < 1 or options.window_bytes < 1:
        parser.error("--windows and --window-bytes must be 1 or more")

    def show(stage: str, fraction: float) -> None:
        print(f"\r{stage} {fraction:4.0%}", end="\n" if fraction == 1 else "", file=sys.stderr)

    try:
        report = probe(options.directory, corpora=dict(map(_corpus, options.corpus)),
                       model=options.model, windows=options.windows,
                       window_bytes=options.window_bytes,
                       progress=show if sys.stderr.isatty() else None)
    except ImportError as error:
        print(f"tokgraft: error: probe runs the model with PyTorch and transformers ({error}); "
              "pip install tokgraft[torch]", file=sys.stderr)
        return 1
    except Error as error:
        print("tokgraft: error:", str(error).replace("\n", " "), file=sys.stderr)
        return 1
    print(report.to_json() if options.json else report)
    return 0
