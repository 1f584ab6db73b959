"""What the program says on its way: warnings, round trips through pipes, budgets, partial checks."""

import json
import os
import subprocess
import sys

import pytest

import tokgraft
import toys


def run(*arguments, **options) -> subprocess.CompletedProcess:
    return subprocess.run([sys.executable, "-m", "tokgraft", *map(str, arguments)],
                          capture_output=True, text=True, timeout=120, **options)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("program")
    toys.byte_level_bpe(folder / "toy.json")
    toys.byte_level_bpe(folder / "donor.json", toys.OTHER_SENTENCES, 380)
    toys.model_with_tokenizer(folder / "model")
    (folder / "zh.txt").write_text("\n".join(toys.OTHER_SENTENCES * 20) + "\n", encoding="utf-8")
    return folder


def test_decode_reads_what_encode_prints(folder):
    text = "鑫 and so on 🦊"
    for form in ([], ["--json"]):
        encoded = run("encode", "toy.json", "--text", text, *form, cwd=folder)
        assert run("decode", "toy.json", cwd=folder, input=encoded.stdout).stdout == text
    tokens = json.loads(encoded.stdout)["tokens"]
    broken = [token for token in tokens if "bytes" in token]
    assert broken and all("\ufffd" in token["text"] for token in broken)
    assert b"".join(bytes.fromhex(t["bytes"]) if "bytes" in t else t["text"].encode()
                    for t in tokens).decode() == text
    assert json.loads(encoded.stdout)["uncovered_bytes"] == 0


def test_ids_that_do_not_exist_are_counted(folder):
    good = run("decode", "toy.json", "--ids", "5 6", cwd=folder)
    result = run("decode", "toy.json", "--ids", "5 99999 6", cwd=folder)
    assert result.returncode == 0 and result.stdout == good.stdout
    assert result.stderr.startswith("tokgraft: warning: 1 of 3 ids") and not good.stderr


def test_what_a_tokenizer_says_in_vain_is_a_warning(folder):
    spec = json.loads((folder / "toy.json").read_text(encoding="utf-8"))
    spec["truncation"] = {"direction": "Right", "max_length": 4, "strategy": "LongestFirst",
                          "stride": 0}
    spec["padding"] = {"strategy": "BatchLongest", "direction": "Right", "pad_id": 0,
                       "pad_to_multiple_of": None, "pad_type_id": 0, "pad_token": "x"}
    (folder / "cuts.json").write_text(json.dumps(spec), encoding="utf-8")
    warnings = ("tokgraft: warning: cuts.json: truncation: Hugging Face cuts every text to 4 "
                "tokens; here texts are encoded whole\n"
                "tokgraft: warning: cuts.json: padding: Hugging Face pads what it encodes; here "
                "nothing is added\n")
    text = "one two three four five six seven"
    plain = run("encode", "toy.json", "--text", text, cwd=folder)
    for arguments in (["encode", "cuts.json", "--text", text],
                      ["measure", "cuts.json", "--corpus", "zh.txt"],
                      ["merge", "cuts.json", "donor.json", "--budget", "4", "--dry-run"],
                      ["merge", "toy.json", "cuts.json", "--budget", "4", "--dry-run"],
                      ["trim", "cuts.json", "--keep", "zh.txt", "--dry-run"],
                      ["diff", "toy.json", "cuts.json"]):
        result = run(*arguments, cwd=folder)
        assert result.returncode == 0 and result.stderr.startswith(warnings)
        assert arguments[0] != "encode" or result.stdout == plain.stdout
    lint = run("lint", "cuts.json", cwd=folder)
    assert "D14" in lint.stdout and lint.stderr == ""


def test_a_binary_file_does_not_look_like_text(folder):
    (folder / "noise.bin").write_bytes(bytes(range(128, 256)) * 20)
    assert "does not look like plain text" in run("measure", "toy.json", "--corpus", "noise.bin",
                                                  cwd=folder).stdout
    assert "plain text" not in run("measure", "toy.json", "--corpus", "zh.txt", cwd=folder).stdout


def test_a_budget_that_is_not_used_up_says_why(folder):
    result = run("merge", "toy.json", "donor.json", "--dry-run", "--budget", 100000, cwd=folder)
    assert "of 100,000: no further piece of the donor fits" in result.stdout
    result = run("merge", "toy.json", "donor.json", "--dry-run", "--budget", 100000,
                 "--corpus", "zh.txt", cwd=folder)
    assert "no further piece saves a token on the corpora" in result.stdout
    nothing = run("merge", "toy.json", "toy.json", "--dry-run", cwd=folder)
    assert nothing.stderr.startswith("tokgraft: warning: no new id") and nothing.returncode == 0


def test_lists_of_json_stay_on_a_line(folder):
    merged = run("merge", "toy.json", "donor.json", "--dry-run", "--json", cwd=folder)
    assert json.loads(merged.stdout)["added"] > 0
    assert max(len(line) for line in merged.stdout.splitlines()) > 80
    assert merged.stdout.count("\n") < 1000


def test_a_dry_run_says_would_and_points_to_no_file(folder):
    page = run("graft", "model", "--donor", "donor.json", "--dry-run", "--method", "copy",
               cwd=folder).stdout
    assert page.startswith("Would graft donor.json") and ".json has" not in page
    assert "method copy copies rows of old tokens only" in page


def test_verify_finds_the_source_from_anywhere_and_says_when_it_cannot(folder):
    assert run("graft", "model", "--donor", "donor.json", "-o", "out", cwd=folder).returncode == 0
    manifest = json.loads((folder / "out" / "tokgraft.json").read_text())
    assert manifest["model"] == "model" and manifest["relative_to"] == ".."
    found = run("verify", folder / "out", "--strict", cwd="/")
    assert found.returncode == 0 and found.stdout.endswith("everything holds\n"), found.stdout
    other = run("verify", "out", "--model", "out", cwd=folder)
    assert other.returncode == 1 and "out: is not the source model" in other.stdout
    assert other.stdout.endswith("\n1 problem\n")
    os.rename(folder / "model", folder / "gone")
    try:
        for strict, status in (([], 0), (["--strict"], 3)):
            partly = run("verify", "out", *strict, cwd=folder)
            assert partly.returncode == status
            assert partly.stdout.splitlines()[-1].startswith(
                "holds in part: the source model was not there, so copied rows and ")
        assert not tokgraft.verify(folder / "out").complete
    finally:
        os.rename(folder / "gone", folder / "model")


def test_python_takes_paths_and_refuses_budgets_by_name(folder):
    base, donor = folder / "toy.json", folder / "donor.json"
    stages = []
    merged = tokgraft.merge(base, donor, budget=5, corpora={"zh": folder / "zh.txt"},
                            documents="file", progress=lambda stage, _: stages.append(stage))
    assert len(merged.id_map.added) == 5 and {"select pieces", "certify"} <= set(stages)
    assert tokgraft.measure(base, {"zh": folder / "zh.txt"}).corpora["zh"]["tokens"] > 0
    tokgraft.compare({"a": base, "b": donor}, {"zh": folder / "zh.txt"}, resamples=100)
    for wrong in (-1, "most", 2.5, True):
        with pytest.raises(tokgraft.Error, match="budget: is .*0 or more"):
            tokgraft.merge(base, donor, budget=wrong)
    merged.save(folder / "saved")
    assert tokgraft.load(folder / "saved") == merged.tokenizer or \
        tokgraft.load(folder / "saved").vocab_size == merged.tokenizer.vocab_size
    assert json.loads((folder / "saved" / "id_map.json").read_text()) == merged.id_map.to_dict()
    with pytest.raises(tokgraft.ConflictError, match="force=True"):
        merged.save(folder / "saved")
    merged.save(folder / "saved", force=True)
    assert repr(merged.certificate).startswith("<tokgraft.Certificate: L")
