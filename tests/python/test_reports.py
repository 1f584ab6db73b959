"""measure, compare, merge, init_embeddings and verify from Python, on small things made here."""

import hashlib
import json
import pickle

import numpy as np
import pytest

import tokgraft
import toys


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("reports")


@pytest.fixture(scope="module")
def base_path(folder):
    return toys.byte_level_bpe(folder / "base.json")


@pytest.fixture(scope="module")
def base(base_path):
    return tokgraft.load(base_path)


@pytest.fixture(scope="module")
def donor(folder):
    return tokgraft.load(toys.byte_level_bpe(folder / "donor.json", toys.OTHER_SENTENCES, 380))


@pytest.fixture(scope="module")
def corpora(folder):
    path = folder / "zh.txt"
    path.write_text("\n".join(toys.OTHER_SENTENCES * 20) + "\n", encoding="utf-8")
    return {"zh": path}


@pytest.fixture(scope="module")
def merged(base, donor):
    return tokgraft.merge(base, donor, budget=20)


def assert_is_report(report):
    assert json.loads(report.to_json()) == report.to_dict()
    assert str(report).strip()
    assert pickle.loads(pickle.dumps(report)) == report


def test_measure(base, corpora):
    report = tokgraft.measure(base, corpora)
    assert_is_report(report)
    zh = report.corpora["zh"]
    assert zh["documents"] == 60 and zh["bytes"] == corpora["zh"].stat().st_size
    assert zh["tokens"] == sum(base.count(line) for line in
                               corpora["zh"].read_text(encoding="utf-8").splitlines(True))
    assert tokgraft.measure(base, corpora, documents="file").corpora["zh"]["documents"] == 1


def test_measure_reports_progress(base, corpora):
    seen = []
    tokgraft.measure(base, corpora, progress=lambda stage, fraction: seen.append(fraction))
    assert seen and seen[-1] == 1


def test_an_exception_in_progress_arrives(base, corpora):
    def fail(stage, fraction):
        raise KeyError("stop")

    with pytest.raises(KeyError, match="stop"):
        tokgraft.measure(base, corpora, progress=fail)


def test_corpora_are_a_dict_of_files(base, folder):
    with pytest.raises(TypeError, match="dict of names and paths"):
        tokgraft.measure(base, "zh.txt")
    with pytest.raises(FileNotFoundError, match="nowhere"):
        tokgraft.measure(base, {"zh": folder / "nowhere.txt"})
    with pytest.raises(ValueError, match="sentence"):
        tokgraft.measure(base, {}, documents="sentence")


@pytest.mark.parametrize("call, message", [
    (lambda tok, zh: tokgraft.measure(zh, tok),
     "tokenizer must be a Tokenizer or the path of one, not dict"),
    (lambda tok, zh: tokgraft.measure(tok, tok),
     'corpora must be a dict of names and paths, as {"zh": "zh.txt"}, not Tokenizer'),
    (lambda tok, zh: tokgraft.measure(tok, {"zh": [1]}), 'corpora["zh"] must be a path, not list'),
    (lambda tok, zh: tokgraft.measure(tok, {1: "x"}), "a name in corpora must be a str, not int"),
    (lambda tok, zh: tokgraft.compare([tok, tok], zh),
     'tokenizers must be a dict of names and tokenizers, as {"old": tok, "new": "tekken.json"}, '
     "not list"),
    (lambda tok, zh: tokgraft.compare({"a": tok, "b": 1}, zh),
     'tokenizers["b"] must be a Tokenizer or the path of one, not int'),
    (lambda tok, zh: tokgraft.lint(zh), "tokenizer must be a Tokenizer or the path of one, not dict"),
    (lambda tok, zh: tokgraft.diff(tok, zh), "b must be a Tokenizer or the path of one, not dict"),
    (lambda tok, zh: tokgraft.merge(tok, zh),
     "donor must be a Tokenizer or the path of one, not dict"),
    (lambda tok, zh: tokgraft.merge(zh, tok),
     "base must be a Tokenizer or the path of one, not dict"),
    (lambda tok, zh: tokgraft.trim(tok, keep="zh.txt"),
     'keep must be a dict of names and paths, as {"zh": "zh.txt"}, not str'),
    (lambda tok, zh: tokgraft.graft(tok, tok, out="out"), "model must be a path, not Tokenizer"),
    (lambda tok, zh: tokgraft.graft("model", zh, out="out"),
     "donor must be a Tokenizer or the path of one, not dict"),
    (lambda tok, zh: tokgraft.verify(tok), "directory must be a path, not Tokenizer"),
    (lambda tok, zh: tokgraft.load(tok), "path must be a path, not Tokenizer"),
])
def test_swapped_arguments_are_told_by_name(base, corpora, call, message):
    with pytest.raises(TypeError) as caught:
        call(base, corpora)
    assert str(caught.value) == message


def test_graft_says_that_it_needs_a_place(base):
    with pytest.raises(ValueError, match="out: is None, a directory to write was expected; or use"):
        tokgraft.graft("model", base)


def test_lint_and_diff_take_paths(base, base_path, folder, corpora):
    assert tokgraft.lint(base_path) == tokgraft.lint(base)
    assert tokgraft.diff(base_path, base).verdict == "same"
    with pytest.raises(ValueError, match="is plain text, tokenizer.json"):
        tokgraft.lint(folder / "zh.txt")


def test_print_of_a_report_ends_where_it_ends(base, corpora):
    assert not str(tokgraft.measure(base, corpora)).endswith("\n")


def test_compare(base, donor, corpora):
    report = tokgraft.compare({"base": base, "donor": donor}, corpora, resamples=200)
    assert_is_report(report)
    assert "donor needs" in str(report)
    same = tokgraft.compare({"a": base, "b": base}, corpora, resamples=200)
    assert "no difference" in same.to_json()


def test_merge(base, donor, merged):
    assert merged.tokenizer.vocab_size == merged.id_map.merged_size > base.vocab_size
    assert merged.id_map.base_to_merged == list(range(base.vocab_size))
    assert len(merged.id_map.donor_to_merged) == donor.vocab_size
    assert 0 < len(merged.id_map.added) <= 20
    for piece in merged.id_map.added:
        assert piece["id"] in merged.tokenizer.encode_ids(piece["witness"])
    assert merged.certificate.level in ("L0", "L1")
    assert_is_report(merged.conflicts)
    assert_is_report(merged.certificate)
    assert "A1" in merged.conflicts.counts


def test_merge_on_a_corpus_saves_tokens(base, donor, corpora):
    text = corpora["zh"].read_text(encoding="utf-8")
    for budget in (1, 5, 20):
        merged = tokgraft.merge(base, donor, budget=budget, corpora=corpora)
        assert len(merged.id_map.added) == budget
        assert merged.tokenizer.count(text) < base.count(text)
        assert merged.certificate.checked_bytes == corpora["zh"].stat().st_size


def test_merge_pickles(merged):
    again = pickle.loads(pickle.dumps(merged))
    assert again.tokenizer == merged.tokenizer and again.id_map == merged.id_map
    assert again.certificate == merged.certificate and again.conflicts == merged.conflicts


def test_unknown_strategy_is_refused(base, donor):
    with pytest.raises(tokgraft.Error, match="glue"):
        tokgraft.merge(base, donor, strategy="glue")


def test_init_and_verify(folder, donor):
    model = toys.model_with_tokenizer(folder / "model")
    merged = tokgraft.merge(tokgraft.load(model), donor, budget=10)
    out = folder / "out"
    report = tokgraft.init_embeddings(model, merged, out=out, method="mean", seed=0)
    assert_is_report(report)
    assert report.rows["copied"] == merged.base.vocab_size
    assert tokgraft.load(out).encode_ids("天气很好").tolist() == \
        merged.tokenizer.encode_ids("天气很好").tolist()
    verified = tokgraft.verify(out)
    assert_is_report(verified)
    assert verified.ok is True and verified.problems == []
    with pytest.raises(tokgraft.ConflictError, match="out"):
        tokgraft.init_embeddings(model, merged, out=out)
    (out / "config.json").write_text("{}")
    broken = tokgraft.verify(out)
    assert not broken.ok and any("config.json" in problem for problem in broken.problems)


def rows_of(directory, tensor):
    """A tensor of a model of toys: float32 rows."""
    raw = (directory / "model.safetensors").read_bytes()
    start = 8 + int.from_bytes(raw[:8], "little")
    info = json.loads(raw[8:start])[tensor]
    begin, end = (start + offset for offset in info["data_offsets"])
    assert info["dtype"] == "F32"
    return np.frombuffer(raw[begin:end], np.float32).reshape(info["shape"])


def test_rows_made_elsewhere(folder, donor):
    model = toys.model_with_tokenizer(folder / "rows-model")
    merged = tokgraft.merge(tokgraft.load(model), donor, budget=10)
    added = merged.id_map.added
    ids, splits = tokgraft.old_pieces(merged)
    assert ids.dtype == np.uint32 and splits.dtype == np.int64 and len(splits) == len(added) + 1
    for i, token in enumerate(added):
        spelled = b"".join(merged.base.token_bytes(int(id)) for id in ids[splits[i]:splits[i + 1]])
        assert spelled == bytes.fromhex(token["bytes"])
    columns = json.loads((model / "config.json").read_text())["hidden_size"]
    rows = np.random.default_rng(1).normal(size=(2, len(added), columns)).astype(np.float32)
    out = folder / "rows"
    report = tokgraft.init_embeddings(model, merged, out=out, rows_name="drawn", tie="untie",
                                      rows={"input": rows[0], "output": rows[1]})
    assert report.input == report.output == "given (drawn)" and report.rows["given"] == len(added)
    new = [token["id"] for token in added]
    for tensor, given in (("model.embed_tokens.weight", rows[0]), ("lm_head.weight", rows[1])):
        assert (rows_of(out, tensor)[new] == given).all()
    assert tokgraft.verify(out).problems == []
    out = folder / "one-role"
    report = tokgraft.init_embeddings(model, merged, out=out, rows_name="drawn", tie="untie",
                                      method="first", rows={"input": rows[0], "output": None})
    assert report.input == "given (drawn)" and report.output == "first"
    assert tokgraft.verify(out).ok


@pytest.mark.parametrize(("rows", "name", "words"), [
    ({"input": np.zeros((3, 4), np.float32)}, "n", r"has shape \(3, 4\), \(10, columns"),
    ({"input": np.zeros((10, 3), np.float32)}, "n", "input: are 30 numbers, 10 rows of"),
    ({"head": np.zeros((10, 3), np.float32)}, "n", '"head" is no role'),
    ({}, "n", "has neither"),
    ("all", "n", "dict of arrays, not str"),
    ({"input": "text"}, "n", "array of numbers, not str"),
    (None, "", "no rows|none were given"),
])
def test_rows_that_do_not_fit(folder, donor, rows, name, words):
    model = toys.model_with_tokenizer(folder / "unfit-model")
    merged = tokgraft.merge(tokgraft.load(model), donor, budget=10)
    with pytest.raises((tokgraft.Error, TypeError), match=words):
        tokgraft.init_embeddings(model, merged, out=folder / "unfit", rows=rows, rows_name=name,
                                 method="given" if rows is None else "auto")
    assert not (folder / "unfit").exists()


def test_rows_have_finite_numbers_and_a_name(folder, donor):
    model = toys.model_with_tokenizer(folder / "finite-model")
    merged = tokgraft.merge(tokgraft.load(model), donor, budget=10)
    columns = json.loads((model / "config.json").read_text())["hidden_size"]
    rows = np.zeros((10, columns), np.float32)
    with pytest.raises(tokgraft.Error, match="rows: have no name"):
        tokgraft.init_embeddings(model, merged, out=folder / "no", rows={"input": rows})
    rows[4, 1] = np.inf
    with pytest.raises(tokgraft.Error, match="rows: input: row 4 holds inf"):
        tokgraft.init_embeddings(model, merged, out=folder / "no", rows={"input": rows},
                                 rows_name="n")


def test_rows_from_a_donor_model(folder, donor):
    model = toys.model_with_tokenizer(folder / "donor-base")
    other = toys.llama(folder / "donor-model", donor.vocab_size)
    settings = {"min_anchors": 10, "omp_k": 4, "omp_unit": False}
    for method in ("omp", "map", "knn"):
        out = folder / f"donor-{method}"
        report = tokgraft.graft(model, donor, out=out, budget=10, method=method, donor_model=other,
                                output_norm="pieces", settings=settings)
        assert report.init["rows"][method] + report.init["rows"].get("mean_of_pieces", 0) == 10
        assert report.verify["ok"]
    with pytest.raises(tokgraft.ConflictError, match="min_anchors"):
        tokgraft.graft(model, donor, dry_run=True, budget=10, method="omp", donor_model=other)
    with pytest.raises(tokgraft.ConflictError, match="needs a donor model"):
        tokgraft.graft(model, donor, dry_run=True, budget=10, method="omp")
    with pytest.raises(tokgraft.Error, match='"omp_q" is not known'):
        tokgraft.graft(model, donor, dry_run=True, budget=10, settings={"omp_q": 1})


def token_vectors(path, *tokenizers):
    """Writes a .vec file with a vector for each token of these, spelt as their files spell them."""
    tokens = sorted({token for tokenizer in tokenizers for token in
                     json.loads(tokenizer.read_text(encoding="utf-8"))["model"]["vocab"]})
    path.write_text(f"{len(tokens)} 3\n" + "".join(
        f"{token} {i % 7 - 3} {i % 5 - 2.5} {i % 3}\n" for i, token in enumerate(tokens)),
        encoding="utf-8")
    return path


def test_rows_from_files(folder, donor):
    model = toys.model_with_tokenizer(folder / "file-base")
    words = sorted({w for s in [*toys.SENTENCES, *toys.OTHER_SENTENCES] for w in s.split()})
    vectors = folder / "words.vec"
    vectors.write_text(f"{len(words)} 2\n" + "".join(
        f"{w} {i % 7 - 3} {i % 5 - 2.5}\n" for i, w in enumerate(words)), encoding="utf-8")
    dictionary = folder / "words.tsv"
    dictionary.write_text("".join(f"{w}\t{w}\n" for w in words), encoding="utf-8")
    parallel = folder / "text.tsv"
    parallel.write_text("".join(f"{s}\t{s}\n" for s in toys.OTHER_SENTENCES * 20),
                        encoding="utf-8")
    tokens = token_vectors(folder / "tokens.vec", model / "tokenizer.json", folder / "donor.json")
    text = folder / "text.txt"
    text.write_text("\n".join([*toys.SENTENCES, *toys.OTHER_SENTENCES] * 20), encoding="utf-8")
    files = {"wechsel": {"vectors": vectors, "base_vectors": vectors, "dictionary": dictionary},
             "trans-tokenization": {"parallel": parallel},
             "focus": {"vectors": tokens},
             "tokenadapt": {"vector_text": text},
             "tokalign": {"vector_text": text}}
    merged = tokgraft.merge(tokgraft.load(model), donor, budget=10)
    for method, given in files.items():
        stages = []
        out = folder / f"files-{method}"
        report = tokgraft.graft(model, donor, out=out, budget=10, method=method, **given,
                                progress=lambda stage, _, stages=stages: stages.append(stage))
        assert report.init["rows"][method] > 0
        assert report.init["rows"][method] + report.init["rows"].get("mean_of_pieces", 0) == 10
        assert report.verify["ok"]
        assert "vectors" in stages or "align" in stages
        inputs = json.loads((out / "tokgraft.json").read_text())["inputs"]
        for path in given.values():
            digest = hashlib.sha256(path.read_bytes()).hexdigest()
            assert digest in [file["sha256"] for file in inputs if file["path"] == str(path)]
        again = tokgraft.init_embeddings(model, merged, out=folder / f"again-{method}",
                                         method=method, **given)
        assert again.rows == report.init["rows"]
        with pytest.raises(tokgraft.FormatError, match="give .*--"):
            tokgraft.graft(model, donor, dry_run=True, budget=10, method=method)
    parallel.write_text("no tab\n")
    with pytest.raises(tokgraft.FormatError, match="text.tsv: line 1: has no tab"):
        tokgraft.graft(model, donor, dry_run=True, budget=10, method="trans-tokenization",
                       parallel=parallel)


def test_graft(folder, donor, corpora):
    model = toys.model_with_tokenizer(folder / "graft-model")
    out = folder / "grafted"
    planned = tokgraft.graft(model, donor, budget=10, dry_run=True)
    assert not out.exists() and planned.out == ""
    report = tokgraft.graft(model, donor, out=out, budget=10, corpora=corpora)
    assert_is_report(report)
    assert report.vocabulary["added"] == 10 and report.certificate["level"] in ("L0", "L1")
    assert report.verify["ok"] and tokgraft.verify(out).ok
    before, after = (report.efficiency[when]["corpora"]["zh"]["tokens"]
                     for when in ("before", "after"))
    assert after < before
    with pytest.raises(tokgraft.ConflictError):
        tokgraft.graft(model, donor, out=out, budget=10)
