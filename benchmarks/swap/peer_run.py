"""Runs one peer in its own environment: a model and a tokenizer in, both matrices out."""

import argparse
import subprocess
import sys
import tempfile

import torch
from safetensors.torch import save_file


def mergekit(arguments: argparse.Namespace) -> dict[str, torch.Tensor]:
    import pathlib

    from transformers import AutoModelForCausalLM

    method = arguments.rest[0]
    with tempfile.TemporaryDirectory() as folder:
        program = pathlib.Path(sys.executable).parent / "mergekit-tokensurgeon"
        subprocess.run([program, arguments.model, arguments.donor, folder + "/out",
                        "--approximation-method", method, "--k", "64"], check=True)
        model = AutoModelForCausalLM.from_pretrained(folder + "/out", dtype=torch.float32)
        return {"input": model.get_input_embeddings().weight.detach().clone(),
                "output": model.get_output_embeddings().weight.detach().clone()}


def deepfocus(arguments: argparse.Namespace) -> dict[str, torch.Tensor]:
    from deepfocus import FOCUS
    from transformers import AutoModelForCausalLM, AutoTokenizer

    model = AutoModelForCausalLM.from_pretrained(arguments.model, dtype=torch.float32)
    made = FOCUS(target_tokenizer=AutoTokenizer.from_pretrained(arguments.donor),
                 source_tokenizer=AutoTokenizer.from_pretrained(arguments.model),
                 source_embeddings=model.get_input_embeddings().weight.detach(),
                 target_training_data_path=arguments.corpus, processes=1)
    return {"input": made, "output": made.clone()}


def tokenizer_adapter(arguments: argparse.Namespace) -> dict[str, torch.Tensor]:
    from tokenizer_adapter import TokenizerAdapter
    from transformers import AutoModelForCausalLM, AutoTokenizer

    model = AutoModelForCausalLM.from_pretrained(arguments.model, dtype=torch.float32)
    made = TokenizerAdapter(method=arguments.rest[0]).adapt_from_pretrained(
        model, AutoTokenizer.from_pretrained(arguments.donor),
        AutoTokenizer.from_pretrained(arguments.model))
    return {"input": made.get_input_embeddings().weight.detach().clone(),
            "output": made.get_output_embeddings().weight.detach().clone()}


PEERS = {"mergekit": mergekit, "deepfocus": deepfocus, "tokenizer-adapter": tokenizer_adapter}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("peer", choices=PEERS)
    parser.add_argument("rest", nargs="*")
    for name in ("--model", "--donor", "--corpus", "--out"):
        parser.add_argument(name, required=True)
    arguments = parser.parse_args()
    save_file({role: matrix.contiguous() for role, matrix in PEERS[arguments.peer](arguments).items()},
              arguments.out)


if __name__ == "__main__":
    main()
