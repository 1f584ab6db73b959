"""probe: bits per byte before and after, beside what transformers computes from the directories."""

import json
import math
import subprocess
import sys

import numpy as np
import pytest
import tokgraft
import toys

torch = pytest.importorskip("torch")
transformers = pytest.importorskip("transformers")

TEXTS = [sentence * 3 for sentence in toys.SENTENCES]


@pytest.fixture(scope="module")
def grafted(tmp_path_factory):
    folder = tmp_path_factory.mktemp("probe")
    model = toys.llama(folder / "model", 420, width=16)
    toys.byte_level_bpe(model / "tokenizer.json")
    donor = toys.byte_level_bpe(folder / "donor.json", toys.OTHER_SENTENCES, 600, ())
    tokgraft.graft(model, donor, out=folder / "grafted")
    return folder / "grafted"


def bits(directory, texts, start) -> float:
    """All of them, by transformers alone, in bfloat16 as probe does."""
    model = transformers.AutoModelForCausalLM.from_pretrained(directory, dtype=torch.bfloat16).eval()
    tokenizer = tokgraft.load(directory)
    total = 0.0
    for text in texts:
        ids = torch.tensor([[start, *map(int, tokenizer.encode_ids(text))]])
        with torch.no_grad():
            logits = model(ids).logits[0, :-1].float()
        total += float(torch.nn.functional.cross_entropy(logits, ids[0, 1:], reduction="sum"))
    return total / math.log(2)


def test_probe_says_what_transformers_computes(grafted):
    report = tokgraft.probe(grafted, corpora={"all": TEXTS}, window_bytes=150)
    from tokgraft.fit.documents import windows
    texts = windows(TEXTS, 150)
    own = report.corpora["all"]
    size = sum(len(text.encode()) for text in texts)
    assert (own["windows"], own["bytes"]) == (len(texts), size)
    start = json.loads((grafted / "config.json").read_text()).get("bos_token_id", 0)
    assert own["after"] == pytest.approx(bits(grafted, texts, start) / size, rel=2e-3)
    assert own["before"] == pytest.approx(bits(grafted.parent / "model", texts, start) / size, rel=2e-3)
    assert own["change"] == pytest.approx(own["after"] - own["before"])
    assert own["interval"][0] <= own["change"] <= own["interval"][1]
    assert sum(own["roles"].values()) == pytest.approx(own["after"])
    assert 0 < own["new_byte_share"] < 1
    tokenizer = tokgraft.load(grafted)
    added = {token["id"] for token in json.loads((grafted / "id_map.json").read_text())["added"]}
    covered = sum(len(tokenizer.token_bytes(int(i))) for text in texts
                  for i in tokenizer.encode_ids(text) if int(i) in added)
    assert own["new_byte_share"] == pytest.approx(covered / size)


def test_the_verdict_is_on_what_was_measured(grafted, tmp_path):
    report = tokgraft.probe(grafted, corpora={"all": TEXTS}, window_bytes=150)
    judged, = report.forecast["corpora"]
    assert judged["measured"] and judged["change"] == report.corpora["all"]["change"]
    assert judged["bytes"] == report.corpora["all"]["bytes"] + report.corpora["all"]["windows"] - 1
    text = tmp_path / "t.txt"
    from tokgraft.fit.documents import windows
    text.write_text("\n".join(windows(TEXTS, 150)))
    blind = tokgraft.forecast(grafted, corpora={"all": text})
    assert report.expected["all"] == {"change": blind.corpora[0]["change"],
                                      "interval": blind.corpora[0]["interval"]}
    low, high = blind.corpora[0]["interval"]
    assert 0 <= low < blind.corpora[0]["change"] < high
    added = {token["id"] for token in json.loads((grafted / "id_map.json").read_text())["added"]}
    tokenizer = tokgraft.load(grafted)
    assert blind.corpora[0]["new_tokens"] == sum(
        int(i) in added for line in text.read_text().splitlines(keepends=True)
        for i in tokenizer.encode_ids(line))


@pytest.mark.parametrize(("change", "verdict"), [(0.01, "safe"), (0.3, "warm-up"), (2, "fails")])
def test_verdicts(grafted, tmp_path, change, verdict):
    text = tmp_path / "t.txt"
    text.write_text("\n".join(TEXTS))
    made = tokgraft.forecast(grafted, corpora={"t": text}, measured={"t": change})
    assert made.verdict == verdict and f"{change:.2f} bits per byte" in made.reason
    assert (made.corpora[0]["break_even_tokens"] == 0) == (verdict == "safe")


def test_program(grafted, tmp_path):
    corpus = tmp_path / "text.txt"
    corpus.write_text("\n".join(TEXTS), encoding="utf-8")
    command = [sys.executable, "-m", "tokgraft", "probe"]
    done = subprocess.run([*command, str(grafted), "--corpus", f"all={corpus}", "--json"],
                          capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["corpora"]["all"]["bytes"] > 0 and done.stderr == ""
    page = subprocess.run([*command, str(grafted), "--corpus", str(corpus)], capture_output=True,
                          text=True)
    assert page.returncode == 0 and page.stdout.splitlines()[2].startswith("text ")
    for arguments, message in (
            ([str(tmp_path), "--corpus", str(corpus)], "there is no manifest"),
            ([str(grafted), "--corpus", "x=nothing.txt"], "there is no such file"),
            ([str(grafted), "--corpus", str(corpus), "--model", str(tmp_path / "gone")], "gone")):
        failed = subprocess.run([*command, *arguments], capture_output=True, text=True)
        assert failed.returncode == 1 and failed.stderr.startswith("tokgraft: error: ")
        assert message in failed.stderr and failed.stderr.count("\n") == 1
    assert subprocess.run([*command, str(grafted)], capture_output=True).returncode == 2


def test_a_manifest_that_is_none_is_named(grafted, tmp_path):
    (tmp_path / "tokgraft.json").write_text("[1, 2")
    with pytest.raises(tokgraft.FormatError, match=r"tokgraft\.json: is no manifest"):
        tokgraft.probe(tmp_path, corpora={"x": TEXTS})
    with pytest.raises(tokgraft.Error, match="none was given"):
        tokgraft.probe(grafted, corpora={})


def test_the_report_prints(grafted):
    report = tokgraft.probe(grafted, corpora={"a": TEXTS, "b": TEXTS[:2]}, windows=2, window_bytes=80)
    text = str(report)
    assert text.splitlines()[1].split()[0] == "corpus"
    assert text.splitlines()[5].startswith(report.forecast["verdict"] + ": ")
    assert "  a: +" in text and "was expected without a run" in text
    assert json.loads(report.to_json()) == report.to_dict()
    assert np.isfinite(report.corpora["b"]["after"])
