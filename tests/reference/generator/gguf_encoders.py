"""A tiny BERT as llama.cpp's converter writes embedders: general.architecture "bert", how to pool among the metadata.

The reference is transformers' float32 BERT holding the dequantised weights, as for the other GGUF files.
"""

import json
import math
import pathlib
import shutil

import gguf
import numpy as np
import torch
import transformers
from gguf import GGMLQuantizationType as T

from . import blocks, encoders, texts, toks
from .common import rounded, seed_of, write_json

LIMIT = 96
# name -> (config, tokenizer, options of an embedder, tensor types in turn)
SPECS = {
    "gguf_bert_mean": (dict(hidden_size=64, num_attention_heads=4, intermediate_size=96, max_position_embeddings=LIMIT,
                       type_vocab_size=2, layer_norm_eps=1e-12), "wordpiece_bert",
                       dict(pooling="mean", normalize=True, max_seq_length=LIMIT), ["F16", "Q8_0", "F32"]),
}
NAMES = list(SPECS)

GLOBAL_NAMES = {"embeddings.word_embeddings": "token_embd", "embeddings.position_embeddings": "position_embd",
                "embeddings.token_type_embeddings": "token_types", "embeddings.LayerNorm": "token_embd_norm"}
LAYER_NAMES = {"attention.self.query": "attn_q", "attention.self.key": "attn_k", "attention.self.value": "attn_v",
               "attention.output.dense": "attn_output", "attention.output.LayerNorm": "attn_output_norm",
               "intermediate.dense": "ffn_up", "output.dense": "ffn_down", "output.LayerNorm": "layer_output_norm"}
ALWAYS_F32 = {"position_embd", "token_types"}


def gguf_name(name: str) -> str | None:
    """None: the file has no such tensor (the pooler, which embedders don't use)."""
    base, _, part = name.rpartition(".")
    if base in GLOBAL_NAMES:
        return f"{GLOBAL_NAMES[base]}.{part}"
    if not base.startswith("encoder.layer."):
        return None
    _, _, layer, module = base.split(".", 3)
    return f"blk.{layer}.{LAYER_NAMES[module]}.{part}"


def pack(model, kinds):
    """Quantises matrices in place; GGUF name -> (type, bytes)."""
    packed, turn = {}, 0
    for name, p in model.named_parameters():
        own = gguf_name(name)
        if own is None:
            continue
        rows = p.detach().numpy()
        if p.dim() == 1 or own.rpartition(".")[0] in ALWAYS_F32:
            packed[own] = (T.F32, rows.copy())
            continue
        kind = T[kinds[turn % len(kinds)]]
        turn += 1
        data = blocks.quantize(np.ascontiguousarray(rows), kind)
        packed[own] = (kind, data)
        p.data.copy_(torch.from_numpy(gguf.quants.dequantize(data, kind).astype(np.float32)))
    return packed


def add_tokenizer(w, tok, names, config):
    """Words begin with U+2581 where BERT's vocabulary marks what continues one."""
    special = {t["id"] for t in json.loads(tok.to_str())["added_tokens"] if t["special"]}
    tokens = [tok.id_to_token(i) for i in range(config.vocab_size)]
    written = [t if i in special else t[2:] if t.startswith("##") else "\u2581" + t for i, t in enumerate(tokens)]
    w.add_tokenizer_model("bert")
    w.add_tokenizer_pre("default")
    w.add_token_list(written)
    w.add_token_types([gguf.TokenType.CONTROL if i in special else gguf.TokenType.NORMAL for i in range(len(tokens))])
    w.add_token_type_count(config.type_vocab_size)
    w.add_unk_token_id(tok.token_to_id(names["unk_token"]))
    w.add_sep_token_id(tok.token_to_id(names["sep_token"]))
    w.add_pad_token_id(tok.token_to_id(names["pad_token"]))
    w.add_bos_token_id(tok.token_to_id(names["cls_token"]))
    w.add_mask_token_id(tok.token_to_id(names["mask_token"]))


def write(path, config, packed, made):
    tok, names, _ = made
    w = gguf.GGUFWriter(path, "bert")
    w.add_name("tiny random bert")
    w.add_context_length(config.max_position_embeddings)
    w.add_embedding_length(config.hidden_size)
    w.add_block_count(config.num_hidden_layers)
    w.add_feed_forward_length(config.intermediate_size)
    w.add_head_count(config.num_attention_heads)
    w.add_layer_norm_eps(config.layer_norm_eps)
    w.add_causal_attention(False)
    w.add_pooling_type(gguf.PoolingType.MEAN)
    w.add_quantization_version(2)
    w.add_file_type(1)
    add_tokenizer(w, tok, names, config)
    for name, (kind, data) in packed.items():
        w.add_tensor(name, data, raw_dtype=None if kind in (T.F32, T.F16) else kind)
    w.write_header_to_file()
    w.write_kv_data_to_file()
    w.write_tensors_to_file()
    w.close()


@torch.no_grad()
def generate(name, out: pathlib.Path, seed: int, variant: dict, all_made: dict) -> str:
    kwargs, tok_name, options, kinds = SPECS[name]
    made = all_made[tok_name]
    tok, names, _ = made
    pad = tok.token_to_id(names["pad_token"])
    config = transformers.BertConfig(vocab_size=tok.get_vocab_size(), pad_token_id=pad, **{**encoders.BASE, **kwargs})
    items = list(variant.get("embed_texts", texts.EMBED_TEXTS))
    torch.manual_seed(0)
    model = transformers.AutoModel.from_config(config, attn_implementation="eager").eval()
    batches = [encoders.encode(tok, [i], options["max_seq_length"], pad) for i in items]

    best_seed, best = None, math.inf
    for k in range(60):
        trial = seed_of(seed, "gguf encoder", name, k)
        encoders.randomise(model, trial)
        unit = encoders.finish(torch.cat([encoders.run(model, b, options) for b in batches[:4]]), options)
        closeness = float((unit @ unit.T - 2 * torch.eye(len(unit))).max())
        if closeness < best:
            best_seed, best = trial, closeness
    encoders.randomise(model, best_seed)
    packed = pack(model, kinds)

    folder = out / "encoders_gguf" / name
    if folder.exists():
        shutil.rmtree(folder)
    folder.mkdir(parents=True)
    write(folder / "model.gguf", config, packed, made)
    toks.save(made, folder, model_max_length=LIMIT)
    raw = torch.cat([encoders.run(model, b, options) for b in batches])
    unit = encoders.finish(raw, options)
    rows = [{"text": item, "ids": b["input_ids"][0].tolist(), "type_ids": b["token_type_ids"][0].tolist(),
             "pooled": rounded(raw[k].tolist()), "embedding": rounded(unit[k].tolist())}
            for k, (item, b) in enumerate(zip(items, batches))]
    write_json(folder / "expected.json", {
        "kind": "encoder_gguf", "name": name, "tokenizer": tok_name, "computed_in": "float32",
        "transformers": transformers.__version__, "seed": seed, **options,
        "config": config.to_diff_dict(), "types": {n: kind.name for n, (kind, _) in packed.items()}, "items": rows,
        "cosine": rounded((unit @ unit.T).tolist())})
    return f"encoders_gguf/{name}: {(folder / 'model.gguf').stat().st_size // 1024} KiB, closest pair {best:.2f}"
