"""train: tiny random models, transformers' own Trainer; a slow example trains a real model."""

import json
import math
import os
import pathlib
import shutil
import subprocess
import sys

import numpy as np
import pytest
import tokgraft
import toys
from conftest import data_path

torch = pytest.importorskip("torch")
transformers = pytest.importorskip("transformers")
pytest.importorskip("accelerate")

from tokgraft.train import (  # noqa: E402
    GraftCallback,
    NewRows,
    Recipe,
    SpikeGuard,
    last_checkpoint,
    role_loss,
)
from tokgraft.train.good_states import GoodStates  # noqa: E402
from tokgraft.train.text import Lessons, read_text  # noqa: E402

TEXTS = [sentence * 40 for sentence in toys.OTHER_SENTENCES + toys.SENTENCES]
SMALL = Recipe(row_steps=6, full_steps=4, sequence=32, batch=4, save_steps=2, log_steps=1)


def graft(folder: pathlib.Path, **options) -> pathlib.Path:
    model = toys.model_with_tokenizer(folder / "model", **options)
    donor = toys.byte_level_bpe(folder / "donor.json", toys.OTHER_SENTENCES, 600, ())
    tokgraft.graft(model, donor, out=folder / "grafted", method="mean")
    return folder / "grafted"


@pytest.fixture(scope="module")
def tied(tmp_path_factory):
    return graft(tmp_path_factory.mktemp("tied"), tied=True)


@pytest.fixture(scope="module")
def untied(tmp_path_factory):
    return graft(tmp_path_factory.mktemp("untied"), tied=False)


def load(directory, dtype=torch.float32):
    return transformers.AutoModelForCausalLM.from_pretrained(directory, dtype=dtype)


def batch(directory, rows: int = 4, length: int = 24) -> torch.Tensor:
    """New and old tokens in every row, in no sensible order."""
    ids = np.concatenate([tokgraft.load(directory).encode_ids(text[:40]) for text in TEXTS])
    assert len(ids) >= rows * length
    return torch.from_numpy(ids[:rows * length].astype(np.int64)).reshape(length, rows).T.contiguous()


def added(directory) -> list[int]:
    return [token["id"] for token in json.loads((directory / "id_map.json").read_text())["added"]]


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
@pytest.mark.parametrize("kind", ["tied", "untied"])
def test_weight_decay_moves_no_old_row(kind, dtype, request):
    directory = request.getfixturevalue(kind)
    model = load(directory, dtype)
    before = {name: parameter.detach().clone() for name, parameter in model.named_parameters()}
    rows = NewRows.of(directory, model)
    assert rows.tied == (kind == "tied") and rows.ids.tolist() == sorted(added(directory))
    optimizer = rows.optimizer(rate=1e-2, weight_decay=0.3)
    ids = batch(directory)
    for _ in range(4):
        model(input_ids=ids, labels=ids).loss.backward()
        optimizer.step()
        optimizer.zero_grad()
    names = {matrix.name for matrix in rows.matrices}
    assert len(names) == (1 if kind == "tied" else 2)
    old = ~rows.mask
    for name, parameter in model.named_parameters():
        if name in names:
            assert torch.equal(parameter[old].view(torch.int8), before[name][old].view(torch.int8))
            assert (parameter[rows.mask] != before[name][rows.mask]).any(1).all()
        else:
            assert torch.equal(parameter, before[name])

    rows.release()  # the test can fail: a plain AdamW with the same decay moves them
    plain = torch.optim.AdamW([matrix.parameter for matrix in rows.matrices], lr=1e-2, weight_decay=0.3)
    for matrix in rows.matrices:
        matrix.parameter.grad = torch.zeros_like(matrix.parameter)
    plain.step()
    assert (rows.matrices[0].parameter[old] != before[rows.matrices[0].name][old]).any()


def test_momentum_of_an_earlier_stage_moves_no_old_row(untied):
    model = load(untied)
    rows = NewRows.of(untied, model)
    parameters = [matrix.parameter for matrix in rows.matrices]
    optimizer = torch.optim.SGD(parameters, lr=0.1, momentum=0.9)
    ids = batch(untied)
    model(input_ids=ids, labels=ids).loss.backward()
    optimizer.step()
    optimizer.zero_grad()
    before = [parameter.detach().clone() for parameter in parameters]
    rows.hold_rest()
    handle = rows.keep_old_rows(optimizer)
    model(input_ids=ids, labels=ids).loss.backward()
    optimizer.step()
    for parameter, own in zip(parameters, before, strict=True):
        assert torch.equal(parameter[~rows.mask], own[~rows.mask])
        assert not torch.equal(parameter[rows.mask], own[rows.mask])
    handle.remove()


def test_groups_have_the_eps_of_their_role(tied, untied):
    assert [group["eps"] for group in NewRows.of(untied, load(untied)).groups()] == [1e-6, 1e-4]
    assert [group["eps"] for group in NewRows.of(tied, load(tied)).groups()] == [1e-4]


def test_rows_that_cannot_be_told_apart_are_refused(untied, tmp_path):
    model = load(untied)
    with pytest.raises(tokgraft.Error, match="is no row of the model"):
        NewRows(model, [10 ** 6])
    with pytest.raises(tokgraft.Error, match="no token is new"):
        NewRows(model, [])
    with pytest.raises(tokgraft.UnsupportedError, match="no embedding or no output head"):
        NewRows(model.model, [1])
    with pytest.raises(tokgraft.NotFoundError, match=r"id_map\.json: there is no id map"):
        NewRows.of(tmp_path, model)


def test_roles_add_up_to_the_loss_of_transformers(untied):
    model = load(untied).eval()
    ids = batch(untied)
    labels = ids.clone()
    labels[0, 5:9] = -100
    new = NewRows.of(untied, model).mask
    with torch.no_grad():
        output = model(input_ids=ids, labels=labels)
    found = role_loss(output.logits, ids, labels, new)
    assert found.loss == pytest.approx(float(output.loss), rel=1e-5)
    counts = dict.fromkeys(("new", "after", "rest"), 0)
    for line, own in zip(ids.tolist(), labels.tolist(), strict=True):
        for before, token in zip(line, own[1:]):
            if token != -100:
                counts["new" if new[token] else "after" if new[before] else "rest"] += 1
    assert {role: own["tokens"] for role, own in found.roles().items()} == counts
    assert all(counts.values())


def test_bound_of_a_loss():
    guard = SpikeGuard(margin=1.0, window=8, deviations=4, warm_up=4)
    assert guard.bound([]) == math.inf and guard.is_spike(math.nan, []) and guard.is_spike(math.inf, [])
    assert guard.bound([3.0]) == guard.bound([3.0, 2.0]) == 4.0
    assert guard.bound([9.0, 2.0, 2.0, 2.0, 2.0]) == 2.5  # the median, and half a margin at least
    wide = [2.0, 3.0, 4.0, 5.0, 6.0]
    assert guard.bound(wide) == pytest.approx(4 + 4 * 1.4826 * 1.0)
    assert guard.bound([100.0] * 8 + [2.0] * 8) == 2.5  # a window forgets
    known = SpikeGuard(forecast=2.0, margin=1.0, warm_up=4)
    assert known.bound([]) == 3.0 and known.bound([2.9] * 4) == 3.0  # it cannot creep up
    assert known.is_spike(3.1, [2.9] * 9) and not known.is_spike(2.95, [2.9] * 9)


def test_a_state_is_good_once_the_next_loss_was(untied, tmp_path):
    model = load(untied)
    rows = NewRows.of(untied, model)
    optimizer = rows.optimizer()
    states = GoodStates(tmp_path / "good")
    assert not states.begin(0)
    states.add(0, model, optimizer, rows)
    states.add(4, model, optimizer, rows)
    assert states.before_spike(5) == 0 and states.steps() == [0]  # 4 had not been seen to be good
    states.add(8, model, optimizer, rows)
    states.confirm(9)
    assert states.steps() == [8] and states.before_spike(10) == 8
    states.add(12, model, optimizer, rows)
    assert states.begin(8) and states.steps() == [8]  # resumed at 8
    (tmp_path / "good/good.tmp-x").write_bytes(b"half")
    assert not states.begin(0) and list((tmp_path / "good").iterdir()) == []


def test_a_restored_state_is_the_one_that_was_saved(untied, tmp_path):
    model = load(untied)
    rows = NewRows.of(untied, model)
    optimizer = rows.optimizer(rate=1e-2)
    ids = batch(untied)

    def step():
        model(input_ids=ids, labels=ids).loss.backward()
        optimizer.step()
        optimizer.zero_grad()

    step()
    states = GoodStates(tmp_path)
    states.add(1, model, optimizer, rows)
    saved = [parameter.detach().clone() for parameter in model.parameters()]
    step()
    after = [parameter.detach().clone() for parameter in model.parameters()]
    states.restore(1, model, optimizer, rows)
    assert all(map(torch.equal, model.parameters(), saved))
    step()
    assert all(map(torch.equal, model.parameters(), after))
    (tmp_path / "good-00000001.pt").write_bytes(b"nothing")
    with pytest.raises(tokgraft.FormatError, match=r"good-00000001\.pt: cannot be read"):
        states.restore(1, model, optimizer, rows)


def trainer_of(directory, folder, *, guard, steps=10, poison=(), rate=1e-2, saves="steps", **options):
    """A Trainer as a user makes it. poison: numbers of steps whose weights are ruined just before."""
    model = load(directory)
    rows = NewRows.of(directory, model)
    ids = batch(directory, 8, 16)
    dataset = [{"input_ids": ids[i % 8], "labels": ids[i % 8]} for i in range(2 * steps)]
    left = list(poison)

    class Poison(transformers.TrainerCallback):
        def on_step_begin(self, args, state, control, **kwargs):
            if state.global_step + 1 in left:
                left.remove(state.global_step + 1)
                with torch.no_grad():
                    kwargs["model"].get_output_embeddings().weight[rows.ids] = options.get("value", 100.0)

    callback = GraftCallback(rows, guard=guard, good_steps=2)
    arguments = transformers.TrainingArguments(
        output_dir=str(folder), max_steps=steps, per_device_train_batch_size=2, logging_steps=2,
        save_strategy=saves, save_steps=2, save_total_limit=2, learning_rate=rate, report_to=[],
        use_cpu=True, disable_tqdm=True, seed=1, lr_scheduler_type="constant", logging_nan_inf_filter=False)
    trainer = transformers.Trainer(
        model=model, args=arguments, train_dataset=dataset, callbacks=[Poison(), callback],
        optimizers=(rows.optimizer(rate=rate), None))
    return trainer, callback


def records(path) -> list[dict]:
    return [json.loads(line) for line in pathlib.Path(path).read_text().splitlines()]


@pytest.mark.parametrize("value", [100.0, math.nan])
@pytest.mark.parametrize("saves", ["steps", "no"])
def test_a_spike_is_rolled_back(untied, tmp_path, value, saves):
    guard = SpikeGuard(margin=0.5)
    trainer, callback = trainer_of(untied, tmp_path, guard=guard, poison=[6], value=value, saves=saves)
    old = trainer.model.get_output_embeddings().weight.detach().clone()
    trainer.train()
    assert callback.rollbacks == 1 and callback.rate_factor == 0.5
    (event,) = [own for own in records(tmp_path / "tokgraft_losses.jsonl") if "event" in own]
    assert (event["step"], event["to_step"], event["skipped_steps"]) == (6, 4, [5, 6])
    assert event["loss"] is None if math.isnan(value) else event["loss"] > event["bound"]
    head = trainer.model.get_output_embeddings().weight
    assert bool(head.isfinite().all()) and float(head.detach().abs().max()) < 2
    assert torch.equal(head[~callback.rows.mask], old[~callback.rows.mask])
    assert all(group["lr"] == pytest.approx(0.5e-2) for group in trainer.optimizer.param_groups)
    losses = [own["loss"] for own in records(tmp_path / "tokgraft_losses.jsonl") if "event" not in own]
    assert len(losses) == 5 and losses[-1] < losses[0]
    history = [own for own in trainer.state.log_history if "tokgraft_loss" in own]
    assert [own["tokgraft_loss"] for own in history] == losses and "loss_new" in history[0]


def test_a_save_that_was_already_bad_is_not_gone_back_to(untied, tmp_path):
    trainer, callback = trainer_of(untied, tmp_path, guard=SpikeGuard(margin=0.5), poison=[5])
    trainer.train()
    (event,) = [own for own in records(tmp_path / "tokgraft_losses.jsonl") if "event" in own]
    assert (event["step"], event["to_step"]) == (5, 2)  # 4 was saved, and 5 was its first loss


def test_rollbacks_come_to_an_end(untied, tmp_path):
    guard = SpikeGuard(margin=0.5, max_rollbacks=2)
    trainer, callback = trainer_of(untied, tmp_path, guard=guard, poison=[6, 7, 8])
    with pytest.raises(tokgraft.Error, match="step 8: the loss .* after 2 rollbacks") as caught:
        trainer.train()
    place = pathlib.Path(str(caught.value).rpartition(" is ")[2])
    assert place.name == "checkpoint-4" and place.is_dir()  # 6 was saved, but no good loss followed


def test_a_training_that_the_callback_cannot_follow_is_refused(untied, tmp_path):
    trainer, callback = trainer_of(untied, tmp_path, guard=SpikeGuard())
    trainer.args._n_gpu = 2
    with pytest.raises(tokgraft.UnsupportedError, match="one process"):
        callback.on_train_begin(trainer.args, trainer.state, trainer.control, model=trainer.model)
    with pytest.raises(tokgraft.UnsupportedError, match="no logits and labels"):
        callback.on_step_end(trainer.args, trainer.state, trainer.control, model=trainer.model)


def test_a_trainer_of_ones_own_resumes_with_the_same_decisions(untied, tmp_path):
    guard = SpikeGuard(margin=0.5)
    trainer, _ = trainer_of(untied, tmp_path / "a", guard=guard, poison=[4])
    trainer.train()
    trainer, _ = trainer_of(untied, tmp_path / "b", guard=guard, poison=[4], saves="steps")

    class Stop(transformers.TrainerCallback):
        def on_step_end(self, args, state, control, **kwargs):
            control.should_training_stop = state.global_step == 7

    trainer.add_callback(Stop())
    trainer.train()
    trainer, callback = trainer_of(untied, tmp_path / "b", guard=guard)
    checkpoint = last_checkpoint(tmp_path / "b")
    assert checkpoint is not None and checkpoint.name in ("checkpoint-6", "checkpoint-7")
    trainer.train(resume_from_checkpoint=str(checkpoint))
    assert callback.rollbacks == 1 and callback.rate_factor == 0.5
    a, b = (records(tmp_path / name / "tokgraft_losses.jsonl") for name in "ab")
    assert a == b


def test_text_is_cut_into_blocks(untied):
    tokenizer = tokgraft.load(untied)
    lines = [f"{word} {i}" for i, word in enumerate(["Grüße", "天气很好", "dog"] * 200)]
    text = read_text(tokenizer, {"a": lines, "b": TEXTS}, 16, 7)
    whole = np.concatenate([tokenizer.encode_ids(line + "\n") for line in lines])
    fact = text.facts["a"]
    assert fact["tokens"] == len(whole) and fact["unused_tokens"] == len(whole) % 15
    assert fact["blocks"] + fact["held_out_blocks"] == len(whole) // 15 and fact["held_out_blocks"] == 8
    assert (text.blocks[:, 0] == 7).all() and text.blocks.shape[1] == 16
    cut = whole[:len(whole) // 15 * 15].reshape(-1, 15)
    kept = {tuple(map(int, row)) for row in text.blocks[:fact["blocks"], 1:]}
    assert kept | {tuple(map(int, row)) for row in text.held_out["a"][:, 1:]} == {
        tuple(map(int, row)) for row in cut}
    with pytest.raises(tokgraft.Error, match="corpus c: has .* tokens, 5110 were expected"):
        read_text(tokenizer, {"c": ["short"]}, 512, 0)
    with pytest.raises(tokgraft.Error, match="none was given"):
        read_text(tokenizer, {}, 16, 0)


def test_order_depends_on_seed_and_position_alone():
    blocks = np.arange(20, dtype=np.uint32).reshape(10, 2)

    def order(first, count, seed=3):
        lessons = Lessons(blocks, first=first, count=count, seed=seed)
        return [int(lessons[i]["input_ids"][0]) for i in range(len(lessons))]

    whole = order(0, 25)
    assert order(0, 7) + order(7, 18) == whole and order(0, 25, seed=4) != whole
    assert sorted(whole[:10]) == sorted(whole[10:20]) == list(range(0, 20, 2)) and whole[:10] != whole[10:20]


def test_numbers_out_of_range_are_named():
    assert Recipe(batch=4).with_steps(100).row_steps == 6 and Recipe(batch=4).with_steps(100).full_steps == 19
    assert Recipe(row_steps=3, full_steps=0).with_steps(100).full_steps == 0
    for wrong, message in (({"batch": 0}, "batch: is 0"), ({"row_rate": math.nan}, "row_rate: is nan"),
                           ({"batch": 4, "device_batch": 3}, "a divisor of batch"),
                           ({"dtype": "int8"}, "float32 or bfloat16"), ({"sequence": 1}, "2 or more")):
        with pytest.raises(tokgraft.Error, match=message):
            Recipe(**wrong).checked()
    with pytest.raises(tokgraft.Error, match="nothing to do"):
        Recipe(row_steps=0, full_steps=0).with_steps(10)


@pytest.fixture(scope="module")
def trained(tied, tmp_path_factory):
    out = tmp_path_factory.mktemp("trained") / "trained"
    seen = []
    report = tokgraft.train(tied, out=out, corpora={"all": TEXTS}, recipe=SMALL, progress=seen.append)
    return out, report, seen


def test_a_trained_directory_is_a_model(tied, trained):
    out, report, seen = trained
    assert not out.with_name("trained.training").exists() and os.listdir(out.parent) == ["trained"]
    model, source = load(out), load(tied)
    assert not torch.equal(model.model.norm.weight, source.model.norm.weight)
    text = "天气很好, the dog sleeps"
    assert tokgraft.load(out).encode_ids(text).tolist() == tokgraft.load(tied).encode_ids(text).tolist()
    for name in ("tokenizer.json", "tokenizer_config.json", "config.json", "id_map.json"):
        assert (out / name).read_bytes() == (tied / name).read_bytes()
    assert not (out / "tokgraft.json").exists()
    with pytest.raises(tokgraft.NotFoundError):
        tokgraft.verify(out)
    record = json.loads((out / "training.json").read_text())
    assert (out / record["trained_from"]).resolve() == tied.resolve()
    assert record["settings"]["row_steps"] == 6 and record["corpora"]["all"]["tokens"] > 0
    import hashlib
    assert record["manifest_sha256"] == hashlib.sha256((tied / "tokgraft.json").read_bytes()).hexdigest()
    for name, digest in record["files"].items():
        assert hashlib.sha256((out / name).read_bytes()).hexdigest() == digest
    assert set(record["files"]) == set(os.listdir(out)) - {"training.json"}
    lines = records(out / "losses.jsonl")
    assert lines == seen and [(own["stage"], own["step"]) for own in lines] == [
        *(("rows", i) for i in range(1, 7)), *(("full", i) for i in range(1, 5))]
    assert json.loads(report.to_json()) == report.to_dict()
    assert "6 steps of new rows, 4 steps of all parameters" in str(report)
    own = report.held_out["after"]["corpora"]["all"]
    assert own["bits_per_byte"] == pytest.approx(sum(own["roles"].values()))


def test_probe_follows_a_trained_directory_to_its_source(trained):
    out, report, _ = trained
    probed = tokgraft.probe(out, corpora={"all": TEXTS}, windows=2, window_bytes=80)
    assert pathlib.Path(probed.model).name == "model"
    assert probed.corpora["all"]["new_byte_share"] > 0


def test_the_same_call_again_is_done_and_another_is_refused(tied, trained):
    out, report, _ = trained
    stamp = (out / "model.safetensors").stat().st_mtime_ns
    again = tokgraft.train(tied, out=out, corpora={"all": TEXTS}, recipe=SMALL)
    assert again == report and (out / "model.safetensors").stat().st_mtime_ns == stamp
    with pytest.raises(tokgraft.ConflictError, match=r"trained otherwise \(seed differ\)"):
        tokgraft.train(tied, out=out, corpora={"all": TEXTS},
                       recipe=Recipe(**{**SMALL.__dict__, "seed": 1}))
    with pytest.raises(tokgraft.ConflictError, match="exists already; name another"):
        tokgraft.train(tied, out=tied.parent / "model", corpora={"all": TEXTS}, recipe=SMALL)
    with pytest.raises(tokgraft.ConflictError, match="training starts from"):
        tokgraft.train(tied, out=tied, corpora={"all": TEXTS}, recipe=SMALL, force=True)


def test_rows_alone_leave_everything_else_in_the_file(tmp_path, untied):
    out = tmp_path / "out"
    recipe = Recipe(row_steps=3, full_steps=0, sequence=32, batch=4, row_weight_decay=0.5)
    tokgraft.train(untied, out=out, corpora={"all": TEXTS}, recipe=recipe)
    from safetensors.torch import load_file
    before, after = (load_file(folder / "model.safetensors") for folder in (untied, out))
    old = torch.ones(len(before["lm_head.weight"]), dtype=torch.bool)
    old[added(untied)] = False
    assert before.keys() == after.keys()
    for name, tensor in before.items():
        if name in ("lm_head.weight", "model.embed_tokens.weight"):
            assert torch.equal(tensor[old], after[name][old])
            assert not torch.equal(tensor[~old], after[name][~old])
        else:
            assert torch.equal(tensor, after[name])


KILLER = """
import os, sys, json, pathlib
sys.path.insert(0, {tests!r})
import tokgraft
from test_train import SMALL, TEXTS
seen = 0
def count(record):
    global seen
    seen += 1
    if seen == {kill}:
        os._exit(9)
tokgraft.train({source!r}, out={out!r}, corpora={{"all": TEXTS}}, recipe=SMALL, progress=count)
"""


@pytest.mark.parametrize("kill", [1, 5, 6, 9])
def test_a_killed_run_goes_on_as_if_it_had_not_been(tied, trained, tmp_path, kill):
    """Killed in the logging of a step: in stage 1 before anything was saved, between two saves, in its
    last step, and in stage 2."""
    out = tmp_path / "trained"
    code = KILLER.format(tests=str(pathlib.Path(__file__).parent), source=str(tied), out=str(out), kill=kill)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 9, done.stderr
    assert not out.exists() and (tmp_path / "trained.training/losses.jsonl").is_file()
    seen = []
    report = tokgraft.train(tied, out=out, corpora={"all": TEXTS}, recipe=SMALL, progress=seen.append)
    whole, own, _ = trained
    assert records(out / "losses.jsonl") == records(whole / "losses.jsonl")
    assert (out / "model.safetensors").read_bytes() == (whole / "model.safetensors").read_bytes()
    assert report.held_out == own.held_out and len(seen) < 10 + (kill == 1)
    assert os.listdir(tmp_path) == ["trained"]


def test_a_run_with_other_settings_is_not_gone_on_with(tied, tmp_path):
    out = tmp_path / "trained"

    def stop(record):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        tokgraft.train(tied, out=out, corpora={"all": TEXTS}, recipe=SMALL, progress=stop)
    with pytest.raises(tokgraft.ConflictError, match=r"other settings \(all differ\)"):
        tokgraft.train(tied, out=out, corpora={"all": TEXTS[1:]}, recipe=SMALL)
    work = tmp_path / "trained.training"
    half = work / "rows/checkpoint-99"  # as a kill in the middle of a save leaves one
    half.mkdir(parents=True)
    (half / "model.safetensors").write_bytes(b"half")
    report = tokgraft.train(tied, out=out, corpora={"all": TEXTS}, recipe=SMALL)
    assert [own["steps"] for own in report.stages] == [6, 4] and not work.exists()


def test_program(tied, tmp_path):
    corpus = tmp_path / "text.txt"
    corpus.write_text("\n".join(TEXTS), encoding="utf-8")
    command = [sys.executable, "-m", "tokgraft", "train", str(tied)]
    options = ["--corpus", f"all={corpus}", "-o", str(tmp_path / "out"), "--sequence", "32", "--batch", "4",
               "--row-steps", "2", "--full-steps", "1"]
    done = subprocess.run([*command, *options], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stderr == "" and done.stdout.splitlines()[-1].startswith("all ")
    again = subprocess.run([*command, *options, "--json"], capture_output=True, text=True)
    assert again.returncode == 0 and json.loads(again.stdout)["stages"][0]["steps"] == 2
    for arguments, message in (
            ([*command[:-1], str(tmp_path), *options], "there is no manifest"),
            ([*command, *options, "--seed", "4"], "seed differ"),
            ([*command, "--corpus", "x=nothing.txt", "-o", str(tmp_path / "n")], "there is no such file")):
        failed = subprocess.run(arguments, capture_output=True, text=True)
        assert failed.returncode == 1 and failed.stderr.startswith("tokgraft: error: ")
        assert message in failed.stderr and failed.stderr.count("\n") == 1
    assert subprocess.run(command, capture_output=True).returncode == 2
    assert not (tmp_path / "n").exists()


@pytest.mark.slow
def test_german_pieces_of_a_real_model(tmp_path):
    """New rows alone, some steps on one core: held-out text costs less than before them."""
    model = data_path("models/smollm2-135m")
    text = data_path("text/help-de.txt").read_text(encoding="utf-8")[:400_000]
    (tmp_path / "de.txt").write_text(text, encoding="utf-8")
    merged = tokgraft.merge(model, donor_corpus=tmp_path / "de.txt", donor_size=300)
    tokgraft.init_embeddings(model, merged, out=tmp_path / "grafted")
    recipe = Recipe(row_steps=8, full_steps=0, sequence=128, batch=4, save_steps=100, log_steps=1)
    report = tokgraft.train(tmp_path / "grafted", out=tmp_path / "trained", corpora={"de": tmp_path / "de.txt"},
                            recipe=recipe)
    before, after = report.held_out["before"], report.held_out["after"]
    assert after["loss"] < before["loss"] - 0.05
    assert after["corpora"]["de"]["roles"]["new"] < before["corpora"]["de"]["roles"]["new"]
    assert report.stages[0]["rollbacks"] == 0
    shutil.rmtree(tmp_path / "trained")
