"""Merging, extending and trimming real tokenizers: tokgraft beside the tools that install.

Every contender is a process of its own, one at a time, stopped after five minutes; what it wrote is
judged by judge.py with the reference libraries, on text that no contender was given. A contender
that fails, hangs or writes what the reference cannot read is a row that says so.

  new      pieces that the base has not        dead     of these: brought out by no text
  killed   pieces of the base that came out before and no longer do
  moved    ids of the base that became another piece
  broken   documents that no longer decode to themselves
  cuts     boundaries between tokens that the base did not set, in the other documents
  en ...   tokens, in percent of the base's    seconds, MB: of the whole process, its start included;
                                               CPU s: of all its threads, which load changes less
"""

import argparse
import json
import pathlib
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))
import data  # noqa: E402
import documents  # noqa: E402
import peers  # noqa: E402

LIMIT = 300
JUDGE_LIMIT = 900
MODEL = "mistral_common/tokenizer.model.v1"  # the pieces and scores of Llama-2

# Title, name in contenders.py; "tokgraft ..." is the program, with what follows `merge BASE [DONOR]`.
UNION = [
    ("tokgraft merge", "tokgraft"),
    ("tokgraft merge --strategy union", "tokgraft --strategy union"),
    ("mergekit union", "mergekit"),
    ("add_tokens, raw strings (what mergekit's union writes)", "add_tokens raw"),
    ("add_tokens, text", "add_tokens text"),
    ("bpe-tokenizer-editor merge_from", "bpe-tokenizer-editor"),
    ("skeletoken add_tokens_to_vocabulary", "skeletoken add"),
    ("merge lists, donor's appended", "append"),
    ("merge lists, donor's first", "prepend"),
    ("merge lists, concatenated", "concatenate"),
]
LEARN = [("tokgraft merge --donor-corpus", "tokgraft --donor-corpus {corpus} --donor-size {size}"),
         ("tokgraft merge DONOR --corpus", "tokgraft --budget {size} --corpus zh={corpus}"),
         ("bpe-continue", "bpe-continue")]
SCRIPT = [("tokgraft merge", "tokgraft"), ("sentencepiece script, score 0", "score 0"),
          ("sentencepiece script, below the minimum", "score below")]
TRIM = [("tokgraft trim", "tokgraft trim"), ("trimbed", "trimbed"),
        ("skeletoken, told what to remove", "skeletoken trim"),
        ("lm-vocab-trimmer (vocabtrimmer)", "vocabtrimmer")]
ABSENT = {
    "tokenkit": "only on GitHub; PyPI's tokenkit 0.1.3 is another program, of fertility plots",
    "tokenizer-extension": "only on GitHub",
}


def tasks(size: int) -> list[dict]:
    pairs = [("llama3", "deepseek_v3"), ("llama3", "qwen3"), ("llama2", "gemma3")]
    out = [{"title": f"{base} + {donor}: all pieces of both", "base": base, "donor": donor,
            "rows": UNION, "texts": ["en", "de", "zh", "ja", "code"]} for base, donor in pairs]
    out += [{"title": f"{base} + {size:,} pieces for Chinese (DONOR: {donor})",
             "base": base, "donor": donor, "rows": LEARN, "texts": ["en", "de", "zh", "ja", "code"]}
            for base, donor in (pairs[0], pairs[2])]
    out.append({"title": "llama2.model + a Chinese .model of 20,000 pieces", "base": MODEL,
                "donor": "chinese.model", "rows": SCRIPT, "texts": ["en", "de", "zh", "ja", "code"]})
    out.append({"title": "qwen3, only what English and code need", "base": "qwen3", "donor": None,
                "rows": TRIM, "texts": ["kept", "en", "code"]})
    return out


def judged_texts(names: list[str]) -> dict[str, list[str]]:
    """Paragraphs that no contender was given (but "kept": what a trimmer was), and strings on which
    encoders go wrong."""
    out = {}
    for name in names:
        file = {"code": "code.txt", "kept": "help-en.txt"}.get(name, f"reference-{name}.txt")
        path = data.DATA / "text" / file
        data.need(path.is_file(), f"text/{path.name}")
        text = path.read_text(encoding="utf-8")
        if name == "code":
            text = text[len(text) // 2:]
        text = text[:400_000]
        out[name] = text.splitlines(keepends=True)
    out["fuzz"] = list(documents.random_unicode(3000, seed=1))
    return out


class Bench:
    def __init__(self, folder: pathlib.Path, python: pathlib.Path, program: str, size: int):
        self.folder, self.python, self.program, self.size = folder, python, program, size
        self.log = folder / "log"
        text = data.DATA / "text"
        self.corpus = text / "help-zh.txt"
        code = (text / "code.txt").read_text(encoding="utf-8")
        (folder / "code.txt").write_text(code[:len(code) // 2])
        self.keep = [text / "help-en.txt", folder / "code.txt"]
        data.need(self.corpus.is_file() and self.keep[0].is_file(), "text/help-{zh,en}.txt")

    def source(self, name: str | None) -> pathlib.Path | None:
        if name == "chinese.model":
            return self.chinese_model()
        if name == MODEL:  # under a name by which everybody knows it
            link = self.folder / "llama2.model"
            if not link.exists():
                link.symlink_to(data.DATA / "tokenizers" / MODEL)
            return link
        return name and data.DATA / "tokenizers" / name

    def chinese_model(self) -> pathlib.Path:
        path = self.folder / "chinese.model"
        if not path.exists():
            import sentencepiece
            sentencepiece.SentencePieceTrainer.train(
                input=str(self.corpus), model_prefix=str(path.with_suffix("")), vocab_size=20000,
                model_type="bpe", character_coverage=0.9995, minloglevel=2, num_threads=2,
                max_sentence_length=1 << 20)
        return path

    def command(self, task: dict, call: str, out: pathlib.Path) -> tuple[list[str], pathlib.Path]:
        """The process to run, and the file that it writes."""
        base, donor = self.source(task["base"]), self.source(task["donor"])
        is_model = base.suffix == ".model"
        written = out / ("tokenizer.model" if is_model else "tokenizer.json")
        if call == "tokgraft trim":
            keep = [word for file in self.keep for word in ("--keep", file)]
            return [self.program, "trim", base, *keep, "-o", out], written
        if call.startswith("tokgraft"):
            options = call.format(size=self.size, corpus=self.corpus).split()[1:]
            donors = [] if "--donor-corpus" in options else [donor]
            return [self.program, "merge", base, *donors, *options, "-o", out], written
        job = {"base": str(base), "donor": donor and str(donor), "corpus": str(self.corpus),
               "keep": list(map(str, self.keep)), "size": self.size, "out": str(written)}
        out.mkdir()
        (self.folder / "job.json").write_text(json.dumps(job))
        return [self.python, HERE / "contenders.py", call, self.folder / "job.json"], written

    def row(self, task: dict, title: str, call: str) -> dict:
        with tempfile.TemporaryDirectory(dir=self.folder) as folder:
            command, written = self.command(task, call, pathlib.Path(folder) / "out")
            run = peers.run(command, LIMIT, self.log)
            row = {"task": task["title"], "contender": title, "seconds": run.seconds,
                   "cpu_seconds": run.cpu_seconds, "megabytes": run.megabytes}
            if run.error or not written.is_file():
                return row | {"error": run.error or f"wrote no {written.name}"}
            base = self.source(task["base"])
            base = base if base.suffix == ".model" else base / "tokenizer.json"
            texts = self.folder / "texts.json"
            texts.write_text(json.dumps(judged_texts(task["texts"])))
            verdict = self.folder / "verdict.json"
            judged = peers.run([sys.executable, HERE / "judge.py", base, written, texts], JUDGE_LIMIT,
                               self.log, verdict)
            if judged.error:
                return row | {"error": f"written, but not to be judged: {judged.error}"}
            return row | json.loads(verdict.read_text())


def cells(row: dict, task: dict) -> list[str]:
    name = row["contender"]
    spent = [f"{row['seconds']:.1f}", f"{row['cpu_seconds']:.1f}", f"{row['megabytes']:,.0f}"]
    if "error" in row:
        return [name, row["error"], *spent]
    percent = [f"{100 * (after / before - 1):+.2f}" for before, after in map(row["tokens"].get, task["texts"])]
    moved = "all" if task["donor"] is None else f"{row['moved']:,}"
    counts = [f"{row[k]:,}" for k in ("ids", "new", "dead", "killed")]
    return [name, *counts, moved, f"{row['new_cuts']:,}", f"{row['broken']:,}", *percent, *spent]


def table(task: dict, rows: list[dict]) -> str:
    """Markdown that lines up; a contender without a result has its reason across the columns."""
    head = [task["title"], "ids", "new", "dead", "killed", "moved", "cuts", "broken",
            *(f"{t} %" for t in task["texts"]), "seconds", "CPU s", "MB"]
    body = [cells(row, task) for row in rows]
    full = [r for r in [head, *body] if len(r) == len(head)]
    widths = [max(len(r[i]) for r in full) for i in range(len(head))]
    widths[0] = max(len(r[0]) for r in [head, *body])
    middle = sum(widths[1:-3]) + 3 * (len(widths) - 5)
    extra = max([0, *(len(r[1]) - middle for r in body if len(r) != len(head))])
    widths[-4] += extra
    lines = []
    for number, row in enumerate([head, *body]):
        if len(row) == len(head):
            row = [row[0].ljust(widths[0]), *(c.rjust(w) for c, w in zip(row[1:], widths[1:]))]
        else:
            row = [row[0].ljust(widths[0]), row[1].ljust(middle + extra),
                   *(c.rjust(w) for c, w in zip(row[2:], widths[-3:]))]
        lines.append("| " + " | ".join(row) + " |")
        if number == 0:
            lines.append("|" + "|".join("-" * (w + 2) if i == 0 else "-" * (w + 1) + ":"
                                        for i, w in enumerate(widths)) + "|")
    return "\n".join(lines)


def versions(python: pathlib.Path, program: str) -> str:
    """What was measured, for whoever wants to measure it again."""
    names = ["mergekit", "bpe-tokenizer-editor", "skeletoken", "bpe-continue", "trimbed", "vocabtrimmer"]
    code = "import importlib.metadata as m, sys; print(', '.join(f'{n} {m.version(n)}' for n in sys.argv[1:]))"
    ours = subprocess.run([program, "--version"], capture_output=True, text=True, check=True).stdout.strip()
    theirs = subprocess.run([python, "-c", code, *names], capture_output=True, text=True, check=True).stdout
    return f"{ours}, {theirs.strip()}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("only", nargs="*", help="tasks or contenders whose name contains one of these")
    parser.add_argument("--program", default="tokgraft")
    parser.add_argument("--peers", type=pathlib.Path, default=HERE.parents[1] / "build" / "venv-merge",
                        help="environment with the peers, made where it is not there")
    parser.add_argument("--size", type=int, default=8000, help="pieces for Chinese")
    parser.add_argument("-o", "--out", type=pathlib.Path, default=HERE.parents[1] / "build" / "merge.json")
    arguments = parser.parse_args()
    python = peers.environment(arguments.peers.absolute())
    report = {"versions": versions(python, arguments.program), "absent": ABSENT, "rows": []}
    tables = []
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(pathlib.Path(folder), python, arguments.program, arguments.size)
        for task in tasks(arguments.size):
            rows = []
            for title, call in task["rows"]:
                if arguments.only and not any(o in f"{task['title']}: {title}" for o in arguments.only):
                    continue
                peers.say(f"{task['title']}: {title}")
                rows.append(bench.row(task, title, call))
                peers.say("  " + "  ".join(cells(rows[-1], task)[1:]))
            if rows:
                tables.append(table(task, rows))
                report["rows"] += rows
                arguments.out.write_text(json.dumps(report, ensure_ascii=False, indent=1) + "\n")
    print("\n\n".join(tables))
    print(f"\n{report['versions']}\nnot installed here: "
          + "; ".join(f"{name}: {why}" for name, why in ABSENT.items()))


if __name__ == "__main__":
    main()
