"""Bytes per token and tokens per word of every real tokenizer, on parallel text in six languages.

The texts are the Debian Reference in English, German, French, Spanish, Japanese and Chinese: the
same paragraphs, technical prose with tables. Prints two tables in Markdown; --json for programs.
"""

import argparse
import json
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
import data  # noqa: E402

import tokgraft  # noqa: E402


def measure_all(only: list[str]) -> dict[str, dict]:
    texts = data.texts("reference")
    data.need(texts, "The parallel text (text/reference-*.txt)")
    corpora = {language: str(path) for language, path in texts.items()}
    reports = {}
    for name, (path, pattern) in data.tokenizers().items():
        if only and name not in only:
            continue
        print(f"measuring {name}", file=sys.stderr)
        try:
            tokenizer = tokgraft.load(str(path), pattern=pattern)
        except tokgraft.UnsupportedError as error:
            print(f"  refused: {error}", file=sys.stderr)
            continue
        report = tokgraft.measure(tokenizer, corpora).to_dict()
        report["ids"] = tokenizer.vocab_size
        reports[name] = report
    return reports


def table(reports: dict[str, dict], key: str, title: str) -> str:
    languages = sorted({language for r in reports.values() for language in r["corpora"]})
    head = ["tokenizer", "ids", *languages]
    rows = [[name, f"{report['ids']:,}", *(f"{report['corpora'][l][key]:.2f}" for l in languages)]
            for name, report in sorted(reports.items())]
    widths = [max(len(r[i]) for r in [head, *rows]) for i in range(len(head))]
    lines = [f"**{title}**", ""]
    for number, row in enumerate([head, *rows]):
        cells = [c.ljust(widths[i]) if i == 0 else c.rjust(widths[i]) for i, c in enumerate(row)]
        lines.append("| " + " | ".join(cells) + " |")
        if number == 0:
            lines.append("|" + "|".join("-" * (w + 2) if i == 0 else "-" * (w + 1) + ":"
                                        for i, w in enumerate(widths)) + "|")
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("tokenizers", nargs="*", help="only these (default: all in the cache)")
    parser.add_argument("--json", action="store_true", help="the reports as JSON")
    arguments = parser.parse_args()
    reports = measure_all(arguments.tokenizers)
    if arguments.json:
        print(json.dumps(reports, ensure_ascii=False, indent=2))
        return
    print(table(reports, "bytes_per_token", "Bytes per token (more is better)"))
    print()
    print(table(reports, "tokens_per_word", "Tokens per word (fewer is better)"))


if __name__ == "__main__":
    main()
