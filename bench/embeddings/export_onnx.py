#!/usr/bin/env python3
"""MiniLM as ONNX, float32: exported by torch, since the package ships no ONNX file, and a second one whose attention, GELU
and LayerNorm were fused by ONNX Runtime's optimizer for transformers. Run by the Python that peers.py makes.

    PYTHON bench/embeddings/export_onnx.py MODEL PLAIN.onnx FUSED.onnx
"""

import pathlib
import sys
import tempfile

import torch
import transformers
from onnxruntime.transformers import optimizer

INPUTS = ["input_ids", "attention_mask", "token_type_ids"]


class Hidden(torch.nn.Module):
    def __init__(self, model):
        super().__init__()
        self.model = model

    def forward(self, input_ids, attention_mask, token_type_ids):
        inputs = {"input_ids": input_ids, "attention_mask": attention_mask, "token_type_ids": token_type_ids}
        return self.model(**inputs).last_hidden_state


def export(model, path: str, dynamo: bool) -> None:
    ones = tuple(torch.ones(2, 8, dtype=torch.int64) for _ in INPUTS)
    names = {"input_names": INPUTS, "output_names": ["hidden"]}
    if dynamo:
        sizes = {0: torch.export.Dim("batch"), 1: torch.export.Dim("tokens", max=512)}
        torch.onnx.export(Hidden(model), ones, path, dynamic_shapes=(sizes,) * 3, external_data=False, **names)
    else:
        sizes = {0: "batch", 1: "tokens"}
        axes = {name: sizes for name in [*INPUTS, "hidden"]}
        torch.onnx.export(Hidden(model), ones, path, dynamo=False, dynamic_axes=axes, opset_version=17, **names)


def main() -> None:
    folder, plain, fused = sys.argv[1:]
    model = transformers.AutoModel.from_pretrained(folder, dtype=torch.float32, attn_implementation="eager").eval()
    export(model, plain, dynamo=True)
    # The optimizer finds attention only in what the older exporter writes.
    with tempfile.TemporaryDirectory() as work:
        traced = str(pathlib.Path(work) / "traced.onnx")
        export(model, traced, dynamo=False)
        sizes = {"num_heads": model.config.num_attention_heads, "hidden_size": model.config.hidden_size}
        better = optimizer.optimize_model(traced, model_type="bert", opt_level=0, **sizes)
    found = better.get_fused_operator_statistics()
    if found["Attention"] != model.config.num_hidden_layers:
        sys.exit(f"export_onnx: wanted attention fused in every layer, found {found}")
    better.save_model_to_file(fused)


if __name__ == "__main__":
    main()
