"""GGUF files with any vocabulary around a model of one small layer, which llama.cpp loads."""

import pathlib

import numpy as np

WIDTH = 32


def write(path: pathlib.Path, tokens: list[str], types: list[int], *, model: str = "gpt2",
          pre: str | None = None, merges: list[str] | None = None,
          scores: list[float] | None = None, **keys) -> pathlib.Path:
    """keys: further tokenizer.ggml.* values, as add_space_prefix=True or bos_token_id=1."""
    import gguf
    writer = gguf.GGUFWriter(str(path), "llama")
    writer.add_block_count(1)
    writer.add_context_length(64)
    writer.add_embedding_length(WIDTH)
    writer.add_feed_forward_length(WIDTH)
    writer.add_head_count(1)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_string("tokenizer.ggml.model", model)
    if pre is not None:
        writer.add_string("tokenizer.ggml.pre", pre)
    writer.add_array("tokenizer.ggml.tokens", tokens)
    writer.add_array("tokenizer.ggml.token_type", types)
    if merges is not None:
        writer.add_array("tokenizer.ggml.merges", merges)
    if scores is not None:
        writer.add_array("tokenizer.ggml.scores", [float(score) for score in scores])
    for key, value in keys.items():
        name = f"tokenizer.ggml.{key}"
        if isinstance(value, bool):
            writer.add_bool(name, value)
        else:
            writer.add_uint32(name, value)
    square = np.zeros((WIDTH, WIDTH), np.float16)
    ones = np.ones(WIDTH, np.float32)
    writer.add_tensor("token_embd.weight", np.zeros((len(tokens), WIDTH), np.float16))
    writer.add_tensor("output_norm.weight", ones)
    for name in ("attn_q", "attn_k", "attn_v", "attn_output", "ffn_gate", "ffn_up", "ffn_down"):
        writer.add_tensor(f"blk.0.{name}.weight", square)
    for name in ("attn_norm", "ffn_norm"):
        writer.add_tensor(f"blk.0.{name}.weight", ones)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path
