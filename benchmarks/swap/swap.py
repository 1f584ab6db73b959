"""What a change of vocabulary costs a real model, by how the new rows are made.

    ./dev bench swap                                  every cell that is missing, then the tables
    ./dev bench swap --change p1-de --contender fit   only these
    ./dev bench swap --table                          the tables of what there is

A cell is one change, one contender and one seed; it is kept in build/swap under a hash of all that
it depends on, so a run that is broken off goes on where it was.

  bits/byte  of texts held out: the same kind of text, and another source; beside the original model
  closed     the share of the gap between fvt (the mean of the old pieces) and the original model
             that is closed, with a 95 % interval from resampled documents, the same for both sides
  new, after, rest  bits/byte by role: the new tokens, old tokens right after one, all others
"""

import argparse
import hashlib
import json
import pathlib
import sys
import time

import changes
import contenders
import numpy as np
import torch

import tokgraft
from tokgraft.fit.documents import spread
from tokgraft.fit.language_model import LanguageModel
from tokgraft.fit.states import input_table, with_start
from tokgraft.fit.vocabulary import NewVocabulary
from tokgraft.loss import ROLES, loss

ROOT = pathlib.Path(__file__).resolve().parents[2]
RESAMPLES = 2000


def digest(*parts: object) -> str:
    return hashlib.sha256(json.dumps(parts, sort_keys=True, default=str).encode()).hexdigest()[:12]


# What every cell depends on: the change, and how a loss is measured.
_COMMON = ("benchmarks/swap/changes.py", "python/tokgraft/loss.py",
           *(f"python/tokgraft/fit/{name}.py"
             for name in ("documents", "language_model", "states", "vocabulary")))


def sources(files: tuple[str, ...]) -> str:
    """Of the files that decide a cell's numbers; patterns below the root."""
    found = sorted({file for pattern in files for file in ROOT.glob(pattern)})
    return digest(*[file.read_bytes().hex() for file in found])


class Bench:
    """One change, opened when its first missing cell is met."""

    def __init__(self, name: str, arguments: argparse.Namespace) -> None:
        self.name, self.arguments = name, arguments
        self.folder = arguments.folder / name
        self.folder.mkdir(parents=True, exist_ok=True)
        self._open = False

    def path(self, contender: str, seed: int) -> pathlib.Path:
        known = contenders.TABLE.get(contender)  # None: the original model
        key = digest(self.name, seed, self.arguments.documents, torch.__version__,
                     tokgraft.__version__, known.definition if known else contender,
                     sources(_COMMON + (known.files if known else ())))
        return self.folder / f"{contender.replace(', ', '-')}-{seed}-{key}.json"

    def read(self, contender: str, seed: int) -> dict | None:
        path = self.path(contender, seed)
        return json.loads(path.read_text()) if path.exists() else None

    def open(self) -> None:
        if self._open:
            return
        self._open = True
        self.change = changes.make(self.name, self.folder)
        self.model = LanguageModel(self.change.model)
        self.vocabulary = NewVocabulary.of(self.change.merged, self.model.input_rows.shape[0],
                                           self.model.start_id)
        self.texts = {kind: spread(texts, self.arguments.documents)
                      for kind, texts in self.change.texts.held_out.items()}
        self.new = torch.zeros(self.vocabulary.size, dtype=torch.bool)
        self.new[self.vocabulary.added] = True

    def original(self) -> dict:
        """The model before the change, with its own tokenizer."""
        self.open()
        model = LanguageModel(self.change.original_model)
        start = np.array([model.start_id])
        result = {}
        for kind, texts in self.texts.items():
            documents = [np.concatenate([start, self.change.original.encode_ids(text)])
                         for text in texts]
            result[kind] = self._loss(model, model.input_rows, model.output_rows, documents, texts,
                                      None)
        return {"losses": result}

    def cell(self, contender: str, seed: int) -> dict:
        if contender == "original":
            return self.original()
        self.open()
        start = time.monotonic()
        inputs, outputs = contenders.TABLE[contender].make(self.change, self.model, seed)
        seconds = time.monotonic() - start
        rows = input_table(self.model, self.vocabulary, inputs)
        head = self.vocabulary.assemble(self.model.output_rows.float(), outputs)
        result = {}
        for kind, texts in self.texts.items():
            documents = with_start(self.vocabulary, [self.change.merged.tokenizer.encode_ids(text)
                                                     for text in texts])
            result[kind] = self._loss(self.model, rows, head, documents, texts, self.new)
        return {"losses": result, "seconds": seconds}

    @staticmethod
    def _loss(model, rows, head, documents, texts, new) -> dict:
        found = loss(model, rows, head, documents, [len(text.encode()) for text in texts], new=new)
        return {"bits": found.bits.tolist(), "bytes": found.bytes.tolist(),
                "roles": {role: [found.role_bits_per_byte(role), found.roles[role][1]]
                          for role in ROLES}}


def is_seeded(name: str) -> bool:
    return name in contenders.TABLE and contenders.TABLE[name].seeded


def closed(cells: list[dict], fvt: dict, original: dict, kind: str) -> tuple[float, float, float]:
    """Share of the gap closed: mean over the seeds, and a 95 % interval over documents."""
    bits = np.mean([cell["losses"][kind]["bits"] for cell in cells], 0)
    worst, best = (np.array(cell["losses"][kind]["bits"]) for cell in (fvt, original))
    chance = np.random.default_rng(0)
    draws = chance.integers(0, len(bits), (RESAMPLES, len(bits)))
    shares = (worst - bits)[draws].sum(1) / (worst - best)[draws].sum(1)
    low, high = np.percentile(shares, [2.5, 97.5])
    return float((worst - bits).sum() / (worst - best).sum()), float(low), float(high)


def bits_per_byte(cell: dict, kind: str) -> float:
    own = cell["losses"][kind]
    return sum(own["bits"]) / sum(own["bytes"])


def table(bench: Bench, names: list[str], seeds: int) -> list[str]:
    original, fvt = bench.read("original", 0), bench.read("fvt", 0)
    if original is None or fvt is None:
        return [f"{bench.name}: original and fvt are missing"]
    kinds = list(original["losses"])
    lines = ["", f"### {bench.name}",
             "| rows | " + " | ".join(f"{kind}, bits/byte | closed, % | new + after + rest"
                                      for kind in kinds) + " | s |",
             "|---" * (2 + 3 * len(kinds)) + "|"]
    lines.append("| original model | " + " | ".join(f"{bits_per_byte(original, kind):.3f} | | "
                                                    for kind in kinds) + " | |")
    missing = []
    for name in names:
        wanted = range(seeds if is_seeded(name) else 1)
        cells = [cell for seed in wanted if (cell := bench.read(name, seed))]
        if len(cells) < len(wanted):
            missing.append(f"{name} ({len(wanted) - len(cells)} of {len(wanted)})")
        if not cells:
            continue
        columns = []
        for kind in kinds:
            middle, low, high = (100 * value for value in closed(cells, fvt, original, kind))
            values = [bits_per_byte(cell, kind) for cell in cells]
            spread_text = f" ± {(max(values) - min(values)) / 2:.3f}" if len(values) > 1 else ""
            roles = " + ".join(f"{np.mean([c['losses'][kind]['roles'][role][0] for c in cells]):.3f}"
                               for role in ROLES)
            columns.append(f"{np.mean(values):.3f}{spread_text} | {middle:.0f} ({low:.0f} to"
                           f" {high:.0f}) | {roles}")
        lines.append(f"| {name} | " + " | ".join(columns)
                     + f" | {np.mean([cell['seconds'] for cell in cells]):.0f} |")
    if missing:
        lines.append(f"missing: {', '.join(missing)}")
    return lines


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--change", action="append", choices=changes.CHANGES)
    parser.add_argument("--contender", action="append", choices=list(contenders.TABLE))
    parser.add_argument("--documents", type=int, default=60, help="held out, of each kind")
    parser.add_argument("--seeds", type=int, default=3, help="of contenders in which there is chance")
    parser.add_argument("--folder", type=pathlib.Path, default=ROOT / "build/swap")
    parser.add_argument("--table", action="store_true", help="run nothing")
    arguments = parser.parse_args()
    names = arguments.contender or list(contenders.TABLE)
    for change in arguments.change or changes.CHANGES:
        bench = Bench(change, arguments)
        for name in ["original", *dict.fromkeys(["fvt", *names])]:
            for seed in range(arguments.seeds if is_seeded(name) else 1):
                if arguments.table or bench.read(name, seed):
                    continue
                print(f"{change}: {name}, seed {seed}", file=sys.stderr, flush=True)
                path = bench.path(name, seed)
                text = json.dumps(bench.cell(name, seed))
                path.with_suffix(".part").write_text(text)
                path.with_suffix(".part").rename(path)
        print("\n".join(table(bench, list(dict.fromkeys(["fvt", *names])), arguments.seeds)), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
