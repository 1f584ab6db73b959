"""--budget auto, the curve and lists of pieces: what the program and Python say of them, and on real
data that the number found costs least, by the formulas of vocab_merge/budget.h written out again.
"""

import json
import pickle
import subprocess
import sys

import pytest

import toys
from conftest import data_path

tokgraft = pytest.importorskip("tokgraft")

SMALL = {"model_type": "llama", "hidden_size": 576, "num_hidden_layers": 30, "vocab_size": 128256,
         "intermediate_size": 1536, "num_attention_heads": 9, "num_key_value_heads": 3,
         "head_dim": 64, "tie_word_embeddings": True}
LARGE = {"model_type": "llama", "hidden_size": 8192, "num_hidden_layers": 80, "vocab_size": 128256,
         "intermediate_size": 28672, "num_attention_heads": 64, "num_key_value_heads": 8,
         "tie_word_embeddings": False}


def run(*arguments, **options) -> subprocess.CompletedProcess:
    return subprocess.run([sys.executable, "-m", "tokgraft", *map(str, arguments)],
                          capture_output=True, text=True, timeout=600, **options)


def cost_by_hand(model: dict, weight: float, base_ids: int, tokens: int, base_tokens: int,
                 ids: int) -> float:
    d, rows = model["hidden_size"], max(model["rows"], base_ids + ids)
    matrices = 1 if model["tied"] else 2
    compute = tokens * (model["active_parameters"] + d * rows)
    compute /= base_tokens * (model["active_parameters"] + d * model["rows"])
    memory = ((model["body_parameters"] + matrices * d * rows)
              / (model["body_parameters"] + matrices * d * model["rows"]))
    return compute * memory ** weight


def assert_cheapest(choice: dict, base_ids: int) -> None:
    """Brute force over the curve: its tokens, priced by hand, are least at the number chosen."""
    corpora = choice["curve"]["corpora"].values()
    ladder = [sum(p["tokens"] for p in at) for at in zip(*(c["points"] for c in corpora), strict=True)]
    costs = {}
    for point, tokens in zip(choice["points"], ladder, strict=True):
        assert point["tokens"] == tokens
        costs[point["ids"]] = cost_by_hand(choice["model"], choice["memory_weight"], base_ids, tokens,
                                           ladder[0], point["ids"])
        assert point["cost"] == pytest.approx(costs[point["ids"]], rel=1e-12)
    assert choice["budget"] == min(costs, key=costs.get)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("budget")
    toys.byte_level_bpe(folder / "toy.json")
    toys.byte_level_bpe(folder / "donor.json", toys.OTHER_SENTENCES, 380)
    toys.model_with_tokenizer(folder / "model")
    (folder / "zh.txt").write_text("\n".join(toys.OTHER_SENTENCES * 20) + "\n", encoding="utf-8")
    return folder


def test_auto_is_a_number_and_the_merge_is_that_of_the_number(folder):
    base, donor = folder / "model", folder / "donor.json"
    corpora = {"zh": folder / "zh.txt"}
    auto = tokgraft.merge(base, donor, budget="auto", model=base, corpora=corpora)
    choice = auto.budget.to_dict()
    assert_cheapest(choice, auto.id_map.base_size)
    assert 0 < choice["budget"] and choice["curve"]["held_out"] and auto.curve is None
    given = tokgraft.merge(base, donor, budget=choice["budget"], corpora=corpora)
    assert given.id_map == auto.id_map and given.budget is None
    again = pickle.loads(pickle.dumps(auto))
    assert again.budget == auto.budget and again.budget.budget == choice["budget"]
    auto.save(folder / "auto")
    assert json.loads((folder / "auto" / "budget.json").read_text()) == choice
    # Every second document measures: the first point is the base on these.
    lines = (folder / "zh.txt").read_text(encoding="utf-8").splitlines(keepends=True)
    tokens = sum(tokgraft.load(base).count(line) for line in lines[1::2])
    assert choice["points"][0]["tokens"] == tokens


def test_the_program_says_the_same(folder):
    merge = ["merge", "model", "donor.json", "--budget", "auto", "--corpus", "zh.txt",
             "--model-config", "model/config.json"]
    result = run(*merge, "-o", "merged", "--json", cwd=folder)
    assert result.returncode == 0, result.stderr
    report = json.loads(result.stdout)
    assert report["budget"] == json.loads((folder / "merged" / "budget.json").read_text())
    assert report["added"] <= report["budget"]["budget"]
    text = run(*merge, "--memory-weight", "0", "--dry-run", cwd=folder).stdout
    assert "new ids, chosen by cost: compute x memory ^ 0\n" in text
    assert text.count("\n  -> ") == 1
    page = run("graft", "model", "--donor", "donor.json", "--budget", "auto", "--corpus", "zh.txt",
               "-o", "grafted", cwd=folder)
    assert page.returncode == 0, page.stderr
    assert "chosen by cost: compute x memory\n" in page.stdout and "  budget.json  " in page.stdout
    grafted = json.loads((folder / "grafted" / "budget.json").read_text())
    assert grafted == report["budget"]
    assert "new ids cost least: compute × memory" in tokgraft.report(folder / "grafted")


def test_the_curve_is_in_every_report(folder):
    result = run("merge", "toy.json", "donor.json", "--corpus", "a=zh.txt", "--corpus", "b=zh.txt",
                 "--curve", "-o", "with-curve", cwd=folder)
    assert result.returncode == 0, result.stderr
    lines = result.stdout.splitlines()
    at = lines.index("curve        bytes per token on the text that the pieces were chosen on")
    assert lines[at + 1].split() == ["new", "ids", "a", "b", "tokens", "saved"]
    assert len({len(line) for line in lines[at + 1:at + 4]}) == 1
    curve = json.loads((folder / "with-curve" / "curve.json").read_text())
    assert list(curve["corpora"]) == ["a", "b"] and curve["corpora"]["a"] == curve["corpora"]["b"]
    merged = tokgraft.merge(folder / "toy.json", folder / "donor.json", curve=True,
                            corpora={"a": folder / "zh.txt"})
    last = merged.curve.corpora["a"]["points"][-1]
    measured = tokgraft.measure(merged.tokenizer, {"a": folder / "zh.txt"}).corpora["a"]
    assert last["ids"] == len(merged.id_map.added)
    assert last["tokens"] == measured["tokens"]
    assert last["bytes_per_token"] == pytest.approx(measured["bytes_per_token"])


def test_a_list_is_taken_in_its_order(folder):
    base, donor = tokgraft.load(folder / "toy.json"), tokgraft.load(folder / "donor.json")
    new = [piece["bytes"] for piece in tokgraft.merge(base, donor).id_map.added
           if piece["donor_id"] is not None]
    wanted = [bytes.fromhex(text) for text in new[:6]][::-1]
    old = base.token_bytes(300)
    merged = tokgraft.merge(base, donor, pieces=[*wanted, old])
    added = {bytes.fromhex(p["bytes"]) for p in merged.id_map.added}
    assert set(wanted) <= added
    assert len(merged.notes) == 1 and "in the base already: pieces[6]" in merged.notes[0]
    (folder / "list.txt").write_text("".join("".join(f"\\x{b:02x}" for b in w) + "\n" for w in wanted)
                                     + "".join(f"\\x{b:02x}" for b in old) + "\n")
    result = run("merge", "toy.json", "donor.json", "--pieces", "list.txt", "-o", "listed", cwd=folder)
    assert result.stderr.startswith("tokgraft: warning: 1 piece of the list is in the base already: "
                                    "list.txt:7 ")
    assert json.loads((folder / "listed" / "id_map.json").read_text()) == merged.id_map.to_dict()
    report = tokgraft.graft(folder / "model", donor, pieces=wanted, dry_run=True)
    assert report.vocabulary["added"] == len(added)


@pytest.mark.parametrize("options, message", [
    ({"pieces": ["no such piece"]}, r"pieces\[0\]: \"no such piece\" is no piece of the donor"),
    ({"pieces": []}, "pieces: names no piece"),
    ({"pieces": [b""]}, r"pieces\[0\]: is empty"),
    ({"pieces": ["a"], "scripts": ["Han"]}, "pieces: a list of pieces and scripts were given"),
    ({"budget": "auto", "model": "model"}, "budget: \"auto\": no corpus was given"),
    ({"budget": "auto", "corpora": {"zh": "zh.txt"}}, "budget: \"auto\": no model was given"),
    ({"budget": "auto", "corpora": {"zh": "zh.txt"}, "model": "none"}, "none"),
    ({"budget": "auto", "corpora": {"zh": "zh.txt"}, "model": "model", "documents": "file"},
     "the corpus \"zh\" has 1 document with text, two or more were expected"),
    ({"budget": "auto", "corpora": {"zh": "zh.txt"}, "model": "model", "memory_weight": -1},
     "memory weight: is -1, a number that is 0 or more"),
    ({"budget": "auto", "corpora": {"zh": "zh.txt"}, "model": "model", "strategy": "replace-slots"},
     "budget: \"auto\": the strategy is \"replace-slots\", \"extend\" was expected"),
    ({"curve": True}, "curve: no corpus was given"),
    ({"curve": True, "corpora": {"zh": "zh.txt"}, "strategy": "swap"},
     "curve: the strategy is \"swap\", \"extend\" was expected"),
])
def test_what_is_missing_or_contradicts_is_said(folder, options, message, monkeypatch):
    monkeypatch.chdir(folder)
    with pytest.raises(tokgraft.Error, match=message):
        tokgraft.merge("toy.json", "donor.json", **options)


def test_a_list_of_the_wrong_type_is_a_type_error(folder):
    for wrong, message in (("abc", "pieces must be a list of str or bytes, best first, not str"),
                           (5, "not int"), ([5], r"pieces\[0\] must be str or bytes, not int")):
        with pytest.raises(TypeError, match=message):
            tokgraft.merge(folder / "toy.json", folder / "donor.json", pieces=wrong)


@pytest.mark.slow
def test_real_models_pay_different_prices(tmp_path):
    """Llama-3's tokenizer with DeepSeek-V3's Chinese, for a model of 135M and one of 70B."""
    base, donor = data_path("tokenizers/llama3"), data_path("tokenizers/deepseek_v3")
    zh, en, de = (data_path(f"text/{name}.txt") for name in ("zh", "en", "de"))
    options = {"scripts": ["Han"], "budget": "auto"}
    chosen = {}
    for name, config, corpora in (("small", SMALL, {"zh": zh}), ("large", LARGE, {"zh": zh}),
                                  ("small, mixed", SMALL, {"zh": zh, "en": en, "de": de}),
                                  ("large, mixed", LARGE, {"zh": zh, "en": en, "de": de})):
        path = tmp_path / "config.json"
        path.write_text(json.dumps(config))
        merged = tokgraft.merge(base, donor, corpora=corpora, model=path, **options)
        print(f"\n{name}\n{merged.budget}")
        choice = merged.budget.to_dict()
        assert_cheapest(choice, merged.id_map.base_size)
        assert len(merged.id_map.added) <= choice["budget"]
        chosen[name] = choice
    # Where rows are dear the best number lies within the curve, and one more costs more than it saves.
    for name in ("small", "small, mixed"):
        choice = chosen[name]
        assert 0 < choice["budget"] < choice["points"][-1]["ids"] and not choice["reaches_end"]
        assert choice["next_id"]["costs"] > choice["next_id"]["saves"]
        assert choice["last_id"]["costs"] < choice["last_id"]["saves"]
    assert chosen["small, mixed"]["budget"] < chosen["small"]["budget"]  # Chinese is a part only
    assert chosen["large"]["budget"] > chosen["small"]["budget"]
    assert chosen["large, mixed"]["budget"] > chosen["small, mixed"]["budget"]
