"""Rows made by running a model: small random models, real transformers, naive oracles."""

import json
import math
import pathlib
import sys

import numpy as np
import pytest
import tokgraft
import toys

torch = pytest.importorskip("torch")
transformers = pytest.importorskip("transformers")

from tokgraft.fit import FittedRows, fit_rows  # noqa: E402
from tokgraft.fit.blend import blend  # noqa: E402
from tokgraft.fit.documents import fit_documents, lines_of, spread, windows  # noqa: E402
from tokgraft.fit.language_model import LanguageModel, padded_batches  # noqa: E402
from tokgraft.fit.logistic import LogisticOptions, common_direction, logistic  # noqa: E402
from tokgraft.fit.readout import readout  # noqa: E402
from tokgraft.fit.splits import examples, halves  # noqa: E402
from tokgraft.fit.states import read, with_start  # noqa: E402
from tokgraft.fit.training import TrainingOptions, train  # noqa: E402
from tokgraft.fit.vocabulary import NewVocabulary, piece_rows  # noqa: E402
from tokgraft.loss import Loss, loss  # noqa: E402

WIDTH = 32


def words(seed: int, count: int) -> list[str]:
    """Sentences of invented words: enough of them for a vocabulary of some thousand pieces."""
    chance = np.random.default_rng(seed)
    parts = ["ka", "lo", "mi", "ru", "ten", "sal", "vor", "bek", "ni", "dra", "po", "shu", "el", "gat"]
    lexicon = ["".join(chance.choice(parts, chance.integers(2, 5))) for _ in range(2500)]
    weight = 1 / np.arange(1, len(lexicon) + 1)
    weight /= weight.sum()
    return [" ".join(chance.choice(lexicon, 12, p=weight)) + "." for _ in range(count)]


@pytest.fixture(scope="module")
def model_dir(tmp_path_factory) -> pathlib.Path:
    """A tied Llama, whose rows of joined tokens are a linear function of their two halves."""
    folder = tmp_path_factory.mktemp("model") / "model"
    folder.mkdir()
    toys.byte_level_bpe(folder / "tokenizer.json", words(0, 2000), 1800)
    tokenizer = tokgraft.load(folder)
    config = transformers.LlamaConfig(
        vocab_size=tokenizer.vocab_size, hidden_size=WIDTH, intermediate_size=64,
        num_hidden_layers=4, num_attention_heads=4, num_key_value_heads=2,
        max_position_embeddings=256, tie_word_embeddings=True, bos_token_id=0, eos_token_id=0,
        pad_token_id=1)
    torch.manual_seed(0)
    model = transformers.LlamaForCausalLM(config)
    rows = model.model.embed_tokens.weight.data
    rows.normal_(0, 0.5)
    for token, (left, right) in sorted(halves(tokenizer, len(rows)).items()):
        rows[token] = 0.9 * rows[right] - 0.4 * rows[left]
    model.save_pretrained(folder)
    return folder


@pytest.fixture(scope="module")
def merged(tmp_path_factory, model_dir) -> tokgraft.MergeResult:
    donor = tmp_path_factory.mktemp("donor") / "donor.json"
    toys.byte_level_bpe(donor, words(0, 2000), 2600, ())
    return tokgraft.merge(model_dir, donor)


@pytest.fixture(scope="module")
def model(model_dir) -> LanguageModel:
    return LanguageModel(model_dir, dtype=torch.float32)


@pytest.fixture(scope="module")
def vocabulary(merged, model) -> NewVocabulary:
    return NewVocabulary.of(merged, len(model.input_rows), model.start_id)


def test_halves_join_to_the_token(model_dir):
    tokenizer = tokgraft.load(model_dir)
    found = halves(tokenizer, tokenizer.vocab_size)
    merges = json.loads((model_dir / "tokenizer.json").read_text())["model"]["merges"]
    assert len(found) >= 0.9 * len(merges)
    for token, (left, right) in found.items():
        assert (tokenizer.token_bytes(left) + tokenizer.token_bytes(right)
                == tokenizer.token_bytes(token))
    hidden = set(list(found)[::7])
    for token, pair in halves(tokenizer, tokenizer.vocab_size, hidden).items():
        assert not hidden & {token, *pair}


def test_examples_are_spread_and_spell_their_tokens(model_dir):
    tokenizer = tokgraft.load(model_dir)
    pairs = halves(tokenizer, tokenizer.vocab_size)
    tokens, pieces = examples(pairs, 10 ** 6)
    assert len(tokens) > len(pairs)
    for token, own in zip(tokens, pieces, strict=True):
        assert b"".join(map(tokenizer.token_bytes, own)) == tokenizer.token_bytes(token)
    few, _ = examples(pairs, 100)
    assert len(few) == 100 and few == sorted(few) and few[0] == tokens[0]


def test_vocabulary_names_every_row_once(merged, vocabulary, model):
    id_map = merged.id_map.to_dict()
    assert vocabulary.size == id_map["merged_size"]
    every = torch.cat([vocabulary.kept_new, vocabulary.added]).sort().values
    assert every.tolist() == list(range(vocabulary.size))
    assert vocabulary.added.tolist() == [token["id"] for token in id_map["added"]]
    assert bool(vocabulary.known.all())
    base = merged.base
    for token, own in zip(id_map["added"], vocabulary.pieces, strict=True):
        assert b"".join(map(base.token_bytes, own)).hex() == token["bytes"]
    new = torch.randn(len(vocabulary.added), WIDTH)
    rows = vocabulary.assemble(model.input_rows, new)
    assert torch.equal(rows[vocabulary.added], new)
    assert torch.equal(rows[vocabulary.kept_new], model.input_rows[vocabulary.kept_old])


def test_piece_rows_are_those_of_a_loop():
    rows = torch.randn(9, 4)
    pieces = [[3], [1, 2], [8, 0, 8, 5]]
    made = piece_rows(rows, pieces)
    for i, own in enumerate(pieces):
        assert torch.equal(made["first"][i], rows[own[0]])
        assert torch.equal(made["last"][i], rows[own[-1]])
        assert torch.equal(made["second"][i], rows[own[1]] if len(own) > 1 else torch.zeros(4))
        torch.testing.assert_close(made["mean"][i], rows[own].mean(0))


def test_readout_finds_a_linear_composition(model, merged, vocabulary):
    made = readout(model, merged.base, vocabulary)
    assert made.output is None and made.left["input"] < 0.05
    pairs = [i for i, own in enumerate(vocabulary.pieces) if len(own) == 2]
    assert len(pairs) > 50
    truth = torch.stack([0.9 * model.input_rows[b] - 0.4 * model.input_rows[a]
                         for a, b in (vocabulary.pieces[i] for i in pairs)])
    error = ((made.input[pairs] - truth) ** 2).sum() / (truth ** 2).sum()
    mean = torch.stack([model.input_rows[vocabulary.pieces[i]].mean(0) for i in pairs])
    assert error < 0.1 < ((mean - truth) ** 2).sum() / (truth ** 2).sum()


def test_early_states_are_those_of_transformers(model, model_dir):
    reference = transformers.AutoModelForCausalLM.from_pretrained(model_dir).eval()
    sequences = [[0, 300, 301], [0, 400], [0, 500, 20, 21]]
    ours = model.early_states(sequences, (1, 3)).float()
    for row, sequence in zip(ours, sequences, strict=True):
        with torch.no_grad():
            states = reference(torch.tensor([sequence]), output_hidden_states=True).hidden_states
        theirs = torch.cat([states[1][0, -1], states[3][0, -1]])
        torch.testing.assert_close(row, theirs, atol=2e-2, rtol=1e-2)  # kept as bfloat16


def test_padding_changes_no_state(model):
    documents = [np.arange(5, 5 + n) for n in (3, 9, 4, 30, 9)]
    seen = []
    for batch, ids, mask in padded_batches(documents, 40):
        with torch.no_grad():
            states = model.states(ids)
        for row, document in enumerate(batch):
            assert ids[row][mask[row]].tolist() == documents[document].tolist()
            with torch.no_grad():
                alone = model.states(torch.from_numpy(documents[document])[None])[0]
            torch.testing.assert_close(states[row][mask[row]], alone, atol=1e-4, rtol=1e-3)
            seen.append(document)
    assert sorted(seen) == list(range(len(documents)))


@pytest.fixture(scope="module")
def states(model, merged, vocabulary):
    rows = torch.stack([model.input_rows[own].mean(0) for own in vocabulary.pieces])
    texts = windows(words(1, 300), 200)
    documents = with_start(vocabulary, [merged.tokenizer.encode_ids(text) for text in texts])
    return read(model, vocabulary, rows, documents)


def test_states_hold_every_position_and_the_kept_rows(states, model, merged, vocabulary):
    texts = windows(words(1, 300), 200)
    assert len(states.following) == sum(merged.tokenizer.count(text) for text in texts)
    assert states.following.max() < vocabulary.size
    kept = model.output_rows[vocabulary.kept_old]
    for i in range(0, len(states.following), 401):
        logits = states.state[i].float() @ kept.T
        assert abs(float(logits.logsumexp(0)) - float(states.kept_mass[i])) < 0.02
        following = int(states.following[i])
        place = (vocabulary.kept_new == following).nonzero()
        if len(place):
            assert abs(float(logits[place[0, 0]]) - float(states.kept_logit[i])) < 0.05
        else:
            assert float(states.kept_logit[i]) == 0


def nats(rows: torch.Tensor, states, model, vocabulary) -> float:
    """Naive: the softmax over all rows."""
    head = vocabulary.assemble(model.output_rows.float(), rows)
    return float(torch.nn.functional.cross_entropy(states.state.float() @ head.T, states.following))


def test_logistic_lowers_the_loss_that_it_reports(states, model, vocabulary):
    options = LogisticOptions(passes=8, batch=512, seed=3)
    made = logistic(model.output_rows, vocabulary, states, options)
    assert made.rows.shape == (len(vocabulary.added), WIDTH)
    first = torch.stack([model.output_rows[own[0]] for own in vocabulary.pieces])
    before, after = nats(first, states, model, vocabulary), nats(made.rows, states, model, vocabulary)
    assert after < made.losses[0] < before and after == pytest.approx(made.losses[-1], abs=0.1)
    again = logistic(model.output_rows, vocabulary, states, options)
    assert torch.equal(made.rows, again.rows)
    other = logistic(model.output_rows, vocabulary, states, LogisticOptions(8, 512, seed=4))
    assert not torch.equal(made.rows, other.rows)


def test_blend_takes_the_rows_of_least_loss(model, vocabulary, lessons, monkeypatch):
    documents, sizes = with_start(vocabulary, lessons[0]), lessons[1]
    readout_rows = mean_rows(model, vocabulary)
    chosen = blend(model, vocabulary, readout_rows, documents, sizes)
    starts = {"mean", "readout"}
    later = {name: bits for name, bits in chosen.bits_per_byte.items() if name not in starts}
    assert chosen.name == min(later, key=later.get) and len(later) == 7
    assert chosen.bits_per_byte["mean"] == chosen.bits_per_byte["readout"]  # the same rows here
    assert len(chosen.learn) == len(documents) - 16 and chosen.input.shape == readout_rows.shape
    losses = iter(range(100, 0, -1))  # the last candidate wins
    monkeypatch.setattr(sys.modules[blend.__module__], "loss", lambda *a, **k: Loss(
        np.array([next(losses)]), np.array([1]), {}))
    chosen = blend(model, vocabulary, readout_rows, documents, sizes)
    seen = torch.unique(torch.from_numpy(np.concatenate([documents[i] for i in chosen.learn])))
    moved = (chosen.input != readout_rows).any(1)
    assert chosen.name == "n/(n+3) of the fitted output row" and moved.any()
    assert not moved[~torch.isin(vocabulary.added, seen)].any()  # no fitted row is known of these


def test_the_bias_of_a_head_counts(tmp_path, model_dir, merged, lessons):
    folder = tmp_path / "phi"
    tokenizer = tokgraft.load(model_dir)
    torch.manual_seed(0)
    phi = transformers.PhiForCausalLM(transformers.PhiConfig(
        vocab_size=tokenizer.vocab_size, hidden_size=WIDTH, intermediate_size=64,
        num_hidden_layers=2, num_attention_heads=4, max_position_embeddings=256, bos_token_id=0,
        eos_token_id=0, pad_token_id=1))
    phi.lm_head.bias.data.normal_(0, 2)
    phi.save_pretrained(folder)
    (folder / "tokenizer.json").write_bytes((model_dir / "tokenizer.json").read_bytes())
    model = LanguageModel(folder, dtype=torch.float32)
    vocabulary = NewVocabulary.of(merged, model.input_rows.shape[0], model.start_id)
    starts = [piece_rows(rows, vocabulary.pieces)["mean"]
              for rows in (model.input_rows, model.output_rows)]
    made = train(model, vocabulary, *starts, *lessons, TrainingOptions(tokens=600))

    tokgraft.init_embeddings(folder, merged, out=tmp_path / "new", rows={
        "input": starts[0].numpy(), "output": starts[1].numpy()}, rows_name="means")
    written = LanguageModel(tmp_path / "new", dtype=torch.float32)
    held = [i * len(lessons[0]) // 8 for i in range(8)]
    theirs = loss(written, written.input_rows, written.output_rows,
                  [np.concatenate([[0], lessons[0][i]]) for i in held], [lessons[1][i] for i in held],
                  output_bias=written.output_bias)
    assert made.before == pytest.approx(theirs.bits_per_byte, rel=1e-3)
    states = read(model, vocabulary, starts[0], with_start(vocabulary, lessons[0][:40]))
    bias = vocabulary.assemble_bias(model.output_bias)
    fitted = logistic(model.output_rows, vocabulary, states, LogisticOptions(passes=4, batch=512),
                      bias=bias)
    head = vocabulary.assemble(model.output_rows, fitted.rows)
    wrong = torch.nn.functional.cross_entropy(states.state.float() @ head.T, states.following)
    right = torch.nn.functional.cross_entropy(states.state.float() @ head.T + bias, states.following)
    assert float(right) == pytest.approx(fitted.losses[-1], abs=0.1)
    assert abs(float(right) - float(wrong)) > 0.5


def test_common_direction_has_product_one():
    states = torch.randn(500, 8) * 0.1 + torch.arange(8.0)
    product = states @ common_direction(states)
    assert float(product.mean()) == pytest.approx(1, abs=0.02) and float(product.std()) < 0.1


def test_fitted_rows_are_written_and_give_the_loss_in_transformers(tmp_path, model_dir, model,
                                                                   merged, vocabulary):
    corpora = {"words": words(2, 400)}
    stages = []
    fitted = fit_rows(model, merged, corpora=corpora, fit_bytes=20_000,
                      progress=lambda stage, fraction: stages.append((stage, fraction)))
    assert {stage for stage, _ in stages} == {"readout", "states", "logistic", "choose"}
    assert all(0 <= fraction <= 1 for _, fraction in stages)
    assert fitted.facts["positions"] > 1000 and fitted.facts["fit_bytes"] <= 20_000
    report = tokgraft.init_embeddings(model_dir, merged, out=tmp_path / "new", tie="untie",
                                      rows=fitted.as_dict(), rows_name=fitted.name)
    assert not report.to_dict()["tied"]
    assert tokgraft.verify(tmp_path / "new").ok
    assert fitted.name in (tmp_path / "new/tokgraft.json").read_text()

    text = windows(words(5, 50), 400)[0]
    ids = merged.tokenizer.encode_ids(text).astype(np.int64)
    reference = transformers.AutoModelForCausalLM.from_pretrained(tmp_path / "new").eval()
    whole = torch.tensor([[0, *ids]])  # <|endoftext|> keeps its id
    with torch.no_grad():
        logits = reference(whole).logits[0, :-1].float()
    theirs = float(torch.nn.functional.cross_entropy(logits, whole[0, 1:], reduction="sum"))
    rows = torch.cat([vocabulary.assemble(model.input_rows, torch.from_numpy(fitted.input)),
                      model.input_rows[:1]])
    head = vocabulary.assemble(model.output_rows, torch.from_numpy(fitted.output))
    new = torch.zeros(vocabulary.size, dtype=torch.bool)
    new[vocabulary.added] = True
    ours = loss(model, rows, head, with_start(vocabulary, [ids]), [len(text)], new=new)
    assert ours.bits_per_byte == pytest.approx(theirs / math.log(2) / len(text), rel=1e-3)
    roles = sum(ours.role_bits_per_byte(role) for role in ours.roles)
    assert roles == pytest.approx(ours.bits_per_byte, rel=1e-6)
    assert sum(count for _, count in ours.roles.values()) == len(ids)


@pytest.fixture(scope="module")
def lessons(merged):
    texts = windows(words(3, 900), 300)
    return [merged.tokenizer.encode_ids(text) for text in texts], [len(text) for text in texts]


def mean_rows(model, vocabulary) -> torch.Tensor:
    return torch.stack([model.input_rows[own].mean(0) for own in vocabulary.pieces])


def test_training_moves_new_rows_only_and_helps(model, vocabulary, lessons):
    before = model.input_rows.clone(), [p.clone() for p in model._model.parameters()]
    start = mean_rows(model, vocabulary)
    stages = []
    options = TrainingOptions(tokens=12_000, batch_tokens=512, input_own_rate=1e-2,
                              output_own_rate=0.1, output_shared_rate=1e-2)
    made = train(model, vocabulary, start, start, *lessons, options,
                 progress=lambda stage, fraction: stages.append((stage, fraction)))
    assert made.kept and made.after < made.before
    assert np.mean(made.losses[-5:]) < np.mean(made.losses[:5])
    assert made.input.shape == made.output.shape == start.shape
    assert not torch.equal(made.input, start) and not torch.equal(made.output, start)
    assert torch.equal(before[0], model.input_rows)
    assert all(torch.equal(a, b) for a, b in zip(before[1], model._model.parameters(), strict=True))
    assert stages[-1] == ("train", 1.0)
    again = train(model, vocabulary, start, start, *lessons, options)
    assert torch.equal(made.input, again.input) and torch.equal(made.output, again.output)


def test_the_gradient_of_a_new_row_is_that_of_the_written_model(model, model_dir, vocabulary,
                                                               lessons):
    from tokgraft.fit.training import _Head, _Rows
    start = mean_rows(model, vocabulary)
    inputs, outputs = (_Rows(start, model.input_rows, vocabulary) for _ in range(2))
    ids = with_start(vocabulary, [lessons[0][0]])[0]
    batch, mask = torch.from_numpy(ids)[None], torch.ones(1, len(ids), dtype=torch.bool)
    ours = _Head(model, vocabulary).nats(batch, mask, inputs, outputs)
    ours.backward()
    reference = transformers.AutoModelForCausalLM.from_pretrained(model_dir).eval()
    rows = torch.cat([vocabulary.assemble(model.input_rows, start), model.input_rows[:1]])
    table = rows.clone().requires_grad_()
    head = vocabulary.assemble(model.output_rows, start).requires_grad_()
    states = reference.model(inputs_embeds=table[batch]).last_hidden_state[0, :-1]
    theirs = torch.nn.functional.cross_entropy(states @ head.T, batch[0, 1:], reduction="sum")
    theirs.backward()
    torch.testing.assert_close(ours, theirs, rtol=1e-4, atol=1e-3)
    torch.testing.assert_close(inputs.own.grad, table.grad[vocabulary.added], rtol=1e-3, atol=1e-4)
    torch.testing.assert_close(outputs.own.grad, head.grad[vocabulary.added], rtol=1e-3, atol=1e-4)


def test_training_that_harms_is_not_kept(model, vocabulary, lessons):
    start = mean_rows(model, vocabulary)
    made = train(model, vocabulary, start, start, *lessons,
                 TrainingOptions(tokens=2000, input_own_rate=50.0, output_own_rate=50.0))
    assert not made.kept and made.after > made.before
    assert torch.equal(made.input, start) and torch.equal(made.output, start)


def test_method_train_goes_on_from_method_fit(model, merged):
    corpora = {"words": words(2, 900)}
    fitted = fit_rows(model, merged, corpora=corpora, fit_bytes=20_000)
    trained = fit_rows(model, merged, method="train", corpora=corpora, fit_bytes=20_000,
                       train_tokens=4000)
    facts = trained.facts["training"]
    assert facts["kept"] and facts["steps"] == len(facts["losses"]) >= 3
    assert facts["held_out_bits_per_byte"][1] < facts["held_out_bits_per_byte"][0]
    assert trained.name.startswith(fitted.name) and "training new rows only" in trained.name
    assert not np.array_equal(trained.input, fitted.input)


def test_readout_alone_keeps_a_tied_model_tied(tmp_path, model_dir, model, merged):
    fitted = fit_rows(model, merged, method="readout")
    assert fitted.output is None
    report = tokgraft.init_embeddings(model_dir, merged, out=tmp_path / "new",
                                      rows=fitted.as_dict(), rows_name=fitted.name)
    assert report.to_dict()["tied"] and tokgraft.verify(tmp_path / "new").ok


def test_same_rows_twice(model, merged):
    corpora = {"words": words(2, 400)}
    a, b = (fit_rows(model, merged, corpora=corpora, fit_bytes=15_000) for _ in range(2))
    assert isinstance(a, FittedRows)
    assert np.array_equal(a.input, b.input) and np.array_equal(a.output, b.output)


@pytest.mark.parametrize(("arguments", "message"), [
    ({"method": "nonsense"}, "is not known here"),
    ({"method": "fit"}, "none was given"),
    ({"method": "fit", "corpora": {"x": ["a b c"]}}, "at least 1000 are needed"),
    ({"method": "fit", "corpora": {"x": ["  ", ""]}}, "holds no text"),
    ({"method": "fit", "corpora": {"x": "no/such/file.txt"}}, "there is no such file"),
])
def test_what_cannot_be_fitted_is_refused(model, merged, arguments, message):
    with pytest.raises(tokgraft.Error, match=message):
        fit_rows(model, merged, **arguments)


def test_a_head_that_is_no_product_is_refused(tmp_path, model_dir):
    config = transformers.Gemma2Config(
        vocab_size=600, hidden_size=WIDTH, intermediate_size=64, num_hidden_layers=2,
        num_attention_heads=4, num_key_value_heads=2, head_dim=8, final_logit_softcapping=0.5)
    transformers.Gemma2ForCausalLM(config).save_pretrained(tmp_path / "capped")
    with pytest.raises(tokgraft.UnsupportedError, match="not the product"):
        LanguageModel(tmp_path / "capped")
    with pytest.raises(tokgraft.Error, match="cannot load it"):
        LanguageModel(tmp_path / "nothing")


def test_few_old_tokens_to_learn_from_are_refused(tmp_path):
    folder = toys.llama(tmp_path / "model", 420, width=WIDTH)
    toys.byte_level_bpe(folder / "tokenizer.json")
    donor = toys.byte_level_bpe(tmp_path / "donor.json", toys.OTHER_SENTENCES, 500, ())
    with pytest.raises(tokgraft.UnsupportedError, match="1000 are needed"):
        fit_rows(folder, tokgraft.merge(folder, donor), method="readout")


def test_windows_are_cut_between_characters_and_lines():
    assert windows(["ab", "cdé", "fg", "h"], 6) == ["ab\ncd"]
    found = windows(["Grüße " * 30, "x", "日本語" * 40], 50)
    assert all(0 < len(window.encode()) <= 50 for window in found) and len(found) == 2
    assert windows([], 10) == [] and windows(["short"], 10) == ["short\n"]
    assert spread(list("abcdefgh"), 3) == ["a", "c", "f"] and spread(["a"], 3) == ["a"]
    assert lines_of("x", ["a", "b"]) == ["a", "b"]
    texts = fit_documents({"a": ["x" * 20] * 50, "b": ["y" * 20] * 3}, size=20, total_bytes=400)
    assert sum(text.startswith("x") for text in texts) == 10
    assert sum(text.startswith("y") for text in texts) == 3
