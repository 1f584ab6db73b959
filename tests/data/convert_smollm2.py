"""Turns the GGUF file of SmolLM2-135M into a Hugging Face model directory.

    python tests/data/convert_smollm2.py SmolLM2-135M-Instruct.Q4_1.gguf OUT

Weights are dequantised to bfloat16. A GGUF file of the llama architecture stores the rows of the
query and key projections interleaved for its rotary embedding; that is undone. The tokenizer is
written out as the byte-level BPE that `smollm` names: single digits, then GPT-2's pattern.
Needs numpy and gguf.
"""

import json
import os
import pathlib
import shutil
import struct
import sys
import tempfile

import gguf
import numpy as np

_NAMES = {
    "attn_norm": "input_layernorm", "ffn_norm": "post_attention_layernorm",
    "attn_q": "self_attn.q_proj", "attn_k": "self_attn.k_proj", "attn_v": "self_attn.v_proj",
    "attn_output": "self_attn.o_proj", "ffn_gate": "mlp.gate_proj", "ffn_up": "mlp.up_proj",
    "ffn_down": "mlp.down_proj",
}
_CONTROL = 3  # token type


def hf_name(name: str) -> str:
    if name.startswith("blk."):
        _, layer, part, _ = name.split(".")
        return f"model.layers.{layer}.{_NAMES[part]}.weight"
    return {"token_embd.weight": "model.embed_tokens.weight",
            "output_norm.weight": "model.norm.weight"}[name]


def bfloat16(values: np.ndarray) -> bytes:
    """Rounded to nearest, ties to even; the values are finite."""
    bits = np.ascontiguousarray(values, dtype=np.float32).view(np.uint32)
    return ((bits + 0x7FFF + ((bits >> 16) & 1)) >> 16).astype("<u2").tobytes()


def unpermute(rows: np.ndarray, heads: int) -> np.ndarray:
    """[heads * size, columns] with the two halves of each head interleaved -> one after another."""
    size = rows.shape[0] // heads
    return rows.reshape(heads, size // 2, 2, -1).swapaxes(1, 2).reshape(rows.shape)


def write_weights(reader: gguf.GGUFReader, config: dict, path: pathlib.Path) -> None:
    header: dict[str, dict] = {"__metadata__": {"format": "pt"}}
    chunks = []
    end = 0
    for tensor in reader.tensors:
        values = gguf.dequantize(tensor.data, tensor.tensor_type)
        if "attn_q" in tensor.name:
            values = unpermute(values, config["num_attention_heads"])
        elif "attn_k" in tensor.name:
            values = unpermute(values, config["num_key_value_heads"])
        chunks.append(bfloat16(values))
        begin, end = end, end + len(chunks[-1])
        header[hf_name(tensor.name)] = {
            "dtype": "BF16", "shape": list(values.shape), "data_offsets": [begin, end]}
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with path.open("wb") as file:
        file.write(struct.pack("<Q", len(text)) + text)
        file.writelines(chunks)


def model_config(field) -> dict:
    heads = field("llama.attention.head_count")
    return {
        "architectures": ["LlamaForCausalLM"],
        "attention_bias": False,
        "attention_dropout": 0.0,
        "bos_token_id": field("tokenizer.ggml.bos_token_id"),
        "eos_token_id": field("tokenizer.ggml.eos_token_id"),
        "head_dim": field("llama.embedding_length") // heads,
        "hidden_act": "silu",
        "hidden_size": field("llama.embedding_length"),
        "initializer_range": 0.041666666666666664,
        "intermediate_size": field("llama.feed_forward_length"),
        "max_position_embeddings": field("llama.context_length"),
        "mlp_bias": False,
        "model_type": "llama",
        "num_attention_heads": heads,
        "num_hidden_layers": field("llama.block_count"),
        "num_key_value_heads": field("llama.attention.head_count_kv"),
        "pad_token_id": field("tokenizer.ggml.padding_token_id"),
        "pretraining_tp": 1,
        "rms_norm_eps": 1e-05,
        "rope_scaling": None,
        "rope_theta": field("llama.rope.freq_base"),
        "tie_word_embeddings": True,
        "torch_dtype": "bfloat16",
        "use_cache": True,
        "vocab_size": field("llama.vocab_size"),
    }


def added_token(content: str) -> dict:
    return {"content": content, "single_word": False, "lstrip": False, "rstrip": False,
            "normalized": False, "special": True}


def tokenizer_files(field) -> dict[str, dict]:
    tokens = field("tokenizer.ggml.tokens")
    kinds = field("tokenizer.ggml.token_type")
    control = [i for i, kind in enumerate(kinds) if kind == _CONTROL]
    byte_level = {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True,
                  "use_regex": True}
    tokenizer = {
        "version": "1.0",
        "truncation": None,
        "padding": None,
        "added_tokens": [{"id": i, **added_token(tokens[i])} for i in control],
        "normalizer": None,
        "pre_tokenizer": {"type": "Sequence", "pretokenizers": [
            {"type": "Digits", "individual_digits": True}, byte_level]},
        "post_processor": None,
        "decoder": {**byte_level, "add_prefix_space": True},
        "model": {
            "type": "BPE", "dropout": None, "unk_token": None,
            "continuing_subword_prefix": None, "end_of_word_suffix": None, "fuse_unk": False,
            "byte_fallback": False, "ignore_merges": False,
            "vocab": {token: i for i, token in enumerate(tokens)},
            "merges": [merge.split(" ") for merge in field("tokenizer.ggml.merges")],
        },
    }
    roles = {"bos": "bos", "eos": "eos", "unk": "unknown", "pad": "padding"}
    special = {f"{role}_token": tokens[field(f"tokenizer.ggml.{name}_token_id")]
               for role, name in roles.items()}
    config = {
        "add_prefix_space": False,
        "added_tokens_decoder": {str(i): added_token(tokens[i]) for i in control},
        **special,
        "chat_template": field("tokenizer.chat_template"),
        "clean_up_tokenization_spaces": False,
        "model_max_length": field("llama.context_length"),
        "tokenizer_class": "PreTrainedTokenizerFast",
    }
    return {"tokenizer.json": tokenizer, "tokenizer_config.json": config,
            "special_tokens_map.json": special}


def convert(source: str, out: pathlib.Path) -> None:
    reader = gguf.GGUFReader(source)

    def field(name: str):
        return reader.fields[name].contents()

    if field("general.architecture") != "llama" or field("tokenizer.ggml.pre") != "smollm":
        raise SystemExit(f"{source}: not SmolLM2, expected architecture llama and pre smollm")
    config = model_config(field)
    generation = {"_from_model_config": True,
                  **{k: config[k] for k in ("bos_token_id", "eos_token_id", "pad_token_id")}}
    files = {"config.json": config, "generation_config.json": generation,
             **tokenizer_files(field)}
    for name, content in files.items():
        text = json.dumps(content, ensure_ascii=False, indent=2) + "\n"
        (out / name).write_text(text, encoding="utf-8")
    write_weights(reader, config, out / "model.safetensors")


def main() -> int:
    source, target = sys.argv[1], pathlib.Path(sys.argv[2])
    partial = pathlib.Path(tempfile.mkdtemp(prefix=".partial-", dir=target.parent))
    try:
        convert(source, partial)
        partial.chmod(0o755)
        os.rename(partial, target)
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
