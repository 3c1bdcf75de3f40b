#!/usr/bin/env python3
"""Writes a GGUF file of random BF16 weights in the shape of a known model, so that its speed can be compared without
its weights. What it says makes no sense, how long it takes does. The tokenizer is copied from another file and padded
with unused tokens. Weights are made, rounded and written a tensor at a time. models.py runs this with a Python that has
the package gguf.

    random_gguf.py llama-3.2-1b TOKENIZER.gguf OUTPUT.gguf
"""

import sys
from dataclasses import dataclass, field

import gguf
import numpy as np


@dataclass
class Shape:
    """Numbers of the published config.json."""

    architecture: str
    layers: int
    hidden: int
    intermediate: int
    heads: int
    kv_heads: int
    head_dim: int
    vocabulary: int
    rope_theta: float
    context: int = 8192  # shorter than published, for a KV cache of ordinary size
    scales: dict[str, float] = field(default_factory=dict)


SHAPES = {
    "llama-3.2-1b": Shape("llama", 16, 2048, 8192, 32, 8, 64, 128256, 500000.0),
    "granite-3.3-2b": Shape(
        "granite",
        40,
        2048,
        8192,
        32,
        8,
        64,
        49155,
        10000000.0,
        scales={"embedding_scale": 12.0, "residual_scale": 0.22, "attention.scale": 0.015625, "logit_scale": 8.0},
    ),
}
CHUNK = 1 << 24  # values that are f32 at the same time


def tensors(shape: Shape):
    """(name, rows, columns) of the matrices and (name, None, values) of the norms; embeddings are tied."""
    q, kv = shape.heads * shape.head_dim, shape.kv_heads * shape.head_dim
    yield "token_embd", shape.vocabulary, shape.hidden
    for layer in range(shape.layers):
        yield f"blk.{layer}.attn_norm", None, shape.hidden
        yield f"blk.{layer}.attn_q", q, shape.hidden
        yield f"blk.{layer}.attn_k", kv, shape.hidden
        yield f"blk.{layer}.attn_v", kv, shape.hidden
        yield f"blk.{layer}.attn_output", shape.hidden, q
        yield f"blk.{layer}.ffn_norm", None, shape.hidden
        yield f"blk.{layer}.ffn_gate", shape.intermediate, shape.hidden
        yield f"blk.{layer}.ffn_up", shape.intermediate, shape.hidden
        yield f"blk.{layer}.ffn_down", shape.hidden, shape.intermediate
    yield "output_norm", None, shape.hidden


def random_bf16(random: np.random.Generator, rows: int, columns: int) -> np.ndarray:
    """Normal values of deviation 0.02, as trained models start, rounded to BF16."""
    out = np.empty(rows * columns, np.uint16)
    for first in range(0, out.size, CHUNK):
        values = random.standard_normal(min(CHUNK, out.size - first), np.float32) * np.float32(0.02)
        out[first : first + values.size] = (values.view(np.uint32) + 0x8000) >> 16
    return out.reshape(rows, columns)


def add_tokenizer(writer: gguf.GGUFWriter, path: str, vocabulary: int) -> None:
    padding = {  # of the lists that have an entry a token
        "tokenizer.ggml.tokens": lambda index: f"<unused_{index}>",
        "tokenizer.ggml.token_type": lambda _: int(gguf.TokenType.UNUSED),
        "tokenizer.ggml.scores": lambda _: 0.0,
    }
    for name, entry in gguf.GGUFReader(path).fields.items():
        if not name.startswith("tokenizer."):
            continue
        value = entry.contents()
        if name in padding:
            value += [padding[name](index) for index in range(len(value), vocabulary)]
        if isinstance(value, list):
            writer.add_array(name, value)
        else:
            writer.add_key_value(name, value, entry.types[0])


def write(name: str, tokenizer: str, output: str) -> None:
    shape = SHAPES[name]
    writer = gguf.GGUFWriter(output, shape.architecture)
    writer.add_name(f"{name}, random weights")
    writer.add_file_type(gguf.LlamaFileType.MOSTLY_BF16)
    writer.add_block_count(shape.layers)
    writer.add_context_length(shape.context)
    writer.add_embedding_length(shape.hidden)
    writer.add_feed_forward_length(shape.intermediate)
    writer.add_head_count(shape.heads)
    writer.add_head_count_kv(shape.kv_heads)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_rope_freq_base(shape.rope_theta)
    writer.add_rope_dimension_count(shape.head_dim)
    writer.add_vocab_size(shape.vocabulary)
    for key, value in shape.scales.items():
        writer.add_float32(f"{shape.architecture}.{key}", value)
    add_tokenizer(writer, tokenizer, shape.vocabulary)

    for tensor, rows, columns in tensors(shape):
        if rows is None:
            writer.add_tensor_info(f"{tensor}.weight", (columns,), np.dtype(np.float32), 4 * columns)
        else:
            kind = gguf.GGMLQuantizationType.BF16
            writer.add_tensor_info(f"{tensor}.weight", (rows, columns), np.dtype(np.uint16), 2 * rows * columns, kind)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_ti_data_to_file()
    random = np.random.Generator(np.random.SFC64(1))
    for _, rows, columns in tensors(shape):
        writer.write_tensor_data(np.ones(columns, np.float32) if rows is None else random_bf16(random, rows, columns))
    writer.close()


if __name__ == "__main__":
    if len(sys.argv) != 4 or sys.argv[1] not in SHAPES:
        sys.exit(f"usage: random_gguf.py {{{','.join(SHAPES)}}} TOKENIZER.gguf OUTPUT.gguf")
    write(*sys.argv[1:])
