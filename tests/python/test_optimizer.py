"""The state of AdamW after a graft: kept rows go on bit by bit, new rows as under a fresh optimizer."""

import json
import os
import pathlib
import subprocess
import sys

import pytest

import tokgraft
import toys

torch = pytest.importorskip("torch")
transformers = pytest.importorskip("transformers")

from tokgraft.optimizer import correct_new_rows  # noqa: E402

SETTINGS = {"lr": 1e-2, "betas": (0.9, 0.99), "eps": 1e-8, "weight_decay": 0.1}


def run(*arguments) -> subprocess.CompletedProcess:
    return subprocess.run([sys.executable, "-m", "tokgraft", *map(str, arguments)],
                          capture_output=True, text=True, timeout=120)


def optimizer_of(model, **more):
    """Two groups, with and without decay, as trainers make them."""
    decay = [p for n, p in model.named_parameters() if p.ndim > 1]
    rest = [p for n, p in model.named_parameters() if p.ndim == 1]
    return torch.optim.AdamW([{"params": decay}, {"params": rest, "weight_decay": 0.0}],
                             **{**SETTINGS, **more})


def train(model, optimizer, steps: int, rows: int, seed: int = 1) -> None:
    generator = torch.Generator().manual_seed(seed)
    for _ in range(steps):
        ids = torch.randint(2, rows, (2, 24), generator=generator)
        optimizer.zero_grad()
        model(input_ids=ids, labels=ids).loss.backward()
        optimizer.step()


@pytest.fixture(scope="module", params=[False, True], ids=["untied", "tied"])
def checkpoint(request, tmp_path_factory):
    """(trained checkpoint with its optimizer.pt, the graft)"""
    root = tmp_path_factory.mktemp("training")
    model_dir = toys.model_with_tokenizer(root / "model", tied=request.param)
    model = transformers.AutoModelForCausalLM.from_pretrained(model_dir)
    optimizer = optimizer_of(model)
    train(model, optimizer, 20, model.config.vocab_size)
    model.save_pretrained(model_dir)
    torch.save(optimizer.state_dict(), model_dir / "optimizer.pt")
    donor = toys.byte_level_bpe(root / "donor.json", toys.OTHER_SENTENCES, 600, ())
    tokgraft.graft(model_dir, donor, out=root / "out", budget=40)
    return model_dir, root / "out"


def states(path: pathlib.Path) -> dict:
    return torch.load(path, weights_only=True)


def test_kept_rows_keep_their_moments(checkpoint):
    model_dir, out = checkpoint
    report = tokgraft.remap_optimizer(model_dir, out, force=True)
    before, after = states(model_dir / "optimizer.pt"), states(out / "optimizer.pt")
    tied = json.loads((model_dir / "config.json").read_text())["tie_word_embeddings"]
    assert len(report["parameters"]) == (1 if tied else 2)
    assert report["parameters"]["model.embed_tokens.weight"] == 0
    sizes = json.loads((out / "tokgraft.json").read_text())["sizes"]
    changed = set(report["parameters"].values())
    assert report["unchanged"] == len(before["state"]) - len(changed)
    for number, entry in before["state"].items():
        for key, value in entry.items():
            now = after["state"][number][key]
            if number not in changed or key == "step":
                assert torch.equal(now, value)
                continue
            assert now.shape == (sizes["new_rows"], *value.shape[1:]) and now.dtype == value.dtype
            assert torch.equal(now[:sizes["old_rows"]], value)
            assert not now[sizes["old_rows"]:].any()
    for old, new in zip(before["param_groups"], after["param_groups"], strict=True):
        assert {k: v for k, v in new.items() if k != "grafted_at_step"} == old
    assert after["param_groups"][0]["grafted_at_step"] == 20


def test_training_goes_on(checkpoint):
    model_dir, out = checkpoint
    tokgraft.remap_optimizer(model_dir, out, force=True)
    model = transformers.AutoModelForCausalLM.from_pretrained(out)
    optimizer = optimizer_of(model)
    optimizer.load_state_dict(torch.load(out / "optimizer.pt", weights_only=True))
    correct_new_rows(optimizer)
    before = model.get_input_embeddings().weight.detach().clone()
    train(model, optimizer, 3, model.config.vocab_size)
    moved = (model.get_input_embeddings().weight - before).abs().max()
    assert 0 < moved < 0.1 and torch.isfinite(moved)


@pytest.mark.parametrize("amsgrad", [False, True])
@pytest.mark.parametrize("foreach", [False, True])
def test_new_rows_move_as_under_a_fresh_optimizer(checkpoint, tmp_path, foreach, amsgrad):
    model_dir, out = checkpoint
    sizes = json.loads((out / "tokgraft.json").read_text())["sizes"]
    old_rows, new_rows = sizes["old_rows"], sizes["new_rows"]
    generator = torch.Generator().manual_seed(5)

    def parameter(rows):
        return torch.nn.Parameter(torch.randn(rows, 16, generator=generator))

    tied = json.loads((model_dir / "config.json").read_text())["tie_word_embeddings"]
    old = [parameter(old_rows) for _ in range(1 if tied else 2)]
    options = {**SETTINGS, "foreach": foreach, "amsgrad": amsgrad}
    first = torch.optim.AdamW(old, **options)
    for _ in range(30):
        for p in old:
            p.grad = torch.randn(p.shape, generator=generator)
        first.step()
    torch.save(first.state_dict(), tmp_path / "optimizer.pt")
    tokgraft.remap_optimizer(tmp_path / "optimizer.pt", out, force=True)
    # The grafted matrices; what kept and new rows should become is told by optimizers of their own.
    grown = [torch.nn.Parameter(torch.cat([p.detach(), torch.randn(new_rows - old_rows, 16, generator=generator)]))
             for p in old]
    fresh = [torch.nn.Parameter(p.detach()[old_rows:].clone()) for p in grown]
    resumed, alone = torch.optim.AdamW(grown, **options), torch.optim.AdamW(fresh, **options)
    resumed.load_state_dict(torch.load(out / "optimizer.pt", weights_only=True))
    plain = [torch.nn.Parameter(p.detach().clone()) for p in grown]
    uncorrected = torch.optim.AdamW(plain, **options)
    uncorrected.load_state_dict(torch.load(out / "optimizer.pt", weights_only=True))
    correct_new_rows(resumed)
    for step in range(12):
        for i in range(len(old)):
            grad = torch.randn(new_rows, 16, generator=generator)
            grown[i].grad, plain[i].grad = grad.clone(), grad.clone()
            old[i].grad, fresh[i].grad = grad[:old_rows].clone(), grad[old_rows:].clone()
        for optimizer in (first, resumed, alone, uncorrected):
            optimizer.step()
        for i in range(len(old)):
            assert torch.equal(grown[i][:old_rows], old[i]), step
            assert torch.allclose(grown[i][old_rows:], fresh[i], atol=2e-5), step
            assert not torch.allclose(plain[i][old_rows:], fresh[i], atol=2e-3), step
    # It survives another save.
    again = resumed.state_dict()
    torch.save(again, tmp_path / "again.pt")
    kept = torch.load(tmp_path / "again.pt", weights_only=True)
    assert int(kept["state"][0]["grafted_rows"].sum()) == new_rows - old_rows
    assert kept["param_groups"][0]["grafted_at_step"] == 30


class Harmful:
    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return os.system, (f"touch {self.path}",)


def test_errors(checkpoint, tmp_path):
    model_dir, out = checkpoint
    (out / "optimizer.pt").unlink(missing_ok=True)
    good = states(model_dir / "optimizer.pt")
    given = tmp_path / "optimizer.pt"

    def refused(state, kind, words, **options):
        torch.save(state, given)
        with pytest.raises(kind, match=words):
            tokgraft.remap_optimizer(given, out, **options)
        assert not (out / "optimizer.pt").exists()

    refused({**good, "x": Harmful(tmp_path / "harm")}, tokgraft.FormatError, "weights_only=True")
    assert not (tmp_path / "harm").exists()
    refused([1], tokgraft.FormatError, "is no state of an optimizer")
    refused({"state": {}, "param_groups": []}, tokgraft.ConflictError, "has 0 parameters of")
    doubled = {**good, "state": {**good["state"], 900: good["state"][0]}}
    refused(doubled, tokgraft.ConflictError, "name them")
    refused(good, tokgraft.FormatError, "parameters: nothing=0", parameters={"nothing": 0})
    refused(good, tokgraft.ConflictError, "rows were expected",
            parameters={"model.embed_tokens.weight": 1})
    given.write_bytes(given.read_bytes()[:100])
    with pytest.raises(tokgraft.FormatError):
        tokgraft.remap_optimizer(given, out)
    with pytest.raises(tokgraft.NotFoundError):
        tokgraft.remap_optimizer(tmp_path / "nothing.pt", out)
    with pytest.raises(tokgraft.NotFoundError):
        tokgraft.remap_optimizer(model_dir, model_dir / "nowhere")
    with pytest.raises(tokgraft.UnsupportedError, match="SGD"):
        correct_new_rows(torch.optim.SGD([torch.nn.Parameter(torch.ones(2))], lr=1))


def test_the_program(checkpoint):
    model_dir, out = checkpoint
    (out / "optimizer.pt").unlink(missing_ok=True)
    done = run("optimizer", model_dir, "--grafted", out, "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["parameters"]["model.embed_tokens.weight"] == 0
    again = run("optimizer", model_dir, "--grafted", out)
    assert again.returncode == 1 and "exists already" in again.stderr
    named = run("optimizer", model_dir, "--grafted", out, "--force",
                "--parameter", "model.embed_tokens.weight=0")
    assert named.returncode == 0 and "new rows start at zero" in named.stdout, named.stderr
    assert tokgraft.verify(out).ok


SHARDS = """
import sys, torch, transformers
import torch.distributed as dist
import torch.distributed.checkpoint as dcp
from torch.distributed.checkpoint.state_dict import get_optimizer_state_dict
from torch.distributed.fsdp import fully_shard
rank, model_dir, port = int(sys.argv[1]), sys.argv[2], sys.argv[3]
dist.init_process_group("gloo", init_method="tcp://127.0.0.1:" + port, rank=rank, world_size=2)
model = transformers.AutoModelForCausalLM.from_pretrained(model_dir)
fully_shard(model, mesh=dist.device_mesh.init_device_mesh("cpu", (2,)))
optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3)
ids = torch.arange(2, 50).reshape(2, 24) + rank
model(input_ids=ids, labels=ids).loss.backward()
optimizer.step()
dcp.save({"optimizer": get_optimizer_state_dict(model, optimizer)}, checkpoint_id=model_dir + "/optimizer_0")
dist.destroy_process_group()
"""


@pytest.fixture(scope="module")
def sharded(tmp_path_factory):
    """A checkpoint that FSDP wrote in two processes, without an optimizer.pt; and its graft."""
    import socket
    root = tmp_path_factory.mktemp("sharded")
    model_dir = toys.model_with_tokenizer(root / "model")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    both = [subprocess.Popen([sys.executable, "-c", SHARDS, str(rank), str(model_dir), port],
                             stderr=subprocess.PIPE, text=True) for rank in range(2)]
    for process in both:
        _, errors = process.communicate(timeout=300)
        assert process.returncode == 0, errors[-3000:]
    donor = toys.byte_level_bpe(root / "donor.json", toys.OTHER_SENTENCES, 600, ())
    tokgraft.graft(model_dir, donor, out=root / "out", budget=40)
    return model_dir, root / "out"


def test_shards_of_fsdp_are_read(sharded):
    """Beside what PyTorch makes of them; and PyTorch takes what is written."""
    from torch.distributed.checkpoint.format_utils import dcp_to_torch_save
    from torch.distributed.checkpoint.state_dict import StateDictOptions, set_optimizer_state_dict
    model_dir, out = sharded
    assert len(list((model_dir / "optimizer_0").glob("*.distcp"))) == 2
    report = tokgraft.remap_optimizer(model_dir, out)
    assert report["parameters"] == {name: name for name in ("model.embed_tokens.weight", "lm_head.weight")}
    dcp_to_torch_save(model_dir / "optimizer_0", out.parent / "whole.pt")
    before = torch.load(out.parent / "whole.pt", weights_only=False)["optimizer"]
    after = states(out / "optimizer.pt")
    assert after["param_groups"] == before["param_groups"] and list(after["state"]) == list(before["state"])
    old = json.loads((out / "tokgraft.json").read_text())["sizes"]["old_rows"]
    for name, entry in before["state"].items():
        assert entry.keys() == after["state"][name].keys()
        for key, value in entry.items():
            now = after["state"][name][key]
            if name in report["parameters"] and key != "step":
                assert torch.equal(now[:old], value) and len(now) > old and not now[old:].any()
            else:
                assert torch.equal(now, value)
    model = transformers.AutoModelForCausalLM.from_pretrained(out)
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3)
    set_optimizer_state_dict(model, optimizer, after, options=StateDictOptions(full_state_dict=True))
    held = optimizer.state[model.model.embed_tokens.weight]
    assert torch.equal(held["exp_avg"], after["state"]["model.embed_tokens.weight"]["exp_avg"])


class _Evil:
    def __reduce__(self):
        return os.system, ("touch /tmp/never",)


def test_shards_that_are_broken_or_unsafe_are_refused(sharded, tmp_path):
    import pickle
    import shutil
    model_dir, out = sharded

    def refused(error, message):
        with pytest.raises(error, match=message):
            tokgraft.remap_optimizer(tmp_path / "o", out, force=True)

    shutil.copytree(model_dir / "optimizer_0", tmp_path / "o")
    metadata = (tmp_path / "o/.metadata").read_bytes()
    (tmp_path / "o/.metadata").write_bytes(pickle.dumps(_Evil()))
    refused(tokgraft.FormatError, r"\.metadata: .*posix.system is not allowed")
    (tmp_path / "o/.metadata").write_bytes(pickle.dumps(torch.Size([2])))
    refused(tokgraft.FormatError, r"\.metadata: is no metadata")
    for end in range(0, len(metadata), 97):
        (tmp_path / "o/.metadata").write_bytes(metadata[:end])
        refused(tokgraft.FormatError, r"\.metadata: is no metadata")
    (tmp_path / "o/.metadata").write_bytes(metadata.replace(b"__0_0.distcp", b"../00.distcp"))
    refused(tokgraft.FormatError, "is no file of the folder")
    (tmp_path / "o/.metadata").write_bytes(metadata)
    shard = tmp_path / "o/__1_0.distcp"
    data = shard.read_bytes()
    shard.write_bytes(data[:len(data) // 2])
    refused(tokgraft.FormatError, r"__1_0\.distcp: byte \d+: ")
    shard.unlink()
    refused(tokgraft.NotFoundError, r"__1_0\.distcp: no such file")


def test_zero_of_deepspeed_is_refused(checkpoint, tmp_path):
    (tmp_path / "global_step5").mkdir()
    path = tmp_path / "global_step5/zero_pp_rank_0_mp_rank_00_optim_states.pt"
    path.write_bytes(b"")
    for given in (tmp_path, path):
        with pytest.raises(tokgraft.UnsupportedError, match=r"_optim_states\.pt: is a part of a ZeRO .* anew"):
            tokgraft.remap_optimizer(given, checkpoint[1], force=True)
