"""Pieces learnt from a corpus: tokgraft merge --donor-corpus beside bpe-continue.

Both get the same base, the same text and the same number of pieces; each is a process of its own,
one at a time. What they write is judged by judge.py with the reference library, on the lines of the
text that neither was given (every tenth) and on English. No time is reported for a tokenizer with
which a document no longer decodes to itself.

  bytes/token  of the lines held out, before and after      dead    new pieces that no text brings out
  cuts         boundaries that the base did not set         broken  documents that no longer decode
  seconds, MB  of the whole process, the median run; CPU s: of all its threads
"""

import argparse
import json
import pathlib
import statistics
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))
import data  # noqa: E402
import peers  # noqa: E402

LIMIT = 600
BASES = ["llama3", "qwen3", "llama2"]
LANGUAGES = ["zh", "de"]
CONTENDERS = ["tokgraft", "bpe-continue"]
HOLD_OUT = 10  # every tenth line
HEAD = ["task", "contender", "new", "bytes/token before", "after", "dead", "cuts", "broken", "seconds",
        "CPU s", "MB"]


def split(language: str, folder: pathlib.Path) -> tuple[pathlib.Path, list[str]]:
    """The file to learn from, and the lines held out."""
    path = data.DATA / "text" / f"{language}.txt"
    data.need(path.is_file(), f"text/{path.name}")
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    corpus = folder / f"{language}.txt"
    corpus.write_text("".join(l for i, l in enumerate(lines) if i % HOLD_OUT), encoding="utf-8")
    return corpus, [l for i, l in enumerate(lines) if i % HOLD_OUT == 0]


def command(contender: str, base: pathlib.Path, corpus: pathlib.Path, out: pathlib.Path,
            arguments: argparse.Namespace, python: pathlib.Path) -> list:
    if contender == "tokgraft":
        return [arguments.program, "merge", base, "--donor-corpus", corpus, "--donor-size", arguments.size,
                "-o", out]
    out.mkdir()
    job = out.parent / "job.json"
    job.write_text(json.dumps({"base": str(base), "corpus": str(corpus), "size": arguments.size,
                               "out": str(out / "tokenizer.json")}))
    return [python, HERE / "contenders.py", contender, job]


def measure(contender: str, base: pathlib.Path, corpus: pathlib.Path, held_out: list[str],
            arguments: argparse.Namespace, python: pathlib.Path) -> dict:
    runs = []
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        log = folder / "log"
        for number in range(arguments.runs):
            out = folder / f"out{number}"
            runs.append(peers.run(command(contender, base, corpus, out, arguments, python), LIMIT, log))
            if runs[-1].error:
                return {"error": runs[-1].error}
        english = (data.DATA / "text" / "reference-en.txt").read_text(encoding="utf-8")
        texts = folder / "texts.json"
        texts.write_text(json.dumps({"held out": held_out, "en": english.splitlines(keepends=True)}))
        verdict = folder / "verdict.json"
        judged = peers.run([sys.executable, HERE / "judge.py", base / "tokenizer.json",
                            out / "tokenizer.json", texts], LIMIT, log, verdict)
        if judged.error:
            return {"error": f"written, but not to be judged: {judged.error}"}
        result = json.loads(verdict.read_text())
    size = sum(len(line.encode()) for line in held_out)
    result["bytes_per_token"] = [size / tokens for tokens in result["tokens"]["held out"]]
    result["seconds"] = statistics.median(r.seconds for r in runs)
    result["cpu_seconds"] = statistics.median(r.cpu_seconds for r in runs)
    result["megabytes"] = max(r.megabytes for r in runs)
    return result


def cells(task: str, contender: str, row: dict) -> list[str]:
    if "error" in row:
        return [task, contender, row["error"], *[""] * (len(HEAD) - 3)]
    before, after = row["bytes_per_token"]
    spent = ["refused", "", ""] if row["broken"] else [
        f"{row['seconds']:.1f}", f"{row['cpu_seconds']:.1f}", f"{row['megabytes']:,.0f}"]
    return [task, contender, f"{row['new']:,}", f"{before:.3f}", f"{after:.3f}", f"{row['dead']:,}",
            f"{row['new_cuts']:,}", f"{row['broken']:,}", *spent]


def table(rows: list[list[str]]) -> str:
    widths = [max(len(row[i]) for row in [HEAD, *rows]) for i in range(len(HEAD))]
    rule = ["-" * w for w in widths]
    return "\n".join("| " + " | ".join(c.ljust(w) if i < 2 else c.rjust(w)
                                       for i, (c, w) in enumerate(zip(row, widths))) + " |"
                     for row in [HEAD, rule, *rows])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("only", nargs="*", help="tasks whose name contains one of these, e.g. llama3")
    parser.add_argument("--program", default="tokgraft")
    parser.add_argument("--python", type=pathlib.Path,
                        help="Python that has bpe-continue; default: the peers' environment")
    parser.add_argument("--size", type=int, default=20000)
    parser.add_argument("--runs", type=int, default=3)
    arguments = parser.parse_args()
    python = arguments.python or peers.environment(HERE.parents[1] / "build" / "venv-merge")
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        for base in BASES:
            path = data.DATA / "tokenizers" / base
            data.need((path / "tokenizer.json").is_file(), f"tokenizers/{base}")
            for language in LANGUAGES:
                task = f"{base} + {arguments.size:,} {language}"
                if arguments.only and not any(o in task for o in arguments.only):
                    continue
                corpus, held_out = split(language, pathlib.Path(folder))
                for contender in CONTENDERS:
                    peers.say(f"{task}: {contender}")
                    row = measure(contender, path, corpus, held_out, arguments, python)
                    rows.append(cells(task, contender, row))
                    peers.say("  " + "  ".join(rows[-1][2:]))
    print(table(rows))


if __name__ == "__main__":
    main()
