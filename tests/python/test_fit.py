"""Rows made by running a model: small random models, real transformers, naive oracles."""

import dataclasses
import json
import math
import pathlib
import shutil
import sys

import numpy as np
import pytest
import tokgraft
import toys

torch = pytest.importorskip("torch")
transformers = pytest.importorskip("transformers")

from tokgraft.fit import (  # noqa: E402
    METHODS,
    ChainRuleOptions,
    DistillOptions,
    FittedRows,
    Tokens2WordsOptions,
    fit_rows,
)
from tokgraft.fit.alignment import Aligner  # noqa: E402
from tokgraft.fit.blend import blend  # noqa: E402
from tokgraft.fit.chain_rule import chain_rule  # noqa: E402
from tokgraft.fit.distillation import Pupil, distill  # noqa: E402
from tokgraft.fit.documents import fit_documents, lines_of, spread, windows  # noqa: E402
from tokgraft.fit.language_model import LanguageModel, padded_batches  # noqa: E402
from tokgraft.fit.logistic import (  # noqa: E402
    LogisticOptions,
    common_direction,
    logistic,
)
from tokgraft.fit.logistic import _Candidates as Candidates  # noqa: E402
from tokgraft.fit.logistic import _loss as logistic_loss  # noqa: E402
from tokgraft.fit.readout import readout  # noqa: E402
from tokgraft.fit.splits import examples, halves  # noqa: E402
from tokgraft.fit.states import read, with_start  # noqa: E402
from tokgraft.fit.teacher import Teacher, original_states  # noqa: E402
from tokgraft.fit.tokens2words import ridge_map, tokens2words  # noqa: E402
from tokgraft.fit.training import TrainingOptions, train  # noqa: E402
from tokgraft.fit.vocabulary import NewVocabulary, piece_rows  # noqa: E402
from tokgraft.loss import Loss, loss  # noqa: E402

WIDTH = 32


def words(seed: int, count: int, skew: float = 1) -> list[str]:
    """Sentences of invented words: enough of them for a vocabulary of some thousand pieces. The
    seed chooses the words; skew 0: all of them as often."""
    chance = np.random.default_rng(seed)
    parts = ["ka", "lo", "mi", "ru", "ten", "sal", "vor", "bek", "ni", "dra", "po", "shu", "el", "gat"]
    lexicon = ["".join(chance.choice(parts, chance.integers(2, 5))) for _ in range(2500)]
    weight = 1.0 / np.arange(1, len(lexicon) + 1) ** skew
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


def test_the_gradient_of_logistic_is_that_of_plain_code(states, model, vocabulary):
    chosen, place = torch.arange(600), vocabulary.added_places()[states.following]
    rows = torch.randn(len(vocabulary.added), WIDTH).requires_grad_()
    offset = torch.randn(len(rows))
    value, gradient = logistic_loss(rows.detach(), offset, states, chosen, place[chosen])
    logits = states.state[chosen].float() @ rows.T + offset
    mass = torch.logaddexp(logits.logsumexp(1), states.kept_mass[chosen])
    target = place[chosen]
    own = torch.where(target >= 0, logits.gather(1, target.clamp(min=0)[:, None])[:, 0],
                      states.kept_logit[chosen])
    plain = (mass - own).mean()
    plain.backward()
    assert value == pytest.approx(float(plain.detach()), rel=1e-2)
    assert torch.allclose(gradient, rows.grad, atol=2e-2 * float(rows.grad.abs().max()))


def test_candidates_stand_for_all_rows():
    target = torch.tensor([0, 0, 0, 1, -1, 7])
    chance = torch.Generator().manual_seed(0)
    candidates = Candidates(target, 40, LogisticOptions(often=3, seldom=6), chance)
    exact, total = torch.arange(40.0).sum(), 0.0
    for _ in range(4000):
        of, offset = candidates.draw(target)
        assert {0, 1, 7} <= set(of.tolist()) and len(of) == len(set(of.tolist())) == 9
        assert of[candidates.places(of, target)][target >= 0].tolist() == [0, 0, 0, 1, 7]
        total += float((of.float() * offset.exp()).sum()) / 4000
    assert total == pytest.approx(float(exact), rel=0.02)
    everything = Candidates(target, 40, LogisticOptions(often=3, seldom=39), chance).draw(target)
    assert everything[0].tolist() == list(range(40)) and not everything[1].any()


def test_logistic_with_a_sample_comes_near_the_whole(states, model, vocabulary):
    whole, sampled = (
        nats(logistic(model.output_rows, vocabulary, states, options).rows, states, model, vocabulary)
        for options in (LogisticOptions(batch=512), LogisticOptions(batch=512, often=20, seldom=10)))
    assert sampled == pytest.approx(whole, abs=0.1)


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


@pytest.fixture(scope="module")
def aligned(merged):
    return Aligner(merged.base, merged.tokenizer).align(windows(words(0, 400, 0), 300))


def test_aligned_texts_share_the_ends_of_tokens(merged, aligned):
    old, new = merged.base, merged.tokenizer
    assert len(aligned) > 50
    for text in aligned[:20]:
        pieces = [old.token_bytes(i) for i in text.old], [new.token_bytes(i) for i in text.new]
        assert b"".join(pieces[0]) == b"".join(pieces[1])
        ends = [{len(b"".join(own[:i + 1])): i for i in range(len(own))} for own in pieces]
        both = sorted(ends[0].keys() & ends[1].keys())
        places = text.common()
        assert places[0].tolist() == [ends[0][byte] for byte in both]
        assert places[1].tolist() == [ends[1][byte] for byte in both]
        spelt = 0
        for at, first, last in zip(*text.spans(), strict=True):
            assert b"".join(pieces[0][first:last + 1]) == pieces[1][at]
            spelt += 1
        assert spelt == sum(end - len(pieces[1][i]) in {0, *ends[0]} and end in ends[0]
                            for end, i in ends[1].items())


def test_texts_that_are_not_spelt_alike_are_left_out(merged, tmp_path):
    other = tokgraft.load(toys.byte_level_bpe(tmp_path / "other.json", words(0, 50), 300, ()))

    class Upper:
        vocab_size, token_bytes = other.vocab_size, other.token_bytes

        @staticmethod
        def encode_ids(text):
            return other.encode_ids(text.upper())

    assert len(Aligner(other, Upper()).align(["12 34", "ka lo"])) == 1
    with pytest.raises(tokgraft.UnsupportedError, match="by the same bytes"):
        Aligner(other, Upper()).align(["ka lo"])


@pytest.fixture(scope="module")
def untied(tmp_path_factory, model_dir) -> LanguageModel:
    """Output rows are half a rotation of the state behind layer 2 after the token alone."""
    folder = tmp_path_factory.mktemp("untied") / "model"
    shutil.copytree(model_dir, folder)
    whole = transformers.AutoModelForCausalLM.from_pretrained(model_dir)
    whole.config.tie_word_embeddings = False
    made = transformers.LlamaForCausalLM(whole.config)
    made.model.load_state_dict(whole.model.state_dict())
    made.save_pretrained(folder)
    opened = LanguageModel(folder, dtype=torch.float32)
    rows = len(opened.output_rows)
    states = opened.early_states([[opened.start_id, i] for i in range(rows)], (2,)).float()
    turn = torch.linalg.qr(torch.randn(WIDTH, WIDTH, generator=torch.Generator().manual_seed(0))).Q
    opened.output_rows = states @ turn / 2
    return opened


@pytest.mark.parametrize("kind", ["ridge", "procrustes"])
def test_tokens2words_recovers_rows_that_are_a_map_of_states(untied, merged, vocabulary, kind):
    options = Tokens2WordsOptions(layer=2, map=kind, penalty=1e-9)
    single = dataclasses.replace(vocabulary, pieces=[[i] for i in range(300, 900)])
    made = tokens2words(untied, merged.base, single, options)
    torch.testing.assert_close(made.output, untied.output_rows[300:900], atol=1e-3, rtol=1e-3)
    assert made.left["output"] < 1e-6 < made.left["input"]
    several = tokens2words(untied, merged.base, vocabulary, options)
    start = untied.start_id
    turn = torch.linalg.lstsq(
        untied.early_states([[start, i] for i in range(300, 900)], (2,)).float(),
        untied.output_rows[300:900]).solution
    states = untied.early_states([[start, *own] for own in vocabulary.pieces], (2,)).float()
    torch.testing.assert_close(several.output, states @ turn, atol=1e-3, rtol=1e-3)


def test_tokens2words_without_hidden_tokens_and_tied(model, merged, vocabulary):
    made = tokens2words(model, merged.base, vocabulary, Tokens2WordsOptions(layer=1))
    hidden = tokens2words(model, merged.base, vocabulary,
                          Tokens2WordsOptions(layer=1, hidden=frozenset(range(500, 600))))
    assert made.output is None
    assert made.examples - hidden.examples == 100 and not torch.equal(made.input, hidden.input)
    fitted = fit_rows(model, merged, method="tokens2words", options=Tokens2WordsOptions(layer=1))
    assert np.array_equal(fitted.input, made.input.numpy()) and fitted.output is None
    assert "layer 1" in fitted.name and fitted.facts["layer"] == 1


def test_a_greater_penalty_gives_a_smaller_map():
    states, goal = torch.randn(200, 8), torch.randn(200, 3)
    torch.testing.assert_close(ridge_map(states, goal, 0), torch.linalg.lstsq(states, goal).solution)
    sizes = [float(ridge_map(states, goal, penalty).norm()) for penalty in (0, 0.1, 1, 10)]
    assert sizes == sorted(sizes, reverse=True)


def test_beta_is_that_of_a_slow_direct_computation(model, model_dir, merged, vocabulary, aligned):
    texts = aligned[:40]
    made = chain_rule(model, vocabulary, texts)
    reference = transformers.AutoModelForCausalLM.from_pretrained(model_dir).eval()
    place = {int(token): i for i, token in enumerate(vocabulary.added)}
    sums: dict[int, list[float]] = {}
    for text in texts:
        with torch.no_grad():
            logits = reference(torch.tensor([[0, *text.old]])).logits[0]
        byte = 0
        for token in text.new:
            size = len(merged.tokenizer.token_bytes(int(token)))
            own = vocabulary.pieces[place[token]] if token in place else None
            first = next((i for i in range(len(text.old))
                          if sum(len(merged.base.token_bytes(int(p))) for p in text.old[:i]) == byte),
                         None) if own else None
            if first is not None and text.old[first:first + len(own)].tolist() == own:
                sums.setdefault(place[token], []).append(sum(
                    float(logits[first + i].log_softmax(0)[own[i]]) for i in range(1, len(own))))
            byte += size
    assert len(sums) > 100 and {len(vocabulary.pieces[i]) for i in sums} > {2}
    for i, values in sums.items():
        assert int(made.occurrences[i]) == len(values)
        assert float(made.beta[i]) == pytest.approx(np.mean(values), abs=0.05)
    assert set((made.occurrences > 0).nonzero()[:, 0].tolist()) == set(sums)
    unseen = next(i for i in range(len(vocabulary.pieces))
                  if i not in sums and len(vocabulary.pieces[i]) == 2)
    alike = [float(made.beta[i]) for i in sums if len(vocabulary.pieces[i]) == 2]
    assert float(made.beta[unseen]) == pytest.approx(np.mean(alike), abs=1e-4)


def test_beta_is_added_along_the_direction_of_all_states(model, vocabulary, aligned):
    made = chain_rule(model, vocabulary, aligned[:30])
    states = torch.cat(original_states(model, [text.old for text in aligned[:30]])).float()
    first = torch.stack([model.output_rows[own[0]] for own in vocabulary.pieces])
    along = (states @ (made.rows - first).T) / made.beta
    residue = float(((along - 1) ** 2).mean())
    assert 1 - residue == pytest.approx(made.r2, abs=1e-3) and made.positions == len(states)
    with pytest.raises(tokgraft.Error, match="none of the added tokens"):
        chain_rule(model, vocabulary, [dataclasses.replace(own, new=own.new * 0)
                                       for own in aligned[:2]])


def test_the_teacher_says_what_the_original_model_does(model, model_dir, vocabulary, aligned):
    reference = transformers.AutoModelForCausalLM.from_pretrained(model_dir).eval()
    added = set(vocabulary.added.tolist())
    texts = [text for text in aligned if added & set(text.new.tolist())][:5]
    lessons = Teacher(model, vocabulary, texts).of([3, 1, 3])
    assert lessons[0][0] is lessons[2][0]
    for number, (places, states) in zip([3, 1, 3], lessons, strict=True):
        text = texts[number]
        with torch.no_grad():
            theirs = reference.model(torch.tensor([[0, *text.old]])).last_hidden_state[0]
        first = next(i for i, token in enumerate(text.new) if int(token) in added)
        old, new = text.common()
        wanted = [(o, n) for o, n in zip(old, new, strict=True) if n >= first]
        assert places.tolist() == [n + 1 for _, n in wanted] and len(wanted) > 3
        torch.testing.assert_close(states.float(), theirs[[o + 1 for o, _ in wanted]], atol=0.03,
                                   rtol=0.02)


def test_distillation_lowers_the_error_on_texts_held_out_and_moves_new_rows_only(
        model, vocabulary, aligned):
    before = model.input_rows.clone(), [p.clone() for p in model._model.parameters()]
    start = mean_rows(model, vocabulary)
    stages = []
    options = DistillOptions(tokens=9000, batch_tokens=512, rate=2e-2, seed=1)
    made = distill(model, vocabulary, start, aligned[40:], options,
                   progress=lambda stage, fraction: stages.append((stage, fraction)))
    assert made.kept and made.after < 0.9 * made.before
    assert np.mean(made.losses[-3:]) < np.mean(made.losses[:3]) and stages[-1] == ("distill", 1.0)
    unseen = Pupil(model, vocabulary, aligned[:40])
    assert unseen.error(range(40), made.rows) < 0.9 * unseen.error(range(40), start)
    assert torch.equal(before[0], model.input_rows)
    assert all(torch.equal(a, b) for a, b in zip(before[1], model._model.parameters(), strict=True))
    assert torch.equal(start, mean_rows(model, vocabulary))
    seen = torch.zeros(vocabulary.size + 1, dtype=torch.bool)
    for text in aligned[40:]:
        seen[torch.from_numpy(text.new)] = True
    still = ~seen[vocabulary.added]
    assert bool(still.any()) and torch.equal(made.rows[still], start[still])
    again = distill(model, vocabulary, start, aligned[40:], options)
    assert torch.equal(made.rows, again.rows)
    other = distill(model, vocabulary, start, aligned[40:], dataclasses.replace(options, seed=2))
    assert not torch.equal(made.rows, other.rows)


def test_distillation_that_harms_is_not_kept(model, vocabulary, aligned):
    start = mean_rows(model, vocabulary)
    made = distill(model, vocabulary, start, aligned, DistillOptions(tokens=1000, rate=50.0))
    assert not made.kept and made.after > made.before and torch.equal(made.rows, start)
    with pytest.raises(tokgraft.Error, match="at least 10 are needed"):
        distill(model, vocabulary, start, aligned[:3])


@pytest.mark.parametrize("method", ["chain-rule", "distill"])
def test_methods_that_read_text_twice_the_same(model, merged, method):
    options = {"chain-rule": ChainRuleOptions(), "distill": DistillOptions("mean", tokens=2000)}
    made = [fit_rows(model, merged, method=method, corpora={"words": words(0, 400, 0)},
                     fit_bytes=12_000, options=options[method]) for _ in range(2)]
    for role in ("input", "output"):
        assert np.array_equal(getattr(made[0], role), getattr(made[1], role))
        assert getattr(made[0], role).shape == (len(merged.id_map.to_dict()["added"]), WIDTH)
    assert method.split("-")[0] in made[0].name and made[0].facts["windows_not_aligned"] == 0
    if method == "distill":
        facts = made[0].facts["distillation"]
        assert facts["steps"] == 2 and facts["held_out_error"][1] < facts["held_out_error"][0]
    else:
        assert 0 < made[0].facts["constant_r2"] < 1 and made[0].facts["mean_beta"] < 0


def test_methods_are_a_table():
    assert list(METHODS) == ["readout", "tokens2words", "fit", "chain-rule", "distill", "train"]
    assert all(own.help and name == own.name for name, own in METHODS.items())
    assert {name for name, own in METHODS.items() if not own.needs_text} == {"readout", "tokens2words"}


def test_same_rows_twice(model, merged):
    corpora = {"words": words(2, 400)}
    a, b = (fit_rows(model, merged, corpora=corpora, fit_bytes=15_000) for _ in range(2))
    assert isinstance(a, FittedRows)
    assert np.array_equal(a.input, b.input) and np.array_equal(a.output, b.output)


@pytest.mark.parametrize(("arguments", "message"), [
    ({"method": "nonsense"}, "is not known here"),
    ({"method": "fit"}, "none was given"),
    ({"method": "distill"}, "choose method readout or tokens2words"),
    ({"method": "fit", "corpora": {"x": ["a"]}, "options": DistillOptions()}, "takes none"),
    ({"method": "tokens2words", "options": ChainRuleOptions()}, "takes Tokens2WordsOptions"),
    ({"method": "tokens2words"}, "layer: 5 is none of"),
    ({"method": "tokens2words", "options": Tokens2WordsOptions(layer=1, map="spline")}, "spline"),
    ({"method": "distill", "corpora": {"x": ["a b"]}, "options": DistillOptions("zero")}, "zero"),
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
