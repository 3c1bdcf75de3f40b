#!/usr/bin/env python3
"""One peer of throughput.py, as a process that stays: it loads MiniLM once and then times whole passes over the given
texts when it is told to. Run by the Python that peers.py makes.

    PYTHON bench/embeddings/peer.py NAME MODEL IDS.json --threads 2 [--onnx FILE]

NAME: onnxruntime, openvino, openvino-bf16, torch, torch-bf16. IDS.json: a list of token id lists. Each line on standard
input is a configuration {"batch": N, "streams": N, ...} and is answered by a line {"seconds": S, "padded_tokens": N};
{"check": true} in it adds the embeddings. A pass has everything behind the tokenizer: batches of texts of like length, padded each to
its longest, the model, the mean over tokens, length 1, and the order as it was.

"streams": S runs S batches at the same time, each by its share of the threads.
"""

import argparse
import concurrent.futures
import json
import sys
import time

import numpy


class Torch:
    def __init__(self, options):
        import torch
        import transformers

        self.torch = torch
        torch.set_num_threads(options.threads)
        kind = torch.bfloat16 if options.name.endswith("bf16") else torch.float32
        self.model = transformers.AutoModel.from_pretrained(options.model, dtype=kind, attn_implementation="sdpa").eval()

    def prepare(self, config):
        assert config["streams"] == 1, "its threads are one team"

    def run(self, _stream, ids, mask):
        torch = self.torch
        with torch.inference_mode():
            # Without a mask its attention need not look for padding.
            padded = mask is not None
            result = self.model(
                input_ids=torch.from_numpy(ids), attention_mask=torch.from_numpy(mask) if padded else None
            )
            return result.last_hidden_state.float().numpy()


class OnnxRuntime:
    def __init__(self, options):
        self.options = options
        self.made = {}

    def prepare(self, config):
        import onnxruntime

        streams = config["streams"]
        file = self.options.onnx_fused if config.get("fused") else self.options.onnx
        key = (streams, file)
        if key not in self.made:
            settings = onnxruntime.SessionOptions()
            settings.intra_op_num_threads = self.options.threads // streams
            settings.inter_op_num_threads = 1
            settings.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_ALL
            self.made[key] = [
                onnxruntime.InferenceSession(file, settings, providers=["CPUExecutionProvider"])
                for _ in range(streams)
            ]
        self.sessions = self.made[key]

    def run(self, stream, ids, mask):
        mask = numpy.ones_like(ids) if mask is None else mask
        inputs = {"input_ids": ids, "attention_mask": mask, "token_type_ids": numpy.zeros_like(ids)}
        return self.sessions[stream].run(None, inputs)[0]


class OpenVino:
    def __init__(self, options):
        self.options = options
        self.made = {}

    def prepare(self, config):
        import openvino

        streams = config["streams"]
        if streams not in self.made:
            compiled = openvino.Core().compile_model(
                self.options.onnx,
                "CPU",
                {
                    "INFERENCE_PRECISION_HINT": "bf16" if self.options.name.endswith("bf16") else "f32",
                    "INFERENCE_NUM_THREADS": self.options.threads,
                    "NUM_STREAMS": streams,
                },
            )
            self.made[streams] = [compiled.create_infer_request() for _ in range(streams)]
        self.requests = self.made[streams]

    def run(self, stream, ids, mask):
        mask = numpy.ones_like(ids) if mask is None else mask
        inputs = {"input_ids": ids, "attention_mask": mask, "token_type_ids": numpy.zeros_like(ids)}
        return self.requests[stream].infer(inputs)[0]


PEERS = {"torch": Torch, "onnxruntime": OnnxRuntime, "openvino": OpenVino}


def batches(rows, batch):
    """Indices of texts that run together, longest first: the last ones to end are then short."""
    order = sorted(range(len(rows)), key=lambda at: -len(rows[at]))
    return [order[at : at + batch] for at in range(0, len(order), batch)]


def embed_batch(peer, stream, rows):
    longest = len(rows[0])
    ids = numpy.zeros((len(rows), longest), dtype=numpy.int64)
    mask = numpy.zeros((len(rows), longest), dtype=numpy.int64)
    for at, row in enumerate(rows):
        ids[at, : len(row)] = row
        mask[at, : len(row)] = 1
    hidden = peer.run(stream, ids, None if mask.all() else mask)
    weights = mask[:, :, None].astype(numpy.float32)
    sums = (hidden * weights).sum(1) / weights.sum(1)
    return sums / numpy.linalg.norm(sums, axis=1, keepdims=True)


def one_pass(peer, rows, config):
    groups = batches(rows, config["batch"])
    result = numpy.empty((len(rows), 384), dtype=numpy.float32)

    def work(stream):
        for group in groups[stream :: config["streams"]]:
            result[group] = embed_batch(peer, stream, [rows[at] for at in group])

    start = time.perf_counter()
    if config["streams"] == 1:
        work(0)
    else:
        with concurrent.futures.ThreadPoolExecutor(config["streams"]) as pool:
            list(pool.map(work, range(config["streams"])))
    seconds = time.perf_counter() - start
    padded = sum(len(group) * len(rows[group[0]]) for group in groups)
    return {"seconds": seconds, "padded_tokens": padded}, result


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("name")
    parser.add_argument("model")
    parser.add_argument("ids")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--onnx")
    parser.add_argument("--onnx-fused")
    options = parser.parse_args()
    with open(options.ids) as file:
        rows = json.load(file)
    peer = PEERS[options.name.split("-")[0]](options)
    for line in sys.stdin:
        config = json.loads(line)
        peer.prepare(config)
        answer, result = one_pass(peer, rows, config)
        if config.get("check"):
            answer["embeddings"] = result.tolist()
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
