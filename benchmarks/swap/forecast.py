"""What graft forecasts of a change of vocabulary, beside what it cost: measured swaps of a real model.

    ./dev bench swap/forecast              every swap that is missing, then the table and the line
    ./dev bench swap/forecast --table      of what there is

Each swap is measured on 24 windows of two texts, with rows that are sums of old rows (mean). The
counts come from `tokgraft.forecast`, so what is checked is what users get. The line through all can
be set beside the one in embed_init/forecast/calibration.cc; each swap is also forecast by the line
through the others.
"""

import argparse
import json
import pathlib

import changes
import contenders
import numpy as np
import torch

import tokgraft
from tokgraft.fit.documents import spread
from tokgraft.fit.language_model import LanguageModel
from tokgraft.fit.states import input_table, with_start
from tokgraft.fit.vocabulary import NewVocabulary
from tokgraft.loss import loss

FOLDER = pathlib.Path(__file__).resolve().parents[2] / "build/swap/forecast"
WINDOWS = 24
SWAPS = """p1-de p1-1000-de p1-zh p1-1000-zh p1-ja p1-ko p1-500-ko p1-ru p1-1000-ru p1-hi p1-en
    swap-gpt2-en swap-qwen3-en swap-gemma3-en swap-llama2-en swap-llama3-de swap-llama2-de swap-gpt2-de
    swap-gpt4o-de swap-gpt4o-ru swap-gpt2-ru swap-qwen3-zh swap-gemma3-zh swap-deepseek_v3-zh
    swap-gemma3-ja swap-gpt4o-hi swap-qwen3-ko""".split()


def texts_of(language: str) -> changes.Texts:
    """As changes.texts_of, the web text of a language where the Debian Reference has none."""
    if (changes.data.DATA / f"text/reference-{language}.txt").is_file():
        return changes.texts_of(language)
    return changes.texts_of(language, other=f"{language}.txt")


def bits_per_byte(model: LanguageModel, inputs, outputs, documents, texts) -> float:
    return loss(model, inputs, outputs, documents, [len(text.encode()) for text in texts],
                new=None).bits_per_byte


def measure(name: str, model: LanguageModel | None, folder: pathlib.Path) -> list[dict]:
    change = changes.make(name, folder, texts=texts_of(name.split("-")[-1]))
    model = model or LanguageModel(change.model)
    vocabulary = NewVocabulary.of(change.merged, model.input_rows.shape[0], model.start_id)
    inputs, outputs = contenders.TABLE["fvt"].make(change, model, 0)
    rows = input_table(model, vocabulary, inputs)
    head = vocabulary.assemble(model.output_rows.float(), outputs)
    points = []
    for kind, all_texts in change.texts.held_out.items():
        texts = spread(all_texts, WINDOWS)
        old = [np.concatenate([[model.start_id], change.original.encode_ids(text)]) for text in texts]
        new = with_start(vocabulary, [change.merged.tokenizer.encode_ids(text) for text in texts])
        before = bits_per_byte(model, model.input_rows, model.output_rows, old, texts)
        after = bits_per_byte(model, rows, head, new, texts)
        counts = forecast(change, texts, folder)
        points.append({"swap": name, "kind": kind, "before": before, "measured": after - before,
                       "forecast": counts["change"], "interval": counts["interval"],
                       "of_new": counts["new_tokens"] / max(counts["pieces_per_new"], 1)
                       / counts["bytes"], "of_cuts": counts["other_cuts"] / counts["bytes"]})
    return points


def forecast(change: changes.Change, texts: list[str], folder: pathlib.Path) -> dict:
    """Of a directory as graft writes it; a document a window, as they were measured."""
    out, text = folder / "out", folder / "windows.txt"
    text.write_text("\n".join(texts), encoding="utf-8")
    tokgraft.init_embeddings(change.model, change.merged, out=out, method="mean", link=True, force=True)
    (out / "id_map.json").write_text(change.merged.id_map.to_json(), encoding="utf-8")
    made, = tokgraft.forecast(out, model=change.model, corpora={"t": text}).corpora
    return made


def ranks(values: np.ndarray) -> np.ndarray:
    return np.argsort(np.argsort(values)).astype(float)


def table(points: list[dict]) -> str:
    counts = np.array([[point["of_new"], point["of_cuts"]] for point in points])
    measured = np.array([point["measured"] for point in points])
    swaps = np.array([point["swap"] for point in points])
    blind = np.zeros(len(points))
    for swap in set(swaps):
        others = swaps != swap
        blind[~others] = counts[~others] @ np.linalg.lstsq(counts[others], measured[others],
                                                           rcond=None)[0]
    line = np.linalg.lstsq(counts, measured, rcond=None)[0]
    inside = np.mean([low <= point["measured"] <= high for point in points
                      for low, high in [point["interval"]]])
    lines = ["| swap | text | measured | forecast | from the others | 95 of 100 |",
             "|---|---|---|---|---|---|"]
    for point, own in sorted(zip(points, blind, strict=True), key=lambda pair: pair[0]["measured"]):
        low, high = point["interval"]
        lines.append(f"| {point['swap']} | {point['kind']} | {point['measured']:+.3f} |"
                     f" {point['forecast']:+.3f} | {own:+.3f} | {low:+.3f} to {high:+.3f} |")
    error = np.sqrt(np.mean((blind - measured) ** 2))
    return "\n".join([*lines, "", f"{len(set(swaps))} swaps, {len(points)} points; line: {line[0]:.1f}"
                      f" of new, {line[1]:.1f} of other cuts; from the others: error {error:.3f} of a"
                      f" spread of {measured.std():.3f}, rank correlation"
                      f" {np.corrcoef(ranks(blind), ranks(measured))[0, 1]:.3f};"
                      f" {inside:.0%} within the interval"])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--table", action="store_true", help="Measure nothing")
    options = parser.parse_args()
    torch.manual_seed(0)
    points, model = [], None
    for name in SWAPS:
        cell = FOLDER / name / "points.json"
        if not cell.exists() and not options.table:
            print(name, flush=True)
            cell.parent.mkdir(parents=True, exist_ok=True)
            model = model or LanguageModel(changes.source_model())
            cell.write_text(json.dumps(measure(name, model, cell.parent), indent=1))
        if cell.exists():
            points += json.loads(cell.read_text())
        else:
            print(f"{name}: missing")
    if points:
        print(table(points))


if __name__ == "__main__":
    main()
